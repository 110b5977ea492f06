"""What a stopped machine's memory says, read from outside: page tables, frames, and the few variables of the kernel
that files of students do not define. The guest's own reports are not asked.

Memory is a file that QEMU maps and we map too. Everything in it may be wrong: addresses are checked before they are
followed, and loops end.
"""
import bisect
import dataclasses
import functools
import os
import pathlib
import re
import struct
import subprocess
import sys

from core.pattern import PAGE

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / 'tools'))
import sv39  # noqa: E402

RAM_BASE = 0x80000000
FRAME_KINDS = ('none', 'free', 'kernel', 'table', 'user', 'file', 'zero')
PREFIXES = ('riscv64-unknown-elf-', 'riscv64-elf-', 'riscv64-linux-gnu-')
MOST_SPACES = 4096
MOST_PAGES = 1 << 19  # entries of one space: 2 GiB


class Broken(Exception):
    """Memory holds what no correct kernel builds."""


@functools.lru_cache(maxsize=None)
def toolchain(tool):
    """The name of a cross tool, as the Makefile chooses it."""
    for prefix in filter(None, (os.environ.get('TOOLPREFIX'), *PREFIXES)):
        if subprocess.run(['sh', '-c', f'command -v {prefix}{tool}'], stdout=subprocess.DEVNULL,
                          check=False).returncode == 0:
            return prefix + tool
    raise FileNotFoundError(f'{PREFIXES[0]}{tool} is not installed: run `make deps`')


def symbols(elf):
    """{name: address}; of several with one name the global one, so that no file can hide another's;
    of static ones any."""
    return _symbols(str(elf), os.stat(elf).st_mtime_ns)


@functools.lru_cache(maxsize=256)
def _symbols(elf, _time):
    text = subprocess.run([toolchain('nm'), elf], stdout=subprocess.PIPE, text=True, check=True).stdout
    found = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) == 3 and (words[1].isupper() or words[2] not in found):
            found[words[2]] = int(words[0], 16)
    return found


def layout(path):
    """{name: number} from grade/core/layout.c, compiled."""
    return {name: int(value) for name, value in re.findall(r'->(\w+) (-?\d+)', pathlib.Path(path).read_text())}


@dataclasses.dataclass(frozen=True)
class Page:
    """One user page as the page table has it. pte == 0: nothing is there."""
    va: int
    pte: int
    swap_tag: int

    @property
    def present(self):
        return bool(self.pte & sv39.V)

    @property
    def swapped(self):
        return not self.present and bool(self.pte & self.swap_tag)

    @property
    def empty(self):
        return self.pte == 0

    @property
    def pa(self):
        """Of the frame; None when there is none."""
        return sv39.target(self.pte) if self.present else None

    @property
    def slot(self):
        return self.pte >> 10 & sv39.PPN_MASK if self.swapped else None

    def may(self, rights):
        """Whether it is present with each of the rights in a string like 'rw'."""
        bits = {'r': sv39.R, 'w': sv39.W, 'x': sv39.X, 'u': sv39.U, 'a': sv39.A, 'd': sv39.D}
        return self.present and all(self.pte & bits[c] for c in rights)

    def __str__(self):
        if self.present:
            return f'{self.va:#x}: frame {self.pa:#x} {sv39.flags(self.pte)}'
        if self.swapped:
            return f'{self.va:#x}: swap slot {self.slot}'
        return f'{self.va:#x}: empty PTE' if self.empty else f'{self.va:#x}: not valid, {self.pte:#x}'


class Space:
    """A user address space at one moment: every PTE of the lower half that is not 0."""

    def __init__(self, guest, root):
        self.root = root
        self.swap_tag = guest.layout['PTE_SWAP']
        self.pages = {}
        self._seen = set()
        for base in self._tables(guest, root, 2, 0):
            self._leaf(guest, *base)

    @property
    def tables(self):
        return len(self._seen)

    def _see(self, table):
        """Counts a table: none stands twice in a space, and there is an end."""
        if table in self._seen:
            raise Broken(f'the table at {table:#x} stands twice in one space')
        if len(self.pages) > MOST_PAGES:
            raise Broken(f'a space of more than {MOST_PAGES} pages')
        self._seen.add(table)

    def _tables(self, guest, table, level, base):
        """(table, first address) of each last-level table; large leaves are entered as pages."""
        self._see(table)
        for i, pte in enumerate(guest.table(table)[:256] if level == 2 else guest.table(table)):
            va = base + i * sv39.span(level)
            if not pte & sv39.V:
                continue
            sv39.check_entry(pte, level, va)
            if sv39.is_leaf(pte):
                if level == 2 or len(self.pages) > MOST_PAGES:
                    raise Broken(f'{va:#x}: a user leaf of 1 GiB, or more than {MOST_PAGES} pages')
                for k in range(512):
                    small = pte + (k << 10)
                    self.pages[va + k * PAGE] = Page(va + k * PAGE, small, self.swap_tag)
            elif level == 1:
                self._see(sv39.target(pte))
                yield sv39.target(pte), va
            else:
                yield from self._tables(guest, sv39.target(pte), level - 1, va)

    def _leaf(self, guest, table, base):
        for i, pte in enumerate(guest.table(table)):
            if pte:
                va = base + i * PAGE
                if pte & sv39.V:
                    sv39.check_entry(pte, 0, va)
                self.pages[va] = Page(va, pte, self.swap_tag)

    def __getitem__(self, va):
        va &= ~(PAGE - 1)
        return self.pages.get(va) or Page(va, 0, self.swap_tag)

    def range(self, start, n):
        """The n pages from start, empty ones too."""
        return [self[start + i * PAGE] for i in range(n)]

    def present(self, start=0, n=None):
        """Pages that map a frame, in the range or anywhere."""
        pages = self.pages.values() if n is None else self.range(start, n)
        return [p for p in pages if p.present]

    def frames(self, start=0, n=None):
        """Physical addresses of the frames in use there."""
        return {p.pa for p in self.present(start, n)}


class Guest:
    """A machine's memory. Read it while the machine is stopped."""

    def __init__(self, memory, kernel_elf, layout_path):
        self.memory = memory
        self.symbols = symbols(kernel_elf)
        self.layout = layout(layout_path)
        self.direct_base = self.layout['DIRECT_BASE'] & (1 << 64) - 1
        code = sorted((a, n) for n, a in self.symbols.items() if not n.startswith(('.', '$')))
        self.addresses, self.names = [a for a, _ in code], [n for _, n in code]
        self._read_table = sv39.memory_reader(memory, RAM_BASE)

    # ---- plain memory

    def read(self, pa, n=PAGE):
        off = pa - RAM_BASE
        if off < 0 or off + n > len(self.memory):
            raise Broken(f'{pa:#x} is not memory')
        return bytes(self.memory[off:off + n])

    def kernel(self, va, n=8):
        """Kernel memory, in the direct map."""
        return self.read(va - self.direct_base, n)

    def word(self, va):
        return struct.unpack('<Q', self.kernel(va))[0]

    def variable(self, name, size=8):
        return int.from_bytes(self.kernel(self.symbols[name], size), 'little')

    def table(self, pa):
        try:
            return self._read_table(pa)
        except sv39.Broken as e:
            raise Broken(str(e)) from None

    def symbol(self, va):
        """'name+0x10' of a kernel address."""
        i = bisect.bisect_right(self.addresses, va) - 1
        return f'{self.names[i]}+{va - self.addresses[i]:#x}' if i >= 0 and va >= self.direct_base else f'{va:#x}'

    # ---- address spaces

    def space(self, root):
        """The space whose root table is at physical address `root`."""
        try:
            return Space(self, root)
        except sv39.Broken as e:
            raise Broken(str(e)) from None

    def roots(self):
        """Root tables of all address spaces there are, from the kernel's list."""
        head = self.symbols['as_list']
        found, link = [], self.word(head)
        while link != head and len(found) < MOST_SPACES:
            space = link - self.layout['AS_LINK']
            found.append(self.word(space + self.layout['AS_ROOT']) - self.direct_base)
            link = self.word(link)
        return found

    def bytes_at(self, space, va, n=PAGE):
        """User memory of a space; None where nothing is present."""
        page = space[va]
        return self.read(page.pa + va % PAGE, n) if page.present else None

    # ---- frames

    def ledger(self):
        """How many frames there are of each kind, as the frame table says."""
        base, count = self.variable('frame_table'), self.variable('frame_count')
        size, kind = self.layout['FRAME_SIZE'], self.layout['FRAME_KIND']
        if count > len(self.memory) // PAGE:
            raise Broken(f'{count} frames are more than there is memory')
        kinds = self.kernel(base, count * size)[kind::size]
        return {name: kinds.count(i) for i, name in enumerate(FRAME_KINDS)}

    def frame(self, pa):
        """(references, kind) of the frame at pa, as the frame table says."""
        at = self.variable('frame_of_page_0') + (pa // PAGE) * self.layout['FRAME_SIZE']
        data = self.kernel(at, self.layout['FRAME_SIZE'])
        kind = data[self.layout['FRAME_KIND']]
        return int.from_bytes(data[self.layout['FRAME_REF']:][:4], 'little'), \
            FRAME_KINDS[kind] if kind < len(FRAME_KINDS) else f'kind {kind}'

    def idle_ticks(self, now):
        """Timebase ticks that all harts have waited for work, up to the time `now`: those that wait still, too."""
        base, size, at = self.symbols['cpus'], self.layout['CPU_SIZE'], self.layout
        ticks = 0
        for cpu in range(base, base + at['NCPU'] * size, size):
            since = self.word(cpu + at['CPU_IDLE_SINCE']) if self.kernel(cpu + at['CPU_IDLE'], 1) != b'\0' else now
            ticks += self.word(cpu + at['CPU_IDLE_TICKS']) + max(0, now - since)
        return ticks
