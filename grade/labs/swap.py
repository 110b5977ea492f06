"""Lab 4, swap: what kernel/swap/slot.c, swapin.c and evict.c must do, seen from outside.

A page that is out is a PTE with a slot, and the slot's bytes are on the swap disk, which we read. Programs choose when
that can be looked at: while they stop, nothing is on its way.
"""
from core import pattern
from core.guest import PAGE
from core.table import Machine, Test
from core.verdict import some
from labs import swap_more as more
from labs.swap_lib import (Counters, bad_pages, first_out, need_distinct, need_few_frames, need_on_disk,
                           need_out, of, out, own_of, spaces)

MANUAL = 'lab/swap/README.md#the-task'


def more_than_memory(run):
    """A working set of two to three times the pool."""
    seed, n, pool = run.given, run.drawn['pages'], run.test.machine.uframes
    p, since = run.stop('begin').args[0], Counters(run)
    run.stop('filled', f'a program can write {n} pages where there are {pool} frames')
    space = run.space()
    gone = need_out(run, space, p, n, n - pool)
    need_distinct(run, gone)
    need_on_disk(run, gone, p, of(seed))
    need_few_frames(run, pool)
    run.need(since.written >= len(gone), f'the swap disk took {len(gone)} pages', since.written)
    since.need_honest()
    at = run.stop('read', 'all pages can be read')
    run.part('disk', True, '')
    wrong = bad_pages(run, run.space(), p, n, of(seed))
    run.part('back', at.args[1] == 0 and not wrong, 'every page comes back as it was',
             f'the program saw {at.args[1]} wrong words; wrong pages: {some(wrong)}')
    run.part('back', since.read >= n - pool, f'at least {n - pool} pages are read from the swap disk', since.read)
    run.stop('changed', 'pages can be written')
    space = run.space()
    gone = need_out(run, space, p, n, n - pool)
    wrong = bad_pages(run, space, p, n, lambda i: pattern.page(seed + (i % 3 == 0), i))
    run.part('back', not wrong, 'pages that were changed and went again have the new bytes', some(wrong))
    at = run.stop('again', 'all pages can be read again')
    run.part('back', at.args[1] == 0, 'every page comes back as it was changed', f'{at.args[1]} wrong words')
    need_few_frames(run, pool)
    since.need_honest()
    run.end()


def dirty(run):
    """Out, in, out: written when changed, only then."""
    seed, n = run.given, run.drawn['pages']
    p = run.stop('filled').args[0]
    since = Counters(run)
    run.stop('out', 'pages leave memory')
    gone = need_out(run, run.space(), p, n, n)
    need_distinct(run, gone)
    need_on_disk(run, gone, p, of(seed))
    run.need(since.written >= n, f'the swap disk took {n} pages', since.written)
    at, before = run.stop('in', 'pages come back'), since.written
    space = run.space()
    wrong = bad_pages(run, space, p, n, of(seed))
    run.need(at.args[1] == 0 and not wrong, 'pages that are only read come back as they were', some(wrong))
    run.need(since.read >= n, f'the swap disk gave {n} pages', since.read)
    odd = [page for page in space.range(p, n) if not page.may('ru') or page.may('x')]
    run.part('dirty', not odd, 'a page that came back has the rights that it had', some(odd))
    run.stop('clean', 'pages leave memory again')
    space = run.space()
    need_on_disk(run, need_out(run, space, p, n, n), p, of(seed))
    again = since.written - before
    run.part('clean', again <= n // 4, 'a page that was only read goes again without a write',
             f'the swap disk took {again} pages for {n}')
    changes = {'dirty': lambda i: pattern.page(seed + i % 2, i), 'word': lambda i: with_word(seed, i)}
    for name, want in changes.items():
        at = run.stop(name, 'pages can be changed, and leave memory')
        space = run.space()
        wrong = bad_pages(run, space, p, n, want)
        run.part('dirty', at.args[1] == 0 and not wrong,
                 'a page that was changed after it came back is written again when it goes',
                 f'the program saw {at.args[1]} wrong pages or words; {some(wrong)}')
        run.need(len(out(space, p, n)) == n, f'all {n} pages are out again', len(out(space, p, n)))
    at = run.stop('end', 'pages come back')
    run.part('dirty', at.args[1] == 0, 'the pages hold what was written last', f'{at.args[1]} words or pages are wrong')
    run.end()


def with_word(seed, i):
    """Page i of g_swap_dirty after one word of each even page was changed."""
    if i % 2:
        return pattern.page(seed + 1, i)
    return pattern.over(pattern.page(seed, i),
                        (i % pattern.WORDS * 8, pattern.mix(seed + 2, i).to_bytes(8, 'little')))


def several_spaces(run):
    """The same addresses in three programs."""
    seed, n, pool = run.given, run.drawn['pages'], run.test.machine.uframes
    p, since, filled = first_out(run, of(seed))[0], None, []
    for _ in range(3):
        at = run.stop('filled', 'three programs can fill more memory than there is')
        since = since or Counters(run)
        filled.append((at.root, at.args[1]))
    run.stop('all', 'the first program can read its pages')
    gone = []
    for root, number in filled:
        space = run.checked_space(root)
        mine = out(space, p, n)
        need_on_disk(run, mine, p, of(number))
        gone += mine
        wrong = bad_pages(run, space, p, n, of(number))
        run.need(not wrong, 'each program has the bytes that it wrote', f'program {number - seed}: {some(wrong)}')
    run.need(len(gone) >= 3 * n - pool, f'at least {3 * n - pool} pages of the three programs are out', len(gone))
    need_distinct(run, gone)
    need_few_frames(run, pool)
    run.part('own', True, '')
    for name in ('fork', 'exec', 'parent'):
        at = run.stop(name, 'each program can read its pages')
        run.part('own', at.args[1] == 0, 'each program sees its own bytes', f'{name}: {at.args[1]} wrong words')
        root = at.root
        wrong = bad_pages(run, run.space(at), p, n, of(dict(filled)[root]))
        run.part('own', not wrong, 'each program has its own bytes', f'{name}: {some(wrong)}')
    since.need_read(n)
    since.need_honest()
    run.end()


def forked(run):
    """Pages that are out, shared by three generations."""
    seed, n = run.given, run.drawn['pages']
    p = run.stop('out').args[0]
    first = run.current.root
    gone = need_out(run, run.space(), p, n, n)
    need_on_disk(run, gone, p, of(seed))
    since = Counters(run)
    run.stop('forked', 'a program whose pages are out can fork')
    named = [[page.pte for page in out(space, p, n)] for space in spaces_with(run, gone)]
    run.need(len(named) == 4, 'all four processes name the slots', f'{len(named)} do')
    run.need(since.written == 0, 'fork shares slots: nothing is written', since.written)
    roots = {}
    for _ in range(6):
        at = run.next_stop()
        run.need(at is not None and at.name in ('born', 'wrote'), 'three generations can read and write their pages',
                 run.why_ended() if at is None else at.name)
        me, wrote = at.args[0], at.name == 'wrote'
        roots[me] = at.root
        wrong = bad_pages(run, run.space(at), p, n, own_of(seed, me if wrote else -1, 4))
        run.part('private', at.args[2] == 0 and not wrong, 'each process sees its own writes and nobody else\'s',
                 f'generation {me} saw {at.args[2]} wrong words; {some(wrong)}')
    run.stop('apart', 'pages of three generations leave memory')
    all_named = {}
    for me, root in [*roots.items(), (9, first)]:
        space = run.checked_space(root)
        wrong = bad_pages(run, space, p, n, own_of(seed, me, 4))
        run.part('private', not wrong, 'pages that are out have the bytes of their process',
                 f'generation {me}: {some(wrong)}')
        for page in out(space, p, n):
            all_named.setdefault(page.slot, set()).add(own_of(seed, me, 4)((page.va - p) // PAGE))
    run.part('private', all(len(texts) == 1 for texts in all_named.values()),
             'a slot is named only by PTEs of pages that are equal',
             some(slot for slot, texts in all_named.items() if len(texts) > 1))
    for _ in range(3):
        at = run.stop('ends', 'generations can check their pages while others end')
        run.part('last', at.args[2] == 0, 'who is left has all its pages',
                 f'generation {at.args[0]} saw {at.args[2]} wrong words')
        for me, root in [*roots.items(), (9, first)]:
            wrong = bad_pages(run, run.checked_space(root), p, n, own_of(seed, me, 4))
            run.part('last', not wrong, 'the end of one process takes nothing from the others',
                     f'generation {me}: {some(wrong)}')
        roots.pop(at.args[0])
    at = run.stop('alone', 'the first process is left')
    wrong = bad_pages(run, run.space(), p, n, of(seed))
    run.part('last', at.args[1] == 0 and not wrong, 'the first process has all its pages', some(wrong))
    since.need_read(n)
    run.end()


def spaces_with(run, gone):
    """Spaces that name all of these slots at the same addresses."""
    return [space for space in spaces(run) if all(space[page.va].pte == page.pte for page in gone)]


TESTS = (
    Test('swap-out', 'more memory than there is: pages go to the swap disk and come back', 'g_swap_out',
         more_than_memory, {'disk': 2, 'back': 1}, hint='evict_frame, fault_swapin', manual=MANUAL,
         machine=Machine(uframes=160, swap=8), draw={'pages': (330, 470)}, args=('pages',)),
    Test('swap-dirty', 'a page is written when it has changed, and only then', 'g_swap_dirty', dirty,
         {'dirty': 2, 'clean': 1},
         hint='slot_attach, slot_detach; a page that has a slot; neighbouring slots in one request', manual=MANUAL,
         machine=Machine(uframes=400, swap=1), draw={'pages': (185, 210)}, args=('pages',)),
    Test('swap-spaces', 'programs with the same addresses keep apart', 'g_swap_spaces', several_spaces,
         {'own': 2}, hint='slot_alloc, rmap_unmap', manual=MANUAL,
         machine=Machine(uframes=160, swap=8), draw={'pages': (110, 150)}, args=('pages',)),
    Test('swap-fork', 'pages that are out are shared by fork, and then private', 'g_swap_fork', forked,
         {'private': 2, 'last': 1}, hint='slot_get, slot_put', manual=MANUAL,
         machine=Machine(uframes=500, swap=8), draw={'pages': (30, 60), 'order': (0, 5)}, args=('pages', 'order')),
    Test('swap-sharers', 'a frame that several processes map goes for all of them', 'g_swap_sharers', more.sharers,
         {'out': 1, 'back': 1}, hint='rmap_unmap, slot_frame', manual=MANUAL,
         machine=Machine(uframes=500, swap=8, append='poison'), draw={'pages': (30, 60)}, args=('pages',)),
    Test('swap-slots', 'slots are free again when their pages are given up', 'g_swap_slots', more.slots,
         {'cycles': 1, 'all': 1}, hint='slot_put, slot_detach', manual=MANUAL,
         machine=Machine(uframes=900, swap=2), draw={'pages': (190, 230), 'cycles': (3, 4), 'all': (500, 505)},
         args=('pages', 'cycles', 'all')),
    Test('swap-calls', 'system calls may use memory that is out', 'g_swap_calls', more.calls,
         {'calls': 2}, hint='fault_swapin, evict_frame', manual=MANUAL,
         machine=Machine(uframes=128, swap=8), draw={'pages': (10, 16), 'hog': (130, 170)}, args=('pages', 'hog')),
    Test('swap-full', 'when memory and swap are full one process goes, the others stay', 'g_swap_full', more.full,
         {'others': 1, 'again': 1}, hint='slot_full, evict_frame returns 0', manual=MANUAL,
         machine=Machine(uframes=128, swap=1), draw={'small': (8, 16), 'most': (480, 560)}, args=('small', 'most')),
    Test('swap-text', 'pages of text leave memory, and come back from their file', 'g_swap_text', more.text,
         {'text': 1}, hint='FRAME_FILE in evict.c', manual=MANUAL,
         machine=Machine(uframes=128, swap=8), draw={'pages': (200, 300)}, args=('pages',)),
    Test('swap-order', "in batches of one the policy's victims go in its order", 'g_swap_order', more.order,
         {'order': 1}, hint='evict_round: swap_batch', manual=MANUAL,
         machine=Machine(swap=8, policy='fifo', append='swap.batch=1 swap.readahead=1'),
         draw={'pages': (16, 28), 'frames': (5, 10), 'count': (60, 80)}, args=('pages', 'frames', 'count')),
    Test('swap-errors', 'a swap disk that fails costs no page but those that it has', 'g_swap_errors', more.errors,
         {'write': 1, 'read': 1}, hint='rmap_restore; FAULT_DISK', manual=MANUAL,
         machine=Machine(uframes=400, swap=8, swap_errors=True), draw={'pages': (40, 70)}, args=('pages',)),
    Test('swap-writer', 'what is written while a page leaves memory is not lost', 'g_swap_writer', more.writer,
         {'writes': 1}, hint='PTE, flush, write, free: in this order', manual=MANUAL,
         machine=Machine(swap=8, policy='fifo'), draw={'pages': (24, 40), 'rounds': (60, 90), 'less': (8, 16)},
         args=('pages', 'rounds', 'less')),
    Test('swap-storm', 'many processes fork, write, are killed and end while pages go and come', 'g_swap_storm',
         more.storm, {'storm': 1}, hint='the two rules above all', manual=MANUAL, seeds=3,
         machine=Machine(uframes=128, swap=8, policy='fifo', append='tick_us=1000 poison'),
         draw={'pages': (40, 60), 'rounds': (3, 5)}, args=('pages', 'rounds')),
)
