"""Lab 2: where the stack grows, and where it ends."""
from core.pattern import PAGE
from core.table import Machine, Test
from labs.lazy_seen import AROUND, Calls, differs, near, poked

KIB, MIB = 1 << 10, 1 << 20
VALUE = b'\x5b'
REASONS = ('FAULT_OK', 'FAULT_UNMAPPED', 'FAULT_NULL', 'FAULT_STACK', 'FAULT_GUARD')


def cases(run):
    """(address, stack pointer, reason, part), the first ones such that a stack of fixed size has no part of."""
    top, limit, slack, gap = (run.guest.layout[n] for n in ('USTACK_TOP', 'STACK_LIMIT', 'STACK_SLACK', 'STACK_GAP'))
    some = run.random.randrange
    deep = top - some(3 * MIB, 5 * MIB)
    middle = top - some(3 * MIB, 5 * MIB) & -16
    high = top - some(200 * KIB, 2 * MIB)
    lives = [(deep, deep & -16), (high, high & -16), (limit, limit), (limit + some(1, PAGE), limit + 16),
             (middle - slack, middle), (middle - slack + some(1, PAGE), middle), (middle - some(1, slack), middle),
             (middle + some(1, 2 * MIB), middle), (limit + some(PAGE, MIB), some(1, 4000) * 16)]
    return [*((at, sp, 'FAULT_OK', 'grows') for at, sp in lives),
            (middle - slack - 1, middle, 'FAULT_UNMAPPED', 'ends'),
            (middle - slack - some(2, MIB), middle, 'FAULT_UNMAPPED', 'ends'),
            (limit - 1, limit, 'FAULT_STACK', 'ends'),
            (limit - some(1, slack - 64), limit + 32, 'FAULT_STACK', 'ends'),
            (limit - gap, limit - gap + 16, 'FAULT_STACK', 'ends'),
            (limit - 1, middle, 'FAULT_GUARD', 'ends'),
            (limit - some(PAGE, gap), middle, 'FAULT_GUARD', 'ends'),
            (limit - gap, middle, 'FAULT_GUARD', 'ends'),
            (limit - gap - 1, limit - gap, 'FAULT_UNMAPPED', 'ends'),
            (limit - gap - some(1, 64 * MIB), middle, 'FAULT_UNMAPPED', 'ends'),
            (top + some(MIB), middle, 'FAULT_UNMAPPED', 'ends'),
            (some(1, PAGE), middle, 'FAULT_NULL', 'ends')]


def attempt(run, at, sp, calls):
    """A child stores a byte at `at`. Returns the stop behind that."""
    run.stop('at')
    run.answer = at + 1  # not 0
    run.stop('sp')
    run.answer = sp
    run.traps()
    return run.next_stop(calls)


def lives(run, stop, at, words, first):
    """The child comes to its stop; the page is there, and none but its neighbours between it and the old stack."""
    ok = stop is not None and stop.name == 'lives'
    if first:
        run.need(ok, f'the stack grows: {words}', 'the child was killed' if stop else run.why_ended())
    if not run.part('grows', ok, f'the stack grows: {words}', 'the child was killed' if stop else run.why_ended()):
        return
    space, low = run.space(), at & -PAGE
    shown = differs(run, space, {low: poked((at - low, VALUE))})
    run.part('grows', not shown, f'zeros and the byte that was written ({words})', shown)
    top = run.guest.layout['USTACK_TOP']
    between = [p for p in space.present() if low < p.va < top - 512 * KIB or p.va < low and p.va > low - MIB]
    strays = [p for p in between if not near(p.va, [at])]
    run.need(not strays or not first, f'at most {AROUND} pages of the stack filled beside the one that is touched',
             f'{len(strays)} more, e.g. {strays[:1]}')
    run.part('grows', not strays, f'at most {AROUND} pages of the stack filled beside the one that is touched',
             f'{len(strays)} more, e.g. {"".join(map(str, strays[:1]))}')


def dies(run, stop, at, words):
    """The child was killed, by a fault of that store."""
    ok = stop is not None and stop.name == 'status' and stop.args[0] & 0xffffffff == 0xffffffff
    faults = [t for t in run.traps() if t.fault == 'store' and t.tval == at and t.from_user]
    run.part('ends', ok and faults, f'no memory there: {words}; the program is killed',
             'the program went on' if not ok else
             'there was no page fault')


def one(run, case, calls, first):
    at, sp, reason, part = case
    words = f'store at {at:#x}, sp {sp:#x} ({at - sp:+#x})'
    calls.made.clear()
    stop = attempt(run, at, sp, calls)
    if part == 'grows':
        lives(run, stop, at, words, first)
        if stop and stop.name == 'lives':
            stop = run.stop('status')
    else:
        dies(run, stop, at, words)
        if stop and stop.name == 'lives':
            stop = run.stop('status')
    run.need(stop is not None, 'a kernel that goes on', run.why_ended())
    answers = [result & 0xffffffff for args, result in calls.made if args[1] == at and args[2] == sp]
    number = run.guest.layout[reason]
    names = {run.guest.layout[n]: n for n in REASONS}
    run.part('reasons', answers[-1:] == [number], f'anon_grow_stack says {reason}: {words}',
             f'it says {names.get(answers[-1], answers[-1])}' if answers else 'it was not asked')


def stack(run):
    """The table "Where the stack ends", and a deep recursion."""
    calls = Calls(run, 'anon_grow_stack')
    for i, case in enumerate(cases(run)):
        one(run, case, calls, i == 0)
    calls.end()
    run.stop('at')
    run.answer = 0
    at = run.stop('deep')
    space, low, top = run.space(), at.args[0], run.guest.layout['USTACK_TOP']
    there = space.present(low & -PAGE, (top - low) // PAGE)
    depth = run.drawn['depth']
    run.part('grows', top - low > depth * 3000 and len(there) >= depth * 3000 // PAGE,
             f'a stack of {depth} calls with 3,000 bytes each', f'{len(there)} pages, lowest address {low:#x}')
    at = run.stop('back')
    run.part('grows', at.args[0] == 0, 'all local variables as they were', f'{at.args[0]} differ')
    run.end()


TESTS = (
    Test('lazy-stack', 'the stack grows on demand to its limit, near the stack pointer, and nowhere else',
         'g_lazy_stack', stack,
         {'grows': 1.5, 'ends': 1, 'reasons': 0.5}, hint='anon_grow_stack', manual='lab/lazy/README.md#the-task',
         machine=Machine(mem=32), draw={'depth': (300, 2000)}, args=('depth',), budget=160),
)
