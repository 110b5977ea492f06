// Reverse map (swap/rmap.h), and what policies may ask about a frame (swap/policy.h).
//
// Locks: as_list_lock is held throughout, so that no space comes or goes. PTEs are changed under their
// as->lock. A bits are cleared without it, under pages_lock alone, by compare-and-swap: the PTE may become
// another at any moment, and then it is left alone (tables stay until their space is off the list). A hart
// that has such a PTE in its TLB would not set A again: as->aged remembers the flush that is due.
#include "kernel/swap/rmap.h"
#include "kernel/lib/panic.h"
#include "kernel/riscv.h"
#include "kernel/swap/policy.h"
#include "kernel/swap/slot.h"
#include "kernel/vm/as.h"
#include "kernel/vm/page.h"

uint rmap_looks_left;
uint rmap_pause_after = ~0U;

static bool may_map(const struct as *as, const struct frame *f)
{
    return f->kind == FRAME_FILE || as->family == f->family;
}

static bool maps(pte_t pte, const struct frame *f)
{
    return (pte & PTE_V) && PTE2PA(pte) == frame2pa(f);
}

static bool clear_accessed(struct as *as, const struct frame *f)
{
    pte_t *at = mmu_walk(&as->mmu, frame_va(f), false);
    pte_t pte = at ? __atomic_load_n(at, __ATOMIC_RELAXED) : 0;
    while (maps(pte, f) && (pte & PTE_A))
        if (__atomic_compare_exchange_n(at, &pte, pte & ~PTE_A, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
            as->aged = true;
            return true;
        }
    return false;
}

bool policy_accessed(struct frame *f)
{
    bool accessed = false;
    if (rmap_looks_left == 0)
        return false;
    rmap_looks_left--;
    rmap_pause_after -= rmap_pause_after > 0;
    list_for_each(pos, &as_list)
    {
        struct as *as = container_of(pos, struct as, link);
        accessed |= may_map(as, f) && clear_accessed(as, f);
    }
    return accessed;
}

// When no looks are left there is nothing to wait for: the next page goes.
bool policy_pause(void)
{
    return rmap_pause_after == 0 && rmap_looks_left > 0;
}

bool policy_dirty(const struct frame *f)
{
    return f->kind == FRAME_USER && !frame_slot(f);
}

// Pages that a space has lost and not flushed yet.
struct taken {
    uint64 start;
    uint64 end; // 0 = none
};

static void note(struct taken *t, uint64 va)
{
    if (t->end == 0 || va < t->start)
        t->start = va;
    if (va + PGSIZE > t->end)
        t->end = va + PGSIZE;
}

// Locks: as->lock.
static void unmap_private(struct as *as, struct frame *f, struct taken *t)
{
    uint64 va = frame_va(f);
    pte_t *pte = mmu_walk(&as->mmu, va, false);
    if (!pte || !maps(*pte, f))
        return;
    spin_lock(&pages_lock);
    slot_get(f->slot);
    pte_replace(&as->mmu, pte, va, swap_pte(f->slot));
    __atomic_fetch_sub(&f->ref, 1, __ATOMIC_RELEASE); // ours is another one
    spin_unlock(&pages_lock);
    as->resident--;
    as->swapped++;
    note(t, va);
}

// Locks: as->lock.
static void unmap_file(struct as *as, struct frame *f, struct taken *t)
{
    uint64 off;
    const struct inode *ip = page_file(f, &off);
    for (int i = 0; i < as->vmas.n; i++) {
        const struct vma *v = &as->vmas.v[i];
        if (v->file != ip || off < v->off || off - v->off >= v->filelen)
            continue;
        uint64 va = v->start + (off - v->off);
        pte_t *pte = mmu_walk(&as->mmu, va, false);
        if (!pte || !maps(*pte, f))
            continue;
        pte_clear(&as->mmu, pte, va);
        __atomic_fetch_sub(&f->ref, 1, __ATOMIC_RELEASE);
        as->resident--;
        note(t, va);
    }
}

static void unmap_in(struct as *as, struct frame *const *frame, uint n)
{
    struct taken t = {.end = 0};
    as_lock(as);
    for (uint i = 0; i < n; i++)
        if (frame[i]->kind == FRAME_FILE)
            unmap_file(as, frame[i], &t);
        else if (as->family == frame[i]->family)
            unmap_private(as, frame[i], &t);
    if (as->aged)
        tlb_flush(&as->mmu, 0, MAXVA / PGSIZE);
    else if (t.end)
        tlb_flush(&as->mmu, t.start, (t.end - t.start) / PGSIZE);
    as->aged = false;
    as_unlock(as);
}

void rmap_unmap(struct frame *const *frame, uint n)
{
    list_for_each(pos, &as_list)
    {
        struct as *as = container_of(pos, struct as, link);
        bool concerned = as->aged;
        for (uint i = 0; i < n && !concerned; i++)
            concerned = may_map(as, frame[i]);
        if (concerned)
            unmap_in(as, frame, n);
    }
}

// Locks: as->lock.
static void restore_in(struct as *as, struct frame *f)
{
    uint64 va = frame_va(f);
    pte_t *pte = mmu_walk(&as->mmu, va, false);
    if (!pte || *pte != swap_pte(f->slot))
        return;
    struct vma *v = vma_find(&as->vmas, va);
    page_get(f);
    spin_lock(&pages_lock);
    slot_put(f->slot);
    spin_unlock(&pages_lock);
    *pte = pte_make(frame2pa(f), v->perm & ~VMA_W);
    as->resident++;
    as->swapped--;
}

void rmap_restore(struct frame *f)
{
    list_for_each(pos, &as_list)
    {
        struct as *as = container_of(pos, struct as, link);
        if (as->family != f->family)
            continue;
        as_lock(as);
        restore_in(as, f);
        as_unlock(as);
    }
    spin_lock(&pages_lock);
    assert(slot_refs(f->slot) == 1, "a bad slot is still named by somebody");
    slot_mark_bad(f->slot);
    slot_detach(f);
    spin_unlock(&pages_lock);
}
