"""A machine that is looked at from outside while it runs a line: its RAM is a file of ours, its monitor a socket.

RAM and the free blocks of the disk hold secrets before it starts. The kernel's own data structures are not believed:
what is mapped is read from the tables that satp names, hart by hart, with the machine stopped.
"""
import mmap
import os
import pathlib
import random
import struct
import subprocess
import tempfile
import threading

import faultline
import qmp
import sv39

RAM_BASE = 0x80000000
FIRMWARE_END = RAM_BASE + 0x80000
BSIZE = 1024
FSMAGIC = 0x10203040
SSTATUS_SUM = 1 << 18
USER_TEXT_END = 0x40000000  # programs are linked far below
RAM_SECRET = b'\xc5R\xe3\xf7\x9bq\x8d\xba'
DISK_SECRET = b'\xd9D\xb5\xe1\x93k\x87\xfc'


def secret_words():
    """The secrets as leakcheck's arguments."""
    return ' '.join(f'{struct.unpack("<Q", s)[0]:x}' for s in (RAM_SECRET, DISK_SECRET))


def fill_free_blocks(image, out):
    """Copies a file-system image, the free data blocks and the unused log filled with DISK_SECRET."""
    data = bytearray(image.read_bytes())
    magic, size, _, _, _, _, _, bitmap = struct.unpack_from('<8I', data, BSIZE)
    assert magic == FSMAGIC and size * BSIZE <= len(data)
    filled = 0
    for block in range(size):
        if not data[bitmap * BSIZE + block // 8] >> block % 8 & 1:
            data[block * BSIZE:(block + 1) * BSIZE] = DISK_SECRET * (BSIZE // 8)
            filled += 1
    out.write_bytes(data)
    return filled


def kernel_symbols():
    """{name: address} of the kernel."""
    nm = next(p + 'nm' for p in ('riscv64-unknown-elf-', 'riscv64-elf-', 'riscv64-linux-gnu-')
              if subprocess.run(['sh', '-c', f'command -v {p}nm'], stdout=subprocess.DEVNULL,
                                check=False).returncode == 0)
    text = subprocess.run([nm, faultline.KERNEL], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {name: int(address, 16) for address, _, name in (line.split() for line in text.split('\n') if line)}


class Hart:
    def __init__(self, index, registers):
        self.index, self.pc, self.satp, self.sepc = index, registers['pc'], registers['satp'], registers['sepc']
        self.sum = bool(registers['mstatus'] & SSTATUS_SUM)

    def in_kernel(self):
        return self.pc >= sv39.UPPER_HALF

    def in_user(self):
        return self.pc < USER_TEXT_END


class Machine:
    """Runs `line`; use as a context manager, then stopped() as often as wanted while alive()."""

    def __init__(self, line, cpus=2, mem=64 << 20, seed=1):
        self.directory = tempfile.TemporaryDirectory(prefix='faultline-inspect-')
        base = pathlib.Path(self.directory.name)
        shm = '/dev/shm' if os.path.isdir('/dev/shm') else None
        self.ram_file = tempfile.NamedTemporaryFile(prefix='faultline-ram-', dir=shm)
        self.ram_file.truncate(mem)
        self.ram = mmap.mmap(self.ram_file.fileno(), mem)
        for at in range(0, mem, 1 << 20):
            self.ram[at:at + (1 << 20)] = RAM_SECRET * ((1 << 20) // 8)
        fill_free_blocks(pathlib.Path(faultline.FSIMG), base / 'fs.img')
        s = self.settings = faultline.Settings()
        s.cpus, s.mem, s.fsimg, s.ram_file = cpus, mem, str(base / 'fs.img'), self.ram_file.name
        self.socket = str(base / 'qmp')
        self.line, self.output, self.status, self.error = line, b'', None, None
        self.random = random.Random(seed)
        self.read_table = sv39.memory_reader(self.ram, RAM_BASE)
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        def collect(data):
            self.output += data
        try:
            self.status = faultline.run_line(self.settings, self.line, collect, qmp=self.socket)
        except (faultline.Bad, faultline.Lost) as e:
            self.error = e

    def __enter__(self):
        self.thread.start()
        self.monitor = qmp.Qmp(self.socket)
        return self

    def __exit__(self, *exc):
        try:
            if exc[0]:
                self.monitor.command('quit')
        except (qmp.Gone, RuntimeError):
            pass
        self.thread.join()
        self.monitor.close()
        self.ram.close()
        self.ram_file.close()
        self.directory.cleanup()

    def harts(self):
        """Every hart, with the machine stopped."""
        return [Hart(i, self.monitor.registers(i)) for i in range(self.settings.cpus)]

    def samples(self, least_pause=0.0, most_pause=0.05):
        """The harts at many random moments, until the machine ends."""
        pause = threading.Event()
        while self.thread.is_alive():
            pause.wait(self.random.uniform(least_pause, most_pause))
            try:
                self.monitor.stop()
                harts = self.harts()
            except qmp.Gone:
                return
            yield harts
            self.monitor.go_on()

    def finish(self):
        """Lets the machine run to its end."""
        try:
            self.monitor.go_on()
        except qmp.Gone:
            pass
        self.thread.join()

    def page(self, pa, size=sv39.PAGE):
        off = pa - RAM_BASE
        return self.ram[off:off + size] if 0 <= off and off + size <= len(self.ram) else None
