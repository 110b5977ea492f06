"""What tests of lab 2 look at: which pages are there, what they hold, and what memory a machine has used.

A fault may bring pages beside the one that was touched, up to AROUND of them, from the AROUND pages on each side: who
answers challenge 1 of the lab loses nothing.
"""
import struct

from core.pattern import PAGE, WORDS, ZEROS, mix, over
from core.verdict import some

AROUND = 16
STRIDE = 64
PART = 1 << 18  # bytes compared at a time
LAZY = 'a touch gives a frame to its own page, and to 16 beside it at most'


# ---- the places of grade/user/grade_lazy.h

def spot(p, seed, i):
    return p + (i * STRIDE + 17 + mix(seed, i) % 30) * PAGE


def spots(p, seed, these):
    return [spot(p, seed, i) for i in these]


def span(n):
    return (n + 1) * STRIDE


def mark(seed, i):
    return mix(seed ^ 0x6d61726b, i) | 1


def mark_at(seed, i):
    return mix(seed ^ 0x61740000, i) % WORDS * 8


def marked(seed, i):
    """A page of zeros with its mark."""
    return poked((mark_at(seed, i), struct.pack('<Q', mark(seed, i))))


def poked(*pieces):
    """A page of zeros with bytes at (offset, bytes)."""
    return over(ZEROS, *pieces)


# ---- pages

def there(space, p, n):
    """Pages of the heap at p, of n pages, for which there is something."""
    return [page for va, page in space.pages.items() if p <= va < p + n * PAGE and not page.empty]


def near(va, touched):
    return any(abs((va & -PAGE) - (t & -PAGE)) <= AROUND * PAGE for t in touched)


def only_touched(space, p, n, touched):
    """'' when pages of the heap are empty but those touched and their neighbours, else what is there."""
    found = there(space, p, n)
    strays = [page for page in found if not near(page.va, touched)]
    if len(found) <= (1 + AROUND) * len(touched) and not strays:
        return ''
    example = f', e.g. {strays[0]}' if strays else ''
    return f'{len(found)} of {n} pages are there after {len(touched)} touches{example}'


def need_lazy(run, space, p, n, touched):
    """What each test begins with: the heap is not filled, the touched pages are there."""
    shown = only_touched(space, p, n, touched)
    run.need(not shown, LAZY, shown)
    run.need(all(space[va].present for va in touched), 'a frame for each page that was touched',
             some(space[va] for va in touched if not space[va].present))


def need_empty(run, space, p, n):
    found = there(space, p, n)
    run.need(not found, f'{n} empty PTEs before anything is touched',
             f'{len(found)} are not: {some(found)}')


def differs(run, space, pages):
    """'' when each page va: bytes of `pages` holds these bytes, else the first that does not."""
    for va, expected in pages.items():
        got = run.content(space, va)
        if got is None:
            return str(space[va])
        if got != expected:
            i = next(i for i in range(PAGE) if got[i] != expected[i])
            bad = sum(a != b for a, b in zip(got, expected))
            return f'{space[va]}; byte {i:#x} is {got[i]:#04x}, not {expected[i]:#04x} ({bad} bytes are wrong)'
    return ''


def private(run, space, vas):
    """'' when each page is writable, in a frame that nothing else of this space maps."""
    owners = {}
    for page in space.present():
        owners.setdefault(page.pa, []).append(page.va)
    for va in vas:
        page = space[va]
        if not page.may('rw') or run.guest.frame(page.pa)[1] == 'zero':
            return f'{page}, of a frame of kind {run.guest.frame(page.pa)[1]}' if page.present else str(page)
        if len(owners[page.pa]) > 1:
            return f'{page} shares its frame with {", ".join(hex(v) for v in owners[page.pa] if v != page.va)}'
    return ''


def shared_writable(run, space):
    """A page that may write a frame which others read, '' if none."""
    for page in space.present():
        refs, kind = run.guest.frame(page.pa)
        if page.may('w') and (kind == 'zero' or refs > 1):
            return f'{page}, of a frame of kind {kind} with {refs} references'
    return ''


# ---- memory as a whole

class Ram:
    """All of a machine's memory at one moment, and its ledger."""

    def __init__(self, run):
        self.bytes, self.ledger = run.memory[:], run.ledger()

    def written(self, later):
        """Frames whose content another moment shows changed: nobody fills memory without it."""
        a, b = self.bytes, later.bytes
        parts = [i for i in range(0, len(a), PART) if a[i:i + PART] != b[i:i + PART]]
        return sum(a[k:k + PAGE] != b[k:k + PAGE] for i in parts for k in range(i, i + PART, PAGE))

    def taken(self, later):
        """Free frames fewer."""
        return self.ledger['free'] - later.ledger['free']


def references(run):
    """(a frame whose reference count is not the number of its mappings in all spaces, or ''; how many frames of
    programs are mapped nowhere). The page of zeros has one reference of its own."""
    counts, wrong = {}, ''
    for root in run.guest.roots():
        for page in run.checked_space(root).present():
            counts[page.pa] = counts.get(page.pa, 0) + 1
    for pa, n in counts.items():
        refs, kind = run.guest.frame(pa)
        if refs != n + (kind == 'zero'):
            wrong = f'frame {pa:#x}, of kind {kind}: {refs} references, {n} PTEs'
    used = run.ledger()
    return wrong, used['user'] + used['file'] - sum(run.guest.frame(pa)[1] != 'zero' for pa in counts)


def need_usable(run, name, free):
    """Frames that are said to be free can be had: the program gets a number, and comes to stop `name` when it has
    written mark i into page i of a heap of so many pages."""
    n = run.answer = free * 3 // 4
    p, space = run.stop(name).args[0], run.space()
    held = {page.pa for i in range(n) if (page := space[p + i * PAGE]).present and
            int.from_bytes(run.guest.read(page.pa, 8), 'little') == mark(run.given, i)}
    run.need(len(held) == n, f'{n} of the {free} free frames can be used', f'{len(held)} of them')


class Calls:
    """Calls of a kernel function while the machine runs to a stop: run.stop(name, calls=calls). entered(args) is
    told of each; `made` collects (args, result). For one hart, and functions that do not sleep."""

    def __init__(self, run, function, entered=lambda args: None):
        self.stub, self.entered, self.made = run.stub, entered, []
        self.at, self.back, self.args = run.guest.symbols[function], None, ()
        self.stub.set_breakpoint(self.at)

    def __call__(self, registers):
        pc = registers[32]
        if pc == self.at and self.back is None:
            self.args, self.back = registers[10:16], registers[1]
            self.entered(self.args)
            self.stub.clear_breakpoint(self.at)
            self.stub.set_breakpoint(self.back)
        elif pc == self.back:
            self.made.append((self.args, registers[10]))
            self.stub.clear_breakpoint(self.back)
            self.stub.set_breakpoint(self.at)
            self.back = None

    def end(self):
        self.stub.clear_breakpoint(self.at if self.back is None else self.back)
