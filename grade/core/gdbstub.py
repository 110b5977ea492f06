"""A client of QEMU's gdb stub: breakpoints, registers, and letting the machine run until something happens.

The protocol is GDB's remote serial protocol over a unix socket. Breakpoints are the emulator's: nothing is written to
guest memory, and the guest cannot see them.
"""
import re
import select
import time

from qmp import Gone, connect


class Stub:
    def __init__(self, path, seconds=30, alive=lambda: True):
        """The stub at a unix socket: see connect(). The machine is stopped then."""
        self.sock = connect(path, seconds, alive)
        self.buffer = b''
        self.number = {}
        self.ask('qSupported:multiprocess+')  # with it thread ids are p1.N, as QEMU likes them
        self._read_descriptions()

    def close(self):
        self.sock.close()

    # ---- packets

    def _write(self, data):
        try:
            self.sock.sendall(data)
        except OSError:
            raise Gone('the machine has ended') from None

    def _send(self, text):
        data = text.encode()
        self._write(b'$' + data + b'#%02x' % (sum(data) & 0xff))

    def _fill(self):
        try:
            data = self.sock.recv(65536)
        except OSError:
            data = b''
        if not data:
            raise Gone('the machine has ended')
        self.buffer += data

    def _packet(self):
        """A packet that is all there; None when it is not. (A `+` alone, which answers ours, is none.)"""
        start = self.buffer.find(b'$')
        end = self.buffer.find(b'#', start + 1) if start >= 0 else -1
        if end < 0 or len(self.buffer) < end + 3:
            return None
        packet, self.buffer = self.buffer[start + 1:end], self.buffer[end + 3:]
        self._write(b'+')
        return re.sub(rb'}(.)', lambda m: bytes([m[1][0] ^ 0x20]), packet, flags=re.S)

    def _receive(self):
        while (packet := self._packet()) is None:
            self._fill()
        return packet

    def ask(self, text):
        self._send(text)
        return self._receive().decode('latin-1')

    # ---- registers

    def _read_description(self, name):
        text, part = '', 'm'
        while part[:1] == 'm':
            part = self.ask(f'qXfer:features:read:{name}:{len(text):x},ffb')
            text += part[1:]
        return text

    def _read_descriptions(self):
        """Register numbers by name: the stub refuses to read registers before somebody has asked for them."""
        number = 0
        main = self._read_description('target.xml')
        for name in re.findall(r'href="([^"]+)"', main):
            for reg in re.findall(r'<reg ([^>]*)>', self._read_description(name)):
                attributes = dict(re.findall(r'(\w+)="([^"]*)"', reg))
                number = int(attributes.get('regnum', number))
                self.number[attributes['name']] = number
                number += 1

    def select(self, thread):
        """Later register accesses are this hart's; thread as stopped() gave it."""
        self.ask(f'Hg{thread}')

    def read(self, name):
        reply = self.ask(f'p{self.number[name]:x}')
        if len(reply) < 8 or reply[0] == 'E':
            raise KeyError(name)
        return int.from_bytes(bytes.fromhex(reply), 'little')

    def write(self, name, value):
        if self.ask(f'P{self.number[name]:x}={value.to_bytes(8, "little").hex()}') != 'OK':
            raise KeyError(name)

    def general(self):
        """x0..x31 and the program counter."""
        reply = bytes.fromhex(self.ask('g'))
        return [int.from_bytes(reply[i:i + 8], 'little') for i in range(0, 33 * 8, 8)]

    # ---- running

    def set_breakpoint(self, va):
        if self.ask(f'Z1,{va:x},2') != 'OK':
            raise KeyError(f'{va:#x}')

    def clear_breakpoint(self, va):
        self.ask(f'z1,{va:x},2')

    def go(self, how='c'):
        """Lets the machine run; how='s': one instruction."""
        self._send(how)

    def stopped(self, seconds):
        """The thread that stopped, None if nothing happened within `seconds`."""
        end = time.monotonic() + seconds
        while True:
            packet = self._packet()
            if packet is None:
                if not select.select([self.sock], [], [], max(0, end - time.monotonic()))[0]:
                    return None
                self._fill()
                continue
            if packet[:1] == b'T':
                return re.search(rb'thread:([^;]*);', packet)[1].decode()
            if packet[:1] in b'WX':
                raise Gone('the machine has ended')

    def interrupt(self):
        """Stops the machine; returns the thread."""
        self._write(b'\x03')
        return self.stopped(60)
