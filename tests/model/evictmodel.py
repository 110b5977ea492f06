"""The protocol of docs/swap.md as steps between states (state.py); this file has the evictors.

A step is what the kernel does under one hold of pages_lock, or between two looks at something that nobody guards. A
process inside as->lock takes several, and other processes and evictors come between. Processes read, write, fork and
exit as often as they like; forks and disk errors are counted, or there would be no end to it.

`bug` names one rule that is broken (BUGS in run).
"""
from process import Processes
from state import FRAME0, HELD, NONE, READING, SLOT0, TORN, Bad, State


class Model(Processes):
    """Evictors. held: (frame, slot, whether the disk lacks it) of each victim."""

    def steps(self, frozen):
        """All that can happen next: (what, State)."""
        s = State(frozen)
        for p, pc in enumerate(s.pc):
            if pc[0] not in ('asleep', 'dead', 'absent', 'born'):
                yield from getattr(self, 'at_' + pc[0])(s, p, *pc[1:])
        for e, ev in enumerate(s.ev):
            yield from getattr(self, 'evictor_' + ev[0])(s, e, *ev[1:])

    def victims(self, s):
        """Frames that can be chosen."""
        for i, (ref, _, slot, flags) in enumerate(s.fr):
            taken = flags & HELD and self.bug != 'evict-twice' or flags & READING and self.bug != 'evict-reading'
            if not taken and (slot != NONE or ref and self.slots_left(s)):
                yield FRAME0 + i

    @staticmethod
    def freed(s):
        """Frames in a batch on its way to the free list."""
        return [f for pc in s.pc if pc[0] in ('exit', 'look', 'drop', 'end') for f in pc[-1]]

    def evictor_idle(self, s, e):
        if self.list_locked(s) or e and s.ev[e - 1][0] == 'idle':  # idle ones are alike
            return
        victims = list(self.victims(s))
        if self.bug == 'evict-leaving':
            victims += self.freed(s)
        for i, f in enumerate(victims):
            t = s.copy()
            one = self.choose(t, f)
            t.ev[e] = self.next_space(t, 0, (one,))
            yield 'the evictor chooses a page', t
            if not one[2] and not self.slots_left(s):
                u = s.copy()
                u.ev[e] = ('settle', (self.choose(u, f),), ())
                yield 'the evictor finds too few pages that can go', u
            for g in victims[i + 1:] if self.batch > 1 else ():
                if t.frame(g)[2] != NONE or self.slots_left(t):
                    u = t.copy()
                    u.ev[e] = self.next_space(u, 0, (one, self.choose(u, g)))
                    yield 'the evictor chooses two pages', u

    def choose(self, t, f):
        entry = t.frame(f)
        dirty = entry[2] == NONE
        if dirty:
            t.sl.append([0, NONE, TORN])
            self.attach(t, SLOT0 + len(t.sl) - 1, f)
        if self.bug != 'evict-no-hold':
            entry[0] += 1
            entry[3] |= HELD
        return f, entry[2], int(dirty)

    def evictor_unmap(self, s, e, j, held):
        """The j-th space, in the order in which they were made."""
        if self.locked(s, j) and self.bug != 'evict-unlocked':
            return
        t = s.copy()
        lost = [self.unmap(t, j, f, n) for f, n, _ in held]
        t.ev[e] = ('flush', j, held) if any(lost) else self.next_space(t, j + 1, held)
        yield f'the evictor unmaps in {j}', t

    def unmap(self, t, j, f, n):
        for v, pte in enumerate(t.pte[j]):
            if pte.__class__ is tuple and pte[0] == f:
                t.pte[j][v], t.tlb[j][v] = n, pte
                t.slot(n)[0] += self.bug != 'evict-uncounted'
                t.frame(f)[0] -= 1
                return True
        return False

    def evictor_flush(self, s, e, j, held):
        t = s.copy()
        if self.bug != 'evict-no-flush':
            t.tlb[j] = [NONE] * self.pages
        t.ev[e] = self.next_space(t, j + 1, held)
        yield f'the evictor has flushed {j}', t

    def next_space(self, t, j, held):
        """The next one on the list; behind the last one the list is let go, and what the disk lacks is written."""
        while j < self.procs and t.pc[j][0] in ('absent', 'dead'):
            j += 1
        if j < self.procs:
            return ('unmap', j, held)
        dirty = tuple(i for i, h in enumerate(held) if h[2])
        if self.bug == 'evict-no-cache':
            for i in dirty:
                self.detach(t, held[i][0])
        return ('start', held, (dirty,)) if dirty else ('settle', held, ())

    def evictor_start(self, s, e, held, groups):
        """Requests: groups of victims."""
        t = s.copy()
        for i in groups[0]:
            t.slot(held[i][1])[2] = TORN
        contents = tuple(t.frame(held[i][0])[1] for i in groups[0])
        t.ev[e] = ('wrote', held, groups, contents)
        yield 'the evictor begins to write', t

    def next_request(self, t, held, groups):
        if groups:
            return ('start', held, groups)
        if self.bug == 'evict-no-flush':
            t.tlb = [[NONE] * self.pages for _ in t.tlb]
        return ('settle', held, ())

    def evictor_wrote(self, s, e, held, groups, contents):
        t = s.copy()
        for i, content in zip(groups[0], contents):
            f, n, _ = held[i]
            t.slot(n)[2] = content if t.frame(f)[1] == content else TORN
        t.ev[e] = self.next_request(t, held, groups[1:])
        yield 'the disk has written', t
        if not s.budget[2]:
            return
        t = s.copy()
        t.budget[2] -= 1
        if len(groups[0]) > 1:
            t.ev[e] = ('start', held, tuple((i,) for i in groups[0]))
        elif self.bug == 'write-error':
            t.ev[e] = self.next_request(t, held, groups[1:])
        else:
            t.ev[e] = ('failed', held, groups)
        yield 'the disk fails to write', t

    def evictor_failed(self, s, e, held, groups):
        if not self.list_locked(s):
            t = s.copy()
            t.ev[e] = ('restore', 0, held, groups)
            yield 'the evictor has locked the list, to map the page back', t

    def evictor_restore(self, s, e, j, held, groups):
        f, n, _ = held[groups[0][0]]
        t = s.copy()
        if j < self.procs:
            space = self.procs - 1 - j if self.bug == 'write-error-order' else j
            if self.locked(s, space):
                return
            only = self.bug == 'write-error-one' and t.frame(f)[0] > 1
            for v, pte in enumerate(t.pte[space]):
                if pte == n and not only:
                    t.pte[space][v] = (f, False)
                    t.frame(f)[0] += 1
                    self.slot_put(t, n)
            t.ev[e] = ('restore', j + 1, held, groups)
            yield f'the evictor maps the page back in {space}', t
            return
        if t.slot(n)[0] > 1:
            raise Bad('a slot that failed is named by somebody still')
        self.detach(t, f)
        t.budget[3] += 1
        i = groups[0][0]
        t.ev[e] = self.next_request(t, (*held[:i], (f, NONE, 0), *held[i + 1:]), groups[1:])
        yield 'the evictor gives the slot up', t

    def evictor_settle(self, s, e, held, batch):
        t = s.copy()
        if not held:
            self.frame_free(t, *batch)
            t.ev[e] = ('idle',)
            yield 'the evictor frees frames', t
            return
        f = held[0][0]
        if self.bug == 'hold-late':
            t.frame(f)[3] &= ~HELD
            t.ev[e] = ('late', held, batch, NONE)
            yield 'the evictor marks a frame as not held', t
            return
        if self.bug == 'evict-no-hold':
            gone = self.last_put(t, f, True)
        elif self.bug == 'evict-frees':
            t.frame(f)[0], gone = 1, self.unhold(t, f)
        elif self.bug == 'evict-stays' and t.frame(f)[0] == 1:
            t.frame(f)[0], t.frame(f)[2], t.frame(f)[3], gone = 0, NONE, 0, True
        else:
            gone = self.unhold(t, f)
        batch += (f,) if gone else ()
        t.ev[e] = ('settle', held[1:], batch) if held[1:] or batch else ('idle',)
        yield 'the evictor drops its hold', t

    def evictor_late(self, s, e, held, batch, slotted):
        """Bug hold-late: the reference goes with nothing locked, after a look at the slot."""
        t = s.copy()
        f = held[0][0]
        if slotted == NONE:
            t.ev[e] = ('late', held, batch, int(t.frame(f)[2] != NONE))
            yield 'the evictor looks whether the frame has a slot', t
            return
        t.frame(f)[0] -= 1
        batch += (f,) if self.last_put(t, f, slotted) else ()
        t.ev[e] = ('settle', held[1:], batch)
        yield 'the evictor drops its reference', t
