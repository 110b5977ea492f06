"""The machine: which QEMU command line the variables of DESIGN section 2 stand for, and running one line on it.

tools/run, tools/qemu, the tests and the grader all start machines through this file, so that they all see the same
one. Only Python's standard library is used.

    settings = Settings.from_environment()          # CPUS, MEM, SWAP, .. checked; Bad with a sentence if wrong
    argv = settings.qemu_argv(['-serial', 'stdio'])  # to be run with pass_fds=settings.fds
    status = run_line(settings, 'ls; exit 7', out=write_bytes)

run_line hands the line to the guest on the kernel command line (`run=`, percent-encoded) with a random `mark=`. The
guest's init prints the mark on a line of its own just before it runs the line: what comes before it is boot text,
what comes after it is the line's output. init then powers off with the line's status, which reaches us as QEMU's.
"""
import ctypes
import os
import re
import secrets
import selectors
import shlex
import signal
import string
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KERNEL = os.path.join(TOP, 'kernel', 'kernel.elf')
FSIMG = os.path.join(TOP, 'build', 'fs.img')

PANIC, HANG, NOBOOT = 100, 101, 102  # exit statuses beside the line's own
BOOT_LIMIT = 60                      # seconds from QEMU's start to the mark
BOOTARGS_MAX = 4095                  # bytes: struct machine, kernel/boot/machine.h
DRAIN_LIMIT = 5                      # seconds that QEMU may take to end after it closed its output

LIBC = ctypes.CDLL(None) if sys.platform.startswith('linux') else None
PR_SET_PDEATHSIG = 1                 # prctl(2)

UNITS = {'': 1, 'K': 1 << 10, 'M': 1 << 20, 'G': 1 << 30}


class Bad(Exception):
    """A machine that cannot be: the message says why, in a sentence for the user."""


class Lost(Exception):
    """The run ended without the line's own status; `status` is PANIC, HANG or NOBOOT."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def parse_size(name, text, default_unit=''):
    m = re.fullmatch(r'(\d+)([KMG]?)i?B?', text.strip().upper())
    if not m:
        raise Bad(f'{name}={text}: not a size; write for example 64M or 1G')
    return int(m[1]) * UNITS[m[2] or default_unit]


def percent_encode(text):
    plain = (string.ascii_letters + string.digits + '_-./:,').encode()
    return ''.join(chr(b) if b in plain else f'%{b:02X}' for b in text.encode('utf-8', 'surrogateescape'))


def comma(path):
    """A path inside a QEMU option: a comma is doubled."""
    return path.replace(',', ',,')


class Settings:
    """What the user may choose about a machine. Sizes are bytes, times seconds."""

    def __init__(self):
        self.qemu = 'qemu-system-riscv64'
        self.kernel = KERNEL
        self.fsimg = FSIMG
        self.fs_private = True   # writes go to an overlay that ends with QEMU
        self.fs_options = ''     # more options of the file system's -drive
        self.cpus = 2
        self.mem = 128 << 20
        self.swap = 0
        self.policy = ''
        self.append = ''
        self.icount = False
        self.reboots = False     # a reset starts the guest again, instead of ending QEMU
        self.timeout = 300.0     # of the line, from the mark on
        self.boot_limit = BOOT_LIMIT
        self.extra = []          # more QEMU arguments
        self.ram_file = ''       # keep guest memory in this file (host inspection)
        self.fds = []            # descriptors that QEMU inherits

    @classmethod
    def from_environment(cls, env=None):
        env = os.environ if env is None else env
        s = cls()

        def get(name, fallback=''):
            return env.get(name, '').strip() or fallback

        s.qemu = get('QEMU', s.qemu)
        s.kernel = get('KERNEL', s.kernel)
        s.fsimg = get('FSIMG', s.fsimg)
        s.policy = get('POLICY')
        s.append = get('APPEND')
        s.swap = parse_size('SWAP', get('SWAP', '0'))
        s.mem = parse_size('MEM', get('MEM', '128M'), 'M')
        if get('CPUS') and not re.fullmatch(r'\d{1,3}', get('CPUS')):
            raise Bad(f"CPUS={get('CPUS')}: not a number")
        s.cpus = int(get('CPUS', str(s.cpus)))
        if get('ICOUNT', '0') not in ('0', '1'):
            raise Bad(f"ICOUNT={get('ICOUNT')}: 0 or 1")
        s.icount = get('ICOUNT', '0') == '1'
        s.timeout = cls._seconds('TIMEOUT', get('TIMEOUT', str(s.timeout)))
        s.boot_limit = cls._seconds('BOOT_TIMEOUT', get('BOOT_TIMEOUT', str(s.boot_limit)))
        try:
            s.extra = shlex.split(get('QEMU_EXTRA'))
        except ValueError as e:
            raise Bad(f'QEMU_EXTRA: {e}') from None
        s.check()
        return s

    @staticmethod
    def _seconds(name, text):
        try:
            value = float(text)
        except ValueError:
            value = 0.0
        if not 0 < value < 1e7:
            raise Bad(f'{name}={text}: a number of seconds above 0')
        return value

    def check(self):
        if not 1 <= self.cpus <= 8:
            raise Bad(f'CPUS={self.cpus}: 1 to 8')
        if not UNITS['M'] * 16 <= self.mem <= UNITS['G'] * 4 or self.mem % UNITS['M']:
            raise Bad(f'MEM={self.mem // UNITS["M"]}M: 16M to 4G, in whole MiB')
        if self.swap % 4096 or self.swap > 64 * UNITS['G']:
            raise Bad(f'SWAP={self.swap}: 0, or a multiple of 4K up to 64G')
        if self.policy and not re.fullmatch(r'[A-Za-z0-9_]+', self.policy):
            raise Bad(f'POLICY={self.policy}: letters, digits and _ only')
        if any(not ' ' <= c <= '~' for c in self.append):
            raise Bad('APPEND: printable ASCII only')
        for path, how in ((self.kernel, 'run `make`'), (self.fsimg, 'run `make`')):
            if not os.path.isfile(path):
                raise Bad(f'{os.path.relpath(path)} is missing: {how} first')

    def command_line(self, words=()):
        """The kernel command line: what the settings say, then `words`."""
        parts = [f'policy={self.policy}'] if self.policy else []
        text = ' '.join([*parts, *words, *([self.append] if self.append else [])])
        if len(text) > BOOTARGS_MAX:
            raise Bad(f'the kernel command line has {len(text)} bytes; {BOOTARGS_MAX} are possible')
        return text

    def qemu_argv(self, io, words=()):
        """QEMU's arguments. `io`: its arguments for the serial line and the monitor."""
        argv = [self.qemu, '-machine', 'virt' + (',memory-backend=ram' if self.ram_file else ''),
                '-bios', 'default', '-kernel', self.kernel,
                '-smp', str(self.cpus), '-m', f'{self.mem // UNITS["M"]}M',
                '-global', 'virtio-mmio.force-legacy=false',
                '-nodefaults', '-display', 'none', *([] if self.reboots else ['-no-reboot']), *io]
        if self.ram_file:
            argv += ['-object', f'memory-backend-file,id=ram,size={self.mem},share=on,'
                                f'mem-path={comma(self.ram_file)}']
        fs = f'file={comma(self.fsimg)},format=raw'
        fs += ',snapshot=on,cache=unsafe' if self.fs_private else ',cache=writeback'
        argv += self._disk('fs', 0, fs + self.fs_options)
        if self.swap:
            argv += self._disk('swap', 1, f'file=/dev/fd/{self._swap_fd()},format=raw,cache=unsafe')
        if self.icount:
            argv += ['-icount', 'shift=0', '-seed', '1']
        line = self.command_line(words)
        return argv + (['-append', line] if line else []) + self.extra

    @staticmethod
    def _disk(name, slot, drive):
        return ['-drive', f'if=none,id={name},rerror=report,werror=report,{drive}',
                '-device', f'virtio-blk-device,drive={name},serial={name},bus=virtio-mmio-bus.{slot}']

    def _swap_fd(self):
        """An unnamed file of the swap disk's size: it cannot outlive the machine."""
        f = tempfile.TemporaryFile(prefix='faultline-swap-')
        f.truncate(self.swap)
        fd = os.dup(f.fileno())
        f.close()
        os.set_inheritable(fd, True)
        self.fds.append(fd)
        return fd


def die_with_parent():
    """In the child: end when our parent does, even if it is killed outright (Linux; elsewhere nothing)."""
    if LIBC:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def start(settings, argv, **how):
    """QEMU as a child process. The caller ends it."""
    try:
        return subprocess.Popen(argv, pass_fds=settings.fds, preexec_fn=die_with_parent, **how)
    except FileNotFoundError:
        raise Bad(f'{settings.qemu} is not installed: run `make deps`') from None
    except OSError as e:
        raise Bad(f'{settings.qemu}: {e.strerror}') from None


def end(process):
    """Ends QEMU if it still runs, and reaps it."""
    if process.poll() is None:
        process.kill()
    process.wait()


class Input:
    """Our standard input, fed to the guest's console from the mark on. Its end becomes Ctrl-D."""

    def __init__(self, fd, to):
        self.fd, self.to, self.pending, self.last = fd, to, b'', b'\n'

    def read(self):
        """False at the end of input."""
        data = os.read(self.fd, 4096)
        # A Ctrl-D after an unfinished line only hands that line over.
        self.pending += data or (b'\x04' if self.last == b'\n' else b'\x04\x04')
        self.last = data[-1:]
        return bool(data)

    def write(self):
        try:
            self.pending = self.pending[os.write(self.to, self.pending):]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self.pending = b''


class Run:
    """One line on one machine: reads QEMU's output, divides it at the mark, and watches the clock."""

    def __init__(self, settings, process, mark, out, boot_out=None, stdin=None):
        self.settings, self.process, self.out, self.boot_out = settings, process, out, boot_out
        self.mark = re.compile(rb'(?:^|\n)' + re.escape(mark.encode()) + rb'\r?\n')
        self.boot = b''
        self.booted = False
        self.deadline = time.monotonic() + settings.boot_limit
        self.input = Input(stdin, process.stdin.fileno()) if stdin is not None else None

    def feed(self, data):
        if self.booted:
            self.out(data)
            return
        if self.boot_out:
            self.boot_out(data)
        self.boot += data
        m = self.mark.search(self.boot)
        if m:
            self.booted = True
            self.deadline = time.monotonic() + self.settings.timeout
            rest, self.boot = self.boot[m.end():], self.boot[:m.start()]
            if rest:
                self.out(rest)

    def read_all(self):
        """Until QEMU closes its output."""
        fd = self.process.stdout.fileno()
        with selectors.PollSelector() as sel:  # epoll refuses a standard input that is a file
            sel.register(fd, selectors.EVENT_READ)
            listening = False
            while True:
                if self.booted and self.input and not listening:
                    listening = True
                    sel.register(self.input.fd, selectors.EVENT_READ)
                left = self.deadline - time.monotonic()
                if left <= 0:
                    self.late()
                ready = {key.fd for key, _ in sel.select(min(left, 0.02) if self.pending() else left)}
                if fd in ready:
                    data = os.read(fd, 65536)
                    if not data:
                        return
                    self.feed(data)
                if self.input and self.input.fd in ready and not self.input.read():
                    sel.unregister(self.input.fd)
                if self.pending():
                    self.input.write()

    def pending(self):
        return self.input and self.input.pending

    def late(self):
        if self.booted:
            raise Lost(HANG, f'no end after {self.settings.timeout:g} s (TIMEOUT): stopped')
        raise Lost(NOBOOT, f'no boot within {self.settings.boot_limit:g} s (BOOT_TIMEOUT): stopped')

    def status(self):
        try:
            code = self.process.wait(DRAIN_LIMIT)
        except subprocess.TimeoutExpired:
            raise Lost(NOBOOT, 'QEMU closed its output but did not end') from None
        if code < 0:
            raise Lost(NOBOOT, f'QEMU was ended by signal {-code}')
        if not self.booted and code == PANIC:
            raise Lost(PANIC, 'the kernel panicked before it could run the line')
        if not self.booted:
            raise Lost(NOBOOT, f'no boot: QEMU ended with status {code} before the line could run')
        return code


def run_line(settings, line, out, boot_out=None, stdin=None, qmp=None):
    """Boots, runs `line` in the guest's sh, and returns its status; raises Lost or Bad.

    out(bytes) receives the line's output as it comes, boot_out(bytes) the text before it. Of a Lost run,
    `boot` of the exception holds the boot text if the line never started. stdin: a descriptor to feed to the guest.
    """
    mark = secrets.token_hex(12)
    io = ['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console', '-monitor', 'none']
    if qmp:
        io += ['-qmp', f'unix:{comma(qmp)},server=on,wait=off']
    # the mark is not the last word: a kernel that prints its command line must not seem to print the mark
    argv = settings.qemu_argv(io, [f'mark={mark}', f'run={percent_encode(line)}'])
    process = start(settings, argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    run = Run(settings, process, mark, out, boot_out, stdin)
    try:
        os.set_blocking(process.stdin.fileno(), False)
        run.read_all()
        return run.status()
    except Lost as e:
        e.boot = b'' if run.booted else run.boot
        raise
    finally:
        end(process)
