"""Lab 2: system calls whose buffers nobody has touched."""
import struct

from core import pattern
from core.pattern import PAGE
from core.table import Machine, Test
from labs.lazy_seen import differs, need_empty, need_lazy, poked, span, spot

PLACES, PAGES = 12, 4


def laid(va, data):
    """{page: bytes} of fresh memory that holds data at va."""
    first, last = va & -PAGE, va + len(data) - 1 & -PAGE
    whole = (bytes(va - first) + data).ljust(last + PAGE - first, b'\0')
    return {first + i: whole[i:i + PAGE] for i in range(0, len(whole), PAGE)}


def into(run, p, place, data, offset, length):
    """read() from a file and from a pipe. The heap is not filled by that."""
    at, pages = run.stop('file'), laid(place(0) + offset, data[:length])
    need_lazy(run, run.space(), p, span(PLACES), list(pages))
    shown = differs(run, run.space(), pages)
    run.part('into', at.args[:2] == [PAGES * PAGE, length] and not shown,
             f'read() of {length} bytes of a file into untouched memory',
             shown or f'write gave {at.args[0]}, read {at.args[1]}')
    at = run.stop('pipe')
    shown = differs(run, run.space(), laid(place(1) + offset, data[:length]))
    run.part('into', at.args[:2] == [length, 0] and not shown,
             f'read() of {length} bytes of a pipe into untouched memory',
             shown or f'{at.args[0]} bytes came, the writer ended with {at.args[1]}')


def out_of(run, p, seed, data, length):
    """write() to a file and to a pipe: zeros."""
    at = run.stop('zeros')
    expected = bytes(length) + data[length:]
    shown = differs(run, run.space(), laid(p, expected))
    run.part('out', at.args[:2] == [length, length] and not shown, f'write() of {length} untouched bytes writes zeros',
             shown or f'write gave {at.args[0]}, read {at.args[1]}')
    at = run.stop('piped')
    shown = differs(run, run.space(), {p: bytes(200) + pattern.page(seed, 0)[200:]})
    run.part('out', at.args[:2] == [200, 200] and not shown, 'write() of 200 untouched bytes to a pipe writes zeros',
             shown or f'write gave {at.args[0]}, read {at.args[1]}')


def small(run, place, seed):
    """Descriptors, a status, a struct, a path; memory below the stack pointer."""
    number = struct.pack('<Q', seed)
    at = run.stop('pair')
    shown = differs(run, run.space(), laid(place(5) + PAGE - 4, number))
    run.part('small', at.args[:2] == [8, 8] and not shown, 'pipe() puts its descriptors across two untouched pages',
             shown or 'they do not work')
    two = run.content(run.space(), place(4)), run.content(run.space(), place(4) + PAGE)
    run.part('small', None not in two and two[0][:-4] == bytes(PAGE - 4) and two[1][4:] == bytes(PAGE - 4),
             'two descriptors across a page boundary, and zeros',
             f'{run.space()[place(4)]}; {run.space()[place(4) + PAGE]}')
    at = run.stop('status')
    shown = differs(run, run.space(), laid(place(6) + PAGE - 2, struct.pack('<i', 42)))
    run.part('small', at.args[0] >> 31 == 0 and not shown, 'wait() puts the status 42 across two untouched pages',
             shown)
    run.part('small', at.args[1] == 0 and run.space()[place(7)].present and run.space()[place(7) + PAGE].present,
             'fstat() writes across two untouched pages', f'it gave {at.args[1]:#x}; {run.space()[place(7)]}')
    at = run.stop('stack')
    here = at.args[0]
    got = b''.join(run.content(run.space(), va, 1) or b'?' for va in range(here, here + 8))
    run.part('small', at.args[1:3] == [8, 8] and got == number,
             'read() below the stack pointer, where the stack may grow to',
             f'read gave {at.args[2]:#x}; {run.space()[here]}')
    at = run.stop('path')
    run.part('small', at.args[0] == 1 and run.content(run.space(), place(8)) == poked((PAGE - 2, b'./')),
             'open() of a path that ends in an untouched page',
             f'{run.space()[place(8)]}; {run.space()[place(8) + PAGE]}')


def copy(run):
    seed, offset, length = run.given, run.drawn['offset'], run.drawn['length']
    at = run.stop('ready')
    p, from_here = at.args[:2]
    need_empty(run, run.space(), p, span(PLACES))
    data = b''.join(pattern.page(seed, i) for i in range(PAGES))

    def place(i):
        return spot(p, seed, i)

    into(run, p, place, data, offset, length)
    out_of(run, from_here, seed, data, length)
    small(run, place, seed)
    run.end()


TESTS = (
    Test('lazy-copy', 'system calls read and write untouched memory', 'g_lazy_copy', copy,
         {'into': 1, 'out': 0.5, 'small': 0.5}, hint='fault_zero serves the kernel too',
         manual='lab/lazy/README.md#the-task',
         machine=Machine(mem=32), draw={'offset': (1, 4095), 'length': (9000, 12500)}, args=('offset', 'length'),
         budget=160),
)
