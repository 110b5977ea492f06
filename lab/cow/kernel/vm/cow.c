// Lab 3: copy on write.
//
// What is here copies: fork gives the child a frame of its own for every page that the parent may write.
// lab/cow/README.md has the task.
//
// Your task:
//
//   cow_share     For each page that the parent has, the child gets the same PTE, without the right to write;
//                 the parent loses that right too (pte_protect). frame->ref counts the PTEs that map the
//                 frame (page_get). The pages of zeros and those of files are shared like all others. A right
//                 was taken away, so the parent's translations must be flushed: once is enough, but also when
//                 the fork fails. child->resident counts its pages. Visit leaf tables with mmu_next: an area
//                 may have a million pages that were never touched.
//   fault_write   A write to a page that is present and not writable, in an area that may be written.
//                 Its frame has other users: copy all of it to a frame of ours (fault_frame; none:
//                 FAULT_RETRY, with nothing changed), exchange the PTE, flush, and only then let go of the
//                 old frame. It has none: there is nothing to copy. The page of zeros (zero_frame) always has
//                 other users, and as->zeros counts the PTEs that map it. A frame with a swap slot may only
//                 become writable when it has given up the slot (forget_slot).
//
// Rules of docs/memory.md that rest on this file: invariants 1 (references) and 4 (who may write is alone
// with its frame, and D equals W), and TLB rules 1 and 2.
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"
#include "kernel/proc/sched.h"
#include "kernel/riscv.h"
#include "kernel/swap/slot.h"
#include "kernel/vm/fault.h"
#include "kernel/vm/page.h"
#include "kernel/vm/mmu.h"
#include "kernel/vm/tlb.h"

// ---- given, for lab 4

// The PTE names a slot of the swap disk: the child's PTE at `to` shall name it too. `swapped` counts such
// pages.
__attribute__((unused)) static void share_slot(pte_t *to, pte_t pte, uint64 *swapped)
{
    spin_lock(&pages_lock);
    slot_get(pte_slot(pte));
    spin_unlock(&pages_lock);
    *to = pte;
    (*swapped)++;
}

// The frame's only user wants to write to it: gives up the copy on the swap disk. False when somebody else
// needs that, or the frame: then treat it like one with other users.
static bool forget_slot(struct frame *frame)
{
    spin_lock(&pages_lock);
    bool alone = page_refs(frame) == 1 && (!frame->slot || slot_refs(frame->slot) == 1);
    if (alone && frame->slot)
        slot_detach(frame);
    spin_unlock(&pages_lock);
    return alone;
}

// ---- yours

// 0 or -ENOMEM.
static int copy_to_child(struct as *child, pte_t pte, uint64 va, const struct vma *v)
{
    struct frame *from = pa2frame(PTE2PA(pte)), *to = from;
    pte_t *at = mmu_walk(&child->mmu, va, true);
    if (!at)
        return -ENOMEM;
    if (from == zero_frame) {
        page_get(to);
        *at = pte_make(frame2pa(to), v->perm & ~VMA_W);
    } else {
        to = frame_alloc(va, child->family);
        if (!to)
            return -ENOMEM;
        page_copy(frame2kva(to), frame2kva(from));
        to->ref = 1;
        *at = pte_make(frame2pa(to), v->perm);
    }
    child->resident++;
    return 0;
}

// Pages that nobody may write are not copied: the child finds them as the parent did, by faults.
int cow_share(struct as *parent, struct as *child)
{
    int error = 0;
    for (struct vma *v = parent->vmas.v; v < parent->vmas.v + parent->vmas.n; v++) {
        uint64 va = v->start;
        pte_t *pte;
        if (!(v->perm & VMA_W))
            continue;
        for (; !error && (pte = mmu_next(&parent->mmu, &va, v->end)) != 0; va += PGSIZE)
            if (*pte)
                error = *pte & PTE_V ? copy_to_child(child, *pte, va, v) : -ENOMEM;
    }
    return error;
}

enum fault_reason fault_write(struct fault *f)
{
    struct frame *frame = pa2frame(PTE2PA(*f->pte));
    enum fault_reason r = FAULT_OK;
    if (frame == zero_frame) { // as if it had never been read
        f->spare = fault_frame(f);
        if (!f->spare)
            return FAULT_RETRY;
        pte_clear(&f->as->mmu, f->pte, f->va);
        tlb_flush(&f->as->mmu, f->va, 1);
        f->as->resident--;
        f->as->zeros--;
        page_put(frame);
        r = fault_zero(f);
    } else if (forget_slot(frame)) {
        *f->pte |= PTE_W | PTE_D;
    } else { // on its way to the disk
        yield();
        r = FAULT_RETRY;
    }
    f->class = FAULT_COW;
    return r;
}
