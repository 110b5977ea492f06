"""Lock statistics: off without the word; what is counted when it is on."""
import re

from support import run

LINE = re.compile(r'(\S.*?)' + r'\s+(\d+)' * 6 + r'\s*(\S*)')


def table(out):
    """{lock: ([taken, waited, longest wait, waits, holds, longest hold], where)}"""
    found = (LINE.fullmatch(line.strip()) for line in out.decode().splitlines())
    return {m[1]: ([int(m[i]) for i in range(2, 8)], m[8]) for m in found if m}


def test_off():
    r = run('lockstat')
    assert r.status == 1 and b'boot with' in r.out, r


def test_one_hart_is_exact():
    """A fork takes and gives pages; nobody waits on one hart, and no hold can be as long as a tick."""
    line = 'lockstat -c; vmbench fork_small; lockstat'
    first, second = (run(line, ICOUNT=1, CPUS=1, APPEND='lockstat') for _ in range(2))
    assert first.status == 0, first
    one, two = table(first.out), table(second.out)
    assert {'pages', 'wait', 'process', 'run queue', 'kmem', 'inode table'} <= one.keys(), first
    for name, ((taken, waited, longest_wait, waits, holds, longest), where) in one.items():
        assert taken > 0 and waited == longest_wait == waits == 0, (name, first)
        assert longest <= holds and longest < 10_000_000, (name, first)
        assert longest == 0 or re.fullmatch(r'[a-z]\w+', where), (name, first)
    assert one['wait'][0][0] >= 300  # each of the 100 children is entered, ends, and is waited for
    for name in ('wait', 'kstack'):
        assert abs(one[name][0][0] - two[name][0][0]) <= 5, (name, one, two)


def test_counts_become_nothing():
    busy = table(run('vmbench fork_small; lockstat', CPUS=1, APPEND='lockstat').out)
    clear = table(run('vmbench fork_small; lockstat -c; lockstat', CPUS=1, APPEND='lockstat').out)
    assert busy['wait'][0][0] > 300 and clear['wait'][0][0] < 50, (busy, clear)


def test_harts_wait_for_each_other():
    """Four harts that fork: somebody waits for something."""
    r = run('lockstat -c; vmbench -p 4 par_fork; lockstat', CPUS=4, APPEND='lockstat')
    assert r.status == 0 and sum(counts[1] for counts, _ in table(r.out).values()) > 0, r


def test_locks_work_while_they_are_counted():
    r = run('dbg selftest && usertests cow pipe kill', CPUS=4, APPEND='lockstat', TIMEOUT=200)
    assert r.status == 0 and b' 0 failed' in r.out, r


def test_a_stuck_lock_is_still_reported():
    r = run('dbg lockup', CPUS=2, APPEND='lockstat')
    assert r.status == 100 and b'spinlock "debug" is held for too long' in r.out, r
