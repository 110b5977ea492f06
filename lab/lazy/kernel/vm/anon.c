// Lab 2: memory that is made of zeros: the heap, the stack, bss.
//
// What is here is eager: the first touch of the heap gives frames to all of it, a read takes a frame like a
// write, and the stack has one fixed size. lab/lazy/README.md has the task.
//
// Your task:
//
//   fault_zero        The PTE is empty and its page belongs to zeros. Give a frame to this page alone, zeroed
//                     before the PTE is set. A read needs no frame: all untouched memory can share
//                     zero_frame, read-only, and the first write will replace it (vm/cow.c). Each PTE that
//                     maps a frame counts in frame->ref, zero_frame's too, and as->zeros counts the PTEs of
//                     this space that map it. No frame to be had: say FAULT_RETRY, and have changed nothing.
//   anon_grow_stack   Grows the stack's area down to addr, when the program may have meant that: addr lies
//                     between STACK_LIMIT and the stack, and not further than STACK_SLACK below sp.
//                     Everything else has a reason of its own, which the report prints (README: "Where the
//                     stack ends").
//   anon_release      Works as it is, one flush a page. A flush asks every hart that runs the program to stop
//                     for a moment: empty many PTEs, flush once, and only then give the frames back. Why in
//                     this order? Rule 1 of docs/memory.md, "TLB rules".
//
// Rules of docs/memory.md that rest on this file: invariant 1 (references), 4 (who may write is alone with
// its frame), 5 (no page outside an area: nothing may be left behind in what is released).
#include "kernel/lib/string.h"
#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "kernel/swap/slot.h"
#include "kernel/vm/fault.h"
#include "kernel/vm/page.h"
#include "kernel/vm/mmu.h"
#include "kernel/vm/tlb.h"

#define FIXED_STACK (32UL << 10)

// Fills the heap as far as there are frames.
static void fill_heap(struct as *as, uint64 end)
{
    pte_t *pte;
    for (uint64 va = as->heap_start; va < end && (pte = mmu_walk(&as->mmu, va, true)) != 0; va += PGSIZE) {
        if (*pte)
            continue;
        struct frame *frame = frame_alloc(va, as->family);
        if (!frame)
            return;
        page_zero(frame2kva(frame));
        frame->ref = 1;
        *pte = pte_make(frame2pa(frame), vma_find(&as->vmas, va)->perm);
        as->resident++;
    }
}

enum fault_reason fault_zero(struct fault *f)
{
    struct as *as = f->as;
    uint64 heap_end = PGROUNDUP(as->brk);
    struct frame *frame = fault_frame(f);
    if (!frame)
        return FAULT_RETRY;
    f->class = FAULT_MINOR;
    page_zero(frame2kva(frame));
    frame->ref = 1;
    fault_install(f, frame, true);
    if (f->va >= as->heap_start && f->va < heap_end)
        fill_heap(as, heap_end);
    return FAULT_OK;
}

enum fault_reason anon_grow_stack(struct as *as, uint64 addr, uint64 sp)
{
    struct vma *v = vma_at_or_above(&as->vmas, addr);
    (void)sp;
    if (addr < PGSIZE)
        return FAULT_NULL;
    if (addr < USTACK_TOP - FIXED_STACK || !v || v->kind != VMA_STACK)
        return FAULT_UNMAPPED;
    return vma_set_start(&as->vmas, v, USTACK_TOP - FIXED_STACK) == 0 ? FAULT_OK : FAULT_UNMAPPED;
}

// Given, for lab 4: a page that is out on the swap disk. Its slot is free at once if nobody else needs it.
static void release_slot(struct as *as, pte_t *pte)
{
    spin_lock(&pages_lock);
    struct frame *cache = slot_put(pte_slot(*pte));
    spin_unlock(&pages_lock);
    *pte = 0; // it was not valid: no TLB knows it
    as->swapped--;
    if (cache)
        frame_free(cache);
}

static void release_page(struct as *as, pte_t *pte, uint64 va)
{
    struct frame *frame = pa2frame(PTE2PA(pte_clear(&as->mmu, pte, va)));
    tlb_flush(&as->mmu, va, 1);
    as->zeros -= frame == zero_frame;
    as->resident--;
    page_put(frame);
}

void anon_release(struct as *as, uint64 start, uint64 end)
{
    pte_t *pte;
    for (uint64 va = start; (pte = mmu_next(&as->mmu, &va, end)) != 0; va += PGSIZE)
        if (*pte & PTE_V)
            release_page(as, pte, va);
        else if (*pte)
            release_slot(as, pte);
}
