// Memory that is made of zeros: the heap, the stack, bss. Touching it gives it a frame, shrinking takes the
// frame back.
//
// A read of untouched memory maps one frame of zeros for everybody, read-only; the first write replaces it
// (vm/cow.c: the zero page is shared like any other). So reading a sparse gigabyte costs page tables but no
// memory.
#include "kernel/lib/hot.h"
#include "kernel/lib/string.h"
#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "kernel/swap/slot.h"
#include "kernel/vm/fault.h"
#include "kernel/vm/page.h"
#include "kernel/vm/mmu.h"
#include "kernel/vm/tlb.h"

#define RELEASE_BATCH 64

// Fault-around: the pages of an aligned stretch that lie in the same area and have nothing yet come with the
// one that was touched. A write brings frames as long as there are some, a read the page of zeros.
#define AROUND (16 * PGSIZE)

static bool fill(struct fault *f, pte_t *pte, struct frame *frame)
{
    if (!frame)
        return false;
    page_zero(frame2kva(frame));
    __atomic_store_n(&frame->ref, 1, __ATOMIC_RELEASE);
    *pte = pte_make(frame2pa(frame), f->vma->perm);
    f->as->resident++;
    return true;
}

static void share_zeros(struct fault *f, pte_t *pte)
{
    page_get(zero_frame);
    *pte = pte_make(frame2pa(zero_frame), f->vma->perm & ~VMA_W);
    f->as->resident++;
    f->as->zeros++;
}

enum fault_reason fault_zero(struct fault *f)
{
    bool write = f->access == ACCESS_WRITE;
    uint64 va = f->va & ~(AROUND - 1), end = va + AROUND;
    f->class = FAULT_MINOR;
    if (!write)
        share_zeros(f, f->pte);
    else if (!fill(f, f->pte, fault_frame(f)))
        return FAULT_RETRY;
    if (f->vma->file) // zeros behind a file's bytes: the neighbours may be the file's
        return FAULT_OK;
    if (va < f->vma->start)
        va = f->vma->start;
    if (end > f->vma->end)
        end = f->vma->end;
    for (pte_t *pte = f->pte - (f->va - va) / PGSIZE; va < end; va += PGSIZE, pte++) {
        if (*pte)
            continue;
        if (!write)
            share_zeros(f, pte);
        else if (!fill(f, pte, frame_alloc(va, f->as->family)))
            break;
    }
    return FAULT_OK;
}

// The stack grows when a program goes on where its stack pointer is: an access further below it than
// STACK_SLACK, or past the limit, is a mistake.
enum fault_reason anon_grow_stack(struct as *as, uint64 addr, uint64 sp)
{
    if (addr < PGSIZE)
        return FAULT_NULL;
    if (addr < STACK_LIMIT - STACK_GAP || addr >= USTACK_TOP)
        return FAULT_UNMAPPED;
    bool near_sp = addr + STACK_SLACK >= sp;
    if (addr < STACK_LIMIT)
        return near_sp ? FAULT_STACK : FAULT_GUARD;
    struct vma *v = vma_at_or_above(&as->vmas, addr);
    if (!v || v->kind != VMA_STACK || !near_sp)
        return FAULT_UNMAPPED;
    return vma_set_start(&as->vmas, v, PGROUNDDOWN(addr)) == 0 ? FAULT_OK : FAULT_UNMAPPED;
}

// Frames taken out of a space whose references wait for the flush: until then a hart may still use the old
// translation, and another owner of a shared frame could otherwise let it go and have it reused.
struct released {
    struct frame *frame[RELEASE_BATCH];
    uint64 start; // address of the first
};

// Flushes up to `end`, then gives the references to n frames back.
static void release_flush(struct as *as, struct released *r, uint64 n, uint64 end)
{
    struct frame *batch = 0;
    uint64 zeros = 0;
    if (n == 0)
        return;
    tlb_flush(&as->mmu, r->start, (end - r->start) / PGSIZE);
    for (uint64 i = 0; i < n; i++) {
        zeros += r->frame[i] == zero_frame;
        page_put_batch(r->frame[i], &batch);
    }
    frame_free_batch(batch);
    as->resident -= n;
    as->zeros -= zeros;
}

// A page that is out: its slot is free at once if nobody else needs it.
COLD static void release_slot(struct as *as, pte_t *pte)
{
    spin_lock(&pages_lock);
    struct frame *cache = slot_put(pte_slot(*pte));
    spin_unlock(&pages_lock);
    *pte = 0; // it was not valid: no TLB knows it
    as->swapped--;
    if (cache)
        frame_free(cache);
}

void anon_release(struct as *as, uint64 start, uint64 end)
{
    struct released r; // not cleared: that would cost more than most releases
    uint64 n = 0, va = start;
    pte_t *pte;
    while ((pte = mmu_next(&as->mmu, &va, end)) != 0) {
        uint64 stop = leaf_end(va, end);
        for (uint64 at = va; at < stop; at += PGSIZE, pte++) {
            if (!(*pte & PTE_V)) {
                if (*pte)
                    release_slot(as, pte);
                continue;
            }
            if (n == 0)
                r.start = at;
            r.frame[n++] = pa2frame(PTE2PA(pte_clear(&as->mmu, pte, at)));
            if (n == RELEASE_BATCH) {
                release_flush(as, &r, n, at + PGSIZE);
                n = 0;
            }
        }
        va = stop;
    }
    release_flush(as, &r, n, end);
}
