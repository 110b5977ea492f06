"""The replacement policies written once more, as plainly as their definitions allow: lists that are searched, nothing
that is fast. test_policysim.py compares the kernel's files, inside build/policysim, with these."""
MASK = (1 << 64) - 1


class Machine:
    """Bits of the pages in memory, as a policy may see them."""

    def __init__(self):
        self.used, self.dirty = set(), set()

    def accessed(self, page):
        was = page in self.used
        self.used.discard(page)
        return was


class Fifo:
    def __init__(self, machine, seed):
        self.machine, self.seed, self.pages = machine, seed, []

    def add(self, page):
        self.pages.append(page)

    def delete(self, page):
        self.pages.remove(page)

    def victim(self):
        return self.pages[0]

    def tick(self):
        pass


class Clock(Fifo):
    """pages[0] is under the hand; what is behind the hand is at the end."""

    def turn(self):
        self.pages.append(self.pages.pop(0))

    def victim(self):
        for _ in self.pages[:]:
            if not self.machine.accessed(self.pages[0]):
                break
            self.turn()
        return self.pages[0]


class EnhancedClock(Clock):
    AHEAD = 32

    def __init__(self, machine, seed):
        super().__init__(machine, seed)
        self.marked = set()

    def delete(self, page):
        super().delete(page)
        self.marked.discard(page)

    def spared(self, page):
        if self.machine.accessed(page):
            self.marked.add(page)
        return page in self.marked

    def victim(self):
        for _ in range(2):
            for page in self.pages[:self.AHEAD]:
                if not self.spared(page) and page not in self.machine.dirty:
                    while self.pages[0] != page:
                        self.turn()
                    return page
            for _ in self.pages[:]:
                if not self.spared(self.pages[0]):
                    return self.pages[0]
                self.marked.discard(self.pages[0])
                self.turn()
        raise AssertionError('two rounds and no victim')


class Aging(Fifo):
    def __init__(self, machine, seed):
        super().__init__(machine, seed)
        self.counter = {}

    def add(self, page):
        super().add(page)
        self.counter[page] = 0b10000000

    def victim(self):
        return min(self.pages, key=lambda page: (self.counter[page], self.pages.index(page)))

    def tick(self):
        for page in self.pages:
            self.counter[page] = self.counter[page] // 2 + 128 * self.machine.accessed(page)


class Random(Fifo):
    def __init__(self, machine, seed):
        super().__init__(machine, seed)
        self.state = 2 * seed + 1

    def delete(self, page):
        self.pages[self.pages.index(page)] = self.pages[-1]
        self.pages.pop()

    def victim(self):
        x = self.state
        x ^= x >> 12
        x ^= x << 25 & MASK
        x ^= x >> 27
        self.state = x
        return self.pages[(x * 0x2545f4914f6cdd1d & MASK) // 2**32 % len(self.pages)]


class Sieve(Fifo):
    """Oldest first; the hand is an index."""

    def __init__(self, machine, seed):
        super().__init__(machine, seed)
        self.hand = 0

    def add(self, page):
        self.machine.accessed(page)
        super().add(page)

    def delete(self, page):
        if self.pages.index(page) < self.hand:
            self.hand -= 1
        super().delete(page)
        if self.hand == len(self.pages):
            self.hand = 0

    def victim(self):
        while self.machine.accessed(self.pages[self.hand]):
            self.hand = (self.hand + 1) % len(self.pages)
        return self.pages[self.hand]


class Mine(Fifo):
    def __init__(self, machine, seed):
        super().__init__(machine, seed)
        self.kept = []

    def add(self, page):
        self.machine.accessed(page)
        super().add(page)

    def delete(self, page):
        (self.kept if page in self.kept else self.pages).remove(page)

    def victim(self):
        for turns in range(len(self.pages) + len(self.kept), -1, -1):
            share = (len(self.pages) + len(self.kept)) // 4
            line = self.pages if len(self.pages) > share else self.kept
            if turns == 0 or not self.machine.accessed(line[0]):
                return line[0]
            self.kept.append(line.pop(0))


POLICIES = {'fifo': Fifo, 'clock': Clock, 'eclock': EnhancedClock, 'aging': Aging, 'random': Random, 'sieve': Sieve,
            'mine': Mine}


def play(name, references, frames, tick=0, seed=1):
    """(faults, pages written, victims) for references [(page, written)]."""
    machine = Machine()
    policy = POLICIES[name](machine, seed)
    memory, fresh, made, victims = set(), [], set(), []
    faults = written = 0

    def show():
        for page in fresh:
            policy.add(page)
        fresh.clear()

    for time, (page, write) in enumerate(references, 1):
        if page not in memory:
            faults += 1
            if len(memory) == frames:
                show()
                victim = policy.victim()
                policy.delete(victim)
                memory.remove(victim)
                written += victim in machine.dirty
                machine.dirty.discard(victim)
                machine.used.discard(victim)
                victims.append(victim)
            memory.add(page)
            fresh.append(page)
            write |= page not in made
            made.add(page)
        machine.used.add(page)
        if write:
            machine.dirty.add(page)
        if tick and time % tick == 0:
            show()
            policy.tick()
    return faults, written, victims


def lru(references, frames):
    """(faults, victims)"""
    memory, victims, faults = [], [], 0
    for page, _ in references:
        if page in memory:
            memory.remove(page)
        else:
            faults += 1
            if len(memory) == frames:
                victims.append(memory.pop(0))
        memory.append(page)
    return faults, victims


def fewest_faults(references, frames):
    """By trying all victims: the least number of faults there can be."""
    states = {frozenset(): 0}
    for page, _ in references:
        after = {}
        for memory, faults in states.items():
            if page in memory:
                choices = [memory]
            elif len(memory) < frames:
                choices = [memory | {page}]
            else:
                choices = [memory - {victim} | {page} for victim in memory]
            for choice in choices:
                cost = faults + (page not in memory)
                after[choice] = min(cost, after.get(choice, cost))
        states = after
    return min(states.values())
