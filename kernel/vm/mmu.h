// Sv39 page tables (privileged spec 4.4) and the harts they are loaded on. A struct mmu is the hardware's
// side of an address space: the scheduler loads it, vm/ fills it. Only this file and vm/kmap.c build PTEs.
#ifndef KERNEL_VM_MMU_H
#define KERNEL_VM_MMU_H
#include <stdbool.h>
#include "kernel/riscv.h"
#include "kernel/types.h"
#include "kernel/vm/tlb.h"
#include "kernel/vmstat.h"

struct frame;

struct mmu {
    pagetable_t root;       // kernel address of the root table; upper half copied from the kernel's
    volatile uint64 cpus;   // bit i: hart i may have the root in satp; atomic
    volatile uint64 icache; // bit i: hart i must fence.i before it runs the space; atomic
    uint64 tables;          // page tables below the root; as->lock
    struct frame *all;      // frames of all tables, linked by their `next`; as->lock
    uint64 near;            // va / LEAF_SPAN of the leaf table that mmu_walk_near found last; as->lock
    pte_t *near_leaf;       // that table
    uint64 stale_start;     // as->lock, tlbcheck only: addresses that wait for a flush
    uint64 stale_end;       // 0 = none
};

#define LEAF_SPAN (1UL << PXSHIFT(1)) // addresses that one leaf table maps

// Where the leaf table that maps va ends, or `end` when that comes first.
static inline uint64 leaf_end(uint64 va, uint64 end)
{
    uint64 stop = (va | (LEAF_SPAN - 1)) + 1;
    return stop < end ? stop : end;
}

// A user leaf PTE for the frame at pa, with the rights VMA_R, VMA_W, VMA_X of perm (the same bits one place
// lower). A is set at once, and D with W: the access that asks for the page is about to.
static inline pte_t pte_make(uint64 pa, uint perm)
{
    return PA2PTE(pa) | PTE_V | PTE_U | PTE_A | (perm & (VMA_R | VMA_W | VMA_X)) << 1 |
           (perm & VMA_W ? PTE_D : 0);
}
_Static_assert(PTE_R == VMA_R << 1 && PTE_W == VMA_W << 1 && PTE_X == VMA_X << 1,
               "PTE and VMA rights differ");

// Empties a PTE; returns what it was. The caller flushes before the frame is used again.
static inline pte_t pte_clear(struct mmu *m, pte_t *pte, uint64 va)
{
    if (tlbcheck)
        tlb_note(m, va);
    return __atomic_exchange_n(pte, 0, __ATOMIC_RELAXED);
}

// Gives a present PTE another frame. The caller flushes before the old one is used again.
static inline void pte_replace(struct mmu *m, pte_t *pte, uint64 va, pte_t new)
{
    if (tlbcheck)
        tlb_note(m, va);
    __atomic_exchange_n(pte, new, __ATOMIC_RELEASE); // the frame is filled before it is seen
}

// Takes the right to write away; returns what the PTE is now. The caller flushes.
static inline pte_t pte_protect(struct mmu *m, pte_t *pte, uint64 va)
{
    if (tlbcheck)
        tlb_note(m, va);
    return __atomic_and_fetch(pte, ~(PTE_W | PTE_D), __ATOMIC_RELAXED);
}

bool mmu_init(struct mmu *m); // false when there is no memory
void mmu_wait_unloaded(
    struct mmu *m); // its last process has gone: until no hart has the root loaded any more
void mmu_destroy(
    struct mmu *m); // frees the tables; every user PTE is gone already, no hart has the root loaded

// The leaf PTE of a user address; with `alloc`, makes the tables on the way. 0 when they are missing, or when
// there is no memory for them. Locks: as->lock of the space.
pte_t *mmu_walk(struct mmu *m, uint64 va, bool alloc);

// The same with `alloc`, remembering the leaf table: the next fault is likely to be near. Locks: as->lock.
pte_t *mmu_walk_far(struct mmu *m, uint64 va);
static inline pte_t *mmu_walk_near(struct mmu *m, uint64 va)
{
    return va / LEAF_SPAN == m->near ? &m->near_leaf[PX(0, va)] : mmu_walk_far(m, va);
}

// As mmu_walk, skipping what is not there: first leaf table at or above *va and below end; moves *va to the
// address that the returned PTE maps. 0 when there is none.
pte_t *mmu_next(struct mmu *m, uint64 *va, uint64 end);

// Loads m (0 = the kernel's own root) on this hart. Interrupts off.
void mmu_switch(struct mmu *m);

extern pagetable_t kernel_root;
extern uint64 kernel_satp;

#endif
