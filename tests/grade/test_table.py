"""The table of tests is whole: points, names, needs, programs, manual."""
import re

import pytest
from conftest import TOP
from core import table

TESTS = table.load()
REFERENCE = (TOP / 'grade/mutants').is_dir()  # else a handout, which has the manual up to its lab only


def test_points_of_each_lab():
    for lab in {t.lab for t in TESTS}:
        assert sum(t.points for t in TESTS if t.lab == lab) == table.FULL[lab], lab
    assert sum(table.FULL.values()) == 100 and set(table.FULL) == set(table.LABS)
    assert {t.lab for t in TESTS} == set(table.LABS)


def test_names():
    names = [t.name for t in TESTS]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r'[a-z]+-[a-z0-9-]+', n) and n.split('-')[0] in table.LABS for n in names)
    assert [t.lab for t in TESTS] == sorted((t.lab for t in TESTS), key=table.LABS.index)


def test_needs_come_before():
    seen = set()
    for t in TESTS:
        assert set(t.needs) <= seen, t.name
        seen.add(t.name)


def anchor(heading):
    return re.sub(r'[^\w\- ]', '', heading.strip().lower()).replace(' ', '-')


@pytest.mark.parametrize('test', TESTS, ids=lambda t: t.name)
def test_fields(test):
    assert test.title and test.hint and test.parts
    assert all(points > 0 and points * 2 == int(points * 2) for points in test.parts.values())
    assert callable(test.check) and test.seeds >= 1 and 40 <= test.budget <= 4000
    assert all(low <= high for low, high in test.draw.values()) and set(test.args) <= set(test.draw)
    assert 1 <= test.machine.harts <= 8 and 16 <= test.machine.mem <= 1024
    assert test.machine.harts == 1 or 8 <= test.machine.shift <= 10
    for program in (test.program, *test.helpers):
        assert (TOP / f'grade/user/{program}.c').is_file() or (TOP / f'user/{program}.c').is_file(), program
    page, _, section = test.manual.partition('#')
    if REFERENCE or (TOP / page).is_file():
        headings = re.findall(r'^#+ (.*)$', (TOP / page).read_text(), re.M)
        assert section in [anchor(h) for h in headings], test.manual


def test_choose():
    assert table.choose('cow') == [t for t in TESTS if t.lab == 'cow']
    assert [t.name for t in table.choose(pattern='cow-share,lazy-z*')] == [
        t.name for t in TESTS if t.name == 'cow-share' or t.name.startswith('lazy-z')]
    assert not table.choose('cow', 'lazy-*')
