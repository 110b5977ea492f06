"""The console of a running machine, typed at through a terminal: editing, control characters, typing ahead."""
import re
import sys
import time

import pexpect
import pytest
from support import TOP, environment

sys.path.insert(0, str(TOP / 'tools'))
import faultline  # noqa: E402

PROMPT = r'\$ $'
SOON = 240  # seconds, on a loaded machine
SCREEN_CODES = re.compile(r'\x1b\[[0-9;?]*[A-Za-z]')


class Machine:
    def __init__(self, cpus):
        self.settings = faultline.Settings.from_environment(environment(CPUS=cpus))
        argv = self.settings.qemu_argv(['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console',
                                        '-monitor', 'none'])
        self.child = pexpect.spawn(argv[0], argv[1:], timeout=SOON, encoding='utf-8', codec_errors='replace',
                                   dimensions=(24, 200))
        self.child.delaybeforesend = None
        self.prompt()

    def prompt(self):
        """Waits for the prompt; what was shown before it, without the editor's cursor movements."""
        self.child.expect(PROMPT)
        return SCREEN_CODES.sub('', self.child.before)

    def type(self, text):
        self.child.send(text)

    def shown(self, text):
        self.child.expect_exact(text)

    def do(self, line):
        """Runs a line; what it printed."""
        self.type(line + '\r')
        return self.prompt()


@pytest.fixture(params=[1, 4])
def machine(request):
    m = Machine(request.param)
    yield m
    m.child.close(force=True)


def start_cat(m):
    """A program that reads the console in cooked mode, and has begun to."""
    m.type('echo ready; cat > f\r')
    m.shown('ready\r\n')
    time.sleep(0.5)


def end_cat(m):
    """Its file."""
    m.type('\x04')
    m.prompt()
    return m.do('echo begin; cat f; echo end').replace('\r', '').split('begin\n')[-1].split('end\n')[0]


def test_cooked_editing(machine):
    start_cat(machine)
    machine.type('hellx\x7fo\r')
    machine.type('drop this\x15keep this\r')
    machine.type('one two three \x17\x174\r')
    machine.type('\x7f\x15\x17plain\r')
    machine.type('grün\x7f\x7fü\r')
    assert end_cat(machine) == 'hello\nkeep this\none 4\nplain\ngrü\n'


def test_end_of_file_in_a_line(machine):
    start_cat(machine)
    machine.type('no newline\x04')
    assert end_cat(machine) == 'no newline'


def test_interrupt_ends_the_job_only(machine):
    for job in ('sleep 10000', 'cat', '(sleep 9999; echo no) | cat', 'while true; do sleep 1; done'):
        machine.type(f'echo ready; {job}\r')
        machine.shown('ready\r\n')
        time.sleep(0.5)
        machine.type('left over\x03')
        machine.shown('^C')
        machine.prompt()
        assert 'alive\r\n' in machine.do('echo alive')


def test_interrupt_at_the_prompt(machine):
    machine.type('echo not this\x03')
    machine.prompt()
    assert 'still here\r\n' in machine.do('echo still here')


def test_interrupt_while_output_runs(machine):
    machine.type('while true; do ls; done\r')
    for _ in range(3):
        machine.child.expect(r'\n')
    machine.type('\x03')
    machine.prompt()
    assert 'alive\r\n' in machine.do('echo alive')


def test_process_list(machine):
    machine.type('\x10')
    machine.child.expect(r'\binit\b')
    machine.child.expect(r'\bsh\b')
    machine.type('\r')
    machine.prompt()


def test_end_of_file_at_the_prompt(machine):
    """The shell ends, and init starts another."""
    machine.type('\x04')
    machine.prompt()
    assert 'alive\r\n' in machine.do('echo alive')


def test_typing_ahead(machine):
    machine.type('sleep 5; cat > f\rhello\rworld\r\x04echo done; cat f\r')
    machine.child.expect('done\r\nhello\r\nworld\r\n')
    machine.prompt()


def test_much_input(machine):
    """The first part is more than the console holds, while nobody reads: nothing is lost."""
    lines = [f'{i:05} the quick brown fox jumps over the lazy dog' for i in range(400)]
    machine.type('echo ready; sleep 3; cat > f\r')
    machine.shown('ready\r\n')
    for i in range(0, len(lines), 100):
        machine.type(''.join(line + '\r' for line in lines[i:i + 100]))
        machine.shown(lines[i + 99])
    machine.type('\x04')
    machine.prompt()
    assert re.search(r'\b400\s+4000\s+20000\b', machine.do('wc f'))


def test_much_output(machine):
    shown = machine.do('i=0; while [ $i -lt 2000 ]; do echo "this is line $i of many"; i=$((i+1)); done')
    expected = ''.join(f'this is line {i} of many\n' for i in range(2000))
    assert shown.replace('\r\n', '\n').replace('\r', '').endswith(expected)


def test_lines_stay_together(machine):
    """What several processes write at once is mixed line by line only."""
    start_cat(machine)
    machine.type('i=0; while [ $i -lt 200 ]; do echo $1$1$1$1$1$1$1$1; i=$((i+1)); done\r')
    end_cat(machine)
    shown = machine.do(' & '.join(f'sh f {c * 8}' for c in 'abcd') + ' & wait')
    words = [w for w in shown.replace('\r', '\n').split('\n') if re.fullmatch('[abcd]+', w)]
    assert len(words) == 800
    assert all(w == w[0] * 64 for w in words)


def test_kill_of_a_reader(machine):
    """A process asleep in a console read ends when it is killed."""
    machine.type('cat & sleep 1; kill $!; wait; echo over\r')
    machine.child.expect(r'\nover\r\n')
    machine.prompt()
    assert 'alive\r\n' in machine.do('echo alive')
