"""make replay: GDB on a recording of a test, forwards and backwards."""
import re
import shutil
import subprocess

import pytest
from conftest import TOP
from core import table

PLENTY = 200
pytestmark = [pytest.mark.usefixtures('top'),
              pytest.mark.skipif(not shutil.which('gdb-multiarch'), reason='no gdb-multiarch: run `make deps`')]


def replay(*args):
    done = subprocess.run([str(TOP / 'grade/replay'), *args], cwd=TOP, capture_output=True, text=True, timeout=PLENTY,
                          check=False)
    return done.returncode, done.stdout + done.stderr


def gdb(test, *commands):
    status, text = replay(test, '--seed', '4', '--', '-batch', *(w for c in commands for w in ('-ex', c)))
    assert status == 0 and 'Python Exception' not in text, text
    return text


def values(text, name):
    """What `output`, after echo NAME=, said."""
    return [int(v, 16) for v in re.findall(rf'^{name}=(0x[0-9a-f]+)', text, re.M)]


def say(name, what):
    return [f'echo {name}=', f'output/x (unsigned long) {what}', 'echo \\n']


def test_forwards_and_backwards():
    where = say('pc', '$pc')
    text = gdb('cow-share', 'continue', *where, *say('tag', '$a0'), 'continue', *where, *say('tag', '$a0'),
               'reverse-stepi', *where, 'stepi', *where, 'reverse-continue', *where, *say('tag', '$a0'))
    assert 'stop() returned 0' in text and 'is recorded: the machine ended with status 0' in text
    first, second, before, after, back = values(text, 'pc')
    tags = values(text, 'tag')
    assert first == second == after == back != before, text
    assert tags[0] == tags[2] != tags[1], 'reverse-continue goes to the stop before'


def test_back_to_the_beginning_and_from_the_end():
    text = gdb('cow-share', 'delete 1', 'continue', *say('pc', '$pc'), 'delete', 'reverse-continue', *say('pc', '$pc'))
    assert 'machine_off' in text and 'No more reverse-execution history' in text
    end, begin = values(text, 'pc')
    assert end > 1 << 63 and begin == 0x1000


def test_errors_are_sentences():
    status, text = replay('cow-nothing')
    assert status == 1 and text.startswith('replay: no test is called cow-nothing: choose one of')
    many = next(t for t in table.load() if t.machine.harts > 1)
    status, text = replay(many.name)
    assert status == 1 and 'one hart only' in text and f'TEST={many.name}' in text
    status, text = replay('')
    assert status == 1 and 'make replay TEST=name' in text
