"""Right answers to lab 3 of another design (core/variant.py)."""
from core.variant import Variant

COW = 'kernel/vm/cow.c'
LOOK = 'if (pte & PTE_W) {'
PROTECT = 'pte = pte_protect(m, from, va);'
COPY = 'page_copy(frame2kva(copy), frame2kva(old));'
AREA = 'pte_t *from; while'
PUT = 'page_put(old);'
INCLUDE = '#include "kernel/riscv.h"'


def one(name, about, *changes, functions=()):
    """changes: old text, new text, .."""
    return Variant('cow-' + name, about, functions=functions,
                   changes=tuple((COW, old, new) for old, new in zip(changes[::2], changes[1::2])))


VARIANTS = [
    one('stack-copied', 'fork copies the pages of the stack at once, as the child will write to them', LOOK, '''
        struct frame *own = (pte & PTE_W) && va >= STACK_LIMIT ? frame_alloc(va, child->family) : 0;
        if (own) {
            page_copy(frame2kva(own), frame2kva(pa2frame(PTE2PA(pte))));
            own->ref = 1;
            *to = pte_make(frame2pa(own), VMA_R | VMA_W);
            shared++;
            continue;
        }''' + LOOK, INCLUDE, INCLUDE + '\n#include "kernel/memlayout.h"'),
    one('flush-pages', 'fork flushes each page as it takes the right away', PROTECT, PROTECT + 'tlb_flush(m, va, 1);',
        'if (taken) // also when the fork fails: what was shared is read-only now '
        'tlb_flush(&parent->mmu, 0, MAXVA / PGSIZE);',
        '(void)taken;'),
    one('flush-twice', 'flushes of the whole space, before the frame goes and behind it',
        'tlb_flush(&f->as->mmu, f->va, 1);', 'tlb_flush(&f->as->mmu, 0, MAXVA / PGSIZE);',
        PUT, PUT + 'tlb_flush(&f->as->mmu, f->va, 1);'),
    one('bounce', 'pages are copied through a buffer', COPY, '''
        static char buffer[PGSIZE];
        static struct spinlock lock = SPINLOCK("bounce");
        spin_lock(&lock);
        memcpy(buffer, frame2kva(old), PGSIZE);
        memcpy(frame2kva(copy), buffer, PGSIZE);
        spin_unlock(&lock);'''),
    one('words', 'pages are copied word by word', COPY, '''
        for (uint64 *to = frame2kva(copy), *from = frame2kva(old), n = PGSIZE / 8; n > 0; n--)
            *to++ = *from++;'''),
    one('around', 'a fault copies the shared pages behind it too, up to eight', PUT, PUT + '''
        for (uint64 k = 1; k < 8 && PX(0, f->va) + k < 512 && f->va + k * PGSIZE < f->vma->end; k++) {
            pte_t *pte = f->pte + k;
            uint64 va = f->va + k * PGSIZE;
            struct frame *next = (*pte & PTE_V) && !(*pte & PTE_W) ? pa2frame(PTE2PA(*pte)) : 0;
            if (!next || next == zero_frame || page_refs(next) == 1 || !(copy = frame_alloc(va, f->as->family)))
                continue;
            page_copy(frame2kva(copy), frame2kva(next));
            copy->ref = 1;
            pte_replace(&f->as->mmu, pte, va, pte_make(frame2pa(copy), f->vma->perm));
            tlb_flush(&f->as->mmu, va, 1);
            page_put(next);
        }'''),
    one('text-found-again', 'areas that nobody may write are left to the faults of the child', AREA,
        'if (!(parent->vmas.v[i].perm & VMA_W)) continue;\n' + AREA,
        'child->zeros = error ? count_zeros(child) : parent->zeros;',
        'child->zeros = count_zeros(child);'),
    one('zeros-found-again', 'pages of zeros are left to the faults of the child', LOOK,
        'if (pa2frame(PTE2PA(pte)) == zero_frame) continue;\n' + LOOK,
        'child->zeros = error ? count_zeros(child) : parent->zeros;',
        'child->zeros = count_zeros(child);'),
    one('new-pte', 'the last owner gets a new PTE, and a flush',
        '__atomic_fetch_or(f->pte, PTE_W | PTE_A | PTE_D, __ATOMIC_RELAXED);',
        'pte_replace(&f->as->mmu, f->pte, f->va, pte_make(PTE2PA(*f->pte), f->vma->perm)); '
        'tlb_flush(&f->as->mmu, f->va, 1);'),
    one('tables-first', 'fork makes all page tables of the child first, and changes nothing when it cannot',
        'for (int i = 0; i < parent->vmas.n && !error; i++) {', '''
    for (int i = 0; i < parent->vmas.n; i++)
        for (uint64 at = parent->vmas.v[i].start, end = parent->vmas.v[i].end; mmu_next(&parent->mmu, &at, end);
             at = (at | (LEAF_SPAN - 1)) + 1)
            if (!mmu_walk(&child->mmu, at, true))
                return -ENOMEM;
    for (int i = 0; i < parent->vmas.n && !error; i++) {'''),
    one('walk', 'fork shares page by page, with a walk for each, from the last area to the first',
        functions=(COW, 'cow-walk.c', 'share_leaf', 'count_zeros', 'cow_share')),
]
