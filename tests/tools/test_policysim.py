"""build/policysim: its policies are the kernel's files, so what is shown here of the simulator is shown of them.
Victims against policies written a second time (naive_policies.py), faults against theory, and the tables of
docs/policies.md."""
import csv
import math
import random
import re
import xml.etree.ElementTree as ElementTree

import naive_policies
import pytest
from support import TOP, command

DOCS = TOP / 'docs' / 'policies.md'
TICK = 64


def sim(*args):
    done = command(['build/policysim', *args])
    assert done.status == 0, done
    return done.out.decode()


def table(*args):
    """{frames: {policy: faults}}"""
    head, *rows = [line.split() for line in sim(*args).splitlines()[1:]]
    return {int(row[0]): dict(zip(head[1:], map(int, row[1:]))) for row in rows}


# ---- the same once more, plainly

def random_strings():
    rng = random.Random(4)
    for i in range(12):
        pages = rng.randrange(3, 16)
        power = rng.choice([1, 1, 2, 3])  # above 1: low pages are used more
        yield [(int(pages * rng.random() ** power), rng.random() < 0.3) for _ in range(40 + 20 * i)]


def words(references):
    return ' '.join(f"{page}{'w' if write else ''}" for page, write in references)


def victims(references, policies, frames, *args):
    """{policy: (faults, written, victims)}"""
    out = sim('--victims', '-f', str(frames), '-p', ','.join(policies), *args, words(references))
    found = re.findall(r'^(\w+) \d+: (\d+) faults, (\d+) written, victims(.*)$', out, re.M)
    return {name: (int(faults), int(written), [int(v) for v in pages.split()])
            for name, faults, written, pages in found}


@pytest.mark.parametrize('tick', [0, 1, 5, 17])
@pytest.mark.parametrize('frames', [1, 2, 3, 4, 7])
def test_victims_of_every_policy(frames, tick):
    names = list(naive_policies.POLICIES)
    for seed, references in enumerate(random_strings(), 1):
        args = ['-s', str(seed), *(['-t', str(tick)] if tick else [])]
        got = victims(references, names, frames, *args)
        for name in names:
            assert got[name] == naive_policies.play(name, references, frames, tick, seed), (name, words(references))


@pytest.mark.parametrize('tick', [0, 40])
def test_victims_of_larger_memory(tick):
    names = list(naive_policies.POLICIES)
    rng = random.Random(5)
    references = [(int(150 * rng.random() ** 2), rng.random() < 0.5) for _ in range(4000)]
    got = victims(references, names, 90, *(['-t', str(tick)] if tick else []))
    for name in names:
        assert got[name] == naive_policies.play(name, references, 90, tick), name


@pytest.mark.parametrize('frames', [1, 2, 3, 4, 7])
def test_yardsticks(frames):
    for references in random_strings():
        got = victims(references, ['opt', 'lru'], frames)
        assert (got['lru'][0], got['lru'][2]) == naive_policies.lru(references, frames)
        if len(references) <= 120:
            assert got['opt'][0] == naive_policies.fewest_faults(references, frames)


def test_beladys_anomaly():
    faults = table('-f', '3-4', 'belady')
    assert faults[3]['fifo'] == 9 and faults[4]['fifo'] == 10
    assert (faults[3]['opt'], faults[4]['opt']) == (7, 6)
    assert (faults[3]['lru'], faults[4]['lru']) == (10, 8)


# ---- theory: docs/policies.md has the sources

PAGES, LENGTH = 512, 400000
ZIPF = [1 / k / sum(1 / i for i in range(1, PAGES + 1)) for k in range(1, PAGES + 1)]


def miss_ratio(stay, frames):
    """Pages are used independently; stay(p, t) is how long a page of probability p stays once it is in, t a time that
    is the same for all, such that the expected number of pages in memory is `frames`."""
    def resident(p, t):
        return p * stay(p, t) / (1 + p * stay(p, t))

    low, high = 0.0, 1e6
    for _ in range(100):
        middle = (low + high) / 2
        if sum(resident(p, middle) for p in ZIPF) < frames:
            low = middle
        else:
            high = middle
    return sum(p * (1 - resident(p, low)) for p in ZIPF)


def exp(x):
    return math.exp(min(x, 500))


THEORY = {
    'fifo': lambda p, t: t,
    'random': lambda p, t: t,
    'lru': lambda p, t: (exp(p * t) - 1) / p,   # until a gap of t
    'clock': lambda p, t: t * (1 + exp(p * t)),  # a turn for coming in, and one for each turn that saw a use
}


@pytest.fixture(scope='module', name='zipf')
def zipf_faults():
    return table('-t', str(TICK), '-f', '64-192/64', f'zipf:{PAGES}:{LENGTH}')


@pytest.mark.parametrize('frames', [64, 128, 192])
@pytest.mark.parametrize('policy', THEORY)
def test_independent_references(zipf, policy, frames):
    assert zipf[frames][policy] / LENGTH == pytest.approx(miss_ratio(THEORY[policy], frames), rel=0.02)


@pytest.mark.parametrize('frames', [64, 128, 192])
def test_order_under_independent_references(zipf, frames):
    faults = zipf[frames]
    keeps_the_popular = LENGTH * sum(ZIPF[frames - 1:])  # the best there is without foresight
    assert faults['opt'] < keeps_the_popular < faults['sieve'] < 1.2 * keeps_the_popular
    assert faults['sieve'] < 0.85 * faults['lru']
    assert faults['mine'] < 0.9 * faults['clock']
    assert faults['lru'] < faults['aging'] < 1.04 * faults['lru']
    assert faults['lru'] < faults['clock'] < faults['fifo']
    assert faults['eclock'] < 1.05 * faults['clock']
    for policy, most in (('lru', 2.5), ('clock', 2.5), ('eclock', 2.5), ('aging', 2.5), ('sieve', 2)):
        assert 1.2 < faults[policy] / faults['opt'] < most


@pytest.mark.parametrize('frames', [128, 192])
def test_phases(frames):
    pages, length, working_set, phase = 512, 50000, 64, 5000
    faults = table('-t', str(TICK), '-f', str(frames), f'phases:{pages}:{length}:{working_set}:{phase}')[frames]
    # a working set that has to come in for each phase, and one reference in ten to any page
    least = (0.1 * length + length / phase * working_set) * (1 - frames / pages)
    for policy in ('lru', 'clock', 'eclock', 'aging', 'mine'):
        assert least < faults[policy] < 1.06 * least, policy
    assert least < faults['sieve'] < 1.4 * least
    for policy in ('clock', 'eclock', 'aging', 'sieve'):
        assert 1.3 < faults[policy] / faults['opt'] < 2.3


def test_phases_of_small_memory():
    faults = table('-t', str(TICK), '-f', '64', 'phases')[64]
    assert all(faults[policy] < faults['fifo'] for policy in ('clock', 'eclock', 'aging', 'sieve', 'mine'))


@pytest.mark.parametrize('string', ['zipf', 'phases', 'scan', 'loop', 'belady'])
def test_competitive_ratio(string):
    """With k frames at most k/(k-h+1) times OPT's faults with h frames, and h more."""
    faults = table('-f', '1-96', '-p', 'opt,lru,fifo,clock', string)
    for k in (2, 3, 4, 16, 64, 96):
        for h in {1, k // 4, k // 2, 3 * k // 4, k} - {0}:
            for policy in ('lru', 'fifo', 'clock'):
                assert faults[k][policy] <= k / (k - h + 1) * faults[h]['opt'] + h


def test_scans():
    for faults in table('-f', '64-256/64', 'scan').values():
        assert faults['sieve'] < 0.9 * faults['clock']
        assert faults['mine'] < 0.9 * faults['clock']


def test_loop_larger_than_memory():
    faults = table('-f', '90', 'loop')[90]
    assert faults['opt'] < faults['random'] < 3000
    assert all(faults[policy] == 10000 for policy in ('lru', 'fifo', 'clock', 'aging', 'sieve'))


def test_enhanced_clock_writes_less():
    for string in ('zipf', 'phases'):
        written = table('--writes', '-f', '64-256/64', '-p', 'clock,eclock', string)
        assert all(row['eclock'] < 0.98 * row['clock'] for row in written.values())


# ---- the program

def test_strings(tmp_path):
    assert sim('--print', '1 2w 3') == '1 2w 3\n'
    (tmp_path / 'string').write_text('4 5w\n6\n')
    assert sim('--print', '1', f"@{tmp_path / 'string'}", '7w') == '1 4 5w 6 7w\n'
    assert sim('--print', 'loop:3:7', '-w', '0') == '0 1 2 0 1 2 0\n'
    assert sim('--print', 'belady') == '1 2 3 4 1 2 5 1 2 3 4 5\n'
    assert sim('--print', 'zipf') == sim('--print', 'zipf') != sim('--print', '-S', '2', 'zipf')
    phase = {word.rstrip('w') for word in sim('--print', 'phases:500:900:20:900').split()}
    assert 20 < len(phase) < 130


def test_given_string_is_generated_one(tmp_path):
    (tmp_path / 'zipf').write_text(sim('--print', 'zipf:50:2000'))
    generated = sim('zipf:50:2000').splitlines()[1:]
    assert sim(f"@{tmp_path / 'zipf'}").splitlines()[1:] == generated


@pytest.mark.parametrize('args', [[], ['-f', '0', 'belady'], ['-f', '4-3', 'belady'], ['-f', '3x', 'belady'],
                                  ['-t', '0', 'belady'], ['-w', '101', 'belady'], ['--no', 'belady']])
def test_wrong_calls(args):
    done = command(['build/policysim', *args])
    assert done.status == 2 and done.err.startswith((b'usage:', b'build/policysim:')) and not done.out


@pytest.mark.parametrize('args', [['zipf:0'], ['zipf:1:2:3:4'], ['zipf:10:10:-1'], ['zipf:1.5'], ['phases:5:5:x'],
                                  ['1 x'], ['1ww'], ['1-'], ['@/nowhere'], ['99999999'], [''],
                                  ['-p', 'best', 'belady']])
def test_refused(args):
    done = command(['build/policysim', *args])
    assert done.status == 1 and done.err.startswith(b'policysim: ') and not done.out


def test_csv_and_plot(tmp_path):
    faults = table('--csv', str(tmp_path / 'a.csv'), '-f', '2-6/2', 'belady')
    with open(tmp_path / 'a.csv', newline='', encoding='utf-8') as f:
        rows = list(csv.DictReader(f))
    assert {(int(r['frames']), r['policy']): int(r['faults']) for r in rows} == {
        (frames, policy): n for frames, row in faults.items() for policy, n in row.items()}
    done = command(['tools/policyplot', tmp_path / 'a.csv'])
    assert done.status == 0, done
    lines = ElementTree.fromstring(done.out).findall('.//{*}polyline/{*}title')
    assert [line.text for line in lines] == list(faults[2])
    (tmp_path / 'b.csv').write_text('nothing\n')
    for wrong in ('b.csv', 'c.csv'):
        assert command(['tools/policyplot', tmp_path / wrong]).status == 1


# ---- docs/policies.md

def test_tables_are_what_it_prints():
    blocks = re.findall(r'^    \$ build/policysim (.*)\n((?:    .*\n)+)', DOCS.read_text(encoding='utf-8'), re.M)
    assert len(blocks) >= 3
    for args, shown in blocks:
        assert sim(*args.split()).splitlines() == [line[4:] for line in shown.splitlines()]


def test_plot_is_what_it_draws(tmp_path):
    for string in ('zipf', 'phases', 'scan'):
        sim('-t', str(TICK), '-f', '16-320/16', '--csv', str(tmp_path / string), string)
    done = command(['tools/policyplot', *(tmp_path / string for string in ('zipf', 'phases', 'scan'))])
    assert done.out == (TOP / 'docs' / 'policies.svg').read_bytes()
