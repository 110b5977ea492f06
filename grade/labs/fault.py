"""Lab 1, page faults: what kernel/trap/pagefault.c and kernel/vm/vma.c must do, seen from outside."""
import struct

from core import pattern
from core.table import Machine, Test
from labs.fault_areas import areas
from labs.fault_calls import copy, heap, kernel, nomem, pointers, report
from labs.fault_lib import (FETCH, PAGE, STORE, access, bystander, must_die, must_live, need_death, same_text,
                            user_faults)

MANUAL = 'lab/fault/README.md#the-task'


def hole(run):
    """Addresses where nothing is: whoever touches them dies, alone."""
    at = run.stop('heap')
    run.space(at)
    need_death(run)
    must_die(run, 'unmapped', 3)
    run.stop('far')
    must_live(run, 'edge', 2)
    must_die(run, 'edge', 5)
    run.stop('edge')
    must_die(run, 'null', 4)
    run.stop('null')
    must_die(run, 'kernel', 9)
    run.stop('kernel')
    bystander(run, 'others', run.seed)
    at = run.stop('end')
    run.part('others', run.space(at).present(0x500000), 'the parent goes on', 'its page table is empty')
    run.end()


def rights(run):
    """Stores to what is read-only, jumps into what is no code."""
    at = run.stop('memory')
    run.space(at)
    need_death(run)
    must_live(run, 'allowed', 7)
    run.stop('allowed')
    must_die(run, 'readonly', 6)
    at = run.stop('readonly')
    same_text(run, run.space(at), at.args[0], 'readonly',
              'text and constants stay as they are in the file, not writable')
    must_die(run, 'noexec', 6)
    at = run.stop('noexec')
    space, (p, n, *others) = run.space(at), at.args
    for page in space.range(p, n) + [space[va] for va in others]:
        run.part('noexec', not page.may('x'), 'no page of heap, stack, data and bss is executable', page)
    run.end()


def kinds(run):
    """Each kind of access to each kind of area."""
    run.space(run.stop('made'))
    at = run.stop('segments')
    run.space(at)
    table, n, size = at.args[:3]
    data = run.content(run.space(at), table, n * size)
    run.need(data, 'the program has its table', run.space(at)[table])
    segments = [struct.unpack_from('<4Q', data, i * size) for i in range(n)]
    for start, _, filled, rights_of in segments:
        names = ''.join(c if rights_of & bit else '-' for c, bit in zip('rwx', (4, 2, 1)))
        access(run, 'load', rights_of & 4, names)
        access(run, 'store', rights_of & 2, names)
        if filled or not rights_of & 1:
            access(run, 'fetch', rights_of & 1, names)
    run.stop('rights')
    ends = [start + pages * PAGE for start, pages, *_ in segments]
    must_die(run, 'holes',
             sum(s[0] not in ends for s in segments) + sum(e not in [s[0] for s in segments] for e in ends))
    run.stop('holes')
    run.end()


# what g_fault_resume leaves in its areas: (bytes of the value, their place: None for PLACE)
STORES = {0: (1, None), 1: (2, None), 2: (4, None), 3: (8, None), 4: (8, None), 5: (8, None), 6: (4, None),
          7: (8, None), 8: (8, None), 10: (8, PAGE - 4)}


def resume(run):
    """Legal first accesses of every size; the registers."""
    at = run.stop('begin')
    run.space(at)
    area, place, far = at.args[:3]
    value = struct.pack('<Q', pattern.mix(run.seed, 0))
    run.traps()
    at = run.stop('stored')
    space, traps = run.space(at), user_faults(run.traps())
    found = struct.unpack('<12Q', run.content(space, at.args[0], 96) or bytes(96))
    for i, (size, offset) in STORES.items():
        va = area + i * 64 * PAGE + (place if offset is None else offset)
        run.need(any(va <= t.tval < va + 8 and t.cause == STORE or t.tval == va for t in traps),
                 'the first access to a page faults', f'no fault at {va:#x}: {space[va]}')
        two = b''.join(run.content(space, a) or bytes(PAGE) for a in (va - va % PAGE, va - va % PAGE + PAGE))
        want = bytearray(2 * PAGE)
        want[va % PAGE:va % PAGE + size] = value[:size]
        run.part('stored', two == want, f'a store of {size} bytes at {va:#x} is carried out once and whole',
                 f'{two[va % PAGE:va % PAGE + 8].hex()} instead of {value[:size].hex()}; {space[va]}')
        run.part('stored', found[i] == int.from_bytes(value[:size], 'little'),
                 f'the load behind it finds {size} bytes of it',
                 f'{found[i]:#x}')
    run.part('stored', found[9] == 0, 'memory that was never written reads as 0', f'{found[9]:#x}')
    at = run.stop('kept')
    space, traps = run.space(at), user_faults(run.traps())
    va = area + 11 * 64 * PAGE + place
    run.part('registers', any(t.cause == STORE and t.tval == va for t in traps) and
             any(t.cause == FETCH and t.tval == far for t in traps), 'the store and the call fault',
             f'{space[va]}; {space[far]}')
    data = struct.unpack('<64Q', run.content(space, at.args[0], 512) or bytes(512))
    for i in (1, *range(3, 31)):
        run.part('registers', data[32 + i] == pattern.mix(run.seed, i), f'register x{i} is as it was before the fault',
                 f'{data[32 + i]:#x} instead of {pattern.mix(run.seed, i):#x}')
    run.part('registers', run.content(space, va, 8) == struct.pack('<Q', pattern.mix(run.seed, 5)),
             'the store stores its register', space[va])
    run.end()


TESTS = (
    Test('fault-rights', 'what is read-only is not written, what is no code is not run', 'g_fault_rights', rights,
         {'readonly': 1, 'noexec': 1, 'allowed': 0.5}, hint='fault_access, vma_insert, trap_fault', manual=MANUAL,
         draw={'pages': (3, 9)}, args=('pages',), budget=60),
    Test('fault-kinds', 'loads, stores and jumps are told from one another, and each area has its rights',
         'g_fault_kinds', kinds,
         {'load': 0.5, 'store': 0.5, 'fetch': 0.5, 'holes': 0.5}, hint='fault_access, vma_find, vma_insert',
         manual=MANUAL, draw={'place': (0x10000, 0x30000)}, args=('place',), budget=90),
    Test('fault-resume', 'after a fault the instruction is carried out, and no register has changed', 'g_fault_resume',
         resume,
         {'stored': 1, 'registers': 0.5}, hint='trap_fault: sepc stays; who saved the registers?', manual=MANUAL,
         draw={'place': (0, 500)}, args=('place',), budget=60),
    Test('fault-hole', 'an access to nothing ends its process and no other', 'g_fault_hole', hole,
         {'unmapped': 1, 'edge': 1, 'null': 0.5, 'kernel': 0.5, 'others': 0.5}, hint='vma_find, trap_fault',
         manual=MANUAL, draw={'pages': (1, 9)}, args=('pages',), budget=110),
    Test('fault-areas', 'a set of areas finds, joins, splits and moves them as its header says', 'g_fault_call', areas,
         {'find': 0.5, 'insert': 0.5, 'remove': 1, 'limits': 0.5}, hint='kernel/vm/vma.c, one function after the other',
         manual=MANUAL, draw={'place': (0, 0x10000)}, budget=80),
    Test('fault-heap', 'the heap keeps what it holds and ends where it ends, however its end moves', 'g_fault_heap',
         heap,
         {'moves': 1, 'ends': 0.5}, hint='vma_set_end, vma_insert and vma_remove, as as_sbrk uses them', manual=MANUAL,
         draw={'steps': (14, 20)}, args=('steps',), budget=100),
    Test('fault-copy', 'the kernel brings in what it copies from or to', 'g_fault_copy', copy,
         {'from': 0.5, 'to': 1}, hint='trap_fault, faults of user copies', manual=MANUAL,
         draw={'offset': (1, 4000)}, args=('offset',), budget=60),
    Test('fault-pointers', 'a system call with a bad address fails and does nothing else', 'g_fault_ptr', pointers,
         {'refused': 1, 'unchanged': 0.5, 'alive': 0.5}, hint='trap_fault: the fixup; vma_find', manual=MANUAL,
         draw={'word': (1, 500)}, args=('word',), budget=60),
    Test('fault-kernel', "of the kernel's own faults, few are good", 'g_fault_call', kernel,
         {'probe': 0.5, 'vmalloc': 0.5, 'stray': 0.5}, hint='trap_fault: what is asked first?', manual=MANUAL,
         budget=60),
    Test('fault-nomem', 'when memory runs out, who took it dies', 'g_fault_nomem', nomem,
         {'hog': 0.5, 'others': 0.5}, hint='FAULT_NOMEM, proc_out_of_memory', manual=MANUAL,
         machine=Machine(uframes=400), draw={'frames': (400, 400)}, args=('frames',), budget=100),
    Test('fault-report', 'one line says who died where, and why', 'g_fault_report', report,
         {'line': 0.5}, hint='README, "The report"; vma_nearest', manual=MANUAL,
         draw={'pages': (2, 9)}, args=('pages',), budget=60),
)
