// Kernel stacks in the KSTACK area (vm/kstack.h). A few free ones stay mapped for the next process, since
// making and flushing mappings costs more than all the rest of a fork.
//
// Lock: kstack.lock (spin) guards the free lists. A stack that is kept links through its own lowest word.
#include "kernel/vm/kstack.h"
#include "kernel/lib/allocfail.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/spinlock.h"
#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "kernel/vm/frame.h"
#include "kernel/vm/kmap.h"
#include "kernel/vm/tlb.h"

#define MAX_CACHED 32
#define PAGES      (KSTACK_BYTES / PGSIZE)

_Static_assert((uint64)KSTACK_MAX *KSTACK_STRIDE <= KSTACK_SIZE, "the stack area is one root entry");

static struct {
    struct spinlock lock;
    uint64 cached[MAX_CACHED];
    uint ncached;
    uint64 slots[(KSTACK_MAX + 63) / 64]; // bit set: stride in use
} kstack = {.lock = SPINLOCK("kstack")};

static uint64 slot_stack(uint i)
{
    return KSTACK_BASE + (uint64)i * KSTACK_STRIDE + KSTACK_BYTES;
}

// Locks: kstack.lock held.
static uint64 take_slot(void)
{
    for (uint i = 0; i < KSTACK_MAX; i++)
        if (!(kstack.slots[i / 64] & (1UL << (i % 64)))) {
            kstack.slots[i / 64] |= 1UL << (i % 64);
            return slot_stack(i);
        }
    return 0;
}

static void drop_slot(uint64 stack)
{
    uint i = (stack - KSTACK_BASE) / KSTACK_STRIDE;
    spin_lock(&kstack.lock);
    kstack.slots[i / 64] &= ~(1UL << (i % 64));
    spin_unlock(&kstack.lock);
}

static void unmap_stack(uint64 stack, uint npages)
{
    uint64 pa[PAGES];
    for (uint i = 0; i < npages; i++)
        pa[i] = kmap_unmap_page(stack + i * PGSIZE);
    tlb_flush_kernel(stack, PAGES);
    for (uint i = 0; i < npages; i++)
        kpage_free(pa2kva(pa[i]));
    drop_slot(stack);
}

uint64 kstack_alloc(void)
{
    if (alloc_fails())
        return 0;
    spin_lock(&kstack.lock);
    uint64 stack = kstack.ncached ? kstack.cached[--kstack.ncached] : 0;
    bool mapped = stack != 0;
    if (!mapped)
        stack = take_slot();
    spin_unlock(&kstack.lock);
    if (mapped || !stack)
        return stack;

    for (uint i = 0; i < PAGES; i++) {
        void *page = kpage_alloc();
        if (!page || !kmap_page(stack + i * PGSIZE, kva2pa(page))) {
            if (page)
                kpage_free(page);
            unmap_stack(stack, i);
            return 0;
        }
    }
    return stack;
}

void kstack_free(uint64 stack)
{
    assert(stack >= KSTACK_BASE && (stack & (KSTACK_STRIDE - 1)) == KSTACK_BYTES, "not a kernel stack");
    spin_lock(&kstack.lock);
    bool kept = kstack.ncached < MAX_CACHED;
    if (kept)
        kstack.cached[kstack.ncached++] = stack;
    spin_unlock(&kstack.lock);
    if (!kept)
        unmap_stack(stack, PAGES);
}

uint64 kstack_cached(void)
{
    return (uint64)kstack.ncached * PAGES;
}

bool kstack_is_guard(uint64 va)
{
    return va >= KSTACK_BASE && va < KSTACK_BASE + KSTACK_SIZE && (va & KSTACK_BYTES) == 0;
}
