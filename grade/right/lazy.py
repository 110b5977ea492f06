"""Right answers of lab 2 of another design (core/variant.py)."""
from core.variant import Variant

ANON = 'kernel/vm/anon.c'
FLUSH = 'tlb_flush(&as->mmu, r->start, (end - r->start) / PGSIZE);'
WRITE = 'if (f->access == ACCESS_WRITE)'
INSTALL = 'fault_install(f, frame, true);'

VARIANTS = [
    Variant('lazy-no-zero-page', 'a read takes a frame like a write', (), ((ANON, WRITE, 'if (f->va)'),)),
    Variant('lazy-zero-page-first', 'a write maps the page of zeros too, and faults again', (),
            ((ANON, WRITE, 'if (f->access == ACCESS_WRITE && !f->va)'),)),
    Variant('lazy-around', 'a fault brings the pages of its 64 KiB: frames for a write, the page of zeros for a read',
            (), functions=(ANON, 'lazy-around.c', 'map_fresh_zeros', 'fault_zero')),
    Variant('lazy-stack-pages', 'a fault of the stack fills three pages above it as well', (),
            ((ANON, INSTALL, INSTALL + '''
    uint64 end = f->va + 4 * PGSIZE < f->vma->end ? f->va + 4 * PGSIZE : f->vma->end;
    for (uint64 at = f->va + PGSIZE; f->vma->kind == VMA_STACK && at < end; at += PGSIZE) {
        pte_t *pte = mmu_walk(&f->as->mmu, at, true);
        struct frame *more = pte && !*pte ? frame_alloc(at, f->as->family) : 0;
        if (!more)
            continue;
        page_zero(frame2kva(more));
        more->ref = 1;
        *pte = pte_make(frame2pa(more), f->vma->perm);
        f->as->resident++;
    }'''),)),
    Variant('lazy-slack', 'the slack below sp is a distance', (),
            ((ANON, 'addr + STACK_SLACK >= sp', 'sp <= addr || sp - addr <= STACK_SLACK'),)),
    Variant('lazy-batch-17', 'batches of 17 frames', (),
            ((ANON, '#define RELEASE_BATCH 64', '#define RELEASE_BATCH 17'),)),
    Variant('lazy-no-batch', 'a flush for each page', (),
            ((ANON, '#define RELEASE_BATCH 64', '#define RELEASE_BATCH 1'),)),
    Variant('lazy-whole-flush', 'the whole space is flushed for each batch', (),
            ((ANON, FLUSH, '(void)end; tlb_flush(&as->mmu, 0, MAXVA / PGSIZE);'),)),
    Variant('lazy-one-flush', 'all frames are collected in a list, and flushed once',
            functions=(ANON, 'lazy-one-flush.c', 'struct released', 'release_flush', 'anon_release')),
]
