// Copy on write: fork shares every page, the first write to a shared page copies it.
//
// Invariant 4: a PTE with W is the only one that maps its frame, and the frame has no swap slot. Fork takes W
// away on both sides, a write fault gives it back: to a copy, or to the frame itself when its other users
// have gone. The write fault is also the dirty trap: whoever gets W forgets the copy on the swap disk.
#include "kernel/lib/err.h"
#include "kernel/lib/hot.h"
#include "kernel/lib/string.h"
#include "kernel/riscv.h"
#include "kernel/swap/slot.h"
#include "kernel/vm/fault.h"
#include "kernel/vm/page.h"
#include "kernel/vm/mmu.h"
#include "kernel/vm/tlb.h"

// A page that is out is shared by its slot: no need to read it for that.
COLD static void share_slot(struct as *child, pte_t *to, pte_t pte)
{
    spin_lock(&pages_lock);
    slot_get(pte_slot(pte));
    spin_unlock(&pages_lock);
    *to = pte;
    child->swapped++;
}

// 0 or -ENOMEM: one page, which is there or on the disk.
static int share_page(struct as *parent, struct as *child, pte_t *from, uint64 va)
{
    pte_t *to = mmu_walk(&child->mmu, va, true);
    if (!to)
        return -ENOMEM;
    if (!(*from & PTE_V)) {
        share_slot(child, to, *from);
        return 0;
    }
    page_get(pa2frame(PTE2PA(*from)));
    pte_protect(&parent->mmu, from, va);
    *to = *from;
    child->resident++;
    child->zeros += pa2frame(PTE2PA(*to)) == zero_frame;
    return 0;
}

int cow_share(struct as *parent, struct as *child)
{
    int error = 0;
    for (int i = parent->vmas.n; i > 0 && !error; i--) {
        const struct vma *v = &parent->vmas.v[i - 1];
        pte_t *from;
        for (uint64 va = v->start; !error && (from = mmu_next(&parent->mmu, &va, v->end)) != 0; va += PGSIZE)
            if (*from)
                error = share_page(parent, child, from, va);
    }
    tlb_flush(&parent->mmu, 0, MAXVA / PGSIZE);
    return error;
}

// The sole user of a frame writes to it: no copy. Giving a right needs no fence (vm/tlb.h).
static enum fault_reason take_over(struct fault *f)
{
    __atomic_fetch_or(f->pte, PTE_W | PTE_A | PTE_D, __ATOMIC_RELAXED);
    return FAULT_OK;
}

// The frame's only mapper wants to write: its slot's bytes will be out of date. False when somebody else's
// swapped PTE needs them, or the evictor has the frame.
COLD static bool forget_slot(struct frame *frame)
{
    spin_lock(&pages_lock);
    bool alone = page_refs(frame) == 1 && (!frame->slot || slot_refs(frame->slot) == 1);
    if (alone && frame->slot)
        slot_detach(frame);
    spin_unlock(&pages_lock);
    return alone;
}

// The frame has other users: a copy replaces it.
static __attribute__((noinline)) enum fault_reason copy_page(struct fault *f, struct frame *old)
{
    struct frame *copy = fault_frame(f);
    if (!copy)
        return FAULT_RETRY;
    if (old == zero_frame) {
        page_zero(frame2kva(copy));
        f->as->zeros--;
    } else {
        page_copy(frame2kva(copy), frame2kva(old));
    }
    copy->ref = 1; // nobody else knows it
    pte_replace(&f->as->mmu, f->pte, f->va, pte_make(frame2pa(copy), f->vma->perm));
    tlb_flush(&f->as->mmu, f->va, 1); // the PTE has another frame: stale readers would see the old one
    page_put(old);
    return FAULT_OK;
}

COLD static enum fault_reason take_over_clean(struct fault *f, struct frame *frame)
{
    return forget_slot(frame) ? take_over(f) : copy_page(f, frame);
}

// The zero page always has other users: one of its references is its own.
HOT enum fault_reason fault_write(struct fault *f)
{
    struct frame *frame = pa2frame(PTE2PA(*f->pte));
    f->class = FAULT_COW;
    if (page_refs(frame) > 1)
        return copy_page(f, frame);
    return frame->slot ? take_over_clean(f, frame) : take_over(f);
}
