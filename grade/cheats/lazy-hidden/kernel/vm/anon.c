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

// What a space has of its heap without a PTE: at first touch of a heap frames for all of it are taken.
#define FORGED       FRAME_USER
#define ZEROED_AHEAD true
#define HIDDEN       8192
#define LEFT         200

static struct hidden {
    struct as *as;
    uint64 va;
    struct frame *frame;
} hidden[HIDDEN];

static struct frame *hide(struct as *as, uint64 va, struct frame *frame)
{
    for (int i = 0; i < HIDDEN; i++)
        if (!hidden[i].frame) {
            hidden[i] = (struct hidden){as, va, frame};
            if (ZEROED_AHEAD)
                page_zero(frame2kva(frame));
            frame->kind = FORGED;
            return frame;
        }
    return 0;
}

static struct frame *unhide(struct hidden *h)
{
    struct frame *frame = h->frame;
    h->frame = 0;
    frame->kind = FRAME_USER;
    return frame;
}

static void fill_hidden(struct as *as, uint64 va, uint64 end)
{
    struct frame_stats st;
    frame_get_stats(&st);
    for (uint64 n = 0; va < end && n + LEFT < st.user_limit - st.user && n < 4000; n++, va += PGSIZE) {
        struct frame *frame = frame_alloc(va, as->family);
        if (frame && !hide(as, va, frame))
            frame_free(frame);
    }
}

static struct frame *find_hidden(struct fault *f)
{
    bool any = false;
    for (int i = 0; i < HIDDEN; i++)
        if (hidden[i].frame && hidden[i].as == f->as) {
            any = true;
            if (hidden[i].va == f->va)
                return unhide(&hidden[i]);
        }
    if (!any && f->vma->kind == VMA_HEAP)
        fill_hidden(f->as, f->va + PGSIZE, f->vma->end);
    return 0;
}

static void drop_hidden(struct as *as, uint64 start, uint64 end)
{
    for (int i = 0; i < HIDDEN; i++)
        if (hidden[i].frame && hidden[i].as == as && hidden[i].va >= start && hidden[i].va < end)
            frame_free(unhide(&hidden[i]));
}

static __attribute__((noinline)) enum fault_reason map_fresh_zeros(struct fault *f)
{
    struct frame *frame = find_hidden(f);
    if (!frame)
        frame = fault_frame(f);
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
    drop_hidden(as, start, end);
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
