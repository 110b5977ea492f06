"""More checks of lab 4 (grade/labs/swap.py): sharers, slots, system calls, a full swap disk, text, order, errors,
a storm."""
from core import failing, pattern
from core.guest import PAGE
from core.verdict import some
from labs.swap_lib import (Counters, bad_pages, first_out, held, need_distinct, need_few_frames, need_on_disk,
                           need_out, of, out, own_of, slow, spaces)

SLOW = 25  # requests a second: so slow that others surely come to want the same page

def sharers(run):
    """Frames that three processes map, and one of them sends out."""
    seed, n = run.given, run.drawn['pages']
    at = run.stop('shared')
    p, since = at.args[0], Counters(run)
    before = run.space()
    frames = {page.pa: page for page in before.present(p, n)}
    run.need(len(frames) == n, f'{n} pages in memory', len(frames))
    others = [s for s in family(run, p, n) if s.root != at.root]
    run.need(len(others) == 2, 'three processes have the memory', f'{1 + len(others)}')
    shared = sum(all(s[page.va].pa == page.pa for s in others) for page in frames.values())
    run.need(shared >= n - 1, f'all three map the same {n} frames', shared)
    run.stop('out', 'a page that others map leaves memory')
    gone = need_out(run, run.space(), p, n, n)
    need_on_disk(run, gone, p, of(seed))
    need_distinct(run, gone)
    left = [f'{s[page.va]}, one names slot {page.slot}' for s in others_now(run, others) for page in gone
            if s[page.va].pte != page.pte]
    run.need(not left, 'the PTEs of all three name the same slot', some(left))
    run.part('out', since.written <= n + n // 4, f'{n} pages are written once',
             f'the swap disk took {since.written} pages')
    slow(run, reads=SLOW)
    for _ in range(3):
        at = run.stop('reads', 'all three can read their pages')
        wrong = bad_pages(run, run.space(), p, n, of(seed))
        run.part('back', at.args[2] == 0 and not wrong, 'the pages come back to all three', some(wrong))
    slow(run)
    again = run.stop('again', 'the pages leave memory again')
    for space in family(run, p, n):
        gone = out(space, p, n)
        run.part('back', len(gone) == n, 'the pages are out again, in all three', f'{len(gone)} of {n}')
        wrong = bad_pages(run, space, p, n, of(seed))
        run.part('back', not wrong, 'the slots hold the bytes of the pages', some(wrong))
    first = again.root
    for _ in range(2):
        at = run.stop('wrote', 'sharers can write')
        me = at.args[0]
        space, want = run.space(), own_of(seed, me, 3)
        wrong = bad_pages(run, space, p, n, want)
        run.part('back', at.args[2] == 0 and not wrong, 'each process sees its own writes',
                 f'process {me}: {some(wrong)}')
        wrong = bad_pages(run, run.checked_space(first), p, n, of(seed))
        run.part('back', not wrong, "a write of one changes nothing of another's", some(wrong))
    at = run.stop('alone', 'the first process is left')
    since.need_read(n)
    run.part('back', at.args[1] == 0, 'the first process has all its pages', f'{at.args[1]} wrong words')
    run.end()


def family(run, p, n):
    """Spaces with something at each of these pages."""
    return [space for space in spaces(run) if all(not page.empty for page in space.range(p, n))]


def others_now(run, others):
    return [run.checked_space(space.root) for space in others]


def slots(run):
    """Slots come back however pages are given up."""
    n, cycles, slots_there = run.drawn['pages'], run.drawn['cycles'], run.test.machine.swap << 8
    since = None
    for k in range(3 * cycles):
        at = run.stop('out',
                      f'after {k} times {n} pages that were given up there are slots for {n} more, of {slots_there}')
        since = since or Counters(run)
        p, number = at.args[0], at.args[2]
        gone = need_out(run, run.space(), p, n, n)
        need_on_disk(run, gone, p, of(number))
        need_distinct(run, gone)
    run.part('cycles', True, '')
    run.stop('all', 'nearly all slots can be in use at once')
    p, many, space = run.current.args[0], run.drawn['all'], run.space()
    gone = out(space, p, many)
    run.part('all', len(gone) == many, f'{many} of {slots_there - 1} slots can be in use at once', f'{len(gone)}')
    wrong = bad_pages(run, space, p, many, of(run.given))
    run.part('all', not wrong, 'pages keep their bytes', some(wrong))
    run.part('all', len({page.slot for page in gone}) == len(gone), 'each page has its own slot', '')
    at = run.stop('end', 'the pages come back')
    since.need_read(many)
    run.part('all', at.args[1] == 0, 'pages keep their bytes', f'{at.args[1]} wrong words')
    since.need_honest()
    run.end()


def calls(run):
    """read, write, exec, wait with memory that is out."""
    seed, n, pool = run.given, run.drawn['pages'], run.test.machine.uframes
    first_out(run, of(seed))
    at = run.stop('thrash', 'programs together use more memory than there is')
    since = Counters(run)
    at = run.stop('calls', 'pages leave memory')
    need_out(run, run.space(), at.args[0], n, n - 2)
    need_few_frames(run, pool)
    for name, first in (('file', 9), ('pipe', 0)):
        at = run.stop(name, 'system calls read and write memory that is out')
        data = b''.join(held(run, page) or b'' for page in run.space().range(at.args[0], n))
        want = b''.join(pattern.page(seed, i) for i in range(n))
        want = pattern.page(seed + 1, 0)[:first] + want[first:]
        run.part('calls', at.args[1] == 0 and data == want, f'{n} pages go through a {name} and come out as they were',
                 f'{at.args[1]} calls failed; ' + ('the bytes are right' if data == want else difference(data, want)))
    since.need_read(n)
    since.need_honest(most_fs=8 * n)
    at = run.stop('exec', 'exec and wait use memory that is out')
    run.part('calls', at.args[0] == 0,
             'exec takes its arguments from, and wait puts the status into, pages that are out', '')
    run.need(since.written >= n, f'the swap disk took at least {n} pages', since.written)
    since.need_honest(most_fs=8 * n)
    run.end()


def difference(data, want):
    at = next((i for i, (a, b) in enumerate(zip(data, want)) if a != b), min(len(data), len(want)))
    return (f'{len(data)} of {len(want)} bytes are there; '
            f'the first wrong one is byte {at % PAGE:#x} of page {at // PAGE}')


def full(run):
    """Memory and swap full: one goes, the others stay, and there is room again."""
    seed, small, most = run.given, run.drawn['small'], run.drawn['most']
    pool, half = run.test.machine.uframes, run.drawn['most'] // 2
    survivors = 'when memory and swap are full, the others go on'
    since = None
    first_out(run, of(seed + 9))
    for _ in range(2):
        at = run.stop('half', f'a program can use {half} pages where there are {pool} frames and swap')
        since = since or Counters(run)
        need_on_disk(run, need_out(run, run.space(), at.args[0], half, half - pool), at.args[0], of(seed + 2))
        at = run.stop('died', 'a program that takes more than there is ends, or is refused memory, and ' + survivors)
        status = at.args[1] & 0xffffffff
        run.part('others', status != 0, f'{most} pages are more than there is: the program cannot have all of them',
                 'it ended with 0')
        wrong = bad_pages(run, run.space(), at.args[0], small, of(seed + 9))
        run.part('others', at.args[2] == 0 and not wrong, survivors, some(wrong))
    at = run.stop('room', 'memory of programs that have ended can be used again')
    gone = need_out(run, run.space(), at.args[0], half, half - pool)
    need_on_disk(run, gone, at.args[0], of(seed + 3))
    need_few_frames(run, pool)
    at = run.stop('right', 'memory of programs that have ended can be used again')
    since.need_read(half - pool)
    run.part('again', at.args[1] == 0, f'{half} pages can be used again', f'{at.args[1]} wrong words')
    at = run.stop('stands', survivors)
    wrong = bad_pages(run, run.space(), at.args[0], small, of(seed + 1))
    run.part('others', at.args[1] == 0 and not wrong, survivors + ' with all their bytes', some(wrong))
    since.need_honest()
    run.end()


def text(run):
    """Pages of text are dropped, and read from their file again."""
    seed, n, pool = run.given, run.drawn['pages'], run.test.machine.uframes
    at = run.stop('ran')
    start, many = at.args[0], at.args[1]
    since, there = Counters(run), len(run.space().present(start, many))
    run.need(at.args[2] and there >= many // 2, 'the text is in memory when it runs', f'{there} of {many} pages')
    at = run.stop('filled', f'a program with {many} pages of text can write {n} pages where there are {pool} frames')
    space = run.space()
    need_on_disk(run, need_out(run, space, at.args[0], n, n - pool), at.args[0], of(seed))
    left = [page for page in space.range(start, many) if page.present]
    odd = [page for page in space.range(start, many) if not page.present and not page.empty]
    run.need(len(left) <= many // 2 and not odd,
             f'pages of text leave memory: at most {many // 2} of {many} are there, the PTEs of '
             'the others are empty', f'{len(left)} are there; not empty: {some(odd)}')
    need_few_frames(run, pool)
    at = run.stop('again', 'text that has left memory can run')
    space = run.space()
    wrong = [page for page in space.present(start, many) if run.guest.read(page.pa) != run.program.page(page.va) or
             page.may('w') or not page.may('rx')]
    run.part('text', at.args[2] and not wrong, 'text that comes back is what the file has, and may be executed',
             f'the sum is {"right" if at.args[2] else "wrong"}; {some(wrong)}')
    at = run.stop('exec', 'exec works while memory is short')
    since.need_read(n - pool)
    wrong = bad_pages(run, run.space(), at.args[0], n, of(seed))
    run.part('text', at.args[1] == 0 and at.args[2] == 0 and not wrong,
             'another program runs the text, and the data are as they were',
             f'status {at.args[2]}; {some(wrong)}')
    since.need_honest()
    run.end()


def word(seed, i):
    """Page i of g_swap_order: one word, and zeros."""
    return (seed + i).to_bytes(8, 'little') + bytes(PAGE - 8)


def order(run):
    """With batches of one the victims are those of FIFO, one after the other."""
    n, frames, count = run.drawn['pages'], run.drawn['frames'], run.drawn['count']
    run.stop('used')
    first_out(run, lambda i: word(run.given, pattern.mix(run.given, 0) % n))
    since, back = Counters(run), 0
    p = run.stop('filled', f'a program can write {n} pages in order, and then have {frames} frames for them').args[0]
    memory = [(page.va - p) // PAGE for page in run.space().present(p, n)]
    run.need(frames - 2 <= len(memory) <= frames and memory == list(range(n - len(memory), n)),
             f'with FIFO the last {frames} of {n} pages are in memory', f'pages {memory} are')
    for k in range(count):
        at = run.stop('used', f'a program can use {n} pages when there are {frames} frames for them')
        i, space = at.args[1], run.space()
        there = {(page.va - p) // PAGE for page in space.present(p, n)}
        if i not in memory:
            back += 1
            memory = [*memory, i][-max(len(there), frames - 2):]  # a frame may have been left free before
        run.need(at.args[2] == 1, 'a page holds what was written to it', f'page {i} does not')
        run.need(there == set(memory),
                 f'after reference {k + 1}, to page {i}: with FIFO pages {sorted(memory)} are in memory',
                 f'{sorted(there)} are')
        lost = [page for page in space.range(p, n) if page.empty]
        run.need(not lost, 'a page that was used is in memory, or out with a slot', some(lost))
        for page in out(space, p, n) if k % 8 == 7 else ():
            need_on_disk(run, [page], page.va, lambda _, page=page: word(run.given, (page.va - p) // PAGE))
    since.need_read(back)
    run.part('order', True, '')
    since.need_honest()
    run.end()


def errors(run):
    """The disk fails for a while."""
    seed, n, switch = run.given, run.drawn['pages'], failing.Switch(run.monitor)
    p = run.stop('writes').args[0]
    switch('write')
    run.stop('failed', 'a page that cannot be written stays in memory')
    failed, space = run.disk('swap')['failed_wr_operations'], run.space()
    run.need(failed > 0, 'pages that leave memory are written to the swap disk', 'no write was tried')
    there = len(space.present(p, n))
    run.part('write', there == n and run.current.args[1] == 0 and not bad_pages(run, space, p, n, of(seed)),
             f'all {n} pages are in memory when none can be written, with their bytes',
             f'{there} are; {run.current.args[1]} wrong words; {some(bad_pages(run, space, p, n, of(seed)))}')
    switch()
    run.stop('out', 'pages can be written when the disk works again')
    gone = need_out(run, run.space(), p, n, n)
    need_on_disk(run, gone, p, of(seed))
    need_distinct(run, gone)
    run.stop('reads', 'a process whose pages are out can fork')
    switch('read')
    at = run.next_stop()
    run.need(at is not None, 'a process that cannot read a page ends alone', run.why_ended())
    saw = f'the program came to "{at.name}"'
    if at.name == 'saw':
        saw = f'the process read all pages, {at.args[1]} words were wrong'
    tried = run.disk('swap')['failed_rd_operations']
    run.part('read', at.name == 'died' and at.args[1] & 0xffffffff == 0xffffffff and tried > 0,
             'a process ends (status -1) when the disk does not give it its page: it never gets other bytes, nor zeros',
             f'{saw}, status {at.args[1]:#x}; {tried} reads failed')
    if at.name != 'died':
        run.stop('died', 'the other process goes on')
    wrong = bad_pages(run, run.space(), p, n, of(seed))
    run.part('read', not wrong, 'the pages of the other process are as they were', some(wrong))
    switch()
    at = run.stop('back', 'the other process can read its pages when the disk works again')
    run.part('read', at.args[1] == 0, 'the other process can read its pages when the disk works again',
             f'{at.args[1]} wrong words')
    at = run.stop('end', 'pages can leave memory and come back')
    wrong = bad_pages(run, run.space(), p, n, of(seed + 1))
    run.part('read', at.args[1] == 0 and not wrong, 'pages can leave memory and come back', some(wrong))
    run.end()


def storm(run):
    """A storm, and then all is counted."""
    seed, n, rounds, pool = run.given, run.drawn['pages'], run.drawn['rounds'], run.test.machine.uframes
    p, many = first_out(run, of(seed))
    since = Counters(run)
    at = run.stop('calm', 'processes share and write more memory than there is')
    run.need(at.args[1] == 0, 'the shared pages are as they were', f'{at.args[1]} wrong words')
    run.need(since.written >= n, f'the swap disk took at least {n} pages', since.written)
    need_few_frames(run, pool)
    since.need_read(n)
    since.need_honest()
    for _ in range(4):
        at = run.stop('worker', 'the processes can check their pages')
        me, own = at.args[0], at.args[1]
        space = run.space(at)
        wrong = bad_pages(run, space, p, many, of(seed))
        wrong += bad_pages(run, space, own, n, of(seed + 100 * (me + 1) + rounds - 1))
        run.part('storm', at.args[2] == 0 and not wrong,
                 'after the storm each process has the bytes that it wrote last',
                 f'process {me}: {at.args[2]} things were wrong; {some(wrong)}')
    at = run.stop('end', 'all processes end')
    run.part('storm', at.args[1] == 0, 'the shared pages are as they were', f'{at.args[1]} wrong words')
    since.need_honest()
    run.end()


def writer(run):
    """A process counts in each of its pages, in order, round after round, while another one pushes them out."""
    n = run.drawn['pages']
    p, _ = first_out(run, of(run.given))
    at, since = run.stop('counts'), Counters(run)
    root = at.root
    run.stop('pushed', "a process can push another one's pages out")
    space = run.checked_space(root)
    words = [held(run, page) or bytes(PAGE) for page in space.range(p, n)]
    counts = [int.from_bytes(data[8 * i:8 * i + 8], 'little') for i, data in enumerate(words)]
    marks = [int.from_bytes(data[-8:], 'little') for data in words]
    run.part('writes', max(counts) - min(counts) <= 1 and counts == sorted(counts, reverse=True) and not any(marks),
             'a process that writes to pages while they leave memory finds in each what it wrote last',
             f'it wrote {max(counts)}, pages {[i for i, c in enumerate(counts) if c < max(counts) - 1]} have an older '
             f'number; it noticed that in {sum(map(bool, marks))} pages')
    run.need(since.written > n, 'pages leave memory while the process writes', f'{since.written} were written')
    since.need_read(n)
    run.end()
