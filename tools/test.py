#!/usr/bin/env python3
"""make test [STEPS='host usertests*'], make soak: everything that shows that the tree is right.

A step is a command that ends with 0. As many run at a time as there are cores (-j); what a step printed is kept in
build/test/NAME.log, and the end of it is shown if it fails. The last line is `N passed, N failed`, of steps, and the
status is not 0 if one failed. A step whose program is missing fails like any other.
"""
import argparse
import concurrent.futures
import fnmatch
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[1]
LOGS = TOP / 'build' / 'test'
SHOWN = 40          # lines of a failed step's log
SYSTEM_PYTHON = '/usr/bin/python3'
PYTHON = SYSTEM_PYTHON if os.path.exists(SYSTEM_PYTHON) else sys.executable  # has the system's pytest
PYTEST = [PYTHON, '-m', 'pytest', '-q', '-p', 'no:cacheprovider']


class Step:
    """A command with its environment; `limit` in seconds is generous, a loaded machine must not fail it. It passes when
    it ends with 0 and a line of what it printed matches `proof`: a status alone is easily 0 when nothing ran."""

    def __init__(self, name, argv, limit=300, proof=None, **env):
        self.name, self.argv, self.limit, self.proof, self.env = name, argv, limit, proof, env

    def run(self, children):
        """(passed, seconds)"""
        begin = time.monotonic()
        with open(self.log(), 'w', encoding='utf-8') as log:
            settings = ''.join(f'{k}={shlex.quote(v)} ' for k, v in self.env.items())
            log.write(f'$ {settings}{shlex.join(self.argv)}\n')
            log.flush()
            try:
                process = subprocess.Popen(self.argv, cwd=TOP, env={**os.environ, **self.env}, stdout=log, stderr=log,
                                           stdin=subprocess.DEVNULL, start_new_session=True)
            except OSError as e:
                log.write(f'{self.argv[0]}: {e.strerror}\n')
                return False, 0.0
            children.add(process)
            try:
                code = process.wait(self.limit)
            except subprocess.TimeoutExpired:
                log.write(f'stopped after {self.limit} s\n')
                stop(process)
                code = -1
            children.discard(process)
            if code:
                log.write(f'ended with status {code}\n')
            elif self.proof and not re.search(self.proof, self.log().read_text(errors='replace'), re.MULTILINE):
                log.write(f'no line matches {self.proof}\n')
                code = 1
        return code == 0, time.monotonic() - begin

    def log(self):
        return LOGS / f'{self.name}.log'


def stop(process):
    """Ends a step: asked first, so that it ends its own machines."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(5)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
        return


def guest(name, line, timeout, proof, **env):
    """A line on a machine."""
    return Step(name, ['tools/run', line], limit=timeout + 120, proof=proof, TIMEOUT=str(timeout), **env)


def usertests(cpus, mem, suffix='', append='', **env):
    return guest(f'usertests-{cpus}-{mem}{suffix}', 'usertests -q', 600, r'^usertests: [1-9]\d* passed, 0 failed$',
                 CPUS=str(cpus), MEM=mem, APPEND=append, **env)


def usertests_paged(cpus):
    return usertests(cpus, '32M', '-swap', 'uframes=256', SWAP='64M')


def selftest(cpus, mem, swap='0'):
    return guest(f'selftest-{cpus}', 'dbg selftest', 120, r'^ok 1 - ', CPUS=str(cpus), MEM=mem, SWAP=swap)


def boot(cpus, mem):
    return guest(f'boot-{mem}', 'ls; wc README', 120, r'\d+ README$', CPUS=str(cpus), MEM=mem)


def test_steps():
    return [
        Step('lint', ['tools/lint']),
        Step('layers', ['tools/layers']),
        Step('docs', ['tools/doccheck']),
        Step('host', ['tests/host/run'], limit=900),
        Step('fuzz', ['tests/fuzz/run'], limit=600),
        Step('mutants', ['tests/mutants/run'], limit=900),
        Step('model', ['tests/model/run'], limit=600),
        Step('crash', ['tests/crash/run'], limit=600),
        Step('faults', ['tests/crash/faults'], limit=600),
        Step('swap-faults', ['tests/swap/faults'], limit=600, proof=r'^[1-9]\d* passed, 0 failed$'),
        selftest(1, '16M'),
        selftest(4, '128M', swap='16M'),
        usertests(4, '128M', append='poison tlbcheck'),
        usertests(1, '128M'),
        usertests(2, '24M'),
        usertests(8, '1G'),
        usertests_paged(4),
        Step('vm', ['tests/vm/run', '--skip', 'swap-*', '--append', 'poison tlbcheck'], limit=900),
        Step('swap', ['tests/vm/run', '--quick', '--append', 'poison tlbcheck', 'swap-*'], limit=600),
        Step('races', ['tests/vm/run', '--schedules', '10'], limit=600),
        Step('allocfail', ['tests/vm/allocfail', '--sample', '40'], limit=600),
        boot(8, '16M'),
        boot(2, '4G'),
        Step('bench', ['tools/bench', '--check']),
        Step('grade', ['grade/grade.py', '-j', '1'], limit=900, proof=r'100 of 100|100/100'),
        Step('grader', [*PYTEST, 'tests/grade'], limit=600),
        Step('grade-mutants', ['grade/variants', 'mutants', '--sample', '8', '-j', '1'], limit=900,
             proof='8 of 8 mutants'),
        Step('grade-right', ['grade/variants', 'right', '--sample', '1', '-j', '1'], limit=900, proof='1 of 1 right'),
        Step('grade-cheats', ['grade/variants', 'cheats', '--sample', '4', '-j', '1'], limit=900,
             proof='4 of 4 cheats'),
        Step('tools', [*PYTEST, 'tests/tools'], limit=1200),
        Step('inspect', [*PYTEST, 'tests/inspect'], limit=600),
    ]


def soak_steps():
    sizes = [(cpus, mem) for cpus in range(1, 9) for mem in ('16M', '24M', '64M', '128M', '1G', '4G')]
    seeds = [Step(f'crash-seed-{seed}', ['tests/crash/run', '--seed', str(seed)], limit=1800) for seed in range(1, 9)]
    return ([Step('mutants-all', ['tests/mutants/run', '--all'], limit=1800),
             Step('grade-variants', ['grade/variants'], limit=7200)]
            + [Step('grade-repeat', ['tests/grade/repeat', '20'], limit=7200, proof=r'^20 of 20 rounds alike$')]
            + [usertests(4, '128M', f'-{i}') for i in range(1, 21)]
            + [usertests(*size) for size in sizes] + seeds
            + [Step('fuzz', ['tests/fuzz/run', '--soak'], limit=3600),
               Step('model', ['tests/model/run', '--soak'], limit=14400),
               Step('races', ['tests/vm/run', '--schedules', '120'], limit=7200),
               Step('allocfail', ['tests/vm/allocfail'], limit=7200),
               Step('allocfail-swap', ['tests/vm/allocfail', '--sample', '200'], limit=3600, SWAP='32M', CPUS='4'),
               Step('vm-mutants', ['tests/vm/mutants'], limit=3600),
               Step('vm-loop', ['tests/vm/run', '--skip', 'swap-*', '--loop', '50', '--cpus', '4'], limit=14400),
               Step('vm-cells', ['tests/vm/run', '--skip', 'swap-*', '--all', '--cpus', '1,2,4,8',
                                 '--mem', '32M,128M,1G'], limit=7200),
               Step('swap-cells', ['tests/vm/run', '--cpus', '1,2,4,8', 'swap-*'], limit=7200),
               Step('swap-loop', ['tests/vm/run', '--quick', '--loop', '30', '--cpus', '4', 'swap-*'], limit=14400),
               usertests_paged(1), usertests_paged(4)]
            + [Step(f'tools-{i}', [*PYTEST, 'tests/tools'], limit=600) for i in range(1, 6)]
            + [Step(f'inspect-{i}', [*PYTEST, 'tests/inspect'], limit=600) for i in range(1, 6)])


def last_line(path):
    lines = [line.strip() for line in path.read_text(errors='replace').split('\n') if line.strip()]
    return lines[-1][:70] if len(lines) > 1 else ''


def report(step, passed, seconds, number, total):
    print(f"[{number:2}/{total}] {'ok  ' if passed else 'FAIL'} {step.name:22} {seconds:6.1f} s  "
          f'{last_line(step.log())}', flush=True)
    if not passed:
        lines = step.log().read_text(errors='replace').split('\n')
        print('\n'.join('      | ' + line for line in lines[-SHOWN:]), flush=True)


def run_steps(steps, jobs):
    """The number that failed."""
    children, failed = set(), 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(step.run, children): step for step in steps}
        try:
            for number, done in enumerate(concurrent.futures.as_completed(running), 1):
                passed, seconds = done.result()
                failed += not passed
                report(running[done], passed, seconds, number, len(steps))
        except BaseException:
            for waiting in running:
                waiting.cancel()
            for process in list(children):
                stop(process)
            raise
    return failed


def interrupted(number, _frame):
    raise KeyboardInterrupt(number)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('-j', type=int, default=os.cpu_count() or 1, help='steps at the same time')
    parser.add_argument('--soak', action='store_true', help='the long loops instead')
    parser.add_argument('--list', action='store_true', help="print the steps' names")
    parser.add_argument('steps', nargs='*', help='names or patterns; all steps without one')
    args = parser.parse_args()
    steps = soak_steps() if args.soak else test_steps()
    if args.steps:
        steps = [s for s in steps if any(fnmatch.fnmatchcase(s.name, p) for p in args.steps)]
    if args.list:
        print('\n'.join(s.name for s in steps))
        return 0
    if not steps:
        print('no step has such a name; see --list', file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, interrupted)
    LOGS.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()
    build = Step('build', ['make', '-s', f'-j{args.j}', 'all'], limit=600)
    passed, seconds = build.run(set())
    report(build, passed, seconds, 0, len(steps))
    failed = run_steps(steps, args.j) if passed else len(steps)
    print(f'logs in {LOGS.relative_to(TOP)}, {time.monotonic() - begin:.0f} s')
    print(f'{passed + len(steps) - failed} passed, {(not passed) + failed} failed')
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print('stopped', file=sys.stderr)
        sys.exit(130)
