"""GDB commands for looking inside the kernel: ps, vmas PID, pt VA [PID], frames, usersym NAME, faultline attach.

They only read the guest's memory, by the kernel's own debug information, so they work wherever it is stopped. Kernel
structures are reached through the direct map, which every root table has (kernel/memlayout.h).
"""
import os
import struct
import sys

import gdb

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, 'tools'))
sys.dont_write_bytecode = True
import sv39  # noqa: E402

DIRECT_BASE = sv39.UPPER_HALF
MAX_PROCS = 4096  # longer lists are damaged ones
MAX_DEPTH = 8     # calls shown by ps
KINDS = {1: 'text', 2: 'data', 3: 'heap', 4: 'stack', 5: 'anon'}  # VMA_* of kernel/vmstat.h


def number(value):
    return int(value.cast(gdb.lookup_type('unsigned long')))


def symbol(name):
    return gdb.parse_and_eval(name)


def read_table(pa):
    try:
        raw = gdb.selected_inferior().read_memory(DIRECT_BASE + pa, sv39.PAGE)
    except gdb.MemoryError:
        raise sv39.Broken(f'a table at {pa:#x}, outside memory') from None
    return struct.unpack(f'<{sv39.ENTRIES}Q', bytes(raw))


def list_members(head, type_name, field):
    """Members of a struct list (kernel/lib/list.h) that are linked through `field`."""
    struct_type = gdb.lookup_type(type_name)
    offset = next(f.bitpos // 8 for f in struct_type.fields() if f.name == field)
    link, end = head['next'], number(head.address)
    for _ in range(MAX_PROCS):
        if number(link) in (0, end):
            return
        yield gdb.Value(number(link) - offset).cast(struct_type.pointer()).dereference()
        link = link['next']
    raise gdb.GdbError('the list does not end: it is damaged')


def processes():
    return list_members(symbol('proc_list'), 'struct proc', 'all')


def process(pid):
    for p in processes():
        if int(p['pid']) == pid:
            return p
    raise gdb.GdbError(f'no process {pid}')


def function_at(pc):
    """Name of the function that holds pc."""
    text = gdb.execute(f'info symbol {pc:#x}', to_string=True)
    return '?' if text.startswith('No symbol') else text.split()[0]


def call_chain(pc, fp):
    """Return addresses of a process that does not run: s0 holds each frame's end, ra and the caller's s0 lie below."""
    for _ in range(MAX_DEPTH):
        yield pc - 1
        try:
            saved = bytes(gdb.selected_inferior().read_memory(fp - 16, 16))
        except gdb.MemoryError:
            return
        up, pc = struct.unpack('<2Q', saved)
        if up <= fp or pc < DIRECT_BASE:
            return
        fp = up


def arguments(text, least, most, usage):
    words = gdb.string_to_argv(text)
    if not least <= len(words) <= most:
        raise gdb.GdbError(f'usage: {usage}')
    return words


class Command(gdb.Command):
    """A command whose errors are sentences, not Python tracebacks."""
    name = ''

    def __init__(self):
        super().__init__(self.name, gdb.COMMAND_DATA)

    def invoke(self, text, from_tty):
        del from_tty
        try:
            self.run(text)
        except sv39.Broken as e:
            raise gdb.GdbError(str(e)) from None

    def run(self, text):
        raise NotImplementedError


class Ps(Command):
    """ps: every process, with what it sleeps on and where in the kernel it stopped running."""
    name = 'ps'

    def run(self, text):
        running = {}
        for i in range(int(symbol('ncpu'))):
            cpu = symbol(f'cpus[{i}]')
            if number(cpu['proc']):
                running[number(cpu['proc'])] = i
        print('  PID  PPID HART STATE     NAME             WHERE')
        for p in processes():
            parent = int(p['parent']['pid']) if number(p['parent']) else 0
            hart = running.get(number(p.address))
            state = str(p['state']).lower()
            print(f"{int(p['pid']):5} {parent:5} {'-' if hart is None else hart:>4} {state:9} "
                  f"{p['name'].string(errors='replace'):16} {'' if hart is not None else self.where(p)}")

    @staticmethod
    def where(p):
        """The calls that led to the process's sleep, innermost first, and what it sleeps on."""
        names = [function_at(pc) for pc in call_chain(number(p['context']['ra']), number(p['context']['s'][0]))]
        asleep = f", on {number(p['chan']):#x}" if number(p['chan']) else ''
        return ' < '.join(n for n in names if n not in ('sched', '?')) + asleep


class Vmas(Command):
    """vmas PID: the areas of a process's address space."""
    name = 'vmas'

    def run(self, text):
        words = arguments(text, 1, 1, 'vmas PID')
        p = process(int(words[0], 0))
        if not number(p['as']):
            raise gdb.GdbError('a kernel thread: it has no address space')
        space = p['as'].dereference()
        areas = space['vmas']
        print('START           END             PERM KIND  FILE')
        for i in range(int(areas['n'])):
            v = areas['v'][i]
            perm = ''.join(c if int(v['perm']) >> bit & 1 else '-' for bit, c in enumerate('rwx'))
            kind = KINDS.get(int(v['kind']), '?')
            print(f"{number(v['start']):#015x} {number(v['end']):#015x} {perm}  {kind:5} {self.file(v)}")
        print(f"{int(space['resident'])} pages resident")

    @staticmethod
    def file(v):
        if not number(v['file']):
            return ''
        return f"inode {int(v['file']['inum'])} from {number(v['off']):#x}, {number(v['filelen']):#x} bytes"


class Pt(Command):
    """pt VA [PID]: how VA is translated, entry by entry; by satp of the current hart, or by a process's tables."""
    name = 'pt'

    def run(self, text):
        words = arguments(text, 1, 2, 'pt VA [PID]')
        va = number(gdb.parse_and_eval(words[0])) & (1 << 64) - 1
        if not sv39.canonical(va):
            raise gdb.GdbError(f'{va:#x}: not an Sv39 address, bits 63 to 39 must equal bit 38')
        if len(words) == 2:
            mmu = process(int(words[1], 0))['mmu']
            if not number(mmu):
                raise gdb.GdbError('a kernel thread: it has no tables of its own')
            root = number(mmu['root']) - DIRECT_BASE
        else:
            root = sv39.root_of(number(gdb.parse_and_eval('$satp')))
            if root is None:
                raise gdb.GdbError('translation is off on this hart: satp is 0')
        self.show(root, va)

    @staticmethod
    def show(root, va):
        print(f'root table at {root:#x}')
        for level, pte in sv39.walk(read_table, root, va):
            line = f'level {level} [{sv39.index(va, level):3}] {pte:#018x} {sv39.flags(pte)}'
            if not pte & sv39.V:
                line += '  not valid' + ('' if pte == 0 else f', but not 0')
            elif sv39.is_leaf(pte):
                pa = sv39.target(pte) | va & (sv39.span(level) - 1)
                line += f'  physical {pa:#x}, a page of {sv39.span(level) // 1024} KiB'
            else:
                line += f'  table at {sv39.target(pte):#x}'
            print(line)


class Frames(Command):
    """frames: how many page frames there are of each kind, and how often user frames are mapped."""
    name = 'frames'

    def run(self, text):
        frame = gdb.lookup_type('struct frame')
        base, count = number(symbol('frame_table')), number(symbol('frame_count'))
        if not base:
            raise gdb.GdbError('the frame table is not set up yet')
        offset = {f.name: f.bitpos // 8 for f in frame.fields()}
        kinds = {f.enumval: f.name for f in gdb.lookup_type('enum frame_kind').fields()}
        raw = bytes(gdb.selected_inferior().read_memory(base, count * frame.sizeof))
        of_kind, mapped = {}, {}
        for at in range(0, len(raw), frame.sizeof):
            kind = kinds.get(raw[at + offset['kind']], 'unknown')
            of_kind[kind] = of_kind.get(kind, 0) + 1
            if kind == 'FRAME_USER':
                refs = struct.unpack_from('<I', raw, at + offset['ref'])[0]
                mapped[refs] = mapped.get(refs, 0) + 1
        for kind, n in sorted(of_kind.items()):
            print(f"{kind.removeprefix('FRAME_').lower():8} {n:8} frames {n * 4:10} KiB")
        for refs, n in sorted(mapped.items()):
            print(f'user frames mapped {refs} times: {n}')


class UserSym(Command):
    """usersym NAME: loads the symbols of user program NAME (build/user/_NAME), beside the kernel's."""
    name = 'usersym'

    def run(self, text):
        words = arguments(text, 1, 1, 'usersym NAME')
        path = os.path.join(TOP, 'build', 'user', '_' + words[0])
        if not os.path.exists(path):
            raise gdb.GdbError(f'{path} does not exist')
        gdb.execute(f'add-symbol-file {path}')

    def complete(self, _text, word):
        names = os.listdir(os.path.join(TOP, 'build', 'user'))
        return [n[1:] for n in names if n.startswith('_' + word)]


class Faultline(Command):
    """faultline attach: connects to the machine of `make qemu-gdb` and goes to the kernel's first C line.
Commands for looking around: ps, vmas PID, pt VA [PID], frames, usersym NAME."""
    name = 'faultline'

    def run(self, text):
        if text.strip() != 'attach':
            raise gdb.GdbError('usage: faultline attach')
        try:
            with open(os.path.join(TOP, 'build', 'gdb-socket'), encoding='utf-8') as f:
                socket = f.read().strip()
        except OSError:
            raise gdb.GdbError('no machine waits; run `make qemu-gdb` in another terminal') from None
        gdb.execute(f'target remote {socket}')
        gdb.execute('tbreak kmain')
        gdb.execute('continue')


for command in (Ps, Vmas, Pt, Frames, UserSym, Faultline):
    command()
