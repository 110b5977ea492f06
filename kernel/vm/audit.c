// The audit: with every space locked, counts for each frame the PTEs that map it, and checks
//   invariant 1  frame.ref equals that count (the zero page has one more)
//   invariant 4  a PTE with W is the only one of its frame, and D equals W
//   invariant 5  every user PTE lies in an area and grants no more than it
// and that as->resident is the number of pages present, as->zeros that of zero pages. A user frame with ref 0
// is on its way into a space.
#include "kernel/vm/audit.h"
#include "kernel/lib/panic.h"
#include "kernel/riscv.h"
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
    if ((pte & PTE_W) && f->ref != 1)
        panic("audit: page at %p is writable but its frame has %u references", (void *)va, f->ref);
    if (!(pte & PTE_W) != !(pte & PTE_D))
        panic("audit: page at %p has PTE %lx: D differs from W", (void *)va, pte);
    f->audit++;
}

static void count_space(struct as *as)
{
    uint64 va = 0, resident = 0, zeros = 0;
    pte_t *pte;
    while ((pte = mmu_next(&as->mmu, &va, MAXVA)) != 0) {
        if (*pte & PTE_V) {
            check_pte(as, va, *pte);
            resident++;
            zeros += pa2frame(PTE2PA(*pte)) == zero_frame;
        }
        va += PGSIZE;
    }
    if (resident != as->resident)
        panic("audit: %lu pages present in a space that counts %lu", resident, as->resident);
    if (zeros != as->zeros)
        panic("audit: %lu zero pages in a space that counts %lu", zeros, as->zeros);
}

// Frames that no space maps come and go meanwhile. Whatever kind they are seen as, they have no reference.
static void check_counts(void)
{
    for (uint64 i = 0; i < frame_count; i++) {
        struct frame *f = &frame_table[i];
        bool counted = f->kind == FRAME_USER || f->kind == FRAME_FILE || f->kind == FRAME_ZERO;
        if (counted && f->ref != f->audit)
            panic("audit: frame %p has %u references, %u PTEs map it", (void *)frame2pa(f), f->ref, f->audit);
    }
}

int vm_audit(void)
{
    sleep_lock(&as_list_lock);
    list_for_each(pos, &as_list) sleep_lock(&container_of(pos, struct as, link)->lock);
    for (uint64 i = 0; i < frame_count; i++)
        frame_table[i].audit = 0;
    zero_frame->audit = 1;
    list_for_each(pos, &as_list) count_space(container_of(pos, struct as, link));
    check_counts();
    list_for_each(pos, &as_list) sleep_unlock(&container_of(pos, struct as, link)->lock);
    sleep_unlock(&as_list_lock);
    return 0;
}
