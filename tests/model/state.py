"""States of the model: what two harts could disagree about (evictmodel.py has the steps between them).

A state is frozen (nested tuples, in a set) or open (State, being changed). Frames, slots and contents are numbers
from 100, 200 and 300 on, so that a number tells what it names. States that differ only in these numbers are one:
canonical() numbers everything in the order in which it is met.

    pte     of each process and page: NONE, (frame, W), or a slot
    tlb     what a hart still believes: NONE, or (frame, W)
    mem     the content that the process wrote last, or inherited
    pc      where each process stands, with its local variables
    ev      where each evictor stands
    fr      frames: [ref, content, slot, flags]
    sl      slots: [ref, frame, content of the disk]
    budget  forks, read errors and write errors that may still happen; slots that failed
"""
NONE, TORN, UNREAD = -1, -2, -3
FRAME0, SLOT0, TOKEN0 = 100, 200, 300
HELD, READING = 1, 2
PLAIN = {('run',), ('dead',), ('absent',), ('born',), ('leaving',), ('idle',), ()}  # nothing to renumber


class Bad(Exception):
    """An invariant does not hold."""


class State:
    """An open state."""
    __slots__ = ('pte', 'tlb', 'mem', 'pc', 'ev', 'fr', 'sl', 'budget')

    def __init__(self, frozen):
        pte, tlb, mem, pc, ev, fr, sl, budget = frozen
        self.pte, self.tlb, self.mem = [list(x) for x in pte], [list(x) for x in tlb], [list(x) for x in mem]
        self.pc, self.ev, self.budget = list(pc), list(ev), list(budget)
        self.fr, self.sl = [x and list(x) for x in fr], [x and list(x) for x in sl]

    def copy(self):
        return State((self.pte, self.tlb, self.mem, self.pc, self.ev, self.fr, self.sl, self.budget))

    def frame(self, f):
        entry = self.fr[f - FRAME0]
        if entry is None:
            raise Bad('a frame is used after it was freed')
        return entry

    def slot(self, s):
        entry = self.sl[s - SLOT0]
        if entry is None:
            raise Bad('a slot is used after it was freed')
        return entry

    def mapped(self, p, v):
        """The frame of a page that was seen present."""
        pte = self.pte[p][v]
        if pte.__class__ is not tuple:
            raise Bad('a PTE changes though as->lock is held')
        return pte[0]

    def write(self, p, v, f):
        """Process p stores something new to its page v, which is frame f for it."""
        most = TOKEN0
        for numbers in (*self.mem, [f[1] for f in self.fr if f], [s[2] for s in self.sl if s]):
            most = max(most, *numbers, TOKEN0)
        self.frame(f)[1] = self.mem[p][v] = most + 1


def canonical(t):
    """The open state, frozen."""
    names, frames, slots = {}, [], []
    contents = TOKEN0

    def renumber(old):
        nonlocal contents
        new = []
        for x in old:
            if x.__class__ is int:
                if x >= FRAME0:
                    y = names.get(x)
                    if y is None:
                        if x < SLOT0:
                            y = FRAME0 + len(frames)
                            frames.append(x)
                        elif x < TOKEN0:
                            y = SLOT0 + len(slots)
                            slots.append(x)
                        else:
                            y = contents = contents + 1
                        names[x] = y
                    x = y
            elif x.__class__ is tuple and x not in PLAIN:
                x = renumber(x)
            new.append(x)
        return tuple(new)

    pte = tuple([renumber(x) for x in t.pte])
    tlb = tuple([renumber(x) for x in t.tlb])
    mem = tuple([renumber(x) for x in t.mem])
    pc = renumber(t.pc)
    ev = renumber(sorted(t.ev, key=lambda e: e[0]) if len(t.ev) > 1 else t.ev)
    fr, sl = [], []
    while len(fr) < len(frames) or len(sl) < len(slots):
        if len(fr) < len(frames):
            fr.append(renumber(t.frame(frames[len(fr)])))
        else:
            sl.append(renumber(t.slot(slots[len(sl)])))
    if len(t.fr) - t.fr.count(None) != len(fr):
        raise Bad('a frame is lost')
    if len(t.sl) - t.sl.count(None) != len(sl):
        raise Bad('a slot is lost')
    return pte, tlb, mem, pc, ev, tuple(fr), tuple(sl), tuple(t.budget)


# Where a step has stored or not yet dropped a reference: kind of pc, position of the frame in it.
PENDING = {'map': 5, 'install': 4, 'look': 1, 'drop': 1}


def counted_frames(s, refs):
    """Adds to refs what PTEs, holders and half-done steps ask for."""
    for ptes in s[0]:
        for pte in ptes:
            if pte.__class__ is tuple:
                refs[pte[0] - FRAME0] += 1
    for pc in s[3]:
        at = PENDING.get(pc[0])
        if at:
            refs[pc[at] - FRAME0] += 1
    for ev in s[4]:
        if ev[0] == 'late':
            refs[ev[1][0][0] - FRAME0] += 1


def audit(s, slots_there_are):
    """The invariants of docs/memory.md, in a frozen state."""
    pte, tlb, mem, _, _, fr, sl, budget = s
    refs = [f[3] & HELD for f in fr]
    counted_frames(s, refs)
    for (ref, content, slot, flags), want in zip(fr, refs):
        if ref != want:
            raise Bad(f'1: a frame has {ref} references, {want} are counted')
        if slot != NONE:
            if sl[slot - SLOT0][1] == NONE or fr[sl[slot - SLOT0][1] - FRAME0][2] != slot:
                raise Bad('2: a frame names a slot of which it is not the cache')
            if not flags and sl[slot - SLOT0][2] != content:
                raise Bad('3: a frame with a slot differs from the disk')
    names = [0] * len(sl)
    for p, ptes in enumerate(pte):
        for v, entry in enumerate(ptes):
            if entry.__class__ is tuple:
                audit_present(fr, entry, mem[p][v])
            elif entry != NONE:
                names[entry - SLOT0] += 1
                audit_swapped(fr, sl[entry - SLOT0], mem[p][v])
            if tlb[p][v] != NONE and fr[tlb[p][v][0] - FRAME0][1] != mem[p][v]:
                raise Bad('3: a stale translation shows something else than was written last')
    for i, (ref, cache, _) in enumerate(sl):
        if ref != names[i] + (cache != NONE):
            raise Bad(f'2: a slot has {ref} references, {names[i]} PTEs and {int(cache != NONE)} caches are counted')
        if cache != NONE and fr[cache - FRAME0][2] != SLOT0 + i:
            raise Bad('2: the cache of a slot does not name it')
    if len(sl) + budget[3] > slots_there_are:
        raise Bad('a slot that failed is used again')


def audit_present(fr, entry, wanted):
    ref, content, slot, flags = fr[entry[0] - FRAME0]
    if content != wanted:
        raise Bad('3: a process does not see what it wrote last')
    if entry[1] and not flags & HELD and (ref != 1 or slot != NONE):
        raise Bad('4: a writable page is shared or has a slot')


def audit_swapped(fr, entry, wanted):
    _, cache, disk = entry
    cached = cache != NONE and not fr[cache - FRAME0][3] & READING
    if cached and fr[cache - FRAME0][1] != wanted:
        raise Bad("3: a slot's cache has not what a process wrote last")
    if not cached and disk != wanted:
        raise Bad('3: the disk has not what a process wrote last')
