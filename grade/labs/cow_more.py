"""Lab 3, copy on write: the second half of its checks (labs/cow.py): system calls, rights, holes, sharers that leave,
shortage, many processes, several harts."""
from core import pattern
from core.guest import PAGE
from core.pattern import over
from core.table import Machine, Test
from core.verdict import some
from labs.cow_look import begin, holds, other_than, pages_of, rights, same, sharing

CALL_PAGES = 32
STAT_SIZE = 24
STACKS = 80   # frames: kernel stacks that are kept for the next process
EXCLUSIVE = 'no right to write to a frame that two processes map'


def after_calls(run, space, p):
    """The pages after g_cow_calls' calls: {number: bytes}. What fstat and pipe put down is taken as it is."""
    want = pages_of(run.seed, range(CALL_PAGES))
    data = b''.join(pattern.mix(run.seed + 5 & pattern.MASK, i).to_bytes(8, 'little') for i in range(40))
    want[0], want[1] = over(want[0], (PAGE - 160, data[:160])), over(want[1], (0, data[160:]))
    for page, at, size in ((2, 8, 8), (3, 64, STAT_SIZE)):
        now = run.content(space, p + page * PAGE)
        want[page] = over(want[page], (at, now[at:at + size])) if now else want[page]
    head = run.program.data[:64]
    want[4], want[5] = over(want[4], (PAGE - 32, head[:32])), over(want[5], (0, head[32:]))
    want[6] = over(want[6], (20, (run.seed % 100 + 3).to_bytes(4, 'little')))
    return want


def calls(run):
    """System calls that write to shared memory make it private first."""
    seed = run.seed
    begin(run)
    at = run.stop('filled')
    p, parent, plain = at.args[0], at.root, pages_of(seed, range(CALL_PAGES))
    for who in ('child', 'parent'):
        at = run.stop('before' if who == 'child' else 'looker')
        sharing(run, parent, p, CALL_PAGES, seed, once=who == 'child')
        other = parent if who == 'child' else at.root
        if who == 'parent':
            run.stop('before')
        run.stop(who)
        caller, other = run.space(), run.checked_space(other)
        good, words = holds(run, caller, p, after_calls(run, caller, p))
        run.part(who, good, f'the {who} has what its system calls wrote, and around it what was there', words)
        fds = run.content(caller, p + 2 * PAGE + 8, 8) or b''
        run.part(who, fds[1:4] + fds[5:] == bytes(6), 'pipe() gave two descriptors', fds.hex())
        good, words = holds(run, other, p, plain)
        run.part(who, good, 'the other process has its pages as before', words)
        both = same(caller, other, p, range(7))
        run.part(who, not both, 'pages that were written are frames of their own',
                 some(caller[p + i * PAGE] for i in both))
        last = CALL_PAGES - 1
        run.part(who, same(caller, other, p, (last,)), 'a page that no call wrote is still shared',
                 caller[p + last * PAGE])
    run.end()


def unchanged(before, after):
    """Pages with other rights than before; losing the right to write is no change."""
    return [q for va, q in after.pages.items() if q.present and before[va].present and
            rights(q).replace('w', '') != rights(before[va]).replace('w', '') or q.may('w') and not before[va].may('w')]


def keep_rights(run):
    """Text and constants never become writable, heap never executable, user pages stay the user's."""
    seed, n = run.seed, run.drawn['pages']
    begin(run)
    at = run.stop('filled')
    p, code, constants = at.args[:3]
    parent, first = at.root, run.space()
    fixed = {va & ~(PAGE - 1) for va in (code, constants)}
    for what, name in enumerate(('text', 'text', 'heap')):
        run.stop('child')
        child, _ = sharing(run, parent, p, n, seed, once=what == 0)
        run.part(name, not unchanged(first, child), 'the child has the rights that its parent has',
                 some(unchanged(first, child)))
        run.traps()
        at = run.stop('try')
        child, target = run.space(), at.args[0]
        loose = [child[va] for va in fixed if child[va].may('w')]
        run.part('text', not loose, 'text and constants are read-only', some(loose))
        run.part('heap', rights(child[p]) == 'rwu', 'a copy has the rights of the heap: r, w, u', child[p])
        run.part(name, not unchanged(first, child), 'rights as before after a write', some(unchanged(first, child)))
        at = run.next_stop()
        run.need(at is not None and at.name in ('died', 'alive'), 'a process that dies, or goes on', run.why_ended())
        hits = [t for t in run.traps() if t.fault == ('fetch' if name == 'heap' else 'store') and t.tval == target]
        run.part(name, at.name == 'died' and hits and hits[-1].from_user,
                 'a process that breaks the rules dies of its fault',
                 f'it goes on: {child[target]}' if at.name == 'alive' else f'no fault at {target:#x}')
        if at.name == 'alive':
            run.stop('died')
    run.end()


def sparse(run):
    """Holes cost nothing at fork, and stay holes."""
    seed, n, count = run.seed, run.drawn['heap'], run.drawn['touched']
    begin(run)
    at = run.stop('filled')
    p, parent, first = at.args[0], at.root, run.space()
    touched = {pattern.mix(seed, i) % n: i for i in range(count)}
    run.stop('child')
    child, old = run.space(), run.checked_space(parent)
    both = same(child, old, p, touched)
    run.need(len(both) == len(touched), f'a child that shares the {len(touched)} pages that there are',
             f'{len(both)} are shared')
    extra = [q for q in child.pages.values() if first[q.va].empty and p <= q.va < p + n * PAGE]
    run.part('holes', not extra, 'pages that the parent never touched are not there', some(extra))
    run.part('holes', child.tables <= first.tables + 2, f'as many page tables as the parent has, {first.tables}',
             child.tables)
    run.stop('wrote')
    child, old = run.space(), run.checked_space(parent)
    want = {page: pattern.page(seed, i) for page, i in touched.items()}
    good, words = holds(run, old, p, want)
    run.part('holes', good, 'the parent has what it wrote', words)
    for i in range(count):
        page = pattern.mix(seed + 1, i) % n
        want[page] = over(want.get(page, pattern.ZEROS), (9, bytes([i + 1])))
        run.part('holes', page in touched or old[p + page * PAGE].empty, "a child's write fills no hole of its parent",
                 old[p + page * PAGE])
    good, words = holds(run, child, p, want)
    run.part('holes', good, 'the child finds zeros in a hole, and what the parent wrote elsewhere', words)
    run.stop('parent')
    run.end()


def leave(run):
    """exit, exec and sbrk of one sharer leave the memory of the others alone; all comes back."""
    seed, n = run.seed, run.drawn['pages']
    begin(run)
    at = run.stop('filled')
    p, parent, first = at.args[0], at.root, run.space()
    plain = pages_of(seed, range(n))
    for how in ('exit', 'exec', 'shrinking'):
        run.stop('child')
        sharing(run, parent, p, n, seed, once=how == 'exit')
        if how == 'shrinking':
            run.stop('shrunk')
            gone = run.space().present(p, n)
            run.part('kept', not gone, 'a heap that was given back is empty', some(gone))
            good, words = holds(run, run.checked_space(parent), p, plain)
            run.part('kept', good, 'what the other has is as before', words)
            run.stop('grown')
            good, words = holds(run, run.space(), p, pages_of(seed + 9, range(n)))
            run.part('kept', good, 'a new heap holds what was written to it', words)
        run.stop('left')
        now = run.space()
        good, words = holds(run, now, p, plain)
        run.part('kept', good, f'after {how} of the child the parent has its bytes', words)
        both = same(first, now, p, range(n))
        run.part('kept', len(both) == n, f'after {how} of the child the parent has its frames', f'{len(both)} of {n}')
    run.stop('heir')
    good, words = holds(run, run.space(), p, plain)
    run.part('kept', good, 'after shrinking of the parent the child has its bytes', words)
    run.stop('before')
    before = run.ledger()
    run.stop('after')
    words = other_than(before, run.ledger(), ('user', 'table', 'kernel', 'free'), 2)
    run.part('freed', not words, f'as many frames of each kind after {run.drawn["rounds"]} rounds as before', words)
    run.end()


def nofork(run):
    """A fork that fails leaves nothing behind, and a parent that works."""
    seed, n, spread = run.seed, run.drawn['pages'], run.drawn['spread']
    begin(run)
    at = run.stop('filled')
    p, first, ledger, failed = at.args[0], run.space(), run.ledger(), 0
    numbers = [i * spread for i in range(n)]
    want = {at: pattern.page(seed, i) for i, at in enumerate(numbers)}
    while (at := run.next_stop()) is not None and at.name == 'failed':
        failed += 1
        good, words = holds(run, run.space(), p, want)
        run.part('parent', good, f'after failed fork {failed} the parent has its bytes', words)
        run.need(run.stop('wrote').args[1] == failed, 'one failure after the other')
        want = {at: pattern.page(seed + failed, i) for i, at in enumerate(numbers)}
        now = run.space()
        good, words = holds(run, now, p, want)
        both = same(first, now, p, numbers)
        run.part('parent', good, f'after failed fork {failed} the parent can write', words)
        run.part('parent', len(both) == n, 'nobody else has the frames after a failed fork: the parent writes to them',
                 f'{n - len(both)} of {n} were copied')
    run.need(at is not None and at.name == 'child', 'a fork succeeds in the end',
             run.why_ended() if at is None else at.name)
    run.need(failed >= 8, 'a fork that makes some allocations', f'it made {failed}')
    both = same(run.space(), first, p, numbers)
    run.need(len(both) == n, f'a child that shares {n} pages', f'{len(both)} are shared')
    run.stop('forked')
    words = other_than(ledger, run.ledger(), ('user', 'table', 'kernel', 'free'), 4)
    run.part('parent', not words, f'as many frames of each kind after {failed} failed forks as before', words)
    run.end()


def oom(run):
    """Memory that runs out at a copy costs the life of one process, the largest."""
    seed, n = run.seed, run.drawn['pages']
    begin(run)
    at = run.stop('filled')
    p, parent, plain = at.args[0], at.root, pages_of(run.seed, range(n))
    for i in range(3):
        run.stop('child')
        sharing(run, parent, p, n, seed, once=i == 0)
        run.stop('large')
        run.need(len(same(run.space(), run.checked_space(parent), p, range(n))) == n, 'pages that are still shared')
        at = run.stop('parent')
        good, words = holds(run, run.space(), p, plain)
        run.part('survivor', good, 'the parent has its bytes', words)
        run.part('survivor', at.args[1] == pattern.MASK, 'the child died for want of memory', f'status {at.args[1]}')
    run.stop('over')
    good, words = holds(run, run.space(), p, pages_of(seed + 3, range(n)))
    run.part('survivor', good, 'the parent can write', words)
    run.end()


def many(run):
    """Hundreds of processes share a page."""
    seed, count = run.seed, run.drawn['children']
    begin(run)
    at = run.stop('filled')
    p, parent, frame = at.args[0], at.root, run.space()[at.args[0]].pa
    for i in (1, 256, count):
        at = run.stop('child')
        run.need(at.args[1] == i
                 and run.space()[p + (i > 1) * PAGE].pa == run.checked_space(parent)[p + (i > 1) * PAGE].pa,
                 f'child {i} shares the frame of its parent', run.space()[p])
        run.stop('wrote')
        page = 1 if i == count else 0
        good, words = holds(run, run.space(), p, {**pages_of(seed, range(4)), page: pattern.page(seed + i, 0)})
        run.part('many', good, f'child {i} has what it wrote', words)
        good, words = holds(run, run.checked_space(parent), p, pages_of(seed, range(4)))
        run.part('many', good, f'a write of child {i} is private', words)
    run.stop('all')
    users = [s for s in map(run.guest.space, run.guest.roots()) if s[p + 2 * PAGE].pa == run.space()[p + 2 * PAGE].pa]
    run.part('many', len(users) >= count - 2, f'{count + 1} processes map one frame, or all but those that wrote',
             f'{len(users)} do')
    loose = [s[p + i * PAGE] for s in users for i in (2, 3) if s[p + i * PAGE].may('w')]
    run.part('many', not loose, EXCLUSIVE, some(loose))
    run.stop('gone')
    good, words = holds(run, run.space(), p, pages_of(seed, range(4)))
    run.part('many', good and run.space()[p].pa == frame, 'the parent has its frames and bytes when all have gone',
             words)
    run.stop('over')
    run.end()


def storm(run):
    """Families that fork, write and end on several harts at once."""
    seed, n = run.seed, run.drawn['pages']
    begin(run)
    at = run.stop('before')
    p, first, before = at.args[0], run.space(), run.ledger()
    at = run.stop('after')
    now = run.space()
    run.part('storm', at.args[1] == 0, 'every process sees its own bytes', f'{at.args[1]} families did not')
    good, words = holds(run, now, p, pages_of(seed, range(n)))
    run.part('storm', good, 'the eldest has its bytes', words)
    now = run.ledger()
    words = other_than(before, now, ('user', 'table'), 2) or other_than(before, now, ('free',), STACKS)
    run.part('storm', not words, 'as many frames of each kind after the storm as before', words)
    run.stop('over')
    both = same(first, run.space(), p, range(n))
    run.part('storm', len(both) == n, 'the last owner writes to its frames', f'{n - len(both)} of {n} were copied')
    run.end()


def tests(task, hints, debug):
    """The list, given the sections of the manual."""
    return (
        Test('cow-calls', 'system calls write through shared pages', 'g_cow_calls', calls, {'child': 1, 'parent': 1},
             hint='a user copy faults like the program itself: vm_fault, fault_write', manual=hints,
             machine=Machine(mem=56, append='tlbcheck=1'), budget=120),
        Test('cow-rights', 'text stays read-only, heap not executable, user pages the user\'s', 'g_cow_rights',
             keep_rights, {'text': 1, 'heap': 1}, hint='rights come from the area: f->vma->perm', manual=hints,
             draw={'pages': (4, 20)}, args=('pages',), budget=120),
        Test('cow-sparse', 'holes cost nothing', 'g_cow_sparse', sparse, {'holes': 1},
             hint='mmu_next skips what is not there',
             manual=hints, draw={'heap': (200000, 400000), 'touched': (5, 9)}, args=('heap', 'touched'), budget=120),
        Test('cow-leave', 'sharers that go away leave the others alone, and all memory comes back', 'g_cow_leave',
             leave, {'kept': 1, 'freed': 1}, hint='page_put of the old frame, in every branch', manual=debug,
             machine=Machine(mem=80, append='poison'), draw={'pages': (12, 30), 'rounds': (20, 40)},
             args=('pages', 'rounds'), budget=120, helpers=('true',)),
        Test('cow-nofork', 'a fork that fails for want of memory leaves nothing behind', 'g_cow_nofork', nofork,
             {'parent': 1},
             hint='what was shared until then is shared: flush, and let the caller clean up', manual=task,
             machine=Machine(mem=40, append='tlbcheck=1 poison'), draw={'pages': (6, 10), 'spread': (300, 500)},
             args=('pages', 'spread'), budget=120),
        Test('cow-oom', 'a copy for which there is no memory costs one process its life', 'g_cow_oom', oom,
             {'survivor': 1},
             hint='no frame: FAULT_RETRY, with nothing changed', manual=task, machine=Machine(mem=40, uframes=400),
             draw={'pages': (180, 210), 'more': (60, 90)}, args=('pages', 'more'), budget=120),
        Test('cow-many', 'hundreds of processes share a page', 'g_cow_many', many, {'many': 1},
             hint='page_refs gives 32 bits', manual=hints, draw={'children': (258, 300)}, args=('children',),
             budget=120),
        Test('cow-storm', 'many fork, write and end at once, on two harts', 'g_cow_storm', storm, {'storm': 1},
             hint='counts change by page_get and page_put only; flush before page_put', manual=debug,
             machine=Machine(harts=2, mem=64, shift=9, append='poison races=7 tick_us=3000'),
             draw={'pages': (30, 60), 'rounds': (10, 14)}, args=('pages', 'rounds'), seeds=3, budget=120),
    )
