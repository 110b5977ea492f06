"""The line editor of the shell: keys typed at a machine's console, and what a terminal of 80 columns then shows."""
import re
import threading
import time

import pytest
from test_console import Machine

LEFT, RIGHT, UP, DOWN, HOME, END = '\x1b[D', '\x1b[C', '\x1b[A', '\x1b[B', '\x1b[H', '\x1b[F'
DELETE, BACKSPACE, WORD_LEFT, WORD_RIGHT = '\x1b[3~', '\x7f', '\x1b[1;5D', '\x1bf'
COLUMNS = 80
PROMPT = r'\n\$ $'  # the newline tells it from one that is drawn again


def ctrl(letter):
    return chr(ord(letter.upper()) - ord('@'))


@pytest.fixture(scope='module', name='machine')
def fixture_machine():
    m = Machine(2)
    yield m
    m.child.close(force=True)


def rows(text):
    """What stands on the rows of a terminal after it was sent this text. The editor's row, the first, must
    not get too long."""
    screen, row, column = [[]], 0, 0
    for part in re.findall(r'\x1b\[[0-9;]*[A-Za-z]|.', text, re.S):
        if part == '\r':
            column = 0
        elif part == '\b':
            column -= 1
        elif part == '\n':
            screen.append([])
            row += 1
        elif part == '\x1b[K':
            del screen[row][column:]
        elif part.endswith('C') and len(part) > 1:
            column += int(part[2:-1])
        elif part == '\a' or len(part) > 1:
            continue
        else:
            line = screen[row]
            line.extend(' ' * (column + 1 - len(line)))
            line[column] = part
            column += 1
            assert column < COLUMNS or row > 0, repr(text)
    return [''.join(line) for line in screen]


def enter(machine, keys):
    """Types keys and Enter: the row that was shown at the end, and what the line printed."""
    typist = threading.Thread(target=machine.type, args=(keys + '\r',))  # both directions must flow
    typist.start()
    machine.child.expect(PROMPT)
    typist.join()
    shown = rows('$ ' + machine.child.before)
    return shown[0].rstrip(), '\n'.join(shown[1:])


@pytest.mark.parametrize('keys,line', [
    ('echo abc', 'echo abc'),
    ('echo ac' + LEFT + 'b', 'echo abc'),
    ('cho abc' + HOME + 'e', 'echo abc'),
    ('cho ab' + ctrl('A') + 'e' + ctrl('E') + 'c', 'echo abc'),
    ('cho ab' + HOME + 'e' + END + 'c', 'echo abc'),
    ('echo abx' + BACKSPACE + 'c', 'echo abc'),
    ('echo axbc' + LEFT * 2 + BACKSPACE, 'echo abc'),
    ('echo axbc' + LEFT * 3 + DELETE, 'echo abc'),
    ('echo axbc' + LEFT * 3 + ctrl('D'), 'echo abc'),
    ('echo abcxyz' + LEFT * 3 + ctrl('K'), 'echo abc'),
    ('junkecho abc' + HOME + RIGHT * 4 + ctrl('U'), 'echo abc'),
    ('echo junk  ' + ctrl('W') + 'abc', 'echo abc'),
    ('echo x abc' + WORD_LEFT * 2 + DELETE * 2, 'echo abc'),
    ('echo abc x' + HOME + WORD_RIGHT * 2 + ctrl('K'), 'echo abc'),
    ('echo abc' + LEFT * 30 + RIGHT * 30, 'echo abc'),
    ('echo abc' + '\x1bz\x1b[99~\x1bOP\x00\x01' + END, 'echo abc'),
    ('echo abd' + BACKSPACE * 20 + 'echo abc', 'echo abc'),
])
def test_editing(machine, keys, line):
    assert enter(machine, keys) == ('$ ' + line, 'abc')


def test_characters_of_several_bytes(machine):
    assert enter(machine, 'echo grüün' + LEFT * 2 + BACKSPACE + RIGHT * 2 + '!') == ('$ echo grün!', 'grün!')


def test_long_line(machine):
    """It scrolls within one row; the whole of it counts."""
    words = ' '.join(f'w{i:03}' for i in range(50))
    row, out = enter(machine, 'echo ' + words + HOME + RIGHT * 5 + 'first ' + END + ' last')
    assert out == f'first {words} last'
    assert row.endswith(' w049 last')
    row, out = enter(machine, UP + HOME + ctrl('F'))
    assert out == f'first {words} last'
    row, out = enter(machine, UP + LEFT * 120 + 'X')
    assert len(out) == len(f'first {words} last') + 1 and 'X' in out
    assert enter(machine, 'echo ' + 'y' * 300 + BACKSPACE * 297) == ('$ echo yyy', 'yyy')


def test_line_that_is_too_long(machine):
    assert enter(machine, 'echo ' + 'x' * 5000 + BACKSPACE * 500 + ctrl('U') + 'echo fine')[1] == 'fine'


def test_history(machine):
    assert enter(machine, 'echo one')[1] == 'one'
    assert enter(machine, 'echo two')[1] == 'two'
    assert enter(machine, UP) == ('$ echo two', 'two')
    assert enter(machine, UP + UP) == ('$ echo one', 'one')
    assert enter(machine, 'echo typ' + UP + UP + DOWN + DOWN + 'ed') == ('$ echo typed', 'typed')
    assert enter(machine, UP * 3 + BACKSPACE + 'x')[1] in ('onx', 'twx')
    assert enter(machine, UP * 500 + DOWN * 500 + 'echo end')[1] == 'end'
    listed = enter(machine, 'history')[1]
    assert re.search(r'\d+  echo one\n +\d+  echo two\n', listed) and listed.endswith('  history')


def test_history_keeps_the_newest(machine):
    for i in range(210):
        enter(machine, f'n={i}')
    assert enter(machine, 'history | wc')[1].startswith('200 ')
    assert enter(machine, UP * 300 + BACKSPACE * 20 + 'echo ok')[1] == 'ok'


def test_continuation_lines(machine):
    machine.type('for i in 1 2\r')
    machine.child.expect('> $')
    machine.type('do echo $i\r')
    machine.child.expect('> $')
    assert enter(machine, 'done')[1] == '1\n2'
    machine.type("echo 'a\r")
    machine.child.expect('> $')
    assert enter(machine, "b'")[1] == 'a\nb'


def test_dropped_lines(machine):
    machine.type('echo a' + ctrl('C'))
    machine.child.expect(PROMPT)
    machine.type('for i in 1 2\r')
    machine.child.expect('> $')
    machine.type(ctrl('C'))
    machine.child.expect(PROMPT)
    assert enter(machine, 'echo $?')[1] == '130'


def test_interrupted_substitution(machine):
    machine.type('x=$(echo ready >&2; sleep 10000)\r')
    machine.shown('ready')
    time.sleep(0.5)
    machine.type(ctrl('C'))
    machine.child.expect(PROMPT)
    assert enter(machine, 'echo $?')[1] == '255'


def test_clear_screen(machine):
    machine.type('echo abc' + ctrl('L'))
    machine.shown('\x1b[H\x1b[2J\r$ echo abc')
    assert enter(machine, '')[1] == 'abc'


def test_completion(machine):
    enter(machine, 'mkdir compdir; echo found > compdir/filename; touch compdir/files')
    assert enter(machine, 'cat comp\tfilen\t')[1] == 'found'
    assert enter(machine, 'ec\tdone')[1] == 'done'
    machine.type('cat compdir/\t')
    machine.shown('compdir/file')
    machine.type('\t')
    machine.shown('filename  files')
    assert enter(machine, 'name')[1].endswith('filename\nfound')
    assert 'not found' in enter(machine, 'zzz\t')[1]


def test_syntax_error_keeps_the_shell(machine):
    assert 'syntax error' in enter(machine, 'echo )')[1]
    assert enter(machine, 'echo $?')[1] == '2'


def test_no_memory_leak(machine):
    """The size of the shell after many lines of every kind."""
    def size():
        listing = enter(machine, 'ps')[1]
        return [row.split()[4] for row in listing.split('\n') if row.endswith(' sh')]

    lines = ['x=$(echo a | cat); y="$x $x"', 'for i in 1 2 3 4 5 6 7 8; do z=$((i*2)); done', 'echo )', 'nope',
             'if [ a = b ]; then echo; fi', 'echo /*', '(true; false) && true']
    for line in lines * 3:
        enter(machine, line)
    before = size()
    for line in lines * 15:
        enter(machine, line)
    assert len(before) == 1 and size() == before
