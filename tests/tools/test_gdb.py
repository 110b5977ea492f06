"""make qemu-gdb and make gdb: stops at kmain, and the commands tell what is there. tools/symbolise on a real panic."""
import os
import re
import signal
import subprocess

import pytest
from support import PLENTY, TOP, command, environment, run, wait_until

SOCKET = TOP / 'build' / 'gdb-socket'


@pytest.fixture(name='waiting')
def waiting_fixture():
    """A machine that waits for a debugger."""
    SOCKET.unlink(missing_ok=True)
    p = subprocess.Popen(['tools/qemu', '--gdb'], cwd=TOP, env=environment(), stdin=subprocess.PIPE,
                         stdout=subprocess.DEVNULL, start_new_session=True)
    assert wait_until(lambda: SOCKET.exists() and os.path.exists(SOCKET.read_text().strip()))
    yield p
    if p.poll() is None:
        os.killpg(p.pid, signal.SIGKILL)
    p.wait(PLENTY)


def gdb(*commands):
    r = command(['tools/gdb/attach', '-batch', *(w for c in commands for w in ('-ex', c))])
    return (r.out + r.err).decode(errors='replace')


def test_stops_at_the_first_c_line(waiting):
    text = gdb('info symbol $pc', 'info line', 'kill')
    assert re.search(r'kmain .*in section \.text', text) and 'kernel/boot/main.c' in text, text
    assert waiting.wait(PLENTY) == 0


def test_commands(waiting):
    text = gdb('tbreak sys_write', 'continue', 'echo ==ps\\n', 'ps', 'echo ==vmas\\n', 'vmas 1', 'echo ==pt\\n',
               'pt kmain', 'pt 0', 'echo ==frames\\n', 'frames', 'usersym sh', 'info line main', 'kill')
    assert 'Python Exception' not in text and 'Traceback' not in text, text
    part = dict(re.findall(r'^==(\w+)\n(.*?)(?=^==|\Z)', text, re.S | re.M))
    assert re.search(r'^ +\d+ +\d+ +\d running +(init|sh)', part['ps'], re.M), part['ps']
    assert re.search(r'sleeping +init .*proc_wait', part['ps']), part['ps']
    assert re.search(r'r-x +text', part['vmas']) and re.search(r'rw- +stack', part['vmas']), part['vmas']
    assert re.search(r'level \d \[.*vr-x.*physical 0x802', part['pt']), part['pt']
    assert 'not valid' in part['pt'], part['pt']
    assert re.search(r'kernel +\d+ frames', part['frames']) and re.search(r'free +\d+ frames', part['frames']), text
    assert 'user/sh' in part['frames'], part['frames']
    assert waiting.wait(PLENTY) == 0


def test_errors_are_sentences(waiting):
    text = gdb('vmas', 'vmas 4242', 'pt', 'usersym nothing', 'kill')
    assert 'usage: vmas PID' in text and 'no process 4242' in text and 'usage: pt' in text, text
    assert 'Traceback' not in text and waiting.wait(PLENTY) == 0


def test_gdb_without_a_machine_says_what_to_do():
    SOCKET.unlink(missing_ok=True)
    r = command(['make', 'gdb'])
    assert r.status == 2 and b'make qemu-gdb' in r.err, r


def test_two_machines_do_not_collide(waiting):
    first = SOCKET.read_text()
    p = subprocess.Popen(['tools/qemu', '--gdb'], cwd=TOP, env=environment(), stdin=subprocess.PIPE,
                         stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        assert wait_until(lambda: SOCKET.read_text() not in ('', first))
        assert waiting.poll() is None and 'kmain' in gdb('info symbol $pc', 'kill')
        assert p.wait(PLENTY) == 0 and waiting.poll() is None
    finally:
        if p.poll() is None:
            os.killpg(p.pid, signal.SIGKILL)


def test_symbolise_names_file_and_line():
    r = run('dbg oops')
    text = command(['tools/symbolise'], r.out).out.decode()
    assert re.search(r'sys_debug kernel/proc/\w+\.c:\d+\]', text), text
