"""Cheats of lab 2 (core/variant.py): kernels that are not lazy, and hide it."""
from core.variant import Variant

ANON = 'kernel/vm/anon.c'
INSTALL = 'fault_install(f, frame, true);'
CLASS = 'f->class = FAULT_MINOR;'
FLUSH = 'tlb_flush(&as->mmu, r->start, (end - r->start) / PGSIZE);'
FREE = 'frame_free_batch(batch);'
BATCH = '#define RELEASE_BATCH 64'
RELEASE = 'while ((pte = mmu_next(&as->mmu, &va, end)) != 0) {'
ALL = tuple(f'lazy-{t}' for t in 'zero read touch copy fork shrink flush oom leak'.split())

# Eager: the first fault of a heap fills it, as far as `unless` is not true.
EAGER = '''
#include "kernel/proc/proc.h"
static void fill_heap(struct fault *f)
{
    struct as *as = f->as;
    pte_t *pte;
    if (f->vma->kind != VMA_HEAP || (%s))
        return;
    for (uint64 va = as->heap_start; va < PGROUNDUP(as->brk); va += PGSIZE) {
        if ((pte = mmu_walk(&as->mmu, va, true)) == 0)
            break;
        struct frame *frame = *pte ? 0 : frame_alloc(va, as->family);
        if (*pte)
            continue;
        if (!frame)
            return;
        page_zero(frame2kva(frame));
        frame->ref = 1;
        *pte = pte_make(frame2pa(frame), f->vma->perm);
        as->resident++;
    }
}
'''


def eager(name, about, unless, tests):
    return Variant(name, about, tests, (
        (ANON, BATCH, BATCH + EAGER % unless), (ANON, INSTALL, INSTALL + ' fill_heap(f);'),
        (ANON, 'fault_install(f, zero_frame, false);', 'fault_install(f, zero_frame, false); fill_heap(f);')))


def hidden(name, about, *changes):
    return Variant(name, about, ('lazy-sparse',),
                   ((ANON, RELEASE, 'drop_hidden(as, start, end);\n    ' + RELEASE), *changes),
                   functions=(ANON, 'lazy-hidden.c', 'map_fresh_zeros'))


VARIANTS = [
    eager('lazy-known-names', 'lazy for programs whose names begin as those of the tests do, eager for others',
          'strncmp(my_proc()->name, "g_lazy", 6) == 0 || strncmp(my_proc()->name, "t_lazy", 6) == 0',
          ('lazy-sparse', *ALL)),
    eager('lazy-known-size', 'lazy only in heaps of a gigabyte, as tests of other kernels have them',
          'as->brk - as->heap_start >= (1UL << 30)', ('lazy-sparse', *ALL)),
    eager('lazy-first-look', 'the first faults of a program are lazy, a later one fills the heap',
          'as->faults.minor < 10',
          tuple(t for t in ('lazy-sparse', *ALL)
                if t not in ('lazy-flush', 'lazy-oom', 'lazy-leak', 'lazy-copy', 'lazy-touch'))),
    hidden('lazy-hidden',
           'the heap is filled at once; frames whose pages nobody has touched wait beside the page table'),
    hidden('lazy-hidden-forged', 'the same, and the frame table calls these frames free',
           (ANON, '#define FORGED FRAME_USER', '#define FORGED FRAME_FREE')),
    hidden('lazy-hidden-junk',
           'the same, and they are zeroed when they are touched: nothing shows but that they are missing',
           (ANON, '#define FORGED FRAME_USER', '#define FORGED FRAME_FREE'),
           (ANON, '#define ZEROED_AHEAD true', '#define ZEROED_AHEAD false')),
    Variant('lazy-first-bytes', 'of a new page only the first 64 bytes are zeroed', ('lazy-zero',),
            ((ANON, 'page_zero(frame2kva(frame));', 'memset(frame2kva(frame), 0, 64);'),)),
    Variant('lazy-junk-zeroed', 'a frame is zeroed only when its first word is not 0', ('lazy-zero',),
            ((ANON, 'page_zero(frame2kva(frame));', '''
    if (*(uint64 *)frame2kva(frame) == 0x5a5a5a5a5a5a5a5aUL)
        page_zero(frame2kva(frame));'''),)),
    Variant('lazy-one-frame', 'all new pages are the page of zeros, and writable',
            ('lazy-sparse', 'lazy-zero', 'lazy-read', 'lazy-touch', 'lazy-copy', 'lazy-fork'),
            ((ANON, CLASS, CLASS + '''
    if (f->vma->kind == VMA_HEAP) {
        page_get(zero_frame);
        *f->pte = pte_make(frame2pa(zero_frame), f->vma->perm);
        f->as->resident++;
        f->as->zeros++;
        return FAULT_OK;
    }'''),)),
    Variant('lazy-forged-ledger', 'frames are not given back: the frame table calls them free', ('lazy-leak',),
            ((ANON, FREE, '''
    for (struct frame *f = batch; f; f = f->next)
        f->kind = FRAME_FREE;'''),)),
    Variant('lazy-forged-flush', 'no flush: what tlbcheck looks at is cleared', ('lazy-flush',),
            ((ANON, FLUSH, '(void)end; as->mmu.stale_start = as->mmu.stale_end = 0;'),)),
    Variant('lazy-endless-memory', 'without a frame a page gets one that the program has already', ('lazy-oom',),
            ((ANON, 'return FAULT_RETRY;', '''{
        uint64 va = f->vma->start;
        for (pte_t *pte; (pte = mmu_next(&f->as->mmu, &va, f->vma->end)) != 0; va += PGSIZE)
            if ((*pte & PTE_W) && f->vma->kind == VMA_HEAP) {
                page_get(pa2frame(PTE2PA(*pte)));
                *f->pte = *pte;
                f->as->resident++;
                return FAULT_OK;
            }
        return FAULT_RETRY;
    }'''),)),
]
