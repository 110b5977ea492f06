"""A QEMU monitor client (QMP): enough to stop a machine, look at its harts and let it go on."""
import json
import re
import socket
import time


class Gone(Exception):
    """The machine has ended."""


def connect(path, seconds, alive=lambda: True):
    """A connection to a unix socket of the emulator, which may have to appear first: `seconds` are waited for it, as
    long as alive()."""
    end = time.monotonic() + seconds
    while True:
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.connect(path)
            return sock
        except OSError:
            sock.close()
            if time.monotonic() > end or not alive():
                raise Gone(f'nobody listens at {path}') from None
            time.sleep(0.01)


class Qmp:
    def __init__(self, path, seconds=20, alive=lambda: True):
        """The monitor at a unix socket: see connect()."""
        self.sock = connect(path, seconds, alive)
        self.sock.settimeout(60)
        self.file = self.sock.makefile('rw', encoding='utf-8')
        self._receive()
        self.command('qmp_capabilities')

    def _receive(self):
        try:
            line = self.file.readline()
        except OSError:
            line = ''
        if not line:
            raise Gone('the machine has ended')
        return json.loads(line)

    def command(self, name, **arguments):
        try:
            self.file.write(json.dumps({'execute': name, 'arguments': arguments}) + '\n')
            self.file.flush()
        except OSError:
            raise Gone('the machine has ended') from None
        while True:
            reply = self._receive()
            if 'error' in reply:
                raise RuntimeError(f"{name}: {reply['error']['desc']}")
            if 'return' in reply:
                return reply['return']

    def monitor(self, line, hart=0):
        """A command of the human monitor."""
        return self.command('human-monitor-command', **{'command-line': line, 'cpu-index': hart})

    def registers(self, hart):
        """{name: value} of a hart: pc, satp, mstatus, x1/ra ..; names as QEMU prints them."""
        text = self.monitor('info registers', hart)
        return {name: int(value, 16) for name, value in re.findall(r'(\S+)\s+([0-9a-f]{16})\b', text)}

    def stop(self):
        self.command('stop')

    def go_on(self):
        self.command('cont')

    def close(self):
        try:
            self.file.close()
        except OSError:  # what was written last never left
            pass
        self.sock.close()
