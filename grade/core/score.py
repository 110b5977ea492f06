"""Running tests and what comes out: one dictionary a test, the same that grade/results.json holds.

    name, lab, title, status ('pass', 'fail', 'infrastructure'), points, max, seed
    parts      [{name, points, max, status, expected, shown}]
    expected, shown   why it ended early; '' when it did not
    console    last lines that the guest printed, of a failed test
    reproduce  command lines; hint, manual
    notes      lines that the check wrote (Run.note): for a leader board
    instructions, seconds
A test whose machine did not come to its proper end scores nothing, whatever its parts say.
"""
import concurrent.futures
import os
import shutil
import threading
import time

from core.guest import Broken
from core.machine import Run
from core.verdict import Fail, Firmware, Infrastructure, Part
import faultline
import qmp

STATUS = ('pass', 'fail', 'infrastructure')
TEXT_MAX = 4000           # characters of what was expected or shown
TRIES = 3                 # when the emulator hangs
ROOM = 8 << 20            # bytes that must be left where QEMU writes its log: without them it would be cut short


class Stopped(BaseException):
    """No further machine is to be started."""


def clean(text):
    """Text that may come from a guest, without characters that a terminal or an XML parser acts on."""
    text = str(text)[:TEXT_MAX]
    return ''.join(c if c.isprintable() or c == '\n' else ' ' for c in text)


def reproduce(test, seed, run=None):
    """Command lines that run the test again, and, as it was run, its program by hand."""
    again = f'make grade TEST={test.name} SEED={seed}'
    if not run:
        return [again]
    m, numbers = test.machine, ' '.join([str(run.given), *(str(run.drawn[a]) for a in test.args)])
    words = [f'CPUS={m.harts}', f'MEM={m.mem}M', *([f'SWAP={m.swap}M'] if m.swap else []),
             *([f'POLICY={m.policy}'] if m.policy else [])]
    append = ' '.join(filter(None, [f'uframes={m.uframes}' if m.uframes else '', m.append]))
    words += [f"APPEND='{append}'"] if append else []
    words += ['ICOUNT=1'] if m.harts == 1 else []
    return [again, f"make run CMD='{test.program} {numbers}' FSIMG=build/grade/fs.img {' '.join(words)}"]


def blank(test, seed, status='fail', expected='', shown=''):
    """The result of a test that was not run."""
    return {'name': test.name, 'lab': test.lab, 'title': test.title, 'status': status, 'points': 0, 'max': test.points,
            'seed': seed, 'parts': parts_of([Part(n, p) for n, p in test.parts.items()], False),
            'expected': clean(expected), 'shown': clean(shown), 'console': [],
            'reproduce': reproduce(test, seed), 'hint': test.hint, 'manual': test.manual, 'notes': [],
            'instructions': 0, 'seconds': 0.0}


def parts_of(parts, ended):
    return [{'name': p.name, 'points': p.points if p.passed and ended else 0, 'max': p.points,
             'status': 'pass' if p.passed and ended else 'fail', 'expected': clean(p.expected), 'shown': clean(p.shown)}
            for p in parts]


class Machines:
    """The machines that run at this moment, so that somebody can end them all."""

    def __init__(self):
        self.lock, self.running, self.stopped = threading.Lock(), set(), False

    def enter(self, run):
        with self.lock:
            if self.stopped:
                raise Stopped
            self.running.add(run)

    def leave(self, run):
        with self.lock:
            self.running.discard(run)

    def stop(self):
        """Ends them, and lets no other start. To be repeated until nobody waits any more: one may just be starting."""
        with self.lock:
            self.stopped = True
            processes = [run.process for run in self.running if run.process]
        for process in processes:
            if process.poll() is None:
                process.kill()


def judge(test, run, result):
    """Runs the check, and enters what it found."""
    ended = True
    try:
        test.check(run)
        if run.ended is None:
            raise Fail('the test program ends', 'its check ended before')
    except (Fail, Broken) as e:
        ended = False
        result['expected'] = clean(getattr(e, 'expected', '') or 'memory of a correct kernel')
        result['shown'] = clean(getattr(e, 'shown', '') or str(e))
    result['parts'] = parts_of(run.parts, ended)
    result['points'] = sum(p['points'] for p in result['parts'])
    result['status'] = 'pass' if result['points'] == test.points else 'fail'
    result['notes'] = [clean(line) for line in run.notes]
    result['instructions'] = run.instructions
    result['reproduce'] = reproduce(test, run.seed, run)
    result['console'] = run.console() if result['status'] != 'pass' else []
    if result['status'] != 'pass' and shutil.disk_usage(run.folder).free < ROOM:
        raise Infrastructure(f'the disk of {run.folder.parent} is full: what the machine wrote there may be cut short')


def run_once(test, build, seed, folder, machines=None, tries=TRIES):
    """The result with one seed."""
    begin, result, run, machines = time.monotonic(), blank(test, seed), None, machines or Machines()
    try:
        run = Run(test, build, seed, folder)
        machines.enter(run)
        with run:
            judge(test, run, result)
    except Firmware as e:
        if tries > 1:
            return run_once(test, build, seed, folder, machines, tries - 1)
        result = blank(test, seed, 'infrastructure', 'a host that can run the test', e)
    except qmp.Gone:
        result = blank(test, seed, 'infrastructure', 'a host that runs the test',
                       'QEMU went away while it was looked at')
    except (Infrastructure, faultline.Bad, OSError, RuntimeError) as e:
        result = blank(test, seed, 'infrastructure', 'a host that can run the test', e)
    finally:
        if run:
            machines.leave(run)
            if not os.environ.get('GRADE_KEEP'):
                shutil.rmtree(run.folder, ignore_errors=True)
    result['seconds'] = round(time.monotonic() - begin, 2)
    return result


def run_test(test, build, seed, folder, machines=None):
    """The worst result of the test's seeds."""
    worst, seconds = None, 0.0
    for i in range(test.seeds):
        result = run_once(test, build, seed + i, folder, machines)
        seconds += result['seconds']
        if worst is None or result['points'] < worst['points'] or result['status'] == 'infrastructure':
            worst = result
        if worst['points'] == 0 or worst['status'] == 'infrastructure':
            break
    worst['seconds'] = round(seconds, 2)
    return worst


class Runner:
    """Runs tests, several at a time, those after others that they need. begin(test) and report(result, done, total) are
    told of each, by the thread that runs it."""

    def __init__(self, tests, build, seed, folder, jobs=2, report=lambda *_: None, begin=lambda *_: None):
        self.tests, self.build, self.seed, self.folder, self.jobs = tests, build, seed, folder, jobs
        self.report, self.begin, self.machines = report, begin, Machines()
        self.results, self.done = {}, {t.name: threading.Event() for t in tests}

    def _lacking(self, test):
        """Results of tests that this one needs, and that scored nothing."""
        for name in test.needs:
            if name in self.done:
                self.done[name].wait()
        return [self.results[n] for n in test.needs if n in self.results and self.results[n]['points'] == 0]

    def _result(self, test):
        failed = self._lacking(test)
        if failed:
            status = 'infrastructure' if any(r['status'] == 'infrastructure' for r in failed) else 'fail'
            return blank(test, self.seed, status, f'what {failed[0]["name"]} asks',
                         'that test scored nothing, so this one was not run')
        self.begin(test)
        try:
            return run_test(test, self.build, self.seed, self.folder, self.machines)
        except Exception as e:  # a mistake in the check is ours, never the student's
            return blank(test, self.seed, 'infrastructure', 'a grader without mistakes', f'{type(e).__name__}: {e}')

    def _one(self, test):
        try:
            if self.machines.stopped:
                return
            result = self._result(test)
            if not self.machines.stopped:
                self.results[test.name] = result
                self.report(result, len(self.results), len(self.tests))
        except Stopped:
            pass
        finally:
            self.done[test.name].set()

    def run(self):
        """Results in the order of the tests. Interrupted, it ends all machines first;
        self.results has what there is."""
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            running = [pool.submit(self._one, test) for test in self.tests]  # tests come behind those that they need
            try:
                for future in running:
                    future.result()
            except BaseException:
                while concurrent.futures.wait(running, 0.1).not_done:
                    self.machines.stop()
                raise
        return [self.results[t.name] for t in self.tests]
