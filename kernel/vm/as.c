// Address spaces: making, sharing, growing and ending them (vm/as.h).
//
// A space is on as_list from as_create until as_destroy has given its frames back, so that an audit that
// holds as_list_lock can count every PTE there is, and no space goes away under it. Memory that leaves a
// space loses its PTEs first (anon_release) and its area then: no page ever lies outside the areas.
//
// Locks: as->lock (sleep) guards a space's areas, PTEs and counts; as_list_lock (sleep) comes before it.
// as->ref is atomic: the space dies with its last reference, which need not be the process's own. Next:
// vm/vma.c for the areas, vm/fault.c for how they fill, vm/cow.c for what fork shares.
#include "kernel/vm/as.h"
#include "kernel/lib/err.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/string.h"
#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "kernel/swap/slot.h"
#include "kernel/vm/fault.h"
#include "kernel/vm/frame.h"
#include "kernel/vm/kmem.h"
#include "kernel/vm/page.h"

struct sleeplock as_list_lock = {.name = "as list"};
struct list as_list = LIST_INIT(as_list);
static uint last_family; // atomic; two families with one number would only be searched in vain

struct as *as_create(void)
{
    struct as *as = kmem_alloc(sizeof(*as));
    if (!as)
        return 0;
    sleep_init(&as->lock, "as");
    vmaset_init(&as->vmas);
    as->ref = 1;
    as->family = __atomic_add_fetch(&last_family, 1, __ATOMIC_RELAXED);
    if (!mmu_init(&as->mmu)) {
        kmem_free(as);
        return 0;
    }
    sleep_lock(&as_list_lock);
    list_push_back(&as_list, &as->link);
    sleep_unlock(&as_list_lock);
    return as;
}

void as_get(struct as *as)
{
    __atomic_fetch_add(&as->ref, 1, __ATOMIC_RELAXED);
}

// Empties the PTEs of one leaf table from pte up to last. Returns how many mapped a frame.
static uint64 drop_leaf(pte_t *pte, const pte_t *last)
{
    struct frame *batch = 0;
    uint64 n = 0;
    for (; pte < last; pte++) {
        pte_t old = *pte;
        if (!(old & PTE_V))
            continue;
        *pte = 0;
        page_put_batch(pa2frame(PTE2PA(old)), &batch);
        n++;
    }
    if (batch)
        frame_free_batch(batch);
    return n;
}

// The frames of an area whose space no hart has loaded, nor ever will: there is no translation to be flushed
// (what anon_release does first), so each frame goes as soon as its PTE is empty.
static void drop_frames(struct as *as, uint64 va, uint64 end)
{
    for (pte_t *pte; (pte = mmu_next(&as->mmu, &va, end)) != 0; va = leaf_end(va, end))
        as->resident -= drop_leaf(pte, pte + (leaf_end(va, end) - va) / PGSIZE);
}

// The frames go while the space is still on the list, so that an audit counts them at every moment.
static void as_destroy(struct as *as)
{
    mmu_wait_unloaded(&as->mmu);
    as_lock(as);
    for (int i = 0; i < as->vmas.n; i++) {
        drop_frames(as, as->vmas.v[i].start, as->vmas.v[i].end);
        if (as->swapped)
            anon_release(as, as->vmas.v[i].start, as->vmas.v[i].end);
    }
    assert(as->resident == 0 && as->swapped == 0, "pages outside every area");
    as->zeros = 0;
    as_unlock(as);
    sleep_lock(&as_list_lock);
    list_del(&as->link);
    fault_retire(as);
    sleep_unlock(&as_list_lock);
    for (int i = 0; i < as->vmas.n; i++)
        if (as->vmas.v[i].file)
            vm_file_ops.put(as->vmas.v[i].file);
    vmaset_destroy(&as->vmas);
    mmu_destroy(&as->mmu);
    kmem_free(as);
}

void as_put(struct as *as)
{
    if (__atomic_fetch_sub(&as->ref, 1, __ATOMIC_ACQ_REL) == 1)
        as_destroy(as);
}

struct as *as_fork(struct as *parent)
{
    struct as *child = as_create();
    if (!child)
        return 0;
    as_lock(parent);
    as_lock(child);
    child->family = parent->family;
    int error = vmaset_copy(&child->vmas, &parent->vmas);
    if (!error) {
        for (int i = 0; i < child->vmas.n; i++)
            if (child->vmas.v[i].file)
                vm_file_ops.get(child->vmas.v[i].file);
        error = cow_share(parent, child);
    }
    child->heap_start = parent->heap_start;
    child->brk = parent->brk;
    child->crept = parent->crept;
    as_unlock(child);
    as_unlock(parent);
    if (!error)
        return child;
    as_put(child);
    return 0;
}

int as_map(struct as *as, const struct vma *v)
{
    as_lock(as);
    int error = vma_insert(&as->vmas, v);
    as_unlock(as);
    if (!error && v->file)
        vm_file_ops.get(v->file);
    return error;
}

// Grows or shrinks the heap's area to end at page `end`. 0 or a negative error.
static int resize_heap(struct as *as, uint64 end)
{
    uint64 old = PGROUNDUP(as->brk);
    struct vma *heap = old > as->heap_start ? vma_find(&as->vmas, old - 1) : 0;
    if (end > old) {
        if (heap)
            return vma_set_end(&as->vmas, heap, end);
        struct vma v = {.start = as->heap_start, .end = end, .perm = VMA_R | VMA_W, .kind = VMA_HEAP};
        return vma_insert(&as->vmas, &v);
    }
    if (end == old)
        return 0;
    anon_release(as, end, old);
    return end > as->heap_start ? vma_set_end(&as->vmas, heap, end) : vma_remove(&as->vmas, end, old);
}

// Whether small steps have had all there is.
static bool crept_too_far(const struct as *as, int64 delta)
{
    struct frame_stats st;
    struct slot_stats swap;
    frame_get_stats(&st);
    slot_get_stats(&swap);
    return as->crept + delta > (st.user_limit + swap.total) * PGSIZE;
}

// Keeps account of growth in small steps; shrinking takes from it first.
static void count_creep(struct as *as, int64 delta)
{
    if (delta > 0)
        as->crept += delta < SBRK_LEAP ? delta : 0;
    else
        as->crept -= (uint64)-delta < as->crept ? (uint64)-delta : as->crept;
}

int64 as_sbrk(struct as *as, int64 delta, bool lazy)
{
    int64 result;
    as_lock(as);
    uint64 brk = as->brk + delta;
    if (brk < as->heap_start || brk > TRAPFRAME) // a sum that wrapped is above it as well
        result = -EINVAL;
    else if (!lazy && delta > 0 && delta < SBRK_LEAP && crept_too_far(as, delta))
        result = -ENOMEM;
    else
        result = resize_heap(as, PGROUNDUP(brk));
    if (result == 0) {
        result = as->brk;
        as->brk = brk;
        count_creep(as, delta);
    }
    as_unlock(as);
    return result;
}

bool as_range_ok(struct as *as, uint64 va, uint64 n, int perm, uint64 sp)
{
    uint64 end = va + n;
    as_lock(as);
    while (va < end) {
        struct vma *v = vma_find(&as->vmas, va);
        if (!v && anon_grow_stack(as, va, sp) == FAULT_OK)
            v = vma_find(&as->vmas, va);
        if (!v || (v->perm & perm) != perm)
            break;
        va = v->end;
    }
    as_unlock(as);
    return va >= end;
}

// Copies within one page through the direct map, when the page is present and writable. False otherwise.
static bool write_present(struct as *as, uint64 va, const void *src, uint64 n)
{
    as_lock(as);
    pte_t *pte = mmu_walk(&as->mmu, va, false);
    bool present = pte && (*pte & PTE_W);
    if (present)
        memcpy((char *)pa2kva(PTE2PA(*pte)) + (va & (PGSIZE - 1)), src, n);
    as_unlock(as);
    return present;
}

int as_write(struct as *as, uint64 va, const void *src, uint64 n)
{
    while (n > 0) {
        uint64 part = PGSIZE - (va & (PGSIZE - 1));
        if (part > n)
            part = n;
        while (!write_present(as, va, src, part)) {
            int r = vm_fault(as, va, ACCESS_WRITE, va);
            if (r != FAULT_OK)
                return r;
        }
        va += part;
        src = (const char *)src + part;
        n -= part;
    }
    return 0;
}

uint64 as_size(struct as *as)
{
    uint64 size = 0;
    for (int i = 0; i < as->vmas.n; i++)
        size += as->vmas.v[i].end - as->vmas.v[i].start;
    return size;
}
