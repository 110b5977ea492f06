// Shootdowns (vm/tlb.h). The PTE store comes before the read of mmu.cpus, with a fence between: a hart that
// sets its bit later loads satp later still, and its flush there sees the new PTE (privileged spec 4.2.1,
// SFENCE.VMA).
#include "kernel/vm/tlb.h"
#include "kernel/boot/machine.h"
#include "kernel/boot/sbi.h"
#include "kernel/lib/cpu.h"
#include "kernel/lib/hot.h"
#include "kernel/lib/panic.h"
#include "kernel/riscv.h"
#include "kernel/vm/mmu.h"

#define FULL_FLUSH_PAGES 16 // from so many pages on, one full flush is cheaper than single ones

static void flush_local(uint64 va, uint64 npages)
{
    if (npages >= FULL_FLUSH_PAGES) {
        sfence_vma();
        return;
    }
    for (uint64 i = 0; i < npages; i++)
        sfence_vma_page(va + i * PGSIZE);
}

// SBI numbers harts, we number cpus[]: one call for each hart keeps sparse hart ids right.
static void flush_remote(uint64 set, uint64 va, uint64 npages)
{
    uint64 size = npages >= FULL_FLUSH_PAGES ? ~0UL : npages * PGSIZE; // ~0: the whole space
    if (size == ~0UL)
        va = 0;
    for (int i = 0; i < ncpu; i++)
        if (set & (1UL << i)) {
            int64 error = sbi_remote_sfence_vma(1, cpus[i].hartid, va, size);
            assert(error == 0, "the firmware refused a remote TLB flush");
        }
}

bool tlbcheck;

void tlb_check_init(void)
{
    tlbcheck = bootarg_uint("tlbcheck", 0) != 0;
}

void tlb_note(struct mmu *m, uint64 va)
{
    if (m->stale_end == 0 || va < m->stale_start)
        m->stale_start = va;
    if (va + PGSIZE > m->stale_end)
        m->stale_end = va + PGSIZE;
}

void tlb_assert_flushed(const struct mmu *m)
{
    if (m->stale_end)
        panic("tlbcheck: rights were taken from 0x%lx-0x%lx and not flushed", m->stale_start, m->stale_end);
}

// Locks: as->lock of the space.
static void note_flush(struct mmu *m, uint64 va, uint64 npages)
{
    if (m->stale_start >= va && m->stale_end <= va + npages * PGSIZE)
        m->stale_start = m->stale_end = 0;
}

// The rest of tlb_flush. Other harts are rare: the process has just moved here.
static __attribute__((noinline)) void flush_harts(uint64 set, uint64 va, uint64 npages, uint64 was_on)
{
    uint64 self = 1UL << my_cpu()->index;
    if (set & self)
        flush_local(va, npages);
    if (set & ~self)
        flush_remote(set & ~self, va, npages);
    intr_restore(was_on);
}

HOT void tlb_flush(struct mmu *m, uint64 va, uint64 npages)
{
    if (tlbcheck)
        note_flush(m, va, npages);
    uint64 was_on = intr_save(); // or the process could move between the look at the set and the fence
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    uint64 set = __atomic_load_n(&m->cpus, __ATOMIC_RELAXED);
    if (npages == 1 && set == 1UL << my_cpu()->index) { // the copy of a page
        sfence_vma_page(va);
        intr_restore(was_on);
    } else {
        flush_harts(set, va, npages, was_on);
    }
}

void tlb_flush_kernel(uint64 va, uint64 npages)
{
    irq_push();
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    uint64 set = 0;
    for (int i = 0; i < ncpu; i++)
        if (cpus[i].online)
            set |= 1UL << i;
    flush_local(va, npages);
    flush_remote(set & ~(1UL << my_cpu()->index), va, npages);
    irq_pop();
}

void icache_flush(struct mmu *m)
{
    irq_push();
    uint64 self = 1UL << my_cpu()->index;
    __atomic_fetch_or(&m->icache, ~self, __ATOMIC_SEQ_CST); // the others when they next switch to the space
    fence_i();
    irq_pop();
}
