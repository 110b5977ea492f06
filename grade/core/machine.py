"""One machine that runs one test program, driven and looked at from outside.

    with Run(test, build, seed, folder) as run:
        at = run.stop('filled')            # the program has come to stop("filled", ..)
        page = run.space(at)[at.args[0]]   # what its page table says
        run.part('private', ok, expected='..', shown='..')
        run.end()                          # the program ended with 0 and the machine powered off

A stop is a breakpoint of the emulator on grade_stop() in the program (grade/user/grade.h). It counts only in user mode,
with the program's own text under it. Everything a check sees comes from physical memory, registers, QEMU's trap log and
its disk counters; nothing that the guest prints is believed. Time is guest instructions.
"""
import functools
import hashlib
import mmap
import os
import pathlib
import random
import re
import resource
import signal
import struct
import subprocess
import tempfile
import time

import faultline
from core import failing, gdbstub, image
from core.guest import RAM_BASE, Broken, Guest
from core.verdict import Fail, Firmware, Infrastructure, Part
from qmp import Gone, Qmp

MTIME = 0x200bff8           # ACLINT: ticks of 100 ns since the start
TICK = 100                  # instructions in one, with -icount shift=0
USER_END = 1 << 38
IDLE_LIMIT = 12_000         # million guest ns that all harts may wait for nothing
FIRMWARE = 2 << 20          # bytes at the start of memory that are the firmware's
FIRMWARE_WAIT = 100_000     # ticks, unshifted: 10 million instructions
FIRMWARE_SECONDS = 30       # on the host, in which they should pass
WALL_LIMIT = 240            # seconds; an outer net: what it catches is the host's fault
CONSOLE_LIMIT = 4 << 20     # bytes that a guest may print
FILE_LIMIT = 2 << 30        # bytes that QEMU may write into one file
SPACE_LIMIT = 16 << 30      # bytes of addresses that QEMU may use
LOG_LIMITS = {'console': (CONSOLE_LIMIT, 'the guest printed'), 'traps': (256 << 20, "the guest's traps fill"),
              'qemu': (1 << 20, 'QEMU complained of the guest in')}
SHOWN_LINES = 30
TRAP = re.compile(r'hart:(\d+), async:(\d), cause:([0-9a-f]+), epc:0x([0-9a-f]+), tval:0x([0-9a-f]+)')
FAULTS = {12: 'fetch', 13: 'load', 15: 'store'}


class Stop:
    """Where the program stands: args are those of stop() behind the name, root its page table."""

    def __init__(self, name, args, root, thread, registers):
        self.name, self.args, self.root, self.thread, self.registers = name, args, root, thread, registers


class Trap:
    """A line of QEMU's trap log."""

    def __init__(self, match):
        self.hart, self.interrupt = int(match[1]), match[2] == '1'
        self.cause, self.epc, self.tval = int(match[3], 16), int(match[4], 16), int(match[5], 16)

    @property
    def fault(self):
        """fetch, load or store, of a user address; None for another trap."""
        return FAULTS.get(self.cause) if not self.interrupt and self.tval < USER_END else None

    @property
    def from_user(self):
        return self.epc < USER_END


def unnamed_file(size, folders):
    """A descriptor of a file of that size that has no name, so that it cannot outlive its users. Its room is taken at
    once: on a full disk writing to mapped memory would kill us."""
    for folder in folders:
        try:
            with tempfile.TemporaryFile(dir=folder) as file:
                if hasattr(os, 'posix_fallocate'):
                    os.posix_fallocate(file.fileno(), 0, size)
                else:
                    file.truncate(size)
                fd = os.dup(file.fileno())
                os.set_inheritable(fd, True)
                return fd
        except OSError as e:
            error = e
    places = ' or '.join(map(str, folders))
    raise Infrastructure(f'no room for a machine of {size >> 20} MiB in {places}: {error.strerror}')


@functools.lru_cache(maxsize=None)
def sandbox(qemu='qemu-system-riscv64'):
    """QEMU's options that let it start no program and gain no rights; none if it was built without them."""
    options = ['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny']
    try:
        done = subprocess.run([qemu, *options, '-version'], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return options  # starting the machine will say what is wrong
    return [] if done.returncode else options


def limits():
    """In QEMU's process, before it starts."""
    faultline.die_with_parent()
    for what, most in ((resource.RLIMIT_FSIZE, FILE_LIMIT), (resource.RLIMIT_AS, SPACE_LIMIT),
                       (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


class Run:
    """The machine of one run of a test. `build` is a core.build.Build: the kernel and the programs."""

    def __init__(self, test, build, seed, folder):
        self.test, self.build, self.seed = test, build, seed
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f'{test.name}-', dir=folder))
        self.random = random.Random(f'{test.name} {seed}')
        self.drawn = {name: self.random.randint(*span) for name, span in test.draw.items()}
        given = int.from_bytes(hashlib.sha256(f'{seed} given'.encode()).digest()[:6], 'little')
        self.given = given if test.secret else seed  # the program's first argument
        self.notes = []          # lines for the report, pass or fail
        self.fds = []            # that QEMU inherits: memory, then the swap disk
        self.parts = [Part(name, points) for name, points in test.parts.items()]
        self.program = image.Program(build.program(test.program))
        self.answer = 0          # what the next stop() returns in the guest
        self.ended = None        # QEMU's exit status
        self.instructions = 0    # busy ones, at the last look
        self.log_at = 0
        self.trapped = 0         # bytes in the log of traps, at the last look at the running machine
        self.quiet = False       # there were as many at the look before
        self.current = None
        self.process = self.stub = self.monitor = None

    # ---- starting and ending

    def command(self, name):
        """The line that the guest runs."""
        return ' '.join([name, str(self.given), *(str(self.drawn[a]) for a in self.test.args)])

    def settings(self):
        m = self.test.machine
        s = failing.Settings() if m.swap_errors else faultline.Settings()
        s.qemu = os.environ.get('QEMU') or s.qemu
        s.kernel, s.fsimg = str(self.build.kernel), str(self.folder / 'fs.img')
        s.cpus, s.mem, s.swap, s.policy = m.harts, m.mem << 20, m.swap << 20, m.policy
        s.append = ' '.join(filter(None, [f'uframes={m.uframes}' if m.uframes else '', m.append]))
        s.ram_file = f'/dev/fd/{self.fds[0]}'
        s.fds = self.fds
        s.extra = ['-icount', f'shift={m.shift}', '-seed', str(self.seed & 0x7fffffff), *sandbox(s.qemu)]
        return s

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def _start(self):
        size = self.test.machine.mem << 20
        ram = unnamed_file(size, ('/dev/shm', self.folder))
        self.fds.append(ram)
        self.memory = mmap.mmap(ram, size)
        junk = self.random.getrandbits(64).to_bytes(8, 'little')  # memory holds something before the machine starts
        for at in range(0, size, 1 << 20):
            self.memory[at:at + (1 << 20)] = junk * (1 << 17)
        name = image.make(self.folder / 'fs.img', self.build, self.test, self.random)
        settings = self.settings()
        settings.check()
        sockets = {kind: faultline.comma(str(self.folder / kind)) for kind in ('gdb', 'qmp', 'traps', 'console')}
        io = ['-S', '-chardev', f'file,id=console,path={sockets["console"]}', '-serial', 'chardev:console',
              '-monitor', 'none', '-gdb', f'unix:{sockets["gdb"]},server=on,wait=off',
              '-qmp', f'unix:{sockets["qmp"]},server=on,wait=off', '-d', 'int', '-D', str(self.folder / 'traps')]
        argv = settings.qemu_argv(io, [f'run={faultline.percent_encode(self.command(name))}'])
        with open(self.folder / 'qemu', 'wb') as errors:
            try:
                self.process = subprocess.Popen(argv, pass_fds=settings.fds, preexec_fn=limits,
                                                stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                                                start_new_session=True)
            except OSError as e:
                raise Infrastructure(f'{settings.qemu}: {e.strerror}: run `make deps`') from None
        self.begin = time.monotonic()
        self._connect()
        self.guest = Guest(self.memory, self.build.kernel, self.build.layout)
        self.stub.set_breakpoint(self.program.symbols['grade_stop'])

    def _connect(self):
        try:
            self.stub = gdbstub.Stub(str(self.folder / 'gdb'), alive=self.alive)
            self.monitor = Qmp(str(self.folder / 'qmp'), alive=self.alive)
        except Gone:
            text = (self.folder / 'qemu').read_text(errors='replace')[-2000:].strip()
            ended = f'it ended with status {self.process.returncode}' if not self.alive() else 'it opened no socket'
            raise Infrastructure(f'QEMU did not start: {text or ended}') from None

    def alive(self):
        return self.process.poll() is None

    def __exit__(self, *exc):
        self.close()

    def close(self):
        for thing in (self.stub, self.monitor):
            if thing:
                thing.close()
        if self.process:
            faultline.end(self.process)
        while self.fds:
            os.close(self.fds.pop())

    # ---- running

    def stop(self, name, able='', calls=None):
        """Lets the machine run to the program's next stop, which must be this one. able: what can be done then."""
        at = self.next_stop(calls)
        if at is None or at.name != name:
            raise Fail(able + ': ' * bool(able) + f'the test program comes to its stop "{name}"',
                       f'it came to "{at.name}"' if at else self.why_ended())
        return at

    def next_stop(self, calls=None):
        """The program's next stop, whatever its name; None when the machine ended first. A machine that stops
        elsewhere, at a breakpoint that calls(registers) has set, goes on when that returns."""
        self._resume()
        while True:
            thread = self._wait()
            if thread is None:
                return None
            at = self._look(thread)
            if at:
                self.current = at
                return at
            if calls:
                calls(self.stub.general())
            self._resume()

    def end(self, status=0):
        """Lets the machine run to its end: no further stop, and the program's exit status is `status`."""
        at = self.next_stop()
        if at:
            raise Fail('the test program ends', f'it came to another stop, "{at.name}"')
        if self.ended != status:
            raise Fail(f'the test program ends with status {status}', self.why_ended())

    def _resume(self):
        if self.ended is not None:
            return
        if self.current:  # as if grade_stop() had run
            self.stub.select(self.current.thread)
            self.stub.write('a0', self.answer)
            self.stub.write('pc', self.current.registers[1])
            self.current, self.answer = None, 0
        try:
            self.stub.go()
        except Gone:
            self._reap()

    def _wait(self):
        """The thread that stopped; None when the machine has ended."""
        while self.ended is None:
            try:
                thread = self.stub.stopped(0.3)
                if thread:
                    self._measure()
                    if self.instructions > self.test.budget * 1_000_000:
                        raise Fail(f'at most {self.test.budget} million instructions',
                                   f'{self.instructions / 1e6:.0f} million')
                    return thread
                self._watch()
            except Gone:
                self._reap()
        return None

    def _reap(self):
        try:
            self.ended = self.process.wait(10)
        except subprocess.TimeoutExpired:
            raise Infrastructure('QEMU closed its sockets and did not end') from None
        if self.ended < 0:
            number = -self.ended
            if number == signal.SIGXFSZ:
                raise Fail('a machine that does not run wild', f'it made QEMU write more than {FILE_LIMIT >> 30} GiB')
            raise Infrastructure(f'QEMU was ended by signal {number} ({signal.Signals(number).name})')
        if self.ended == 1 and 'qemu-system' in self.complaints():
            raise Infrastructure('QEMU failed: ' + self.complaints()[-500:].strip())

    def complaints(self):
        """What QEMU said, the first of it."""
        with open(self.folder / 'qemu', 'rb') as text:
            return text.read(65536).decode('utf-8', 'replace')

    def _look(self, thread):
        """The stop at which `thread` stands, None if it is not the program's."""
        self.stub.select(thread)
        registers = self.stub.general()
        root = (self.stub.read('satp') & (1 << 44) - 1) << 12
        if registers[32] != self.program.symbols['grade_stop'] or self.stub.read('priv') != 0:
            return None
        self._check_text(root, registers[32])
        name = struct.pack('<Q', registers[10]).rstrip(b'\0').decode('latin-1')
        return Stop(name, registers[11:16], root, thread, registers)

    def _check_text(self, root, pc):
        """The page under pc holds what the program's file holds."""
        try:
            page = self.guest.bytes_at(self.guest.space(root), pc & ~0xfff)
        except Broken as e:
            raise Fail('page tables that hardware understands', str(e)) from None
        if page != self.program.page(pc & ~0xfff):
            raise Fail('the test program runs as it is on the disk',
                       f'the page of text at {pc & ~0xfff:#x} holds something else')

    # ---- time

    def _ticks(self):
        text = self.monitor.monitor(f'xp /1gx {MTIME:#x}')
        return int(text.split(':')[1], 16)

    def _measure(self):
        """Busy instructions so far; Fail when there were too many."""
        ticks = self._ticks()
        idle = self.guest.idle_ticks(ticks) // max(1, self.test.machine.harts)
        self.instructions = max(0, ticks - idle) * TICK >> self.test.machine.shift
        return ticks

    def _watch(self):
        """While the machine runs: is it still worth waiting for?"""
        ticks = self._measure()
        trapped = (self.folder / 'traps').stat().st_size
        self.quiet, self.trapped = trapped == self.trapped, trapped
        if self.instructions > self.test.budget * 1_000_000:
            raise Fail(f'at most {self.test.budget} million instructions', self._stuck('still running'))
        if ticks * TICK > (self.test.budget << self.test.machine.shift) * 1_000_000 + IDLE_LIMIT * 1_000_000:
            raise Fail('a machine that goes on', self._stuck('every hart has been waiting'))
        for name, (most, what) in LOG_LIMITS.items():
            if (self.folder / name).stat().st_size > most:
                raise Fail('a machine that does not run wild', f'{what} more than {most >> 20} MiB')
        if time.monotonic() - self.begin > WALL_LIMIT:
            raise Infrastructure(f'no end after {WALL_LIMIT} s on this host, '
                                 f'{self.instructions / 1e6:.0f} million instructions')

    def _stuck(self, words):
        """What a machine that does not come to an end is doing."""
        self.monitor.stop()
        places = self._places()
        waiting = self.quiet and self._all_in_firmware(places)
        try:
            if self.test.machine.harts > 1 and (waiting or self._firmware_hangs()):
                raise Firmware('QEMU, which runs several harts in turn here, does not let its firmware go on')
        except Gone:  # it came to its end after all
            pass
        recent = [t for t in self.traps()[-400:] if t.fault]
        most = max(recent, key=lambda t: sum((o.epc, o.tval) == (t.epc, t.tval) for o in recent), default=None)
        if most and sum((o.epc, o.tval) == (most.epc, most.tval) for o in recent) > 100:
            return f'the same {most.fault} fault at {most.tval:#x} (pc {most.epc:#x}) again and again'
        where = ', '.join(map(self.guest.symbol, places))
        return f'{words} after {self.instructions / 1e6:.0f} million instructions, at {where}'

    def _firmware_hangs(self):
        """Whether all harts do nothing but wait for one another in the firmware: with -icount and several harts QEMU
        brings that about now and then, whatever the kernel does. (A look may end the hang: who stood there at the first
        one, and had not trapped since the one before, hung as well.)"""
        log_at, _ = self.log_at, self.traps()
        begin, clock = self._ticks(), time.monotonic()
        enough = FIRMWARE_WAIT << self.test.machine.shift
        while self._ticks() - begin < enough and time.monotonic() < clock + FIRMWARE_SECONDS:
            self.monitor.go_on()
            time.sleep(0.02)
            self.monitor.stop()
            if not self._all_in_firmware(self._places()):
                break
        else:
            if all(t.interrupt for t in self.traps()):
                return True
        self.log_at = log_at
        return False

    @staticmethod
    def _all_in_firmware(places):
        return all(RAM_BASE <= pc < RAM_BASE + FIRMWARE for pc in places)

    def _places(self):
        return [self.monitor.registers(i)['pc'] for i in range(self.test.machine.harts)]

    # ---- looking

    def space(self, at=None):
        """The page tables of the program at that stop, as they are now."""
        return self.checked_space((at or self.current).root)

    def checked_space(self, root):
        """A space whose pages are all some user's: no kernel memory is mapped, nothing is writable and executable."""
        try:
            space = self.guest.space(root)
            for page in space.present():
                if not RAM_BASE <= page.pa < RAM_BASE + len(self.memory):
                    raise Broken(f'{page} is not memory')
                kind = self.guest.frame(page.pa)[1]
                if kind not in ('user', 'file', 'zero') or not page.may('u') or page.may('wx'):
                    raise Broken(f'{page}, of a frame of kind {kind}')
        except Broken as e:
            raise Fail('page tables of a correct kernel', str(e)) from None
        return space

    def content(self, space, va, n=4096):
        """Bytes of user memory, None where no frame is mapped."""
        return self.guest.bytes_at(space, va, n)

    def ledger(self):
        return self.guest.ledger()

    def traps(self):
        """The traps since the last call, in order."""
        with open(self.folder / 'traps', 'rb') as log:
            log.seek(self.log_at)
            text = log.read()
            end = text.rfind(b'\n') + 1
            self.log_at += end
        return [Trap(m) for m in TRAP.finditer(text[:end].decode('latin-1'))]

    def disk(self, name):
        """QEMU's counters of disk 'fs' or 'swap': rd_operations, wr_bytes, .."""
        for entry in self.monitor.command('query-blockstats'):
            if entry.get('device') == name:
                return entry['stats']
        raise Infrastructure(f'QEMU knows no disk {name}')

    def slot(self, number):
        """A page of the swap disk."""
        return os.pread(self.fds[1], 4096, number * 4096)

    def console(self):
        """The last lines that the guest printed, control characters removed."""
        try:
            with open(self.folder / 'console', 'rb') as text:
                text.seek(max(0, os.fstat(text.fileno()).st_size - 16384))
                lines = text.read().decode('latin-1').splitlines()
        except OSError:
            return []
        firmware = max([i + 1 for i, line in enumerate(lines) if line.startswith('Boot HART')], default=0)
        lines = lines[firmware:][-SHOWN_LINES:]
        return [''.join(c if ' ' <= c <= '~' else ' ' for c in line)[:200].rstrip() for line in lines]

    def why_ended(self):
        if self.ended is None:
            return 'it is still running'
        if self.ended == faultline.PANIC:
            lines = [line for line in self.console() if 'panic' in line.lower()]
            return 'the kernel panicked' + (f': {lines[0]}' if lines else '')
        return f'the machine powered off, status {self.ended}'

    # ---- judging

    def note(self, text):
        """A line for the report, whatever the verdict."""
        self.notes.append(text)

    def part(self, name, ok, expected, shown=''):
        """Scores a part. May be called several times: all must be true."""
        part = next(p for p in self.parts if p.name == name)
        if not part.reached or part.passed:
            part.reached, part.passed = True, bool(ok)
            if not ok:
                part.expected, part.shown = expected, str(shown)
        return bool(ok)

    def need(self, ok, expected, shown=''):
        """What the rest of the test makes no sense without."""
        if not ok:
            raise Fail(expected, str(shown))
