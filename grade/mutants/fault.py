"""Wrong versions of lab 1 (core/variant.py)."""
from core.variant import Variant

TRAP = 'kernel/trap/pagefault.c'
VMA = 'kernel/vm/vma.c'


def trap(name, about, tests, old, new):
    return Variant(f'fault-{name}', about, tests, ((TRAP, old, new),))


def vma(name, about, tests, old, new):
    return Variant(f'fault-{name}', about, tests, ((VMA, old, new),))


VARIANTS = [
    # decode
    trap('fetch-is-load', 'fetches count as loads', ('fault-kinds', 'fault-rights'),
         'scause == CAUSE_FETCH_FAULT ? ACCESS_EXEC', 'scause == CAUSE_FETCH_FAULT ? ACCESS_READ'),
    trap('load-is-store', 'loads count as stores', ('fault-kinds',), ': ACCESS_READ;', ': ACCESS_WRITE;'),
    trap('store-is-load', 'stores count as loads: the same fault for ever', ('fault-resume',),
         '? ACCESS_WRITE', '? ACCESS_READ'),
    # going on
    trap('steps-over', 'a store that faulted is stepped over', ('fault-resume',),
         'if (r != FAULT_OK) user_invalid(tf, r);',
         'if (r != FAULT_OK) user_invalid(tf, r); else if (tf->scause == CAUSE_STORE_FAULT) tf->sepc += 4;'),
    trap('register-lost', 'a register of the program is changed', ('fault-resume',),
         'enum fault_reason r = resolve(tf);', 'enum fault_reason r = resolve(tf); tf->t5 = r;'),
    # killing
    trap('nobody-dies', 'who has no right is told so for ever', ('fault-hole', 'fault-report'), 'p->killed = true;',
         '(void)p;'),
    trap('only-stores-die', 'a bad load finds the next instruction', ('fault-hole', 'fault-kinds'),
         'p->killed = true;', 'if (tf->scause == CAUSE_LOAD_FAULT) tf->sepc += 4; else p->killed = true;'),
    trap('distance', 'the report counts from the last byte but one', ('fault-report',), 'va - v->end + 1',
         'va - v->end'),
    trap('silent', 'no report', ('fault-report',), 'if (p->killed)',
         'if (p->killed || tf->scause == CAUSE_LOAD_FAULT)'),
    # the kernel's own faults
    trap('copy-kills', 'a bad pointer in a system call kills', ('fault-pointers',),
         'if (resolve(tf) != FAULT_OK) tf->sepc = e->fixup;',
         'if (resolve(tf) != FAULT_OK) my_proc()->killed = true, tf->sepc = e->fixup;'),
    trap('copy-panics', 'a bad pointer in a system call ends the machine', ('fault-pointers',),
         'if (resolve(tf) != FAULT_OK)',
         'if (resolve(tf) != FAULT_OK) panic("bad pointer"); else if (!e)'),
    trap('copy-out', 'copies to the program bring nothing in', ('fault-copy',),
         'if (resolve(tf) != FAULT_OK)',
         'if (tf->scause == CAUSE_STORE_FAULT || resolve(tf) != FAULT_OK)'),
    trap('copy-in', 'copies from the program bring nothing in', ('fault-copy',),
         'if (resolve(tf) != FAULT_OK)',
         'if (tf->scause == CAUSE_LOAD_FAULT || resolve(tf) != FAULT_OK)'),
    trap('kernel-sp', "for a copy, the kernel's stack pointer is taken for the program's", ('fault-copy',),
         'fault_access(tf->scause), p->tf->sp); if', 'fault_access(tf->scause), tf->sp);\n    if'),
    trap('stray-resolved', 'the exception table is asked after the fault is resolved', ('fault-kernel',),
         'const struct extable_entry *e = extable_find(tf->sepc);',
         'const struct extable_entry *e = extable_find(tf->sepc);\n'
         '    if (!e && tf->stval < MAXVA && my_proc() && my_proc()->as && resolve(tf) == FAULT_OK)\n'
         '        return;'),
    trap('stray-killed', 'a wild pointer of the kernel ends the process instead', ('fault-kernel',),
         'panic_trap(tf, "%s at 0x%lx (%s)", trap_cause_name(tf->scause), tf->stval, '
         'describe_kernel_address(tf->stval));',
         'describe_kernel_address(tf->stval);\n        my_proc()->killed = true;\n        tf->sepc = tf->ra;'),
    trap('probe-brings-in', 'a probe of a user address brings the page in', ('fault-kernel',),
         'if (e && e->kind == EX_ANY) {', 'if (e && e->kind == EX_ANY && tf->stval >= MAXVA) {'),
    trap('vmalloc-late', 'a probe is not given the vmalloc entry that its root lacks', ('fault-kernel',),
         'if (vmalloc_fault(tf->stval)) {', 'if (!extable_find(tf->sepc) && vmalloc_fault(tf->stval)) {'),
    # no memory
    trap('no-memory-ok', 'no memory: the instruction runs again, for ever', ('fault-nomem',),
         'r = retry_without_memory(tf);', 'r = retry_without_memory(tf) == FAULT_NOMEM ? FAULT_OK : FAULT_OK;'),
    trap('no-memory-dies', 'no memory: who needs a page dies, whoever has them all', ('fault-nomem',),
         'if (r == FAULT_NOMEM) r = retry_without_memory(tf);',
         'if (r == FAULT_NOMEM && !p) r = retry_without_memory(tf);'),
    # lookup
    vma('end-inside', "an area's end lies in it", ('fault-areas', 'fault-hole', 'fault-kinds'),
        'if (s->v[mid].end > va)', 'if (s->v[mid].end >= va)'),
    vma('hit-stretches', 'the last area found also has the byte behind it', ('fault-areas',),
        'if (va >= v->start && va < v->end)', 'if (va >= v->start && va <= v->end)'),
    vma('hit-stale', 'the last area found is found again when it is gone', ('fault-areas',),
        'if (s->hit < s->n) {', 'if (s->hit < s->room) {'),
    vma('start-below', 'the page below an area belongs to it', ('fault-areas', 'fault-hole'),
        'if (i == s->n || va < s->v[i].start)', 'if (i == s->n || va + PGSIZE < s->v[i].start)'),
    vma('nearest-above', 'the nearest area is the next one above', ('fault-areas',),
        'va - s->v[i - 1].end < s->v[i].start - va', 'va - s->v[i - 1].end < 1'),
    # insertion
    vma('executable', 'areas may all be executed', ('fault-rights', 'fault-kinds', 'fault-areas'),
        's->v[i] = *v;', 's->v[i] = *v;\n        s->v[i].perm |= VMA_X;'),
    vma('writable', 'what may be read may be written', ('fault-kinds', 'fault-areas'),
        's->v[i] = *v;', 's->v[i] = *v;\n        s->v[i].perm |= v->perm & VMA_X ? 0 : VMA_W;'),
    vma('overlap', 'an area may begin in another one', ('fault-areas',),
        's->v[i].start < v->end)', 's->v[i].start > v->start && s->v[i].start < v->end)'),
    vma('joins-rights', 'areas of different rights become one', ('fault-areas',), 'a->perm == b->perm && ', ''),
    vma('joins-files', 'areas of files become one', ('fault-areas',), ' && !a->file && !b->file', ''),
    vma('joins-left', 'an area between two others joins only one', ('fault-areas',),
        's->v[i - 1].end = s->v[i].end; close_gap(s, i);', 's->v[i - 1].end = v->end;'),
    vma('wraps', 'ranges may wrap or leave the user half', ('fault-areas',), 'start < end && end <= MAXVA &&',
        'start != end &&'),
    # removal
    vma('split-offset', 'the second half of a split area starts at the old offset', ('fault-areas',),
        'v->off += v->file ? cut : 0;', '(void)cut;'),
    vma('split-length', 'the second half gets more of the file than there is', ('fault-areas',),
        'v->filelen > cut ? v->filelen - cut : 0', 'v->filelen - cut'),
    vma('removes-one', 'only the first of several areas goes', ('fault-areas',),
        'while (i < s->n && s->v[i].end <= end)', 'if (i < s->n && s->v[i].end <= end)'),
    vma('removes-front', 'the area behind what is removed keeps its front', ('fault-areas',),
        'if (i < s->n && s->v[i].start < end)', 'if (i < s->n && s->v[i].start == end)'),
    # boundaries
    vma('end-overlaps', 'an area may grow over the next one', ('fault-areas',), 'v[1].start < end)',
        'v[1].start < v->end)'),
    vma('start-overlaps', 'an area may grow down over the one before', ('fault-areas',),
        'v[-1].end > start)', 'v[-1].end > v->start)'),
    vma('never-shrinks', 'an area never ends earlier', ('fault-areas', 'fault-heap'),
        'v->end = end; return 0;', 'v->end = end > v->end ? end : v->end;\n    return 0;'),
]
