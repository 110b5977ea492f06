"""Lab 2, memory on demand: what kernel/vm/anon.c must do, seen from outside."""
import struct

from core.pattern import PAGE, ZEROS, mix
from core.table import Machine, Test
from labs import lazy_calls, lazy_end, lazy_stack
from labs.lazy_seen import (AROUND, LAZY, Ram, differs, mark, marked, need_empty, need_lazy, need_usable, only_touched,
                            poked, private, shared_writable, span, spot, spots)

MANUAL = 'lab/lazy/README.md#'


def sparse(run):
    """Few pages of a heap larger than memory; one page of a small heap."""
    seed, n, k, small = run.given, run.drawn['pages'], run.drawn['touch'], run.drawn['small']
    part = n // k
    run.stop('before')
    free = run.ledger()['free']
    at = run.stop('grown')
    p = at.args[0]
    places = [p + (i * part + 17 + mix(seed, i) % (part - 34)) * PAGE for i in range(k)]
    need_empty(run, run.space(), p, n)
    grown = Ram(run)
    taken = free - grown.ledger['free']
    run.part('large', taken <= 16, f'sbrk of {n} pages takes no frames', f'{taken} are taken')
    run.stop('one')
    need_lazy(run, run.space(), p, n, places[:1])
    at = run.stop('all')
    space, after = run.space(), Ram(run)
    need_lazy(run, space, p, n, places)
    run.part('large', not (shown := differs(run, space, {va: marked(seed, i) for i, va in enumerate(places)})),
             'zeros and the one word that was written', shown)
    most = (AROUND + 1) * k + space.tables + 16
    run.part('large', grown.taken(after) <= most, f'{k} touches take at most {most} frames, tables included',
             f'{grown.taken(after)} are taken')
    run.part('large', grown.written(after) <= most + 64, f'{k} touches write to no more frames than they need',
             f'{grown.written(after)} of the machine\'s frames have been written to')
    run.part('large', at.args[1] == 0, 'each word as it was written', f'{at.args[1]} words differ')
    need_usable(run, 'rest', after.ledger['free'])
    at = run.stop('small')
    p, before = at.args[0], Ram(run)
    need_empty(run, run.space(), p, small)
    run.stop('touched')
    space, after = run.space(), Ram(run)
    need_lazy(run, space, p, small, [p + 20 * PAGE])
    taken, written = before.taken(after), before.written(after)
    run.part('small', not (shown := differs(run, space, {p + 20 * PAGE: marked(seed, k)})) and taken <= AROUND + 8 and
             written <= AROUND + 32, f'{LAZY}, in a heap of {small} pages too',
             shown or f'{taken} frames are taken, {written} written to')
    run.end()


def zero(run):
    """New memory holds zeros, whoever had the frames before."""
    seed, dirty = run.given, run.drawn['dirty']
    n = dirty // 32
    p = run.stop('grown').args[0]
    need_empty(run, run.space(), p, span(6))
    run.stop('fresh')
    space = run.space()
    need_lazy(run, space, p, span(6), spots(p, seed, range(6)))
    shown = differs(run, space, {spot(p, seed, i): marked(seed, i) for i in range(6)})
    run.part('fresh', not shown, 'a new page is all zeros but for the word that the program wrote', shown)
    around = [page.va for page in space.present(p, span(6)) if page.va not in spots(p, seed, range(6))]
    run.part('fresh', not (shown := differs(run, space, dict.fromkeys(around, ZEROS))), 'zeros beside it', shown)
    at = run.stop('dirty')
    had = run.space().frames(at.args[0], dirty)
    run.need(len(had) == dirty, f'a frame for each of the {dirty} pages that were filled', f'{len(had)} frames')
    p = run.stop('again').args[0]
    need_empty(run, run.space(), p, span(2 * n))
    for name, these in (('reused', range(n)), ('others', range(n, 2 * n))):
        run.stop(name)
        space = run.space()
        need_lazy(run, space, p, span(2 * n), spots(p, seed, range(these.stop)))
        shown = differs(run, space, {spot(p, seed, i): marked(seed, i) for i in these})
        run.part('reused', not shown, 'a frame that comes back is all zeros but for the word that the program wrote',
                 shown)
    run.end()


def read(run):
    """Reads of untouched memory, then writes, then reads."""
    seed, n = run.given, run.drawn['places']
    p = run.stop('grown').args[0]
    need_empty(run, run.space(), p, span(n))
    at = run.stop('one')
    need_lazy(run, run.space(), p, span(n), spots(p, seed, range(1)))
    at = run.stop('read')
    space, places = run.space(), spots(p, seed, range(n))
    need_lazy(run, space, p, span(n), places)
    zeros = differs(run, space, dict.fromkeys(places, ZEROS))
    run.part('reads', not zeros and at.args[1] == 0, 'what was never written reads as zeros',
             zeros or f'the program read {at.args[1]} words that are not 0')
    run.part('reads', not (shown := shared_writable(run, space)), 'no right to write to a frame that others read',
             shown)
    run.stop('wrote')
    space = run.space()
    shown = only_touched(space, p, span(n), places) or private(run, space, places[::2])
    run.part('writes', not shown, 'a page that is written has a frame of its own', shown)
    shown = differs(run, space, {va: ZEROS if i % 2 else marked(seed, i) for i, va in enumerate(places)})
    run.part('writes', not shown, 'the word that was written, and zeros', shown)
    at = run.stop('again')
    run.part('writes', at.args[1] == 0, 'the program reads what it wrote, and zeros', f'{at.args[1]} words differ')
    run.end()


# g_lazy_touch.c: offset and bytes of each kind of access
KINDS = ((1, 1), (PAGE - 2, 2), (PAGE - 4, 4), (PAGE - 8, 8), (PAGE - 8, 8), (0, 4), (PAGE - 3, 8))


def touched_bytes(p, seed):
    """({address: bytes} that the program stores, where the accesses begin)."""
    stored, begins, n = {}, [], len(KINDS)
    for i in range(2 * n):
        at, size = KINDS[i % n][0] if i < n else mix(seed, i) % 500 * 8, KINDS[i % n][1]
        begin = spot(p, seed, i) + (PAGE - 1 if i == n else at)
        begins.append(begin)
        stored.update(enumerate(struct.pack('<Q', mark(seed, i))[:size], begin))
    return stored, begins


def touch(run):
    """First touches of all sizes and at all places of a page."""
    seed, n = run.given, span(2 * len(KINDS))
    p = run.stop('grown').args[0]
    need_empty(run, run.space(), p, n)
    stored, begins = touched_bytes(p, seed)
    run.stop('one')
    need_lazy(run, run.space(), p, n, begins[:1])
    run.traps()
    run.stop('all')
    space, pages = run.space(), sorted({va & -PAGE for va in stored})
    need_lazy(run, space, p, n, pages)
    faults = [t.tval & -PAGE for t in run.traps() if t.fault in ('load', 'store') and t.from_user]
    missing = [va for va in begins[1:] if va & -PAGE not in faults]
    run.need(not missing, 'a page fault for each first touch', ', '.join(map(hex, missing)))
    shown = differs(run, space,
                    {va: poked(*((a - va, bytes([b])) for a, b in stored.items() if a & -PAGE == va)) for va in pages})
    run.part('bytes', not shown, 'the bytes that were stored, where they were stored, and zeros', shown)
    run.end()


def fork(run):
    """A heap with holes is shared with its holes."""
    seed, n = run.given, run.drawn['places']
    p = run.stop('grown').args[0]
    need_empty(run, run.space(), p, span(n))
    holes = range(2, n, 3)
    first = {**{spot(p, seed, i): marked(seed, i) for i in range(0, n, 3)},
             **{spot(p, seed, i + 1): ZEROS for i in range(0, n, 3)}}
    parent = run.stop('sparse').root
    need_lazy(run, run.space(), p, span(n), list(first))
    run.stop('child')
    for space, name in ((run.space(), 'child'), (run.checked_space(parent), 'parent')):
        shown = only_touched(space, p, span(n), list(first))
        run.part('holes', not shown, f'fork leaves the holes of the {name} empty', shown)
    at = run.stop('filled')
    old = run.checked_space(parent)
    shown = only_touched(old, p, span(n), list(first)) or differs(run, old, first)
    run.part('holes', not shown, 'the parent as it was, also where the child fills holes', shown)
    shown = differs(run, run.space(), {spot(p, seed, i): marked(seed + 1, i) for i in holes})
    run.part('private', not shown and at.args[1] == 0, "the child's holes: zeros, and what it wrote",
             shown or 'it read other bytes')
    at = run.stop('parent')
    shown = differs(run, run.space(), first)
    run.part('private', not shown and at.args[1] == 0, 'the parent as it was before',
             shown or f'the child ended with {at.args[1]}')
    at = run.stop('own')
    shown = differs(run, run.space(), {spot(p, seed, i): marked(seed + 3, i) for i in holes})
    run.part('private', not shown and at.args[1] == 0, "the parent's holes: zeros, and what it wrote",
             shown or 'it read other bytes')
    run.end()


TESTS = (
    Test('lazy-sparse', 'a heap larger than memory takes the frames of the pages that are touched, and no others',
         'g_lazy_sparse', sparse, {'large': 2, 'small': 1}, hint='fault_zero: one page a fault',
         manual=MANUAL + 'the-task',
         machine=Machine(mem=32), draw={'pages': (300_000, 450_000), 'touch': (20, 40), 'small': (60, 300)},
         args=('pages', 'touch', 'small'), budget=160),
    Test('lazy-zero', 'new memory is zero, whoever had the frame before', 'g_lazy_zero', zero,
         {'fresh': 1, 'reused': 1},
         hint='fault_zero: all of the frame, before the PTE is set', manual=MANUAL + 'hints', machine=Machine(mem=32),
         draw={'dirty': (500, 900)}, args=('dirty',), budget=160),
    Test('lazy-read', 'untouched memory reads as zeros, and can be written after that', 'g_lazy_read', read,
         {'reads': 1, 'writes': 1}, hint='fault_zero: reads', manual=MANUAL + 'the-task', machine=Machine(mem=32),
         draw={'places': (12, 30)}, args=('places',), budget=160),
    Test('lazy-touch', 'a first touch works with every instruction, anywhere in a page', 'g_lazy_touch', touch,
         {'bytes': 1}, hint='fault_zero', manual=MANUAL + 'the-task', machine=Machine(mem=32), budget=160),
    *lazy_calls.TESTS,
    Test('lazy-fork', 'fork of a heap with holes keeps them', 'g_lazy_fork', fork, {'holes': 1, 'private': 1},
         hint='fault_zero, as->zeros', manual=MANUAL + 'background', machine=Machine(mem=32), draw={'places': (15, 30)},
         args=('places',), budget=160),
    *lazy_end.TESTS,
    *lazy_stack.TESTS,
)
