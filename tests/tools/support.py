"""What the tests of the tools share: running commands of the tree, and a QEMU that is a Python script."""
import os
import pathlib
import signal
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
PLENTY = 240  # seconds: more than any test here takes, even on a loaded machine
# what the caller's own `make qemu CPUS=4` or a test run's settings must not change here
VARIABLES = ('CPUS', 'MEM', 'SWAP', 'POLICY', 'APPEND', 'ICOUNT', 'TIMEOUT', 'BOOT_TIMEOUT', 'FSIMG', 'KERNEL', 'QEMU',
             'QEMU_EXTRA', 'VERBOSE', 'STDIN', 'CMD', 'MAKEFLAGS', 'MFLAGS', 'MAKELEVEL', 'MAKEOVERRIDES')


def environment(**variables):
    clean = {k: v for k, v in os.environ.items() if k not in VARIABLES}
    return {**clean, **{k: str(v) for k, v in variables.items()}}


class Result:
    def __init__(self, done, seconds):
        self.status, self.out, self.err, self.seconds = done.returncode, done.stdout, done.stderr, seconds

    def __repr__(self):
        return f'status {self.status} after {self.seconds:.1f} s\nout: {self.out!r}\nerr: {self.err!r}'


def command(argv, stdin=b'', **variables):
    begin = time.monotonic()
    done = subprocess.run([str(a) for a in argv], cwd=TOP, env=environment(**variables), input=stdin,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PLENTY, check=False)
    return Result(done, time.monotonic() - begin)


def run(line, stdin=b'', **variables):
    """tools/run on a real machine."""
    return command(['tools/run', line], stdin, **variables)


FAKE = '''#!{python}
import os, re, sys, time, urllib.parse
words = dict(w.split('=', 1) for w in sys.argv[sys.argv.index('-append') + 1].split(' '))
mark, line, argv = words['mark'], urllib.parse.unquote(words['run']), sys.argv
def say(text):
    sys.stdout.write(text)
    sys.stdout.flush()
def begin():
    say('firmware\\nkernel\\nbootargs: ' + sys.argv[sys.argv.index('-append') + 1] + '\\n' + mark + '\\n')
{body}
'''


def fake_machine(tmp_path, body):
    """Variables that make tools/run start a QEMU that does `body`."""
    fake = tmp_path / 'fake-qemu'
    fake.write_text(FAKE.format(python=sys.executable, body=body))
    fake.chmod(0o755)
    for name in ('kernel', 'image'):
        (tmp_path / name).write_bytes(b'')
    return {'QEMU': fake, 'KERNEL': tmp_path / 'kernel', 'FSIMG': tmp_path / 'image'}


def fake_run(tmp_path, body, line='x', stdin=b'', **variables):
    return command(['tools/run', line], stdin, **{**fake_machine(tmp_path, body), **variables})


def alive(pid):
    try:
        os.kill(pid, 0)
        with open(f'/proc/{pid}/stat', encoding='utf-8') as f:
            return f.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except (OSError, ProcessLookupError):
        return False


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def terminate(process):
    process.send_signal(signal.SIGTERM)
    return process.wait(PLENTY)
