"""The kernel's replacement against the simulator's: the same faults, writes and victims, in the same order, for every
policy and every string of user/policy-exact.c, with one page evicted and read at a time (swap.batch=1)."""
import re

import pytest
from support import command, run

POLICIES = {'fifo', 'clock', 'eclock', 'aging', 'random', 'sieve', 'mine'}
STRING = re.compile(r'string (\w+) tick (\d+): (.*)')
LINE = re.compile(r'(\w+) (\d+): (\d+) faults, (\d+) written, victims( \d+)*')
BUILT_IN = 12  # strings and sizes of memory that it plays on its own


def played(out):
    """[(string's name, tick, references, frames, {policy: its line})]"""
    runs = []
    for line in out.decode().splitlines():
        if match := STRING.fullmatch(line):
            runs.append((match[1], match[2], match[3], set(), {}))
        elif runs and (match := LINE.fullmatch(line)):
            runs[-1][3].add(match[2])
            runs[-1][4][match[1]] = line
    return runs


def simulated(tick, references, frames):
    ticks = [] if tick == '0' else ['--tick', tick]
    done = command(['build/policysim', '--victims', '--frames', frames, *ticks, references])
    assert done.status == 0, done
    lines = [line for line in done.out.decode().splitlines() if LINE.fullmatch(line)]
    return {line.split()[0]: line for line in lines if line.split()[0] in POLICIES}


def compare(done, strings):
    assert done.status == 0, done
    runs = played(done.out)
    assert len(runs) == strings
    for name, tick, references, frames, lines in runs:
        assert len(frames) == 1
        assert set(lines) == POLICIES
        for policy, line in simulated(tick, references, *frames).items():
            assert lines[policy] == line, f'{policy}, string {name}'


@pytest.mark.parametrize('cpus', [1, 4])
def test_every_policy_on_every_string(cpus):
    done = run('policy-exact', SWAP='16M', CPUS=cpus)
    assert b"policy-exact: Belady's anomaly" in done.out
    compare(done, BUILT_IN)


def test_a_given_string_and_a_small_pool():
    line = 'policy-exact 3 0 1 2 3 4 1 2w 5 1 2 3 4 5; policy-exact 2 2 0 1 2 0 1w 3 0 1 2'
    compare(run(line, SWAP='16M', APPEND='uframes=256'), 2)


def test_the_seed_of_random():
    line = 'policy-exact 3 0 1 2 3 4 1 2 5 1 2 3 4 5'
    done = run(line, SWAP='16M', APPEND='policy.seed=7')
    assert done.status == 0, done
    assert played(done.out)[0][4]['random'] == command(
        ['build/policysim', '--victims', '-s', 7, '-f', 3, '-p', 'random', 'belady']).out.decode().splitlines()[-1]


def test_no_swap_disk_is_no_failure():
    done = run('policy-exact')
    assert done.status == 87 and b'skipped: there is no swap disk' in done.out


def test_wrong_calls():
    for line in ('policy-exact 3', 'policy-exact 3 0', 'policy-exact 0 0 1'):
        assert run(line, SWAP='16M').status == 2
