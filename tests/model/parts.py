"""What processes and evictors of the model have in common: frames, slots and their references, the locks, and the
initial state."""
from state import FRAME0, HELD, NONE, READING, SLOT0, TOKEN0, UNREAD, Bad, State

LOCKED = {'map', 'write', 'forget', 'take', 'install', 'look', 'drop', 'exit', 'fork'}  # as->lock is held
NOT_RUNNING = ('run', 'need', 'asleep', 'dead', 'absent', 'born')


def end(spare, held, batch=()):
    """Where a fault stands that has done all but giving up what is left over."""
    return ('end', spare, held, batch) if spare != NONE or held != NONE or batch else ('run',)


class Parts:
    """What several steps have in common."""

    def __init__(self, size, bug=''):
        (start, self.procs, self.pages, self.frames, self.slots, evictors, self.batch, *budget) = size
        self.bug = bug
        alive = range(start)
        self.initial = State((
            [[(FRAME0 + v, start == 1) if p in alive else NONE for v in range(self.pages)] for p in range(self.procs)],
            [[NONE] * self.pages] * self.procs,
            [[TOKEN0 + v if p in alive else NONE for v in range(self.pages)] for p in range(self.procs)],
            [('run',) if p in alive else ('absent',) for p in range(self.procs)],
            [('idle',)] * evictors,
            [[start, TOKEN0 + v, NONE, 0] for v in range(self.pages)],
            [], [*budget, 0]))

    def frame_alloc(self, t):
        if len(t.fr) - t.fr.count(None) >= self.frames:
            return NONE
        t.fr.append([0, UNREAD, NONE, 0])
        return FRAME0 + len(t.fr) - 1

    @staticmethod
    def frame_free(t, *frames):
        for f in frames:
            ref, _, its_slot, flags = t.frame(f)
            if ref or its_slot != NONE or flags:
                raise Bad('a frame is freed that is in use')
            t.fr[f - FRAME0] = None

    def slots_left(self, t):
        bad = 0 if self.bug == 'write-error-good' else t.budget[3]
        return len(t.sl) - t.sl.count(None) + bad < self.slots

    @staticmethod
    def attach(t, s, f):
        if t.slot(s)[1] != NONE or t.frame(f)[2] != NONE:
            raise Bad('a slot with two caches, or a frame with two slots')
        t.slot(s)[0] += 1
        t.slot(s)[1] = f
        t.frame(f)[2] = s

    @staticmethod
    def unref(t, s):
        entry = t.slot(s)
        entry[0] -= 1
        if entry[0] == 0:
            if entry[1] != NONE:
                raise Bad('a slot is freed that has a cache')
            t.sl[s - SLOT0] = None

    def detach(self, t, f):
        s = t.frame(f)[2]
        if s == NONE or t.slot(s)[1] != f:
            raise Bad('slot and frame do not agree')
        t.slot(s)[1] = t.frame(f)[2] = NONE
        self.unref(t, s)

    def slot_put(self, t, s):
        """A PTE less names s; a cache that nobody maps or reads goes with the last one."""
        f = t.slot(s)[1]
        self.unref(t, s)
        if f == NONE or t.slot(s)[0] > 1:
            return
        cache = t.frame(f)
        if self.bug == 'put-held' and cache[3] == HELD and cache[0] == 1:
            self.detach(t, f)
        elif cache[0] == 0 and (not cache[3] & READING or self.bug == 'ahead-freed'):
            self.detach(t, f)
            cache[3] = 0
            self.frame_free(t, f)

    def unhold(self, t, f):
        """page_unhold. Whether that was the last reference."""
        entry = t.frame(f)
        if not entry[3] & HELD:
            raise Bad('a hold that nobody has is given up')
        entry[3] &= ~HELD
        entry[0] -= 1
        return self.last_put(t, f, True)

    def last_put(self, t, f, slotted):
        """A reference has gone. Whether it was the last: the frame is on its way to the free list then."""
        entry = t.frame(f)
        if entry[0]:
            return False
        if slotted and entry[2] != NONE:
            if self.bug == 'put-no-detach':
                entry[2] = NONE
            else:
                self.detach(t, f)
        if entry[2] != NONE:
            raise Bad('a frame loses its last reference and keeps its slot')
        return True

    @staticmethod
    def locked(t, p):
        """as->lock of p is held."""
        return (t.pc[p][0] in LOCKED or any(pc[0] == 'fork' and pc[1] == p for pc in t.pc)
                or any(e[0] == 'flush' and e[1] == p for e in t.ev))

    @staticmethod
    def list_locked(t):
        """as_list_lock is held."""
        return any(e[0] in ('unmap', 'flush', 'restore') for e in t.ev)

    @staticmethod
    def wake(t):
        for p, pc in enumerate(t.pc):
            if pc[0] == 'asleep':
                t.pc[p] = ('fetch', *pc[1:])
