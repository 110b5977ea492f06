// Sv39 page tables: three levels of 512 entries, 9 bits of the address each (privileged spec 4.4.1).
//
// The upper half of every root is a copy of the kernel's root entries, so a trap needs no change of tables.
// The tables of a user space are freed only when the space dies: a hart may be walking them at any time
// before.
//
// mmu.cpus says which harts a shootdown must reach. A hart sets its bit before it loads satp and clears it
// after it has loaded another root; the flush that a change of root does makes it forget everything of the
// old one.
#include "kernel/vm/mmu.h"
#include "kernel/lib/cpu.h"
#include "kernel/lib/hot.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/string.h"
#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "kernel/vm/frame.h"

#define ENTRIES    512
#define USER_ROOTS (ENTRIES / 2) // root entries of the lower half

static inline pagetable_t table_of(pte_t pte)
{
    return pa2kva(PTE2PA(pte));
}

// An empty table of m. 0 when there is no memory.
static pagetable_t new_table(struct mmu *m)
{
    pagetable_t t = frame_alloc_table();
    if (t) {
        struct frame *f = pa2frame(kva2pa(t));
        f->next = m->all;
        m->all = f;
    }
    return t;
}

bool mmu_init(struct mmu *m)
{
    m->all = 0;
    m->root = new_table(m);
    m->cpus = m->tables = 0;
    m->stale_start = m->stale_end = 0;
    m->near = ~0UL;
    m->icache = ~0UL; // its pages may have been filled by another hart
    if (!m->root)
        return false;
    memcpy(&m->root[USER_ROOTS], &kernel_root[USER_ROOTS], USER_ROOTS * sizeof(pte_t));
    return true;
}

void mmu_wait_unloaded(struct mmu *m)
{
    while (__atomic_load_n(&m->cpus, __ATOMIC_ACQUIRE))
        ; // a hart is between our last process switch and its next one
}

void mmu_destroy(struct mmu *m)
{
    assert(m->cpus == 0, "freeing page tables that a hart has loaded");
    frame_free_tables(m->all);
    m->root = 0;
    m->all = 0;
}

// Fills the empty *entry with a new table. 0 when there is no memory.
static pagetable_t add_table(struct mmu *m, pte_t *entry)
{
    pagetable_t t = new_table(m);
    if (t) {
        __atomic_store_n(entry, PA2PTE(kva2pa(t)) | PTE_V, __ATOMIC_RELEASE); // zeroed before it is seen
        m->tables++;
    }
    return t;
}

// The table below *entry, made when it is missing. 0 when there is no memory.
static pagetable_t descend(struct mmu *m, pte_t *entry)
{
    return *entry ? table_of(*entry) : add_table(m, entry);
}

COLD static pte_t *walk_making_tables(struct mmu *m, uint64 va)
{
    pagetable_t t = descend(m, &m->root[PX(2, va)]);
    if (t)
        t = descend(m, &t[PX(1, va)]);
    return t ? &t[PX(0, va)] : 0;
}

HOT pte_t *mmu_walk(struct mmu *m, uint64 va, bool alloc)
{
    pte_t top = m->root[PX(2, va)];
    if (top) {
        pte_t mid = table_of(top)[PX(1, va)];
        if (mid)
            return &table_of(mid)[PX(0, va)];
    }
    return alloc ? walk_making_tables(m, va) : 0;
}

COLD pte_t *mmu_walk_far(struct mmu *m, uint64 va)
{
    pte_t *pte = mmu_walk(m, va, true);
    if (pte) { // the table stays until the space dies
        m->near = va / LEAF_SPAN;
        m->near_leaf = pte - PX(0, va);
    }
    return pte;
}

pte_t *mmu_next(struct mmu *m, uint64 *va, uint64 end)
{
    while (*va < end) {
        pte_t *top = &m->root[PX(2, *va)];
        if (!*top) {
            *va = (*va | ((1UL << PXSHIFT(2)) - 1)) + 1;
            continue;
        }
        pte_t *mid = &table_of(*top)[PX(1, *va)];
        if (*mid)
            return &table_of(*mid)[PX(0, *va)];
        *va = (*va | (LEAF_SPAN - 1)) + 1;
    }
    return 0;
}

void mmu_switch(struct mmu *m)
{
    struct cpu *c = my_cpu();
    uint64 bit = 1UL << c->index;
    struct mmu *old = c->mmu;
    if (m != old) {
        if (m)
            __atomic_fetch_or(&m->cpus, bit,
                              __ATOMIC_SEQ_CST); // before satp: see a shootdown that starts now
        CSR_WRITE(satp, m ? MAKE_SATP(kva2pa(m->root)) : kernel_satp);
        sfence_vma();
        c->mmu = m;
        if (old)
            __atomic_fetch_and(&old->cpus, ~bit, __ATOMIC_SEQ_CST);
    }
    if (m && (m->icache & bit)) {
        __atomic_fetch_and(&m->icache, ~bit, __ATOMIC_SEQ_CST);
        fence_i();
    }
}
