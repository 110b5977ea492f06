"""A recorded machine that a debugger runs forwards and backwards.

QEMU repeats a recording (-icount rr=replay) exactly, but its own way back, loading a snapshot, loses the machine's
timer on riscv64 and stops for ever. So going back starts another QEMU that repeats the recording up to the place that
is asked for, as fast as it went there. Proxy stands between the debugger and the gdb stub of the QEMU of the moment: it
answers the packets `bs` (one instruction back) and `bc` (back to the last breakpoint) itself and hands all else on.

A place is a number of instructions since the start, as QEMU counts them.
"""
import re
import select
import socket
import subprocess
import tempfile
import time

import faultline
import qmp
from core import gdbstub
from core.verdict import Infrastructure

LIMIT = 120  # seconds that a way to a place may take


class Repeat:
    """A QEMU that repeats the recording. argv(gdb, qmp): its command line with sockets of these names."""

    def __init__(self, argv, fds, place, end):
        """Runs to the place; it will stop at `end`, None: when it ends by itself."""
        self.folder = tempfile.TemporaryDirectory(prefix='faultline-replay-')
        names = [f'{self.folder.name}/{kind}' for kind in ('gdb', 'qmp')]
        self.process = subprocess.Popen(argv(*names), pass_fds=fds, preexec_fn=faultline.die_with_parent,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            self.monitor = qmp.Qmp(names[1], alive=self._alive)
            if place:
                self._run_to(place)
            if end and place < end:
                self.monitor.command('replay-break', icount=end)
            self.stub = gdbstub.Stub(names[0], alive=self._alive)
        except qmp.Gone as e:
            self.close()
            raise Infrastructure(f'QEMU does not repeat the recording: {e}') from None

    def _alive(self):
        return self.process.poll() is None

    def _run_to(self, place):
        self.monitor.command('replay-break', icount=place)
        self.monitor.command('cont')
        end = time.monotonic() + LIMIT
        while self.monitor.command('query-status')['running']:
            if time.monotonic() > end:
                raise qmp.Gone(f'it does not come to instruction {place}')
            time.sleep(0.005)

    def place(self):
        return self.monitor.command('query-replay')['icount']

    def points(self, letter, points):
        """Sets (Z) or clears (z) breakpoints."""
        for point in points:
            self.stub.ask(letter + point)

    def run_over(self, points, end):
        """The last place before `end` where one of the breakpoints stops it; None when there is none."""
        self.monitor.command('replay-break', icount=end)
        last = None
        try:
            while True:
                self.points('Z', points)
                self.stub.go()
                if not self.stub.stopped(LIMIT):
                    raise Infrastructure(f'the recording does not come to instruction {end}')
                here = self.place()
                if here >= end:
                    return last
                last = here
                self.points('z', points)
                self.stub.go('s')  # over the breakpoint
                self.stub.stopped(LIMIT)
        except qmp.Gone:
            return last

    def close(self):
        for thing in ('stub', 'monitor'):
            if hasattr(self, thing):
                getattr(self, thing).close()
        faultline.end(self.process)
        self.folder.cleanup()


class Proxy:
    """Serves one debugger on the unix socket `path`."""

    def __init__(self, path, argv, fds, end):
        self.argv, self.fds, self.end = argv, fds, end
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)
        self.machine = Repeat(argv, fds, 0, end)
        self.points = set()   # breakpoints as in the packets Z and z, without that letter
        self.buffer = b''
        self.debugger = None

    def serve(self):
        """Until the debugger goes away."""
        self.debugger, _ = self.listener.accept()
        try:
            while self._step():
                pass
        except OSError:
            pass
        finally:
            self.debugger.close()

    def close(self):
        self.listener.close()
        self.machine.close()

    def _step(self):
        stub = self.machine.stub.sock
        ready, _, _ = select.select([self.debugger, stub], [], [])
        if stub in ready:
            data = stub.recv(65536)
            if data:
                self.debugger.sendall(data)
            return bool(data)
        data = self.debugger.recv(65536)
        self.buffer += data
        while self.buffer:
            if not self._packet():
                break
        return bool(data)

    def _packet(self):
        """Hands on what the debugger sent first, or answers it. False: it is not whole yet."""
        m = re.match(rb'\$([^#]*)#..', self.buffer, re.S)
        if self.buffer[:1] == b'$' and not m:
            return False
        raw = m[0] if m else self.buffer[:1]
        self.buffer = self.buffer[len(raw):]
        text = m[1].decode('latin-1') if m else ''
        if text in ('bs', 'bc'):
            self.debugger.sendall(b'+')
            self._answer(self._back_one() if text == 'bs' else self._back_to_breakpoint())
            return True
        if text[:1] in ('Z', 'z'):
            (self.points.add if text[0] == 'Z' else self.points.discard)(text[1:])
        self.machine.stub.sock.sendall(raw)
        return True

    def _answer(self, text):
        self.debugger.sendall(f'${text}#{sum(text.encode()) & 0xff:02x}'.encode())

    # ---- going back

    def _go_to(self, place):
        self.machine.close()
        self.machine = Repeat(self.argv, self.fds, place, self.end)
        self.machine.points('Z', self.points)
        begin = '' if place else 'replaylog:begin;'
        return f'T05thread:p01.01;{begin}'

    def _back_one(self):
        return self._go_to(max(0, self.machine.place() - 1))

    def _back_to_breakpoint(self):
        here = self.machine.place()
        self.machine.close()
        self.machine = Repeat(self.argv, self.fds, 0, self.end)
        return self._go_to(self.machine.run_over(self.points, here) or 0)
