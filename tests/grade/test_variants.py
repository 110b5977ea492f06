"""Variants of the student files (grade/core/variant.py): all of them fit the reference as it is now."""
import re
import shutil

import pytest
from core import table, variant
from core.guest import TOP

FILES = [line for lab in table.LABS for line in (TOP / 'lab' / lab / 'files').read_text().split()]
ALL = [(kind, v) for kind in variant.KINDS for v in variant.load(kind)]
TEXT = '''\
#define LEAST 1
static int first(int a); // only declared

// Said of the first,
// in two lines.
static int first(int a)
{
    return last(a,
                first(1));
}

struct pair {
    int a, b;
};

// Another.
static __attribute__((noinline)) struct pair *last(int a,
                                                   int b)
{
    if (a) {
        b = 1;
    }
    return 0;
}
'''


@pytest.fixture
def tree(tmp_path):
    """The files that students write."""
    for file in FILES:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(TOP / file, tmp_path / file)
    return tmp_path


@pytest.mark.parametrize('kind, v', ALL, ids=[f'{kind}-{v.name}' for kind, v in ALL])
def test_variant_fits(kind, v, tree):
    written = v.apply(kind, tree)
    assert set(written) <= set(FILES)
    assert all((tree / file).read_bytes() != (TOP / file).read_bytes() for file in written)


def test_variants_name_tests():
    names = {test.name for test in table.load()}
    assert len({v.name for _, v in ALL}) == len(ALL)
    for kind, v in ALL:
        assert set(v.tests) <= names and bool(v.tests) == (kind != 'right'), v.name


@pytest.fixture
def fragment(tmp_path, monkeypatch):
    monkeypatch.setattr(variant, 'TOP', tmp_path)
    (tmp_path / 'grade' / 'right').mkdir(parents=True)
    (tmp_path / 'grade' / 'right' / 'part.c').write_text('NEW\n')
    (tmp_path / 'file.c').write_text(TEXT)
    return tmp_path


def replaced(folder, *names):
    v = variant.Variant('cow-x', 'x', functions=('file.c', 'part.c', *names))
    assert v.apply('right', folder) == ['file.c']
    return (folder / 'file.c').read_text()


def test_functions_are_replaced_with_their_comments(fragment):
    text = replaced(fragment, 'first', 'last')
    assert text == ('#define LEAST 1\nstatic int first(int a); // only declared\n\n\n'
                    'struct pair {\n    int a, b;\n};\n\nNEW\n')


def test_a_struct_is_replaced(fragment):
    assert replaced(fragment, 'struct pair') == re.sub(r'struct pair \{[^}]*};', 'NEW', TEXT)


@pytest.mark.parametrize('name, times', [('middle', 0), ('irs', 0), ('struct last', 0), ('twice', 2)])
def test_a_function_that_is_not_there_once(fragment, name, times):
    (fragment / 'file.c').write_text(TEXT + 'int twice(void)\n{\n}\n' * 2)
    with pytest.raises(ValueError, match=rf'^cow-x: file.c has {name}\(\) {times} times, not once$'):
        replaced(fragment, 'first', name)
