"""Lab 3, copy on write: what kernel/vm/cow.c must do, seen from outside.

Every test begins with a small fork that must share (cow_look.begin): a kernel that copies scores nothing. The other
half of the checks is in labs/cow_more.py.
"""
from core import pattern
from core.guest import PAGE
from core.table import Machine, Test
from core.verdict import some
from labs import cow_more as more
from labs.cow_look import (NEAR, begin, copies, holds, pages_of, same, sharing, unlike, writable_shared)

TASK = 'lab/cow/README.md#the-task-step-by-step'
HINTS = 'lab/cow/README.md#hints'
DEBUG = 'lab/cow/README.md#how-to-debug'


def share(run):
    """fork shares all frames, read-only, however many children there are."""
    seed, n, children = run.seed, run.drawn['pages'], run.drawn['children']
    begin(run)
    at = run.stop('filled')
    p, parent, before = at.args[0], at.root, run.ledger()
    roots = [parent]
    frames = len(run.space(at).frames())
    for _ in range(children):
        at = run.stop('child')
        sharing(run, parent, p, n, seed)
        roots.append(at.root)
    spaces = [run.checked_space(root) for root in roots]
    everywhere = [i for i in range(n) if len({s[p + i * PAGE].pa for s in spaces}) == 1]
    run.part('shared', len(everywhere) == n, f'{n} frames for the {n} pages of {children + 1} processes',
             f'{n - len(everywhere)} pages have more than one frame')
    loose = writable_shared(spaces)
    run.part('read-only', not loose, 'no right to write to a frame that two processes map', some(loose))
    together = len(set().union(*(s.frames() for s in spaces)))
    run.part('few', together <= frames + 10 * children and run.ledger()['free'] > before['free'] - 24 * children,
             f'few frames for {children} children of a process with {frames}',
             f'{together} for all, {before["free"] - run.ledger()["free"]} fewer are free')
    at = run.stop('over')
    good, words = holds(run, run.space(), p, pages_of(seed, range(n)))
    run.part('shared', good, "the parent's memory is as it was", words)
    run.end()


def private(run):
    """What one side writes, the other does not see; the rest of a page is copied, other pages stay shared."""
    seed, n, count = run.seed, run.drawn['pages'], run.drawn['bytes']
    begin(run)
    at = run.stop('filled')
    p, parent = at.args[0], at.root
    kid = run.stop('child').root
    sharing(run, parent, p, n, seed)
    run.stop('wrote')
    mine, theirs, written = pages_of(seed, range(n)), pages_of(seed, range(n)), set()
    for i in range(count):
        r = pattern.mix(seed + 7, i)
        page, off = r % n, 0 if i == 0 else PAGE - 1 if i == 1 else r >> 32 & PAGE - 1
        mine[page] = mine[page][:off] + bytes([i + 1]) + mine[page][off + 1:]
        written.add(page)
    child, old = run.space(), run.checked_space(parent)
    good, words = holds(run, child, p, mine)
    run.part('child', good, 'the child has what it wrote, and around it what was there', words)
    good, words = holds(run, old, p, theirs)
    run.part('child', good, "the parent's pages are as before", words)
    kept = same(child, old, p, written)
    run.part('child', not kept, 'pages that the child wrote are frames of its own',
             some(child[p + i * PAGE] for i in kept))
    far = [i for i in range(n) if all(abs(i - w) > NEAR for w in written)]
    both = same(child, old, p, far)
    run.part('rest', len(both) == len(far), 'pages that nobody wrote are still shared',
             f'{len(far) - len(both)} of {len(far)} are not')
    run.stop('parent')
    for i in range(0, n, 2):
        theirs[i] = pattern.page(seed + 1, i)
    child, old = run.checked_space(kid), run.space()
    for space, want, who in ((old, theirs, 'the parent'), (child, mine, 'the child')):
        good, words = holds(run, space, p, want)
        run.part('parent', good, f'{who} has its own bytes after the parent wrote', words)
    loose = writable_shared((old, child))
    run.part('rest', not loose, 'no right to write to a frame that two processes map', some(loose))
    run.end()


class Flushes:
    """Watches tlb_flush() while one page is written:
    what is true when the kernel says that translations of it must go."""

    def __init__(self, run, root, va, old):
        self.run, self.root, self.va, self.old, self.seen = run, root, va, old, []
        self.at = run.guest.symbols['tlb_flush']
        run.stub.set_breakpoint(self.at)

    def __call__(self, registers):
        if registers[32] != self.at:  # back in its caller
            self.run.stub.clear_breakpoint(registers[32])
            self.run.stub.set_breakpoint(self.at)
            return
        start, n = registers[11], registers[12]
        if start <= self.va < start + n * PAGE:
            now = self.run.guest.space(self.root)[self.va]
            self.seen.append((now.pa != self.old, self.run.guest.frame(self.old)[0]))
        self.run.stub.clear_breakpoint(self.at)
        self.run.stub.set_breakpoint(registers[1])

    def end(self):
        self.run.stub.clear_breakpoint(self.at)
        return self.seen


def flush(run):
    """A write of the parent right behind the fork is private as well.
    A copy takes effect before the frame is let go."""
    seed, n = run.seed, run.drawn['pages']
    begin(run)
    for r in range(run.drawn['rounds']):
        at = run.stop('parent')
        p, old = at.args[0], run.space()
        want = {i: r.to_bytes(8, 'little') + data[8:] for i, data in pages_of(seed + r, range(n)).items()}
        good, words = holds(run, old, p, want)
        run.part('fork', good, 'the parent has what it wrote after fork', words)
        run.stop('child')
        good, words = holds(run, run.space(), p, pages_of(seed + r, range(n)))
        run.part('fork', good, 'the child has what was there at the fork, whatever the parent wrote behind it', words)
    at = run.stop('filled')
    p, parent = at.args[0], at.root
    for i in range(n):
        at = run.stop('shared')
        va, before, other = p + i * PAGE, run.space(), run.checked_space(parent)
        shared = before[va].present and before[va].pa == other[va].pa
        run.need(shared or i, 'a child that maps the frames of its parent', before[va])
        watch = Flushes(run, at.root, va, before[va].pa)
        refs = run.guest.frame(before[va].pa)[0]
        run.stop('copied', calls=watch)
        seen = watch.end()
        run.part('copy', not shared or (True, refs) in seen,
                 'a tlb_flush of the page after its PTE has the copy, and before the '
                 f'old frame has fewer than its {refs} references',
                 '; '.join(f'at tlb_flush the PTE {"has" if new else "lacks"} the copy, the old frame {k} references'
                           for new, k in seen) or 'no tlb_flush of the page')
    run.end()


def owner(run):
    """The last one that maps a frame writes to it without a copy."""
    seed, n = run.seed, run.drawn['pages']
    begin(run)
    at = run.stop('filled')
    p, parent = at.args[0], at.root
    run.stop('child')
    sharing(run, parent, p, n, seed)
    for way, name in enumerate(('ended', 'copied', 'heir')):
        run.stop('alone')
        before, free = run.space(), run.ledger()['free']
        run.traps()
        run.stop('took')
        after = run.space()
        moved = [i for i in range(n) if after[p + i * PAGE].pa != before[p + i * PAGE].pa]
        run.part(name, not moved, 'the last owner of a frame keeps it',
                 '; '.join(f'{before[p + i * PAGE]} became {after[p + i * PAGE]}' for i in moved[:2]))
        good, words = holds(run, after, p, pages_of(seed + 1 + way, range(n)))
        run.part(name, good, 'it holds what was written', words)
        stores = sum(t.fault == 'store' and p <= t.tval < p + n * PAGE for t in run.traps())
        run.part(name, stores <= 2 * n, f'at most a fault for each of {n} pages', f'{stores} store faults')
        run.part(name, run.ledger()['free'] >= free - 2, 'no frame is taken', f'{free - run.ledger()["free"]} were')
    run.end()


def family(run):
    """Three generations; the middle one writes, and ends first."""
    seed, g = run.seed, run.drawn['group']
    begin(run)
    at = run.stop('eldest')
    p, eldest, step = at.args[0], at.root, (g + 16) * PAGE  # 16 untouched pages between the groups

    def expect(name, space, seeds, who):
        for k, s in enumerate(seeds):
            base = p + k * step
            good, words = holds(run, space, base, pages_of(s, range(g)))
            run.part(name, good, f'{who} has its own bytes in each of four groups of pages', words)

    at = run.stop('middle')
    middle, old = run.space(), run.checked_space(eldest)
    both = same(middle, old, p, range(g))
    run.need(len(both) == g, 'parent and child share what neither wrote', f'{len(both)} of {g} pages')
    expect('middle', middle, (seed, seed + 1, seed + 4, seed), 'the middle generation')
    expect('middle', old, (seed,) * 4, 'the eldest')
    young = run.stop('young').root
    child, old = run.space(), run.checked_space(eldest)
    for k in (0, 2, 3):
        both = same(child, old, p + k * step, range(g))
        run.need(len(both) == g, "a grandchild shares its grandparent's frames", f'{len(both)} of {g} pages')
    expect('middle', child, (seed, seed + 1, seed, seed), 'the youngest')
    run.part('middle', not writable_shared((child, old)), 'no right to write to a frame that two processes map',
             some(writable_shared((child, old))))
    run.stop('wrote')
    child, old = run.space(), run.checked_space(eldest)
    expect('last', child, (seed + 2, seed + 3, seed, seed), 'the youngest')
    expect('last', old, (seed,) * 4, 'the eldest')
    run.stop('elder')
    child, old = run.checked_space(young), run.space()
    expect('last', child, (seed + 2, seed + 3, seed, seed), 'the youngest')
    expect('last', old, (seed + 6, seed, seed, seed + 5), 'the eldest')
    run.part('last', not writable_shared((child, old)), 'no right to write to a frame that two processes map',
             some(writable_shared((child, old))))
    run.end()


def poked(seed, i, value):
    return pattern.over(pattern.ZEROS, (pattern.mix(seed, i) & PAGE - 1, bytes([value])))


def read(run):
    """Reads copy nothing; memory that was never written is shared too, and stays zero for those that did not write."""
    seed, n, zeros = run.seed, run.drawn['pages'], run.drawn['zeros']
    begin(run)
    at = run.stop('filled')
    p, z, parent = at.args[0], at.args[1], at.root
    run.stop('child')
    sharing(run, parent, p, n, seed)
    before = run.ledger()
    run.stop('read')
    child, old = run.space(), run.checked_space(parent)
    both = same(child, old, p, range(n))
    run.part('reads', len(both) == n, 'pages that were only read are still shared', f'{len(both)} of {n} are')
    run.part('reads', copies(run, seed, n) <= n + 4, f'memory holds the {n} pages once',
             f'{copies(run, seed, n)} times')
    used = run.ledger()['user'] - before['user']
    run.part('reads', used <= 2 * zeros + 6, 'reading takes no frames', f'{used} were taken')
    nothing = {i: pattern.ZEROS for i in range(2 * zeros)}
    wrong = unlike(run, child, z, nothing)
    run.part('zeros', not wrong, 'the child reads zeros', some(wrong))
    run.stop('wrote')
    child, old = run.space(), run.checked_space(parent)
    good, words = holds(run, child, z, {i: poked(seed, i, i + 1) for i in range(2 * zeros)})
    run.part('zeros', good, 'the child has the byte that it wrote, and zeros', words)
    wrong = [q for q in old.range(z, 2 * zeros) if q.present and run.content(old, q.va) != pattern.ZEROS]
    run.part('zeros', not wrong, "the parent's pages are zero", some(wrong))
    at = run.stop('parent')
    now = run.space()
    good, words = holds(run, now, z, {i: poked(seed + 1, i, i + 2) for i in range(2 * zeros)})
    run.part('zeros', good, 'the parent has the byte that it wrote, and zeros', words)
    run.part('zeros', at.args[2] == 0 and at.args[3] == 0,
             'the parent read zeros before, and reads zeros in fresh memory',
             f'{at.args[2] + at.args[3]} words')
    loose = [q for q in now.present() if q.may('w') and run.guest.frame(q.pa)[1] == 'zero']
    run.part('zeros', not loose, 'nobody may write to the page of zeros', some(loose))
    run.end()


TESTS = (
    Test('cow-share', 'fork shares all frames, read-only, with few frames for many children', 'g_cow_share', share,
         {'shared': 1, 'read-only': 1, 'few': 1}, hint='cow_share: page_get, pte_protect', manual=TASK,
         draw={'pages': (60, 120), 'children': (2, 5)}, args=('pages', 'children'), budget=120),
    Test('cow-private', 'a write is private, the whole page is copied, the rest stays shared', 'g_cow_private', private,
         {'child': 1, 'parent': 1, 'rest': 1}, hint='fault_write: page_copy, pte_replace, tlb_flush', manual=TASK,
         machine=Machine(mem=48), draw={'pages': (80, 160), 'bytes': (4, 9)}, args=('pages', 'bytes'), budget=120),
    Test('cow-flush', 'the parent writes right behind fork', 'g_cow_flush', flush, {'fork': 1, 'copy': 1},
         hint='tlb_flush, once the rights are taken away and before they are believed gone', manual=DEBUG,
         machine=Machine(mem=40, append='tlbcheck=1'), draw={'pages': (4, 24), 'rounds': (3, 6)},
         args=('pages', 'rounds'), budget=120),
    Test('cow-owner', 'the last owner writes to the frame itself', 'g_cow_owner', owner,
         {'ended': 1, 'copied': 0.5, 'heir': 0.5}, hint='fault_write: page_refs', manual=TASK,
         draw={'pages': (20, 60)}, args=('pages',), budget=120),
    Test('cow-family', 'three generations, of which the middle one ends first', 'g_cow_family', family,
         {'middle': 1, 'last': 1}, hint='a frame has as many users as PTEs: page_get, page_put', manual=HINTS,
         machine=Machine(mem=72, append='poison'), draw={'group': (2, 12)}, args=('group',), budget=120),
    Test('cow-read', 'reads copy nothing; memory that was never written stays zero', 'g_cow_read', read,
         {'reads': 1, 'zeros': 1}, hint='zero_frame belongs to nobody', manual=TASK,
         draw={'pages': (20, 60), 'zeros': (4, 12)}, args=('pages', 'zeros'), budget=120),
    *more.tests(TASK, HINTS, DEBUG),
)
