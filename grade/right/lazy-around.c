// Functions of kernel/vm/anon.c for the variant lazy-around (grade/right/lazy.py).

// Fault-around: the pages of an aligned stretch that lie in the same area and have nothing yet come with the
// one that was touched. A write brings frames as long as there are some, a read the page of zeros.
#define AROUND (16 * PGSIZE)

static bool fill(struct fault *f, pte_t *pte, struct frame *frame)
{
    if (!frame)
        return false;
    page_zero(frame2kva(frame));
    __atomic_store_n(&frame->ref, 1, __ATOMIC_RELEASE);
    *pte = pte_make(frame2pa(frame), f->vma->perm);
    f->as->resident++;
    return true;
}

static void share_zeros(struct fault *f, pte_t *pte)
{
    page_get(zero_frame);
    *pte = pte_make(frame2pa(zero_frame), f->vma->perm & ~VMA_W);
    f->as->resident++;
    f->as->zeros++;
}

enum fault_reason fault_zero(struct fault *f)
{
    bool write = f->access == ACCESS_WRITE;
    uint64 va = f->va & ~(AROUND - 1), end = va + AROUND;
    f->class = FAULT_MINOR;
    if (!write)
        share_zeros(f, f->pte);
    else if (!fill(f, f->pte, fault_frame(f)))
        return FAULT_RETRY;
    if (f->vma->file) // zeros behind a file's bytes: the neighbours may be the file's
        return FAULT_OK;
    if (va < f->vma->start)
        va = f->vma->start;
    if (end > f->vma->end)
        end = f->vma->end;
    for (pte_t *pte = f->pte - (f->va - va) / PGSIZE; va < end; va += PGSIZE, pte++) {
        if (*pte)
            continue;
        if (!write)
            share_zeros(f, pte);
        else if (!fill(f, pte, frame_alloc(va, f->as->family)))
            break;
    }
    return FAULT_OK;
}
