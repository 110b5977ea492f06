"""Running compilers, linkers and unpackers on what strangers wrote.

    done = run(['riscv64-unknown-elf-gcc', '-S', 'a.c'], folder)   # in this folder, the only one that can be written

Each command has limits: processor time, memory, size of files, output, wall clock. Where the host permits, it also
runs in namespaces of its own: no network, no processes but its own, no capabilities, and of the host's files only the
system's programs and libraries, read-only; the folder is /work there. So commands name files relative to the folder.
What the host does not permit is tried once and told by isolation(): then only the limits hold. Nothing of the
caller's environment is passed on.
"""
import dataclasses
import functools
import os
import pathlib
import resource
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import faultline
from core.verdict import Infrastructure

MIB = 1 << 20
SETUP_FAILED = 125  # exit status of ROOT's own errors
SYSTEM = ('/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/etc/alternatives', '/etc/ld.so.cache')
NO_NEW_PRIVILEGES = 38  # prctl(2)
TOOLS = ('unshare', 'setpriv', 'mount', 'chroot')

# In the new namespaces: builds a root of read-only binds on a tmpfs, goes there, drops every capability
# (without which nobody leaves a chroot, and inside one nobody gets a user namespace with new ones).
# Arguments: empty folder for the root, folder to work in, directories and files to show, '--', command.
ROOT = r'''
root=$1 work=$2
shift 2
setup()
{
    mount -t tmpfs -o size=64m,nr_inodes=4k,mode=755,nosuid,nodev none "$root" && cd "$root" &&
        mkdir work tmp dev etc && : >dev/null && mount --bind /dev/null dev/null && mount --bind "$work" work ||
        return 1
    while [ "$1" != -- ]; do
        if [ -L "$1" ]; then
            ln -s "$(readlink "$1")" ".$1" || return 1
        elif [ -e "$1" ]; then
            if [ -d "$1" ]; then mkdir -p ".$1"; else : >".$1"; fi &&
                mount --rbind "$1" ".$1" && mount -o remount,bind,ro,nosuid,nodev ".$1" || return 1
        fi
        shift
    done
}
setup "$@" || exit 125
while [ "$1" != -- ]; do shift; done
shift
exec chroot . sh -c 'cd /work && setpriv --no-new-privs --bounding-set=-all --inh-caps=-all -- "$@"; exit $?' sh "$@"
'''


@dataclasses.dataclass
class Done:
    """How a command ended. status: below 0 by that signal. limit: '' or which one it ran into: 'time', 'output'."""
    status: int
    text: str
    limit: str = ''


@dataclasses.dataclass(frozen=True)
class Limits:
    cpu: int = 30             # seconds, of each process
    seconds: int = 300        # wall clock: the host's fault
    memory: int = 1024 * MIB
    file: int = 64 * MIB      # bytes in one file
    output: int = 1 * MIB     # bytes that are printed
    processes: int = 1024     # more than there are


def processes():
    """About how many processes and threads this user has."""
    count = 0
    for entry in pathlib.Path('/proc').glob('[0-9]*'):
        try:
            if entry.stat().st_uid == os.getuid():
                count += len(os.listdir(entry / 'task'))
        except OSError:  # it has ended
            continue
    return count


def set_limits(limits, most):
    """In the child, before the command starts."""
    faultline.die_with_parent()
    if faultline.LIBC:
        faultline.LIBC.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    for what, value, grace in ((resource.RLIMIT_CPU, limits.cpu, 2), (resource.RLIMIT_AS, limits.memory, 0),
                               (resource.RLIMIT_FSIZE, limits.file, 0), (resource.RLIMIT_CORE, 0, 0),
                               (resource.RLIMIT_NPROC, most, 0)):
        old = resource.getrlimit(what)[1]
        hard = value + grace if old == resource.RLIM_INFINITY else min(value + grace, old)
        resource.setrlimit(what, (min(value, hard), hard))  # SIGXCPU first, which tells itself from the host's SIGKILL


def shown_tree(program):
    """The directory to show when a program is not one of the system's: the one above its bin/."""
    path = os.path.realpath(shutil.which(program) or program)
    return () if path.startswith('/usr/') else (os.path.dirname(os.path.dirname(path)),)


def environment(folder, program):
    paths = dict.fromkeys([os.path.dirname(program), '/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin'])
    return {'PATH': ':'.join(filter(None, paths)), 'LC_ALL': 'C', 'HOME': '/nowhere', 'TMPDIR': str(folder),
            'SOURCE_DATE_EPOCH': '0'}


def wrapped(argv, folder, root, show):
    """The command line that runs argv in namespaces."""
    return ['unshare', '--user', '--map-root-user', '--mount', '--net', '--pid', '--ipc', '--uts', '--fork',
            '--kill-child', 'sh', '-c', ROOT, 'sandbox', str(root), str(folder), *SYSTEM, *show, '--', *argv]


def follow(process, limits):
    """Reads what the process prints until it ends or has to be ended."""
    text, limit, end = bytearray(), '', time.monotonic() + limits.seconds
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not limit:
            left = end - time.monotonic()
            if left <= 0:
                limit = 'time'
            elif selector.select(left):
                data = os.read(process.stdout.fileno(), 65536)
                if not data:
                    break
                text += data
                limit = 'output' if len(text) > limits.output else ''
    try:
        if not limit:
            process.wait(max(0.1, end - time.monotonic()))
    except subprocess.TimeoutExpired:
        limit = 'time'
    try:
        os.killpg(process.pid, signal.SIGKILL)  # and whatever it left behind
    except ProcessLookupError:
        pass
    process.wait()
    return text[:limits.output].decode('utf-8', 'replace'), limit


def launch(argv, folder, limits, isolated, uses=()):
    folder = pathlib.Path(folder).resolve()
    program = shutil.which(argv[0])
    if not program:
        raise Infrastructure(f'{argv[0]} is not installed: run `make deps`')
    argv = [program, *map(str, argv[1:])]
    most = processes() + limits.processes
    with tempfile.TemporaryDirectory(prefix='root-', dir=folder.parent) as root:
        env = environment('/tmp' if isolated else root, program)
        if isolated:
            argv = wrapped(argv, folder, root, [d for name in (program, *uses) for d in shown_tree(name)])
        try:
            process = subprocess.Popen(argv, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, start_new_session=True,
                                       preexec_fn=lambda: set_limits(limits, most))
        except (OSError, subprocess.SubprocessError) as e:
            raise Infrastructure(f'{argv[0]} cannot be started: {e}') from None
        with process.stdout:
            text, limit = follow(process, limits)
    status = process.returncode
    return Done(128 - status if status > 128 else status, text, limit)


@functools.lru_cache(maxsize=None)
def isolation(uses=()):
    """'' when commands run in namespaces here, and these programs start there; otherwise why not."""
    if not sys.platform.startswith('linux'):
        return 'only Linux has namespaces'
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        return f'{missing[0]} is not installed'
    probe = ['sh', '-c', 'for p; do "$p" --version >/dev/null || exit; done', 'sh', *uses]
    with tempfile.TemporaryDirectory(prefix='faultline-probe-') as folder:
        done = launch(probe, folder, Limits(cpu=10, seconds=60), True, uses)
    return '' if done.status == 0 else f'unshare: {done.text.strip()[:200] or f"status {done.status}"}'


def run(argv, folder, limits=Limits(), uses=()):
    """Runs a command in `folder`. uses: other programs that it starts. Raises Infrastructure when the host fails."""
    isolated = not isolation(uses)
    done = launch(argv, folder, limits, isolated, uses)
    if isolated and done.status == SETUP_FAILED:
        raise Infrastructure(f'the sandbox could not be made: {done.text.strip()[:200]}')
    if done.limit == 'time':
        raise Infrastructure(f'{argv[0]} did not end within {limits.seconds} s on this host')
    return done
