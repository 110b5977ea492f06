"""What the checks of lab 1 share: following a child that makes one access (attempt() of grade/user/grade_fault.h), and
saying from outside whether the access was made, and whether its process went on.
"""
from core import pattern
from core.pattern import PAGE

FETCH, LOAD, STORE = 12, 13, 15
LOAD_1, LOAD_8, STORE_1, STORE_8, AMO, JUMP = range(1, 7)
NAMES = {LOAD_1: 'load of a byte', LOAD_8: 'load', STORE_1: 'store of a byte', STORE_8: 'store',
         AMO: 'atomic add', JUMP: 'jump'}
CAUSES = {LOAD_1: LOAD, LOAD_8: LOAD, STORE_1: STORE, STORE_8: STORE, AMO: STORE, JUMP: FETCH}
KILLED = pattern.MASK  # what wait says, as a register has it


def user_faults(traps):
    """The page faults of user mode among them. After a jump, the program counter is the address itself."""
    return [t for t in traps if not t.interrupt and t.cause in (FETCH, LOAD, STORE)
            and (t.from_user or t.cause == FETCH and t.epc == t.tval)]


class Attempt:
    """One access of one child, done: what the machine showed of it."""

    def __init__(self, at, traps, page, reaped, gone):
        self.kind, self.addr, self.pid = at.args[:3]
        self.pid &= 0xffffffff
        self.page, self.lived, self.gone = page, page is not None, gone  # page: as it was when the access had lived
        self.status, self.own = (reaped.args[0], reaped.args[1]) if reaped else (None, 0)
        self.traps = user_faults(traps)
        causes = (LOAD, STORE) if self.kind == AMO else (CAUSES[self.kind],)  # QEMU's AMO loads first
        self.faults = [t for t in self.traps if t.cause in causes and self.addr <= t.tval < self.addr + 8]
        self.access = f'{NAMES[self.kind]} at {self.addr:#x}'

    @property
    def died(self):
        """It faulted there, nothing behind it was executed, and it was reaped as killed, memory and all."""
        return bool(self.faults) and not self.lived and self.status == KILLED and bool(self.own) and self.gone

    def __str__(self):
        if self.lived:
            return f'after the {self.access} the process went on'
        if not self.faults:
            others = ', '.join(f'cause {t.cause} at {t.tval:#x}' for t in self.traps[:3])
            return f'no such fault, but {others or "none at all"}'
        if not self.gone:
            return f'after the {self.access} its page table is still there'
        return f'{self.access}: wait() gave status {self.status - (1 << 64) if self.status >> 63 else self.status}' \
               f'{"" if self.own else " of another child"}'


def attempt(run, look=None):
    """Lets the program make its next attempt(). look(space, va) is called with the child's space before the access."""
    at = run.stop('try')
    child = run.space(at)
    if look:
        look(child, at.args[1])
    run.traps()
    then, page = run.next_stop(), None
    if then is not None and then.name == 'lived':
        page = run.space(then)[at.args[1]]
        then = run.next_stop()
    traps = run.traps()
    what = f'{NAMES.get(at.args[0], "access")} at {at.args[1]:#x}'
    run.need(then is not None, f'a machine that goes on after a {what}', run.why_ended())
    run.need(then.name == 'reaped', f'a parent that goes on after a {what} of its child', f'it came to "{then.name}"')
    return Attempt(at, traps, page, then, at.root not in run.guest.roots())


def must_die(run, part, count=1, look=None):
    """The next attempts each end their process, and only that. Returns the last."""
    for _ in range(count):
        a = attempt(run, look)
        run.part(part, a.died, f'a {a.access} ends the process, status -1', a)
    return a


def need_death(run):
    """The next attempt is one that nobody may make. A kernel that lets that pass protects nobody."""
    a = attempt(run)
    run.need(a.died, f'a {a.access}, which nobody may make, ends the process, status -1', a)


def must_live(run, part, count=1):
    """The next attempts are allowed."""
    for _ in range(count):
        a = attempt(run)
        run.part(part, a.lived and a.status == 0 and a.own, f'a {a.access} is allowed', a)
    return a


RIGHT_OF = {LOAD: 'r', STORE: 'w', FETCH: 'x'}


def access(run, part, allowed, rights):
    """The next attempt is to memory with these rights: it lives if it is allowed,
    and has no right more than these then."""
    a = attempt(run)
    if not allowed:
        run.part(part, a.died, f'a {a.access}, where memory is {rights}, ends the process, status -1', a)
        return
    run.part(part, a.lived and a.status == 0 and a.own, f'a {a.access}, where memory is {rights}, is allowed', a)
    if a.page:
        run.part(part,
                 a.page.may(RIGHT_OF[CAUSES[a.kind]]) and not any(a.page.may(r) for r in 'rwx' if r not in rights),
                 f'after that the PTE has the right, and none but {rights}', a.page)


def bystander(run, part, seed):
    """The child that had nothing to do with any of this (make_bystander) is alive, and its memory as it was."""
    at = run.stop('still')
    page = run.space(at)[at.args[0]]
    run.part(part, at.args[1] == 0 and run.content(run.space(at), at.args[0]) == pattern.page(seed, 0),
             'processes that did nothing wrong keep their memory', page)


def same_text(run, space, end, part, what):
    """Pages of the program's text (up to its symbol etext) hold what its file holds, and nobody may write them."""
    for va in range(run.program.symbols['BASE'], end, PAGE):
        page = space[va]
        ok = page.empty or run.content(space, va) == run.program.page(va) and not page.may('w')
        run.part(part, ok, what, page)
