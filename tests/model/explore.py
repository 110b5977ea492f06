"""Breadth-first search over a model: every state that can be reached, the invariants in each, and whether all that
is under way can come to its end from there."""
from array import array

from state import Bad, audit, canonical

AFTER = '.. and what follows'
QUIET = ('run', 'dead', 'absent')


def quiet(s):
    """Nobody is in the kernel."""
    return all(pc[0] in QUIET for pc in s[3]) and all(e[0] == 'idle' for e in s[4])


class Result:
    """What a search found: number of states and of steps; complaint and trace, None when all is well."""

    def __init__(self, states, steps, complaint=None, trace=(), last=None):
        self.states, self.steps, self.complaint, self.trace, self.last = states, steps, complaint, trace, last


class Search:
    def __init__(self, model):
        self.model = model
        self.number = {}                   # frozen state: its number
        self.came = []                     # of each state: (number of the one before, step)
        self.ends = array('I')             # of all steps, state by state
        self.first = array('Q', [0])       # where in ends each state's steps begin

    def enter(self, t, before, label):
        frozen = canonical(t)
        n = self.number.get(frozen)
        if n is None:
            n = self.number[frozen] = len(self.came)
            self.came.append((before, label))
            audit(frozen, self.model.slots)
            return n, frozen
        return n, None

    def trace(self, n):
        steps = []
        while n:
            n, label = self.came[n]
            steps.append(label)
        return steps[::-1]

    def failed(self, before, label, bad):
        return Result(len(self.came), len(self.ends), str(bad), self.trace(before) + [label])

    def run(self):
        layer = [self.enter(self.model.initial, 0, '')]
        quiets = [0]
        while layer:
            following = []
            for n, frozen in layer:
                label = AFTER
                try:
                    for label, t in self.model.steps(frozen):
                        m, new = self.enter(t, n, label)
                        self.ends.append(m)
                        if new:
                            following.append((m, new))
                            if quiet(new):
                                quiets.append(m)
                        label = AFTER
                except Bad as bad:
                    return self.failed(n, label, bad)
                self.first.append(len(self.ends))
            layer = following
        return self.ends_well(quiets)

    def ends_well(self, quiets):
        """From every state a quiet one can be reached."""
        total = len(self.came)
        before = array('I', bytes(4 * len(self.ends)))
        place = array('Q', bytes(8 * (total + 1)))
        for m in self.ends:
            place[m + 1] += 1
        for n in range(total):
            place[n + 1] += place[n]
        at = place[:]
        for n in range(total):
            for i in range(self.first[n], self.first[n + 1]):
                before[at[self.ends[i]]] = n
                at[self.ends[i]] += 1
        good, queue = bytearray(total), list(quiets)
        for n in queue:
            good[n] = 1
        while queue:
            m = queue.pop()
            for n in before[place[m]:place[m + 1]]:
                if not good[n]:
                    good[n] = 1
                    queue.append(n)
        stuck = good.find(0)
        if stuck < 0:
            return Result(total, len(self.ends))
        return Result(total, len(self.ends), 'somebody waits for ever', self.trace(stuck))
