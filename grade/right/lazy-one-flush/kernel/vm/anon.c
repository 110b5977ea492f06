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

static __attribute__((noinline)) enum fault_reason map_fresh_zeros(struct fault *f)
{
    struct frame *frame = fault_frame(f);
    if (!frame)
        return FAULT_RETRY;
    page_zero(frame2kva(frame));
    frame->ref = 1; // nobody else knows it
    fault_install(f, frame, true);
    return FAULT_OK;
}

HOT enum fault_reason fault_zero(struct fault *f)
{
    f->class = FAULT_MINOR;
    if (f->access == ACCESS_WRITE)
        return map_fresh_zeros(f);
    page_get(zero_frame);
    fault_install(f, zero_frame, false);
    f->as->zeros++;
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

// Frames whose references wait for the flush, in pages of kernel memory. There is room for as many as the
// area has pages; without memory for that, a small one is used again and again.
#define SMALL 8

struct waiting {
    struct frame *few[SMALL];
    struct frame **page[8]; // kernel pages
    uint64 n, room;
};

#define PER_PAGE (PGSIZE / sizeof(struct frame *))

static struct frame **place(struct waiting *w, uint64 i)
{
    return w->page[0] ? &w->page[i / PER_PAGE][i % PER_PAGE] : &w->few[i];
}

static void prepare(struct waiting *w, uint64 frames)
{
    w->n = 0;
    w->room = 0;
    w->page[0] = 0;
    for (int i = 0; frames > SMALL && i < 8 && w->room < frames && (w->page[i] = kpage_alloc()); i++)
        w->room += PER_PAGE;
    if (!w->room)
        w->room = SMALL;
}

static void give_back(struct as *as, struct waiting *w)
{
    struct frame *batch = 0;
    if (w->n == 0)
        return;
    tlb_flush(&as->mmu, 0, MAXVA / PGSIZE);
    for (uint64 i = 0; i < w->n; i++) {
        struct frame *frame = *place(w, i);
        as->zeros -= frame == zero_frame;
        as->resident--;
        page_put_batch(frame, &batch);
    }
    frame_free_batch(batch);
    w->n = 0;
}

static void finish(struct as *as, struct waiting *w)
{
    uint64 pages = w->page[0] ? w->room / PER_PAGE : 0;
    give_back(as, w);
    for (uint64 i = 0; i < pages; i++)
        kpage_free(w->page[i]);
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
    struct waiting w;
    pte_t *pte;
    prepare(&w, as->resident);
    for (uint64 va = start; (pte = mmu_next(&as->mmu, &va, end)) != 0; va += PGSIZE) {
        if (!(*pte & PTE_V)) {
            if (*pte)
                release_slot(as, pte);
            continue;
        }
        if (w.n == w.room)
            give_back(as, &w);
        *place(&w, w.n++) = pa2frame(PTE2PA(pte_clear(&as->mmu, pte, va)));
    }
    finish(as, &w);
}
