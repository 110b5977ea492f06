"""The processes of the model: user mode, faults, reading, fork, exit.

at_NAME(state, p, ..) gives the steps of process p when it stands at NAME. Its local variables are v, a page; w,
whether it is written; spare, a frame for it; held, a frame that was read for it.
"""
from parts import NOT_RUNNING, Parts, end
from state import FRAME0, HELD, NONE, READING, SLOT0


class Processes(Parts):
    """Processes: user mode, faults, reading, fork, exit. Locals: v page, w for writing, spare and held frames."""

    def at_run(self, s, p):
        for v, pte in enumerate(s.pte[p]):
            use = s.tlb[p][v] if s.tlb[p][v] != NONE else pte
            t = s.copy()
            if use.__class__ is tuple and use[1]:
                t.write(p, v, use[0])
                yield f'{p} writes to page {v}', t
            else:
                t.pc[p] = ('fault', v, 1, NONE, NONE)
                yield f'{p} writes to page {v}: fault', t
            if use == NONE or use.__class__ is int:
                t = s.copy()
                t.pc[p] = ('fault', v, 0, NONE, NONE)
                yield f'{p} reads page {v}: fault', t
        if not self.locked(s, p):
            t = s.copy()
            t.pc[p] = ('exit', 0, ())
            yield f'{p} exits', t
        child = next((c for c, pc in enumerate(s.pc) if pc[0] == 'absent'), NONE)
        if s.budget[0] and child != NONE and not self.list_locked(s):
            t = s.copy()
            t.budget[0] -= 1
            t.pc[p], t.pc[child] = ('forking', child), ('born',)
            yield f'{p} forks: {child} is on the list of spaces', t

    def at_fault(self, s, p, v, w, spare, held):
        """Takes as->lock. What the PTE is decides."""
        if self.locked(s, p):
            return
        t = s.copy()
        pte = t.pte[p][v]
        if pte.__class__ is tuple:
            t.pc[p] = ('write', v, spare, held) if w and not pte[1] else end(spare, held)
            yield f'{p} finds page {v} present', t
            return
        f = t.slot(pte)[1]
        if f == NONE or t.frame(f)[3] & READING and self.bug != 'read-early':
            t.pc[p] = ('fetch', v, w, spare, held, pte)
            yield f'{p} finds page {v} swapped', t
            return
        if f == held:
            t.frame(f)[3] &= ~HELD
            held = NONE
        else:
            t.frame(f)[0] += 1
        self.slot_put(t, pte)
        t.pte[p][v] = NONE
        t.pc[p] = ('map', v, w, spare, held, f)
        yield f'{p} finds page {v} in the cache of its slot', t

    def at_map(self, s, p, v, w, spare, held, f):
        t = s.copy()
        t.pte[p][v] = (f, False)
        t.pc[p] = ('write', v, spare, held) if w else end(spare, held)
        yield f'{p} maps page {v}', t

    def alone(self, s, f):
        ref, _, _, flags = s.frame(f)
        return ref - (self.bug == 'take-held' and flags & HELD) == 1 or self.bug == 'take-shared'

    def at_write(self, s, p, v, spare, held):
        """fault_write: looks at reference count and slot with as->lock only."""
        f = s.mapped(p, v)
        if not self.alone(s, f):
            yield from self.copy(s, p, v, spare, held)
            return
        t = s.copy()
        t.pc[p] = ('take', v, spare, held, 0) if s.frame(f)[2] == NONE else ('forget', v, spare, held)
        yield f'{p} sees that nobody else has page {v}', t

    def at_forget(self, s, p, v, spare, held):
        """forget_slot, under pages_lock."""
        f = s.mapped(p, v)
        slot = s.frame(f)[2]
        if not self.alone(s, f) or slot != NONE and s.slot(slot)[0] > 1:
            yield from self.copy(s, p, v, spare, held)
            return
        t = s.copy()
        late = self.bug == 'take-unlocked'
        if slot != NONE and self.bug != 'take-keeps-slot' and not late:
            self.detach(t, f)
        t.pc[p] = ('take', v, spare, held, int(late))
        yield f'{p} gives up the slot of page {v}', t

    def at_take(self, s, p, v, spare, held, late):
        t = s.copy()
        f = t.mapped(p, v)
        if late and t.frame(f)[2] != NONE:
            self.detach(t, f)
        t.pte[p][v] = (f, True)
        t.pc[p] = end(spare, held)
        yield f'{p} takes page {v} over', t

    def copy(self, s, p, v, spare, held):
        t = s.copy()
        new = spare if spare != NONE else self.frame_alloc(t)
        if new == NONE:
            t.pc[p] = ('need', v, 1, held)
            yield f'{p} needs a frame for a copy of page {v}', t
            return
        old = t.mapped(p, v)
        t.frame(new)[1] = t.frame(old)[1]
        t.frame(new)[0] += 1
        t.pc[p] = ('install', v, old, held, new)
        yield f'{p} copies page {v}', t

    def at_install(self, s, p, v, old, held, new):
        t = s.copy()
        t.pte[p][v] = (new, True)
        t.pc[p] = ('look', old, ('end', NONE, held), ())
        yield f'{p} maps its copy of page {v}', t

    def at_look(self, s, p, f, then, batch):
        """page_put: has the frame a slot?"""
        t = s.copy()
        t.pc[p] = ('drop', f, int(t.frame(f)[2] != NONE), then, batch)
        yield f'{p} looks whether the frame has a slot', t

    def at_drop(self, s, p, f, slotted, then, batch):
        t = s.copy()
        t.frame(f)[0] -= 1
        if self.last_put(t, f, slotted):
            batch += (f,)
        t.pc[p] = end(*then[1:], batch) if then[0] == 'end' else (*then, batch)
        yield f'{p} drops its reference', t

    def at_end(self, s, p, spare, held, batch):
        t = s.copy()
        if spare != NONE:
            self.frame_free(t, spare)
        self.frame_free(t, *batch)
        if held != NONE and self.unhold(t, held):
            self.frame_free(t, held)
        t.pc[p] = ('run',)
        yield f'{p} returns to user mode', t

    def at_need(self, s, p, v, w, held):
        t = s.copy()
        spare = self.frame_alloc(t)
        if spare != NONE:
            t.pc[p] = ('fault', v, w, spare, held)
            yield f'{p} gets a frame', t
        elif self.nothing_goes(s):
            t.pc[p] = ('killed', held)
            yield f'{p} is killed: out of memory', t

    def nothing_goes(self, s):
        """Nobody holds or fills a frame, and no page can be evicted; or swap is full, and with the few clean pages of
        so small a machine processes would only take them from each other (SCARCE of kernel/swap/evict.c)."""
        return (all(e[0] == 'idle' for e in s.ev) and all(pc[0] in NOT_RUNNING for pc in s.pc)
                and not (self.slots_left(s) and any(self.victims(s))))

    def at_fetch(self, s, p, v, w, spare, held, n):
        """swapin_fetch, nothing locked."""
        f = s.slot(n)[1]
        t = s.copy()
        if f != NONE and t.frame(f)[3] & READING:
            t.pc[p] = ('asleep', v, w, spare, held, n)
            yield f'{p} waits for who reads page {v}', t
            return
        if f != NONE and self.bug != 'read-alone':
            t.pc[p] = ('fault', v, w, spare, held)
            yield f'{p} finds that page {v} has come', t
            return
        if spare == NONE:
            spare = self.frame_alloc(t)
        if spare == NONE:
            t.pc[p] = ('need', v, w, held)
            yield f'{p} needs a frame for page {v}', t
            return
        yield from self.begin_read(t, p, (v, w, spare, n))

    def begin_read(self, t, p, what):
        v, _, f, n = what
        t.frame(f)[0] = 1
        t.frame(f)[3] = HELD
        t.pc[p] = ('read', *what, ())
        if self.bug != 'read-alone':
            self.attach(t, n, f)
            t.frame(f)[3] |= READING
        yield f'{p} begins to read page {v}', t
        for m in [SLOT0 + i for i, slot in enumerate(t.sl) if slot and slot[1] == NONE and SLOT0 + i != n]:
            u = t.copy()
            g = self.frame_alloc(u)
            if g != NONE:
                self.attach(u, m, g)
                u.frame(g)[3] = READING
                u.pc[p] = ('read', *what, ((g, m),))
                yield f'{p} begins to read page {v}, and another slot ahead', u

    def at_read(self, s, p, v, w, f, n, ahead):
        t = s.copy()
        for g, m in ((f, n), *ahead):
            t.frame(g)[1] = t.slot(m)[2]
        self.end_ahead(t, ahead, False)
        if self.bug == 'read-alone':
            t.slot(n)[0] += t.slot(n)[1] == NONE
            t.slot(n)[1] = f
            t.frame(f)[2] = n
        t.frame(f)[3] &= ~READING
        self.wake(t)
        t.pc[p] = ('fault', v, w, NONE, f)
        yield f'{p} has read page {v}', t
        if s.budget[1]:
            yield from self.read_error(s.copy(), p, (v, w, f, n), ahead)

    def read_error(self, t, p, what, ahead):
        v, w, f, n = what
        t.budget[1] -= 1
        if ahead:
            self.end_ahead(t, ahead, True)
            self.wake(t)
            t.pc[p] = ('read', *what, ())
            yield f'{p} fails to read page {v} and another, tries the one', t
            return
        t.pc[p] = ('fault', v, w, NONE, f) if self.bug == 'read-error' else ('killed', f)
        if self.bug not in ('read-error', 'read-error-cached'):
            self.detach(t, f)
        t.frame(f)[3] &= ~READING
        if self.bug != 'read-error-asleep':
            self.wake(t)
        yield f'{p} fails to read page {v}: slot {n - SLOT0}', t

    def end_ahead(self, t, ahead, failed):
        for g, m in ahead:
            t.frame(g)[3] &= ~READING
            if failed or t.slot(m)[0] == 1 and self.bug != 'ahead-kept':
                self.detach(t, g)
                self.frame_free(t, g)

    def at_killed(self, s, p, held):
        t = s.copy()
        if held != NONE and self.unhold(t, held):
            self.frame_free(t, held)
        if held != NONE or not self.locked(s, p):
            t.pc[p] = ('killed', NONE) if held != NONE else ('exit', 0, ())
            yield f'{p} dies', t

    def at_exit(self, s, p, v, batch):
        """anon_release, a page at a time."""
        t = s.copy()
        if v == self.pages:
            self.frame_free(t, *batch)
            t.pc[p] = ('leaving',)
            yield f'{p} has given its pages back', t
            return
        pte = t.pte[p][v]
        t.pte[p][v] = t.tlb[p][v] = t.mem[p][v] = NONE
        t.pc[p] = ('exit', v + 1, batch)
        if pte.__class__ is tuple:
            t.pc[p] = ('look', pte[0], ('exit', v + 1), batch)
        elif pte != NONE and self.bug != 'exit-slot':
            self.slot_put(t, pte)
        yield f'{p} unmaps page {v}', t

    def at_leaving(self, s, p):
        if not self.list_locked(s):
            t = s.copy()
            t.pc[p] = ('dead',)
            yield f'{p} is off the list of spaces', t

    def at_forking(self, s, p, child):
        if not self.locked(s, p) and not self.locked(s, child):
            t = s.copy()
            t.pc[p] = ('fork', child, 0)
            yield f'{p} has locked both spaces', t

    def at_fork(self, s, p, child, v):
        """cow_share, a page at a time."""
        t = s.copy()
        if v == self.pages:
            t.pc[p] = t.pc[child] = ('run',)
            yield f'{child} runs', t
            return
        pte = t.pte[p][v]
        t.mem[child][v] = t.mem[p][v]
        if pte.__class__ is tuple:
            t.frame(pte[0])[0] += self.bug != 'fork-uncounted'
            t.pte[child][v] = (pte[0], False)
            if self.bug != 'fork-keeps-w':
                t.pte[p][v] = (pte[0], False)
        elif pte != NONE:
            t.slot(pte)[0] += self.bug != 'fork-slot'
            t.pte[child][v] = pte
        t.pc[p] = ('fork', child, v + 1)
        yield f'{p} shares page {v} with {child}', t
