"""Wrong versions of lab 3 (core/variant.py). Those with numbers are of the list of bugs that students make."""
from core.variant import Variant

COW = 'kernel/vm/cow.c'
COPY = 'page_copy(frame2kva(copy), frame2kva(old));'
GET = 'page_get(pa2frame(PTE2PA(pte)));'
PROTECT = 'pte = pte_protect(m, from, va);'
STORE = '*to = pte; shared++;'
FLUSH = 'tlb_flush(&f->as->mmu, f->va, 1);'
FLUSH_ALL = 'tlb_flush(&parent->mmu, 0, MAXVA / PGSIZE);'
REPLACE = 'pte_replace(&f->as->mmu, f->pte, f->va, pte_make(frame2pa(copy), f->vma->perm));'
NEW_PTE = 'pte_make(frame2pa(copy), f->vma->perm)'
PUT = 'page_put(old);'
SHARED = 'page_refs(frame) > 1'
NO_FRAME = 'if (!copy) return FAULT_RETRY;'
NEXT_TABLE = 'va = stop;'


def one(name, about, tests, *changes):
    """changes: old text, new text, .."""
    return Variant('cow-' + name, about, tuple('cow-' + t for t in tests.split()),
                   tuple((COW, old, new) for old, new in zip(changes[::2], changes[1::2])))


VARIANTS = [
    # sharing
    one('eager', 'fork copies what the parent may write', 'share owner sparse storm', GET, '''
        if (pte & PTE_W) {
            struct frame *own = frame_alloc(va, child->family);
            if (own) {
                page_copy(frame2kva(own), frame2kva(pa2frame(PTE2PA(pte))));
                own->ref = 1;
                *to = (pte & ~PA2PTE(~0UL)) | PA2PTE(frame2pa(own));
                shared++;
                continue;
            }
        }
        page_get(pa2frame(PTE2PA(pte)));''', PROTECT, '(void)m;', 'taken = true;', 'taken = false;'),
    one('uncounted', 'fork counts no mapping (M7)', 'share leave', GET, ''),
    one('parent-writes', 'the parent keeps the right to write (C2)', 'share flush', PROTECT,
        '(void)m; pte &= ~(PTE_W | PTE_D);'),
    one('child-writes', 'the child gets the right to write (C3)', 'share',
        STORE, '*to = taken ? pte | PTE_W | PTE_D : pte; shared++;'),
    one('stack-writes', 'stacks stay writable on both sides', 'share',
        'if (pte & PTE_W) {', 'if ((pte & PTE_W) && va < STACK_LIMIT) {', '#include "kernel/riscv.h"',
        '#include "kernel/riscv.h"\n#include "kernel/memlayout.h"'),
    one('text-writable', 'text and constants become writable for the child (C8, M12)', 'rights',
        STORE, '*to = pte & PTE_X ? (pte | PTE_W | PTE_D) & ~PTE_X : pte; shared++;'),
    one('fork-loses-shared', 'what is shared already is not shared again: a fork of a fork lacks it (C15)', 'family',
        PROTECT, PROTECT + ' } else if (pa2frame(PTE2PA(pte)) != zero_frame && !(pte & PTE_X)) { continue;'),
    one('last-page', 'the last page of an area is not shared', 'share private',
        'for (; va < end; va += PGSIZE', 'for (; va + PGSIZE < end; va += PGSIZE'),
    one('first-table', 'an area is shared up to the end of its first page table', 'sparse nofork', NEXT_TABLE,
        'va = end;'),
    one('tables-for-holes', 'the child gets page tables for memory that nobody touched', 'sparse',
        'pte_t *from; while',
        'for (uint64 at = va; at < end; at += LEAF_SPAN) mmu_walk(&child->mmu, at, true);\npte_t *from; while'),
    one('resident', 'the pages of a child are not counted', 'share', 'child->resident += shared;', '(void)shared;'),
    # flushes
    one('no-flush', 'no flush after fork took the rights of the parent (C11, M1)', 'flush', 'if (taken)', 'if (0)'),
    one('flush-one', 'fork flushes the wrong page (M6)', 'flush', FLUSH_ALL, 'tlb_flush(&parent->mmu, 0, 1);'),
    one('flush-success', 'a fork that fails does not flush', 'nofork', 'if (taken)', 'if (taken && !error)'),
    one('no-flush-copy', 'no flush after the PTE got the copy (C12)', 'flush calls', FLUSH, ''),
    one('flush-early', 'the flush comes before the PTE has the copy', 'flush', FLUSH, '', REPLACE, FLUSH + REPLACE),
    one('flush-late', 'the old frame is let go before the flush', 'flush', PUT, '', FLUSH, PUT + FLUSH),
    # the copy
    one('half-copied', 'the copy lacks the last 8 bytes (C13)', 'private family', COPY,
        'memcpy(frame2kva(copy), frame2kva(old), PGSIZE - 8);'),
    one('from-fault', 'only what is behind the address of the fault is copied', 'private', COPY,
        'memcpy((char *)frame2kva(copy) + f->addr % PGSIZE, (char *)frame2kva(old) + f->addr % PGSIZE, '
        'PGSIZE - f->addr % PGSIZE);'),
    one('not-zeroed', 'a page of zeros becomes a page of anything', 'read', 'page_zero(frame2kva(copy));', ''),
    one('zeros-taken', 'the page of zeros is taken over', 'read', SHARED, SHARED + ' && frame != zero_frame'),
    one('executable', 'the copy is executable (C14)', 'rights', NEW_PTE,
        'pte_make(frame2pa(copy), f->vma->perm | VMA_X)'),
    one('not-users', "the copy is not the user's", 'private calls', NEW_PTE,
        '(pte_make(frame2pa(copy), f->vma->perm) & ~PTE_U)'),
    one('no-mem-panic', 'no memory for a copy: panic (C17)', 'oom', NO_FRAME,
        'assert(copy, "no memory for a copy");'),
    one('no-mem-ok', 'no memory for a copy: the same fault for ever (C18, M13)', 'oom', NO_FRAME,
        'if (!copy) return FAULT_OK;'),
    one('no-mem-write', 'no memory for a copy: the shared frame is written', 'oom', NO_FRAME,
        'if (!copy) return take_over(f);'),
    # counting
    one('old-kept', 'the old frame keeps a reference (C6)', 'leave owner', PUT, ''),
    one('old-put-twice', 'the old frame loses two references (M9)', 'family leave', PUT, PUT + PUT),
    one('copy-counted-twice', 'the copy has a reference too many (C24)', 'leave', 'copy->ref = 1;', 'copy->ref = 2;'),
    one('two-owners', 'two owners are taken for the last one (C10)', 'private family',
        SHARED, 'page_refs(frame) > 1 + (frame != zero_frame)'),
    one('narrow', 'the number of users is taken to have 8 bits (C23)', 'many', SHARED,
        '(frame == zero_frame || (uchar)page_refs(frame) > 1)'),
    one('always-copied', 'the last owner gets a copy', 'owner', SHARED, 'page_refs(frame) > 0'),
    one('never-regained', 'the last owner gets no right to write (C9)', 'owner', 'PTE_W | PTE_A | PTE_D', 'PTE_A'),
    one('get-not-atomic', 'fork counts mappings without an atomic operation (C7, M8)', 'storm', GET,
        '{ volatile uint *ref = &pa2frame(PTE2PA(pte))->ref; *ref = *ref + 1; }'),
    one('stale-count', 'the count is looked at before the copy and written back behind it (C7)', 'storm',
        'struct frame *copy = fault_frame(f);', 'uint refs = page_refs(old); struct frame *copy = fault_frame(f);', PUT,
        'if (old != zero_frame && refs > 1) __atomic_store_n(&old->ref, refs - 1, __ATOMIC_RELAXED); '
        'else page_put(old);'),
    # failing forks
    one('failure-ignored', 'fork succeeds with a part of the memory', 'nofork', 'error = -ENOMEM;', ';'),
    one('failure-leaks', 'the pages of a table are counted before there is one for the child (C16)', 'nofork',
        'error = -ENOMEM;',
        'for (; va < stop; va += PGSIZE, from++) if (*from & PTE_V) page_get(pa2frame(PTE2PA(*from)));\n'
        'error = -ENOMEM;'),
]
