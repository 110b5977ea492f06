"""Wrong versions of lab 2 (core/variant.py)."""
from core.variant import Variant

ANON = 'kernel/vm/anon.c'
INSTALL = 'fault_install(f, frame, true);'
FLUSH = 'tlb_flush(&as->mmu, r->start, (end - r->start) / PGSIZE);'
FREE = 'frame_free_batch(batch);'
NEAR = 'addr + STACK_SLACK >= sp'
PUT = 'page_put_batch(r->frame[i], &batch);'
CLASS = 'f->class = FAULT_MINOR;'

# Fills pages of the area around the fault, as far as `test` says; at is the address.
FILL = INSTALL + '''
    for (uint64 at = %s; at < %s; at += PGSIZE) {
        pte_t *pte = mmu_walk(&f->as->mmu, at, true);
        struct frame *more = pte && !*pte ? frame_alloc(at, f->as->family) : 0;
        if (more) {
            page_zero(frame2kva(more));
            more->ref = 1;
            *pte = pte_make(frame2pa(more), f->vma->perm);
            f->as->resident++;
        }
    }'''


def change(name, about, tests, *pairs):
    return Variant(f'lazy-{name}', about, tuple(f'lazy-{t}' for t in tests.split()),
                   tuple((ANON, *pair) for pair in pairs))


VARIANTS = [
    # what a new page holds
    change('not-zeroed', 'a new page has what its frame had before', 'zero sparse touch fork',
           ('page_zero(frame2kva(frame));', '')),
    change('half-zeroed', 'half of a new page is zeroed', 'zero',
           ('page_zero(frame2kva(frame));', 'memset(frame2kva(frame), 0, PGSIZE / 2);')),
    change('reads-junk', 'a page that is read first has what its frame had before', 'read zero fork',
           (CLASS, CLASS + '''
    if (f->access == ACCESS_READ) {
        struct frame *frame = fault_frame(f);
        if (!frame)
            return FAULT_RETRY;
        frame->ref = 1;
        fault_install(f, frame, false);
        return FAULT_OK;
    }''')),
    change('zeros-writable', 'the page of zeros may be written to', 'read',
           ('fault_install(f, zero_frame, false);',
            '*f->pte = pte_make(frame2pa(zero_frame), f->vma->perm); f->as->resident++;')),
    # how much is filled
    change('fills-much', 'a fault fills 64 pages', 'sparse touch fork shrink',
           (INSTALL, FILL % ('f->va', 'f->vma->end && at < f->va + 64 * PGSIZE'))),
    change('fills-stack', 'a fault of the stack fills it up to its top', 'stack',
           (INSTALL, FILL % ('f->va', 'f->vma->end && f->vma->kind == VMA_STACK'))),
    change('fills-zeros', 'a fault fills the other pages of 2 MiB with the page of zeros', 'sparse touch fork',
           (INSTALL, INSTALL + '''
    uint64 at = f->va & ~(LEAF_SPAN - 1);
    for (pte_t *pte = f->pte - PX(0, f->va); at < leaf_end(f->va, f->vma->end); at += PGSIZE, pte++)
        if (at >= f->vma->start && !*pte) {
            page_get(zero_frame);
            *pte = pte_make(frame2pa(zero_frame), f->vma->perm & ~VMA_W);
            f->as->resident++;
            f->as->zeros++;
        }''')),
    change('executable', 'new pages may be executed', 'sparse zero touch', (INSTALL, INSTALL + ' *f->pte |= PTE_X;')),
    # whom it serves
    change('kernel-reads', 'the kernel cannot read untouched memory', 'copy',
           (CLASS, CLASS + ' if ((r_sstatus() & SSTATUS_SPP) && f->access == ACCESS_READ) return FAULT_UNMAPPED;')),
    change('kernel-writes', 'the kernel cannot write to untouched heap', 'copy',
           (CLASS, CLASS + '''
    if ((r_sstatus() & SSTATUS_SPP) && f->access == ACCESS_WRITE && f->va >= PGROUNDDOWN(f->as->brk) - (4UL << 20) &&
        f->va < f->as->brk)
        return FAULT_UNMAPPED;''')),
    change('past-the-end', 'a touch behind the heap makes it grow', 'shrink',
           ('if (addr < STACK_LIMIT - STACK_GAP || addr >= USTACK_TOP)', '''
    struct vma *heap = vma_nearest(&as->vmas, addr);
    if (heap && heap->kind == VMA_HEAP && addr >= heap->end && addr < heap->end + (64UL << 20))
        return vma_set_end(&as->vmas, heap, PGROUNDDOWN(addr) + PGSIZE) == 0 ? FAULT_OK : FAULT_UNMAPPED;
    if (addr < STACK_LIMIT - STACK_GAP || addr >= USTACK_TOP)''')),
    # memory runs out
    change('endless', 'without a frame a fault is called solved', 'oom', ('return FAULT_RETRY;', 'return FAULT_OK;')),
    change('no-retry', 'without a frame the program that faults is killed', 'oom',
           ('return FAULT_RETRY;', 'return FAULT_UNMAPPED;')),
    # the stack
    change('stack-anywhere', 'any access below the stack makes it grow', 'stack', (NEAR, 'addr + sp >= addr')),
    change('stack-exact', 'the last byte of STACK_SLACK is refused', 'stack', (NEAR, 'addr + STACK_SLACK > sp')),
    change('stack-no-slack', 'nothing below the stack pointer makes the stack grow', 'stack copy',
           (NEAR, 'addr >= sp')),
    change('stack-wraps', 'sp - STACK_SLACK wraps when sp is small', 'stack', (NEAR, 'addr >= sp - STACK_SLACK')),
    change('stack-no-limit', 'the stack grows into the gap', 'stack',
           ('if (addr < STACK_LIMIT)', 'if (addr < STACK_LIMIT - STACK_GAP)')),
    change('stack-limit-short', 'the stack ends a page before its limit', 'stack',
           ('if (addr < STACK_LIMIT)', 'if (addr < STACK_LIMIT + PGSIZE)')),
    change('stack-by-pages', 'the stack grows by a page at a time only', 'stack copy',
           ('|| !near_sp)', '|| !near_sp || PGROUNDDOWN(addr) + PGSIZE != v->start)')),
    change('stack-not-rounded', 'the area of the stack starts at the address, not at its page', 'stack copy',
           ('PGROUNDDOWN(addr)', 'addr')),
    change('stack-reasons', 'stack limit and guard page change places', 'stack',
           ('near_sp ? FAULT_STACK : FAULT_GUARD', 'near_sp ? FAULT_GUARD : FAULT_STACK')),
    change('stack-null', 'page 0 is like any other', 'stack', ('if (addr < PGSIZE)', 'if (addr < 1)')),
    # giving back
    change('keeps-first', 'the first page of what is given back stays', 'shrink flush',
           ('uint64 n = 0, va = start;', 'uint64 n = 0, va = start + (as->brk > end - PGSIZE ? PGSIZE : 0);')),
    change('stops-at-hole', 'a hole ends what is given back of 2 MiB', 'shrink', ('continue; }', 'break; }')),
    change('one-leaf', 'of what is given back only the first 2 MiB go', 'shrink', ('va = stop; }', 'va = end; }')),
    change('pte-stays', 'frames are given back, their PTEs stay', 'shrink flush leak',
           ('PTE2PA(pte_clear(&as->mmu, pte, at))', 'PTE2PA(*pte)')),
    change('no-flush', 'no flush when memory is given back', 'flush shrink', (FLUSH, '(void)end;')),
    change('flush-first', 'one page is flushed for each batch', 'flush',
           (FLUSH, '(void)end; tlb_flush(&as->mmu, r->start, 1);')),
    change('flush-late', 'frames are given back before the flush', 'flush', (FLUSH, ''), (FREE, FREE + FLUSH)),
    change('never-free', 'frames are never given back', 'leak shrink flush', (FREE, '')),
    change('batch-overrun', 'twice as many frames as the batch holds', 'flush shrink',
           ('if (n == RELEASE_BATCH)', 'if (n == 2 * RELEASE_BATCH)')),
    change('drops-batch', 'frames of a full batch are forgotten', 'leak shrink flush',
           ('release_flush(as, &r, n, at + PGSIZE);',
            'tlb_flush(&as->mmu, r.start, (at + PGSIZE - r.start) / PGSIZE); as->resident -= n;')),
    change('zero-not-counted', 'mapping the page of zeros takes no reference', 'leak', ('page_get(zero_frame);', '')),
    change('zero-not-put', 'the page of zeros keeps its references', 'leak',
           (PUT, 'if (r->frame[i] != zero_frame) ' + PUT)),
]
