"""Running tests and what comes out: one dictionary a test, the same that grade/results.json holds.

    name, lab, title, status ('pass', 'fail', 'infrastructure'), points, max, seed
    parts      [{name, points, max, status, expected, shown}]
    expected, shown   why it ended early; '' when it did not
    console    last lines that the guest printed, of a failed test
    reproduce  command lines; hint, manual
    instructions, seconds
A test whose machine did not come to its proper end scores nothing, whatever its parts say.
"""
import concurrent.futures
import threading
import time

from core.guest import Broken
from core.machine import Run
from core.verdict import Fail, Infrastructure, Part
import faultline

STATUS = ('pass', 'fail', 'infrastructure')


def reproduce(test, drawn, seed):
    """Command lines that run the test again, and its program by hand."""
    m, numbers = test.machine, ' '.join([str(seed), *(str(drawn[a]) for a in test.args)])
    words = [f'CPUS={m.harts}', f'MEM={m.mem}M', *([f'SWAP={m.swap}M'] if m.swap else []),
             *([f'POLICY={m.policy}'] if m.policy else [])]
    append = ' '.join(filter(None, [f'uframes={m.uframes}' if m.uframes else '', m.append]))
    words += [f"APPEND='{append}'"] if append else []
    words += ['ICOUNT=1'] if m.harts == 1 else []
    return [f'make grade TEST={test.name} SEED={seed}',
            f"make run CMD='{test.program} {numbers}' FSIMG=build/grade/fs.img {' '.join(words)}"]


def blank(test, seed, status='fail', expected='', shown=''):
    """The result of a test that was not run."""
    return {'name': test.name, 'lab': test.lab, 'title': test.title, 'status': status, 'points': 0, 'max': test.points,
            'seed': seed, 'parts': parts_of([Part(n, p) for n, p in test.parts.items()], False), 'expected': expected,
            'shown': shown, 'console': [], 'reproduce': reproduce(test, {a: test.draw[a][0] for a in test.args}, seed),
            'hint': test.hint, 'manual': test.manual, 'instructions': 0, 'seconds': 0.0}


def parts_of(parts, ended):
    return [{'name': p.name, 'points': p.points if p.passed and ended else 0, 'max': p.points,
             'status': 'pass' if p.passed and ended else 'fail', 'expected': p.expected, 'shown': p.shown} for p in parts]


def run_once(test, build, seed, folder):
    """The result with one seed."""
    begin, result, run = time.monotonic(), blank(test, seed), None
    try:
        run = Run(test, build, seed, folder)
        with run:
            ended = True
            try:
                test.check(run)
                if run.ended is None:
                    raise Fail('the test program ends', 'its check ended before')
            except (Fail, Broken) as e:
                ended = False
                result['expected'] = getattr(e, 'expected', '') or 'memory of a correct kernel'
                result['shown'] = getattr(e, 'shown', '') or str(e)
            result['parts'] = parts_of(run.parts, ended)
            result['points'] = sum(p['points'] for p in result['parts'])
            result['status'] = 'pass' if result['points'] == test.points else 'fail'
            result['instructions'] = run.instructions
            result['reproduce'] = reproduce(test, run.drawn, seed)
            result['console'] = run.console() if result['status'] != 'pass' else []
    except (Infrastructure, faultline.Bad, OSError, RuntimeError) as e:
        result.update(status='infrastructure', shown=str(e), expected='a host that can run the test', points=0)
    result['seconds'] = round(time.monotonic() - begin, 2)
    return result


def run_test(test, build, seed, folder):
    """The worst result of the test's seeds."""
    worst = None
    for i in range(test.seeds):
        result = run_once(test, build, seed + i, folder)
        if worst is None or result['points'] < worst['points'] or result['status'] == 'infrastructure':
            worst = result
        if worst['points'] == 0 or worst['status'] == 'infrastructure':
            break
    return worst


class Runner:
    """Runs tests, several at a time, those after others that they need. report(result, done, total) is told of each."""

    def __init__(self, tests, build, seed, folder, jobs=2, report=lambda *_: None):
        self.tests, self.build, self.seed, self.folder, self.jobs, self.report = tests, build, seed, folder, jobs, report
        self.results, self.done = {}, {t.name: threading.Event() for t in tests}

    def _one(self, test):
        failed = []
        for name in test.needs:
            if name in self.done:
                self.done[name].wait()
                if self.results[name]['points'] == 0:
                    failed.append(self.results[name])
        try:
            if failed:
                status = 'infrastructure' if any(r['status'] == 'infrastructure' for r in failed) else 'fail'
                result = blank(test, self.seed, status, f'what {failed[0]["name"]} asks', 'that test scored nothing, so this '
                               'one was not run')
            else:
                result = run_test(test, self.build, self.seed, self.folder)
        except Exception as e:  # a mistake in the check is ours, never the student's
            result = blank(test, self.seed, 'infrastructure', 'a grader without mistakes', f'{type(e).__name__}: {e}')
        self.results[test.name] = result
        self.done[test.name].set()
        self.report(result, len(self.results), len(self.tests))

    def run(self):
        """Results in the order of the tests."""
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            list(pool.map(self._one, self.tests))  # tests come behind those that they need
        return [self.results[t.name] for t in self.tests]
