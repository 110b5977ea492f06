"""Memory that a hostile kernel prepared: whatever it holds, looking at it ends soon,
in an answer or in Broken or Fail."""
import random
import struct
import time
import types

import pytest
from core import guest, machine, score
from core.guest import Broken, Guest, RAM_BASE, sv39
from core.verdict import Fail

SIZE = 8 << 20
PAGES = SIZE // 4096
FIRST = RAM_BASE // 4096
ROUNDS = 5
SECONDS = 20  # for one memory; an endless loop takes longer


@pytest.fixture(name='make', scope='module')
def make_fixture(top):
    made = Guest(bytearray(SIZE), top / 'kernel/kernel.elf', top / 'build/grade/layout.s')

    def make(memory):
        made.memory = memory
        made._read_table = sv39.memory_reader(memory, RAM_BASE)
        return made
    return make


def pte(rng, kind):
    """An entry that points into memory: to a table or a page."""
    target = RAM_BASE // 4096 + rng.randrange(PAGES)
    rights = {'table': 1, 'leaf': 0xd7, 'readonly': 0x53, 'swap': 0, 'junk': rng.getrandbits(10)}[kind]
    return target << 10 | rights


def noise(rng):
    return bytearray(rng.randbytes(SIZE))


def tables(*kinds):
    """Memory that is full of entries of these kinds."""
    def fill(rng):
        page = [pte(rng, rng.choice(kinds)) for _ in range(PAGES)]
        return bytearray(b''.join(struct.pack('<512Q', *rng.choices(page, k=512)) for _ in range(PAGES)))
    return fill


def itself(_rng):
    """The root is its own table at every level, in every entry."""
    return bytearray(struct.pack('<Q', RAM_BASE // 4096 << 10 | 1) * (SIZE // 8))


def wide(_rng):
    """The largest space there is without a table that stands twice: tables in order, then pages."""
    words, following = [], 1
    for _ in range(PAGES):
        row = []
        for _ in range(512):
            row.append((FIRST + following) << 10 | 1 if following < PAGES // 2 else FIRST << 10 | 0xd7)
            following += 1
        words.append(struct.pack('<512Q', *row))
    return bytearray(b''.join(words))


MEMORIES = {'noise': noise, 'tables': tables('table'), 'leaves': tables('leaf', 'readonly'),
            'mixed': tables('table', 'leaf', 'swap'), 'junk': tables('junk', 'table'), 'itself': itself, 'wide': wide}


def look(g, rng):
    """Everything that checks ask for, each of which may find the memory broken."""
    asked = types.SimpleNamespace(guest=g, memory=g.memory)
    root = RAM_BASE + rng.randrange(PAGES) * 4096
    anywhere = rng.choice((rng.getrandbits(64), RAM_BASE + rng.randrange(SIZE)))
    for question in (lambda: g.space(root), lambda: g.space(RAM_BASE), lambda: g.space(anywhere), g.roots, g.ledger,
                     lambda: g.idle_ticks(1 << 40), lambda: g.frame(anywhere), lambda: g.word(anywhere),
                     lambda: g.symbol(anywhere), lambda: g.bytes_at(g.space(root), anywhere % (1 << 38)),
                     lambda: [str(p) for p in g.space(root).range(0, 600)],
                     lambda: machine.Run.checked_space(asked, root)):
        try:
            question()
        except (Broken, Fail):
            pass


@pytest.mark.parametrize('name', MEMORIES)
def test_memory_of_any_kind(make, name):
    rounds = ROUNDS if name not in ('itself', 'wide') else 1
    for i in range(rounds):
        rng = random.Random(f'{name} {i}')
        begin = time.monotonic()
        look(make(MEMORIES[name](rng)), rng)
        assert time.monotonic() - begin < SECONDS


def test_a_list_of_spaces_that_bites_its_tail(make):
    memory = bytearray(SIZE)
    g = make(memory)
    head = g.symbols['as_list']
    at = head - g.direct_base - RAM_BASE
    inside = g.direct_base + RAM_BASE + 0x1000
    memory[at:at + 8] = struct.pack('<Q', inside)
    memory[0x1000:0x1008] = struct.pack('<Q', inside)
    assert len(g.roots()) == guest.MOST_SPACES
    for wild in (0, 1, 1 << 63, (1 << 64) - 1):
        memory[at:at + 8] = struct.pack('<Q', wild)
        with pytest.raises(Broken):
            g.roots()


def test_a_frame_table_larger_than_memory(make):
    memory = bytearray(SIZE)
    g = make(memory)
    at = g.symbols['frame_count'] - g.direct_base - RAM_BASE
    memory[at:at + 8] = struct.pack('<Q', 1 << 40)
    with pytest.raises(Broken):
        g.ledger()


def test_trap_lines_of_any_kind():
    rng = random.Random(3)
    for _ in range(2000):
        line = bytes(rng.choice(b'hart:0, async1cueptvl\x00\xff\n') for _ in range(80)).decode('latin-1')
        for found in machine.TRAP.finditer(line):
            assert machine.Trap(found).fault in (None, 'fetch', 'load', 'store')
    whole = 'riscv_cpu_do_interrupt: hart:0, async:0, cause:000000000000000f, epc:0x1000, tval:0x2000, desc=store'
    assert [machine.Trap(m).fault for m in machine.TRAP.finditer(whole)] == ['store']


def test_a_static_name_does_not_hide_a_global_one(monkeypatch):
    text = '0000000000000010 b frame_table\n0000000000000020 B frame_table\n0000000000000030 b frame_table\n'
    monkeypatch.setattr(guest, 'toolchain', lambda _tool: 'nm')
    monkeypatch.setattr(guest.subprocess, 'run', lambda *a, **k: types.SimpleNamespace(stdout=text))
    assert guest.symbols('kernel') == {'frame_table': 0x20}


def test_text_of_guests_is_cleaned_everywhere():
    assert '\x1b' not in score.clean(Fail('\x1b[31m', '\x1b]0;x\x07'))
