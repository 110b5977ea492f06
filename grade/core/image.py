"""The disk of one run: init, sh, and the test program under a random name, with random bytes in it."""
import pathlib
import shutil
import string
import struct
import subprocess
import tempfile

from core.guest import symbols
from core.pattern import PAGE
from core.verdict import Infrastructure

LOAD = 1
SALT = struct.pack('<4Q', 0x6661756c746c696e, 0x652d67726164652d, 0x73616c742d686572, 0x3a3a3a3a3a3a3a3a)


class Program:
    """A program's ELF file: its symbols, and the pages of text as they will lie in memory."""

    def __init__(self, path):
        self.data = pathlib.Path(path).read_bytes()
        self.symbols = symbols(path)

    def page(self, va):
        """The page at va, from the file; zeros behind its end."""
        phoff, = struct.unpack_from('<Q', self.data, 32)
        size, count = struct.unpack_from('<HH', self.data, 54)
        for i in range(count):
            kind, _, off, start, _, filesz, _, _ = struct.unpack_from('<IIQQQQQQ', self.data, phoff + i * size)
            if kind == LOAD and start <= va < start + filesz:
                return self.data[off + va - start:off + min(filesz, va - start + PAGE)].ljust(PAGE, b'\0')
        return b''


def salted(data, rng):
    return data.replace(SALT, bytes(rng.randrange(256) for _ in SALT))


def make(path, build, test, rng):
    """Writes the image; returns the name that the test program has on it."""
    name = ''.join(rng.choice(string.ascii_lowercase) for _ in range(8))
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        files = []
        for source in (*('init', 'sh'), *test.helpers):
            files.append(shutil.copy(build.program(source), folder))
        target = pathlib.Path(folder) / f'_{name}'
        target.write_bytes(salted(pathlib.Path(build.program(test.program)).read_bytes(), rng))
        done = subprocess.run([str(build.mkfs), str(path), *map(str, files), str(target)], capture_output=True,
                              text=True, check=False)
    if done.returncode:
        raise Infrastructure(f'mkfs: {done.stderr.strip()}')
    return name
