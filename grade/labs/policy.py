"""Lab 5, replacement: how many faults kernel/swap/policy_mine.c takes on strings that nobody has seen, next to FIFO,
clock and OPT, which are simulated here."""
import hashlib

from core.pattern import MASK, PAGE, mix
from core.table import Machine, Test

BLOCK = 128
KINDS = {'zipf': 0, 'phases': 1, 'scan': 2}


# ---- the strings of grade/user/g_policy_run.c

def reference(kind, s, b, k, pages, frames):
    r = mix(s, k)
    if kind == 'zipf':
        low = r & 0xffff
        return (((low * low >> 16) * low >> 16) * pages >> 16) * 137 % pages
    if kind == 'phases':
        return (r if (r >> 56) % 6 == 0 else b // 2 * 4 + r % (frames * 7 // 10)) % pages
    hot = frames // 2
    return r % hot if b % 2 == 0 else hot + (b // 2 * BLOCK + k) % (pages - hot)


def string(kind, numbers, pages, frames):
    return [reference(kind, s, b, k, pages, frames) for b, s in enumerate(numbers) for k in range(BLOCK)]


# ---- what others would do: the faults of `refs` after memory was filled in order

def fifo(refs, pages, frames):
    line, faults = list(range(pages - frames, pages)), 0
    there = set(line)
    for page in refs:
        if page not in there:
            faults += 1
            there.remove(line.pop(0))
            line.append(page)
            there.add(page)
    return faults


def clock(refs, pages, frames):
    """line[0] is under the hand."""
    line, there, used, faults = [], set(), set(), 0
    for i, page in enumerate([*range(pages), *refs]):
        if page not in there:
            faults += i >= pages
            if len(line) == frames:
                for _ in range(frames):
                    if line[0] not in used:
                        break
                    used.discard(line[0])
                    line.append(line.pop(0))
                there.remove(line.pop(0))
            line.append(page)
            there.add(page)
        used.add(page)
    return faults


def opt(refs, pages, frames):
    """The page whose next use is furthest away goes (Belady 1966)."""
    nexts, later = [0] * len(refs), {}
    for i in range(len(refs) - 1, -1, -1):
        nexts[i] = later.get(refs[i], len(refs))
        later[refs[i]] = i
    there = {page: later.get(page, len(refs)) for page in range(pages - frames, pages)}
    faults = 0
    for i, page in enumerate(refs):
        if page not in there:
            faults += 1
            del there[max(there, key=there.get)]
        there[page] = nexts[i]
    return faults


# ---- the tests

def secret(seed, block):
    """The number of a block: the machine learns it when the block begins."""
    return int.from_bytes(hashlib.sha256(f'{seed} block {block}'.encode()).digest()[:8], 'little') | 1


def play(run, kind):
    """Faults in the machine, and what the string was."""
    pages, frames, blocks = run.drawn['pages'], run.drawn['frames'], run.drawn['blocks']
    run.stop('warm')
    numbers, most, total = [secret(run.seed, b) for b in range(blocks)], 0, 0
    for b in range(blocks):
        at = run.stop('block')
        if b == 0:
            run.traps()
        if b % 4 == 0:
            most = max(most, len(run.space(at).present(at.args[0], pages)))
        run.answer = numbers[b]
    at = run.stop('end')
    p = at.args[0]
    most = max(most, len(run.space(at).present(p, pages)))
    faults = sum(t.from_user and t.fault == 'load' and p <= t.tval < p + pages * PAGE for t in run.traps())
    refs = string(kind, numbers, pages, frames)
    for page in refs:
        total += mix(run.given, page)
    run.need(most <= frames, f'at most {frames} pages of the region in memory', f'{most} were')
    run.need(at.args[2] == total & MASK and at.args[3] == 0, 'every load finds what was stored',
             f'{at.args[3]} did not')
    run.end()
    return faults, refs


def measure(run):
    """(faults of mine, of the others, a line that says so)"""
    kind = next(k for k, number in KINDS.items() if number == run.drawn['kind'])
    mine, refs = play(run, kind)
    other = {f.__name__: f(refs, run.drawn['pages'], run.drawn['frames']) for f in (fifo, clock, opt)}
    run.need(mine >= other['opt'], f'at least the {other["opt"]} faults of OPT', f'{mine}')
    line = (f'{kind}: {mine} faults; fifo {other["fifo"]}, clock {other["clock"]}, OPT {other["opt"]}: '
            f'{100 * gained(mine, other, "clock"):.0f} % of the way from clock to OPT')
    run.note(f'leader-board {line}')
    return mine, other, line


def gained(mine, other, name):
    """The part of the way from that policy to OPT."""
    return (other[name] - mine) / max(1, other[name] - other['opt'])


# How far a policy must come: of the way from the one named to OPT.
REACH = {'zipf': {'fifo': ('fifo', 0.05), 'clock': ('clock', -0.03), 'better': ('clock', 0.10)},
         'phases': {'fifo': ('fifo', 0.20), 'clock': ('clock', -0.03), 'better': ('clock', 0.05)},
         'scan': {'fifo': ('fifo', 0.10), 'better': ('clock', 0.25)}}
ASKED = {'fifo': 'clearly fewer faults than FIFO', 'clock': 'no more faults than clock',
         'better': 'fewer faults than clock: {:.0%} of the way to OPT'}


def strings(run):
    mine, other, line = measure(run)
    for part, (name, reach) in REACH[line.split(':')[0]].items():
        run.part(part, gained(mine, other, name) >= reach, ASKED[part].format(reach), line)


def row(kind, title, **parts):
    return Test(f'policy-{kind}', title, 'g_policy_run', strings, parts, secret=True,
                hint=f'mine_add, mine_victim; try `build/policysim -p mine,fifo,clock,opt -f 40-48 {kind}`',
                manual='lab/policy/README.md#the-task', budget=400,
                machine=Machine(mem=32, swap=16, policy='mine', append='swap.batch=1 swap.readahead=1'),
                draw={'kind': (KINDS[kind],) * 2, 'pages': (110, 130), 'frames': (40, 48), 'blocks': (32, 32)},
                args=('kind', 'pages', 'frames', 'blocks'))


TESTS = (
    row('zipf', 'few faults when some pages are used more than others', fifo=1, clock=1, better=2),
    row('phases', 'few faults when the pages in use change', fifo=1, clock=1, better=1),
    row('scan', 'few faults when scans pass through', fifo=1, better=2),
)
