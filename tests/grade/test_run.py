"""One run of a test on a real machine, and all that can go wrong with it:
what the host does wrong costs nobody points."""
import os
import pathlib
import signal

import pytest
from core import build, image, machine, pattern, score, table
from core.machine import Run
from core.verdict import Fail, Infrastructure
from probe import SEED, probe, run, walk

pytestmark = pytest.mark.usefixtures('top')


def infrastructure(result, words):
    assert result['status'] == 'infrastructure' and result['points'] == 0, result
    assert words in result['shown'], result['shown']
    assert result['reproduce'] and result['max'] == 2


def leftovers(folder):
    return [str(p) for p in pathlib.Path(folder).iterdir()] + [p for p in os.listdir('/dev/shm') if 'faultline' in p]


def fake(tmp_path, monkeypatch, script):
    path = tmp_path / 'fake-qemu'
    path.write_text('#!/bin/sh\n' + script + '\n')
    path.chmod(0o755)
    monkeypatch.setenv('QEMU', str(path))


def test_a_run_passes_and_leaves_nothing(tmp_path):
    def check(r):
        at = r.next_stop()
        assert r.current.root == at.root and r.space(at).present() and r.disk('fs')['rd_operations'] > 0
        assert r.content(r.space(at), at.registers[1]) and r.ledger()['user'] > 0
        walk(r)
        assert [t for t in r.traps() if t.fault == 'store' and t.from_user]
        r.part('stopped', True, '')

    result = run(tmp_path, check)
    assert result['status'] == 'pass' and result['points'] == 2, result
    assert not leftovers(tmp_path)
    again = run(tmp_path, check)
    assert 10e6 < again['instructions'] < 1.2 * result['instructions'] < 1.44 * again['instructions']


def test_qemu_that_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv('QEMU', str(tmp_path / 'none'))
    infrastructure(run(tmp_path), 'make deps')


def test_qemu_that_complains(tmp_path, monkeypatch):
    fake(tmp_path, monkeypatch, 'echo "qemu: no such machine" >&2; exit 1')
    infrastructure(run(tmp_path), 'no such machine')


def test_qemu_that_says_nothing(tmp_path, monkeypatch):
    fake(tmp_path, monkeypatch, 'exit 0')
    infrastructure(run(tmp_path), 'it ended with status 0')


def test_qemu_that_is_killed(tmp_path):
    def check(r):
        r.next_stop()
        os.kill(r.process.pid, signal.SIGKILL)
        walk(r)
    infrastructure(run(tmp_path, check), 'QEMU went away')


def test_a_check_that_throws(tmp_path):
    def check(r):
        r.part('stopped', True, '')
        raise IndexError('an error of ours')
    infrastructure(run(tmp_path, check), 'IndexError: an error of ours')


def test_a_check_that_gives_up(tmp_path):
    def check(r):
        r.part('stopped', True, '')
        raise Fail('something \x1b[1m', 'nothing')
    result = run(tmp_path, check)
    assert (result['status'], result['points'], result['expected']) == ('fail', 0, 'something  [1m')
    assert result['parts'][0]['status'] == 'fail', 'a run that ends early scores nothing'


def test_a_check_that_stops_early(tmp_path):
    result = run(tmp_path, lambda r: r.part('stopped', True, ''))
    assert result['points'] == 0 and 'its check ended before' in result['shown']


def test_the_budget(tmp_path):
    result = run(tmp_path, budget=1)
    assert result['status'] == 'fail' and 'million instructions' in result['expected'] + result['shown'], result


def test_endless_output(tmp_path, monkeypatch):
    monkeypatch.setitem(machine.LOG_LIMITS, 'console', (10, 'the guest printed'))
    result = run(tmp_path, budget=4000, check=lambda r: (r.next_stop(), r._watch()))
    assert result['status'] == 'fail' and 'the guest printed more' in result['shown'], result


def test_escape_sequences_on_the_console(tmp_path):
    def check(r):
        walk(r)
        (r.folder / 'console').write_bytes(b'Boot HART x\n\x1b[2J\x1b]0;title\x07 evil\xff\n' + b'long ' * 1000)
        r.need(False, 'x')
    lines = run(tmp_path, check)['console']
    assert lines[0] == ' [2J ]0;title  evil' and len(lines[1]) <= 200 and len(lines) == 2


def test_no_kernel(tmp_path):
    made = build.Build(tmp_path, build.TOP)
    infrastructure(score.run_once(probe(), made, SEED, tmp_path), 'is missing')


def test_a_kernel_that_is_none(tmp_path):
    made = build.Build(tmp_path, build.TOP)
    made.kernel.parent.mkdir()
    made.kernel.write_bytes(b'\x7fELF' + bytes(5000))
    result = score.Runner([probe()], made, SEED, tmp_path, 1).run()[0]
    assert result['status'] == 'infrastructure' and result['points'] == 0


def test_an_image_that_is_none(tmp_path, monkeypatch):
    def make(path, *_):
        path.write_bytes(bytes(1 << 20))
        return 'nobody'
    monkeypatch.setattr(image, 'make', make)
    result = run(tmp_path)
    assert result['status'] == 'fail' and result['points'] == 0 and result['console'], result


def test_no_mkfs(tmp_path):
    made = build.Build()
    made.mkfs = tmp_path / 'none'
    infrastructure(score.run_once(probe(), made, SEED, tmp_path), 'No such file')


def test_a_socket_that_is_taken(tmp_path):
    r = Run(probe(), build.Build(), SEED, tmp_path)
    (r.folder / 'gdb').mkdir()
    with pytest.raises(Infrastructure, match='QEMU did not start'):
        r.__enter__()
    assert not r.fds and r.process.poll() is not None


def test_a_folder_that_cannot_be_written():
    infrastructure(run('/proc/none'), 'No such file')


def test_a_full_disk(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, 'No space left on device')
    monkeypatch.setattr(machine.os, 'posix_fallocate', full)
    infrastructure(run(tmp_path), 'no room for a machine of 64 MiB')
    monkeypatch.undo()
    monkeypatch.setattr(score, 'ROOM', 1 << 60)
    infrastructure(run(tmp_path, lambda r: r.need(False, 'x')), 'is full')


def test_needs(tmp_path):
    first = probe(lambda r: r.need(False, 'x'), name='cow-first')
    second = probe(name='cow-second', needs=('cow-first',))
    results = score.Runner([first, second], build.Build(), SEED, tmp_path, 2).run()
    assert [r['status'] for r in results] == ['fail', 'fail'] and 'not run' in results[1]['shown']
    first = probe(lambda r: 1 / 0, name='cow-first')
    results = score.Runner([first, second], build.Build(), SEED, tmp_path, 2).run()
    assert [r['status'] for r in results] == ['infrastructure', 'infrastructure']


def test_the_worst_seed_counts(tmp_path):
    seen = []

    def check(r):
        seen.append(r.seed)
        walk(r)
        r.part('stopped', r.seed != SEED + 1, 'x')
    result = run(tmp_path, check, seeds=3)
    assert (result['points'], result['seed'], seen) == (0, SEED + 1, [SEED, SEED + 1])
    assert f'SEED={SEED + 1}' in result['reproduce'][0]


def test_pattern_is_what_programs_write(tmp_path):
    def check(r):
        at = r.next_stop()
        while at.name != 'filled':
            at = r.next_stop()
        r.part('stopped', r.content(r.space(at), at.args[0]) == pattern.page(r.given, 0), 'the pattern of page 0')
        while r.next_stop():
            pass
    assert run(tmp_path, check)['status'] == 'pass'


def test_firmware_that_hangs(tmp_path, monkeypatch):
    """Is told from a kernel that does not end, and tried again."""
    tries = []

    def check(r):
        tries.append(r.seed)
        r.next_stop()
        r.part('stopped', True, '')
        r._stuck('x')
        r.need(False, 'a machine that goes on')
    two = table.Machine(harts=2, shift=9)
    assert run(tmp_path, check, machine=two)['status'] == 'fail' and len(tries) == 1
    monkeypatch.setattr(machine, 'FIRMWARE', 1 << 64)
    monkeypatch.setattr(machine, 'RAM_BASE', 0)
    monkeypatch.setattr(machine, 'FIRMWARE_SECONDS', 0.1)
    monkeypatch.setattr(machine.Run, 'traps', lambda _: [])
    result = run(tmp_path, check, machine=two)
    assert result['status'] == 'infrastructure' and 'firmware' in result['shown'] and len(tries) == 1 + score.TRIES
