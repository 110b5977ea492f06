// The audit: with every space locked, counts for each frame the PTEs that map it, for each swap slot those
// that name it, and checks
//   invariant 1  frame.ref equals that count (one more while FRAME_HELD; the zero page always has one more)
//   invariant 2  a slot's references equal that count, one more while a frame caches it; both name each other
//   invariant 4  a PTE with W is the only one of its frame, which has no slot, and D equals W
//   invariant 5  every user PTE lies in an area and grants no more than it
// and that as->resident is the number of pages present, as->zeros that of zero pages, as->swapped that of
// pages that are out. A user frame with ref 0 is on its way into a space, or was read ahead. (Invariant 3
// needs the disk: swap/swapaudit.c.)
//
// as_list_lock keeps the evictor from choosing and unmapping meanwhile, but holds end at any moment: a
// frame's state and count are read together, under pages_lock.
#include "kernel/vm/audit.h"
#include "kernel/lib/panic.h"
#include "kernel/riscv.h"
#include "kernel/swap/slot.h"
#include "kernel/vm/as.h"
#include "kernel/vm/frame.h"
#include "kernel/vm/mmu.h"

static void check_pte(struct as *as, uint64 va, pte_t pte)
{
    struct vma *v = vma_find(&as->vmas, va);
    struct frame *f = pa2frame(PTE2PA(pte));
    if (!v)
        panic("audit: page at %p lies in no area", (void *)va);
    if (f->kind != FRAME_USER && f->kind != FRAME_FILE && f->kind != FRAME_ZERO)
        panic("audit: page at %p maps frame %p of kind %d", (void *)va, (void *)frame2pa(f), f->kind);
    if (!(pte & PTE_U) || ((pte & PTE_W) && !(v->perm & VMA_W)) || ((pte & PTE_X) && !(v->perm & VMA_X)))
        panic("audit: page at %p has PTE %lx, more than its area allows", (void *)va, pte);
    if ((pte & PTE_W) && (f->ref != 1 || f->slot))
        panic("audit: page at %p is writable but its frame has %u references and slot %lu", (void *)va,
              f->ref, f->slot);
    if (!(pte & PTE_W) != !(pte & PTE_D))
        panic("audit: page at %p has PTE %lx: D differs from W", (void *)va, pte);
    frame_audit[f - frame_table]++;
}

static void check_swapped(struct as *as, uint64 va, pte_t pte)
{
    if (!vma_find(&as->vmas, va))
        panic("audit: swapped page at %p lies in no area", (void *)va);
    if (!(pte & PTE_SWAP) || !slot_audit_pte(pte_slot(pte)))
        panic("audit: page at %p has PTE %lx, which names no swap slot in use", (void *)va, pte);
}

static void count_space(struct as *as)
{
    uint64 va = 0, resident = 0, zeros = 0, swapped = 0;
    pte_t *pte;
    while ((pte = mmu_next(&as->mmu, &va, MAXVA)) != 0) {
        if (*pte & PTE_V) {
            check_pte(as, va, *pte);
            resident++;
            zeros += pa2frame(PTE2PA(*pte)) == zero_frame;
        } else if (*pte) {
            check_swapped(as, va, *pte);
            swapped++;
        }
        va += PGSIZE;
    }
    if (resident != as->resident)
        panic("audit: %lu pages present in a space that counts %lu", resident, as->resident);
    if (zeros != as->zeros)
        panic("audit: %lu zero pages in a space that counts %lu", zeros, as->zeros);
    if (swapped != as->swapped)
        panic("audit: %lu pages out of a space that counts %lu", swapped, as->swapped);
}

// Frames that no space maps come and go meanwhile. Whatever kind they are seen as, they have no reference.
static void check_counts(void)
{
    for (uint64 i = 0; i < frame_count; i++) {
        spin_lock(&pages_lock);
        struct frame f = frame_table[i];
        spin_unlock(&pages_lock);
        bool counted = f.kind == FRAME_USER || f.kind == FRAME_FILE || f.kind == FRAME_ZERO;
        uint held = (f.state & FRAME_HELD) != 0;
        if (counted && f.ref != frame_audit[i] + held)
            panic("audit: frame %p has %u references; %u PTEs map it, %u hold it",
                  (void *)frame2pa(&frame_table[i]), f.ref, frame_audit[i], held);
    }
}

int vm_audit(void)
{
    sleep_lock(&as_list_lock);
    list_for_each(pos, &as_list) sleep_lock(&container_of(pos, struct as, link)->lock);
    for (uint64 i = 0; i < frame_count; i++)
        frame_audit[i] = 0;
    frame_audit[zero_frame - frame_table] = 1;
    slot_audit_begin();
    list_for_each(pos, &as_list) count_space(container_of(pos, struct as, link));
    check_counts();
    slot_audit_end();
    list_for_each(pos, &as_list) sleep_unlock(&container_of(pos, struct as, link)->lock);
    sleep_unlock(&as_list_lock);
    return 0;
}
