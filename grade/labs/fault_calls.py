"""The heap's end, system calls with addresses of memory that nobody has touched and of memory that is not there, the
kernel's own faults, and what happens when memory runs out.
"""
import struct

import faultline
from core import pattern
from core.verdict import some
from labs.fault_call import Kernel
from labs.fault_lib import KILLED, LOAD, PAGE, STORE, attempt, bystander, must_die, must_live, need_death, same_text

VMALLOC_LAST = 0xffffffefc0000000  # the last GiB of the kernel's vmalloc area (kernel/memlayout.h)


def up(va):
    return (va + PAGE - 1) & -PAGE


# ---- fault-heap


def holds(run, space, pages, what):
    """The heap's pages in memory begin with the words that they should."""
    for va, word in pages.items():
        data = run.content(space, va, 8)
        if not run.part('moves', data == struct.pack('<Q', word), what,
                        f'{space[va]} begins with {(data or b"").hex()}'):
            return


def step(run, base, pages, i, end):
    """The heap's end has moved; returns where it is now."""
    at = run.stop('step')
    old, new, stale, refused = at.args[:4]
    space = run.space(at)
    run.need(old == end and not refused, 'sbrk moves the end of the heap',
             f'it was refused, or the end was {old:#x} before')
    for va in [va for va in pages if va >= up(new)]:
        del pages[va]
    for va in range(up(old), new, PAGE):
        pages[va] = pattern.mix(run.seed + i, (va - base) // PAGE)
    run.part('moves', stale == 0, 'new memory of the heap reads as 0', f'{stale} bytes of it do not')
    holds(run, space, pages, f'the heap keeps what was written when its end moves from {old:#x} to {new:#x}')
    behind = [p for p in space.present() if up(new) <= p.va < run.guest.layout['STACK_LIMIT']]
    run.part('ends', not behind, f'no page behind the end of the heap, {new:#x}', some(behind))
    if i % 4 == 0:
        must_die(run, 'ends')
    if i % 4 == 1 and old > new:
        a = attempt(run)
        ok = a.lived if a.addr < up(new) else a.died
        run.part('ends', ok, f'{a.access}, when the heap has shrunk to {new:#x}, '
                             f'{"is allowed" if a.addr < up(new) else "kills"}', a)
    if i % 4 == 2 and new > base:
        must_live(run, 'ends')
    return new


def heap(run):
    """sbrk up and down."""
    at = run.stop('begin')
    run.space(at)
    base, pages = at.args[0], {}
    end = base
    for i in range(run.drawn['steps']):
        end = step(run, base, pages, i, end)
    at = run.stop('deep')
    space = run.space(at)
    data = run.content(space, at.args[0] & -PAGE) or b''
    word = struct.pack('<Q', at.args[1] & pattern.MASK)
    run.part('moves', data[at.args[0] % PAGE:][:8] == word, 'the stack reaches some pages down', space[at.args[0]])
    must_die(run, 'ends')
    run.stop('end')
    run.end()


# ---- fault-copy


def brought(run, part, va, size, want, cause, what):
    """The kernel itself faulted in [va, va + size), and the program's memory there holds `want` now."""
    space = run.space()
    faults = [t for t in run.traps() if not t.from_user and not t.interrupt and t.cause == cause
              and va <= t.tval < va + size]
    last = va + size - 1 & -PAGE
    data = b''.join(run.content(space, page) or b'' for page in range(va & -PAGE, last + 1, PAGE))
    run.part(part, len(faults) > 0, f'{what}: the kernel faults there', f'no such fault; {space[va]}')
    got = data[va % PAGE:va % PAGE + size]
    run.part(part, got == want, f'{what}: the memory holds it then',
             f'{space[va]}; {space[last]}; {sum(a != b for a, b in zip(got, want))} of {len(got)} bytes differ')


def copy(run):
    """The kernel's copies meet memory that nobody has touched."""
    at = run.stop('begin')
    run.space(at)
    seed, off, size = run.seed, run.drawn['offset'], 2 * PAGE + 500
    area, path, _ = at.args[:3]
    data = b''.join(pattern.page(seed, i) for i in range(3))
    place = [area + i * 64 * PAGE for i in range(6)]
    run.traps()
    at = run.stop('opened')
    run.part('from', at.args[0] < 16, 'open finds a path that lies in two pages', f'it gave {at.args[0]:#x}')
    brought(run, 'from', path + PAGE - 2, 5, b'file\0', LOAD, 'a path')
    at = run.stop('read')
    run.part('to', at.args[:2] == [size, size], f'write and read of {size} bytes',
             f'{at.args[0]:#x} and {at.args[1]:#x}')
    brought(run, 'to', place[0] + off, size, data[:size], STORE, f'read of {size} bytes of a file')
    at = run.stop('zeros')
    run.part('from', at.args[1:3] == [size, size], f'write of {size} untouched bytes',
             f'{at.args[1]:#x}, then {at.args[2]:#x}')
    run.part('from', run.content(run.space(), at.args[0], PAGE) == bytes(PAGE), 'they come back as zeros',
             run.space()[at.args[0]])
    brought(run, 'from', place[1] + off, size, bytes(size), LOAD, f'write of {size} untouched bytes')
    at = run.stop('pipe')
    run.part('to', at.args[:2] == [400, 400], 'write and read of 400 bytes through a pipe',
             f'{at.args[0]:#x}, {at.args[1]:#x}')
    brought(run, 'to', place[2] + PAGE - 200, 400, data[:400], STORE, 'read of a pipe')
    at = run.stop('piped')
    run.part('from', at.args[1:3] == [300, 300], 'write of 300 untouched bytes to a pipe',
             f'{at.args[1]:#x}, {at.args[2]:#x}')
    run.part('from', run.content(run.space(), at.args[0], 300) == bytes(300), 'they come back as zeros',
             run.space()[at.args[0]])
    brought(run, 'from', place[5] + off, 300, bytes(300), LOAD, 'write of 300 untouched bytes to a pipe')
    at = run.stop('status')
    run.part('to', at.args[0] == 1, 'wait gives the child', at.args[0])
    brought(run, 'to', place[3] + PAGE - 2, 4, struct.pack('<i', 0x123456), STORE, 'a status across two pages')
    at = run.stop('stat')
    run.part('to', at.args[0] == 0 and run.space()[place[4]].may('w') and run.space()[place[4] + PAGE].may('w'),
             'fstat writes across two pages', f'it gave {at.args[0]:#x}; {run.space()[place[4]]}')
    run.traps()
    at = run.stop('stack')
    run.part('to', at.args[1] == 0 and run.space()[at.args[0]].may('w'),
             'fstat writes to a page of the stack below all that was used',
             f'it gave {at.args[1]:#x}; {run.space()[at.args[0]]}')
    run.end()


# ---- fault-pointers

CALLS = {1: 'write to a file', 2: 'write to a pipe', 3: 'open', 4: 'exec', 5: 'exec (argv)', 6: 'exec (argument)',
         7: 'read of a file', 8: 'read of a pipe', 9: 'fstat', 10: 'pipe', 11: 'wait'}


def pointers(run):
    """System calls with addresses that the program has no right to."""
    at = run.stop('begin')
    run.space(at)
    p, gap, text, constant = at.args[:4]
    root, seed = at.root, run.seed
    run.traps()
    at = run.stop('tried')
    space, faults = run.space(at), [t for t in run.traps() if not t.from_user and not t.interrupt]
    where, count, _, etext = at.args[:4]
    run.part('alive', at.root == root, 'the process goes on', 'another one came here')
    for cause, va in ((LOAD, gap), (STORE, gap), (STORE, text), (STORE, constant)):
        run.part('refused', any(t.cause == cause and t.tval == va for t in faults),
                 f'the kernel\'s own {"load from" if cause == LOAD else "store to"} {va:#x} faults', 'it did not')
    data = b''.join(run.content(space, va) or bytes(PAGE) for va in range(where & -PAGE, where + 24 * count, PAGE))
    for i in range(count):
        number, addr, value = struct.unpack_from('<3Q', data, where % PAGE + 24 * i)
        short = addr < p + 3 * PAGE < addr + 16 and value <= p + 3 * PAGE - addr and number in (1, 2, 7, 8)
        run.part('refused', value == pattern.MASK or short, f'{CALLS.get(number)} with the address {addr:#x} gives -1',
                 f'{value:#x}')
    kept = all(run.content(space, p + i * PAGE, PAGE - 16) == pattern.page(seed, i)[:-16] for i in range(3))
    run.part('unchanged', kept, 'memory beside a bad address stays as it was', space[p])
    same_text(run, space, etext, 'unchanged', 'text and constants stay as they are')
    at = run.stop('works')
    run.part('alive', at.args[0] == 1 and at.args[1] == 3, 'wait still has the child for a good address',
             f'{"the child" if at.args[0] else "no child"}, status {at.args[1]}')
    run.part('unchanged', at.args[2:4] == [1, 64] and run.content(run.space(at), p, 64) == pattern.page(seed, 0)[:64],
             'file and pipe still have their bytes', f'pipe: {at.args[2]}, file: {at.args[3]} bytes')
    bystander(run, 'alive', seed)
    run.end()


# ---- fault-kernel


def vmalloc(run, kernel, space, p):
    """A page that only the kernel's own root table knows, in a part of the vmalloc area that nobody uses."""
    guest, va = kernel.guest, VMALLOC_LAST
    frames = [space[p + i * PAGE].pa for i in range(3)]
    place = guest.word(guest.symbols['kernel_root']) - guest.direct_base, run.current.root
    index = 8 * (va >> 30 & 511)
    kernel.poke(frames[0] + 8 * (va >> 21 & 511), frames[1] >> 2 | 1)
    kernel.poke(frames[1] + 8 * (va >> 12 & 511), frames[2] >> 2 | 0xe7)
    for root, entry in zip(place, (frames[0] >> 2 | 1, 0)):
        kernel.poke(root + index, entry)
    kernel.poke(frames[2], run.seed)
    value = kernel.call('probe_read', va, guest.direct_base + frames[2] + 8)
    entry = guest.word(guest.direct_base + place[1] + index)
    run.part('vmalloc',
             value == 0 and guest.word(guest.direct_base + frames[2] + 8) == run.seed and entry == frames[0] >> 2 | 1,
             "the kernel's touch of its vmalloc area fetches the entry that the process's root lacks",
             f'scause {value}, the entry of the root is {entry:#x}')
    for root in place:
        kernel.poke(root + index, 0)


def kernel(run):
    """Faults of the kernel's own."""
    need_death(run)
    at = run.stop('pages')
    space, (p, fresh) = run.space(at), at.args[:2]
    run.need(all(page.may('w') for page in space.range(p, 3)) and space[fresh].empty,
             'three pages that the program wrote, and one that it did not', f'{space[p]}; {space[fresh]}')
    with Kernel(run) as k:
        guest = run.guest
        here = guest.direct_base + space[p].pa
        for va, cause in ((p, LOAD), (fresh, LOAD), (here, 0), (guest.direct_base + (1 << 36), LOAD),
                          (VMALLOC_LAST, LOAD), (1 << 40, LOAD)):
            value = k.call('probe_read', va, here + 64)
            run.part('probe', value == cause,
                     f'a probe of {va:#x} ends with {f"scause {cause}" if cause else "the value"}',
                     run.why_ended() if value is None else f'scause {value}' if value else 'the value')
            if value is None:
                return
        run.part('probe', run.space()[fresh].empty, 'a probe brings no page in', run.space()[fresh])
        vmalloc(run, k, space, p)
        stray(run, k, at, fresh)
    if run.ended is None:
        run.stop('after')
        run.end()


def stray(run, k, at, fresh):
    """The kernel follows a pointer of the program's outside of the copy routines."""
    run.traps()
    k.call('strlen', fresh)
    tried = [t for t in run.traps() if t.cause == LOAD and t.tval == fresh and not t.from_user]
    run.part('stray', run.ended == faultline.PANIC,
             "the kernel panics when it follows a program's pointer outside of the copy "
             'routines', run.why_ended())
    page = run.guest.space(at.root)[fresh]
    run.part('stray', len(tried) == 1 and page.empty, 'it does so at once, and brings no page in',
             f'{len(tried)} faults; {page}')


# ---- fault-nomem


def nomem(run):
    """Memory runs out."""
    run.space(run.stop('begin'))
    at = run.stop('hog')
    run.part('hog', at.args[0] == 1 and at.args[1] == KILLED, 'the process that takes all memory dies of it',
             f'status {at.args[1]:#x}')
    used = run.ledger()['user']
    run.part('hog', used < run.test.machine.uframes // 2, 'its memory is given back',
             f'{used} frames of programs in use')
    at = run.stop('few')
    space = run.space(at)
    n = len([va for va in range(160) if run.content(space, at.args[0] + va * PAGE) == pattern.page(run.seed + 1, va)])
    run.part('others', n == 160 and at.args[1] == 0, 'who asks for 160 pages when another one has the rest gets them',
             f'{n} of them are right')
    at = run.stop('both')
    run.part('others', at.args[0] == 1 and at.args[2] == 0, 'it ends as it wants to', f'status {at.args[2]:#x}')
    bystander(run, 'others', run.seed)
    run.end()


# ---- fault-report


def report(run):
    """The line about a death."""
    at = run.stop('memory')
    space, (name, base, etext, p, end) = run.space(at), at.args
    name = (run.content(space, name, 8) or b'').decode('latin-1')
    text, memory = (f'text {base:#x}-{up(etext):#x} r-x', base), (f'heap {p:#x}-{end:#x} rw-', end)
    deaths = []
    for verb, reason, (area, edge), above in (('load', 'unmapped', memory, 1), ('load', 'unmapped', memory, 1),
                                              ('store', 'unmapped', text, -1), ('store', 'read-only', text, 0),
                                              ('fetch', 'no-exec', memory, 0), ('load', 'null page', text, -1)):
        a = attempt(run)
        run.need(a.died, f'a {a.access} ends the process, status -1', a)
        distance = {-1: f', {edge - a.addr:#x} below its start', 0: '',
                    1: f', {a.addr - edge + 1:#x} above its end'}[above]
        deaths.append(f'{a.pid} {name}: {verb} fault at {a.addr:#x}: {reason}; pc {a.faults[0].epc:#x}; '
                      f'nearest: {area}{distance}')
    run.stop('end')
    lines = run.console()
    for line in deaths:
        run.part('line', lines.count(line) == 1, f'one line: {line}',
                 next((x for x in lines if x.startswith(line.split()[0] + ' ')), 'none of that process'))
    run.end()
