"""tools/sv39.py on tables made by hand."""
import struct

import pytest
import sv39
from sv39 import A, D, R, U, V, W, X

BASE = 0x80000000
ROOT, MIDDLE, LAST = BASE, BASE + 0x1000, BASE + 0x2000


def entry(pa, flags):
    return pa >> 12 << 10 | flags


@pytest.fixture(name='memory')
def memory_fixture():
    memory = bytearray(0x4000)
    put(memory, ROOT, 0, entry(MIDDLE, V))
    put(memory, ROOT, 258, entry(BASE, V | R | W | A | D))  # 1 GiB
    put(memory, MIDDLE, 1, entry(LAST, V))
    put(memory, MIDDLE, 2, entry(BASE, V | R | X))  # 2 MiB
    put(memory, LAST, 3, entry(BASE + 0x3000, V | R | U))
    return memory


def put(memory, table, i, pte):
    struct.pack_into('<Q', memory, table - BASE + i * 8, pte)


def found(memory):
    return [(va, size) for va, size, _ in sv39.leaves(sv39.memory_reader(memory, BASE), ROOT)]


def test_leaves(memory):
    assert found(memory) == [(0x203000, 1 << 12), (0x400000, 1 << 21), (0xffffffc080000000, 1 << 30)]


def test_halves(memory):
    read = sv39.memory_reader(memory, BASE)
    assert len(list(sv39.leaves(read, ROOT, upper=False))) == 2
    assert len(list(sv39.leaves(read, ROOT, lower=False))) == 1


def test_translate(memory):
    read = sv39.memory_reader(memory, BASE)
    assert sv39.translate(read, ROOT, 0x203123)[0] == BASE + 0x3123
    assert sv39.translate(read, ROOT, 0x412345)[0] == BASE + 0x12345
    assert sv39.translate(read, ROOT, 0xffffffc080201234)[0] == BASE + 0x201234
    assert sv39.translate(read, ROOT, 0x204000) is None


@pytest.mark.parametrize('table,pte,words', [
    (MIDDLE, entry(BASE + 0x10000, V), 'outside memory'),
    (MIDDLE, entry(BASE + 0x1000, V | R), 'misaligned'),
    (LAST, entry(BASE, V), 'last-level'),
    (LAST, entry(BASE, V | W), 'not readable'),
    (LAST, entry(BASE, V | R) | 1 << 55, 'reserved'),
    (MIDDLE, entry(LAST, V | U), 'U, A or D')])
def test_broken_tables_are_refused(memory, table, pte, words):
    put(memory, table, 100, pte)
    with pytest.raises(sv39.Broken, match=words):
        found(memory)


def test_satp():
    assert sv39.root_of(0) is None
    assert sv39.root_of(8 << 60 | ROOT >> 12) == ROOT
    with pytest.raises(sv39.Broken):
        sv39.root_of(9 << 60)
