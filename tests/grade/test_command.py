"""grade/grade.py as a command: results are always written, nothing is left behind,
graders do not disturb each other."""
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from conftest import TOP

PLENTY = 200  # seconds, on a loaded host
pytestmark = pytest.mark.usefixtures('top')


def start(tmp_path, *args, top=TOP, **env):
    clean = {k: v for k, v in os.environ.items() if k not in ('MAKEFLAGS', 'QEMU', 'TMPDIR')}
    argv = [sys.executable, str(top / 'grade/grade.py'), '--results', str(tmp_path / 'results.json'), *args]
    return subprocess.Popen(argv, env={**clean, 'TMPDIR': str(tmp_path), **env}, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def finish(process):
    out, err = process.communicate(timeout=PLENTY)
    assert 'Traceback' not in err, err
    return process.returncode, out, err


def grade(tmp_path, *args, **env):
    return finish(start(tmp_path, *args, **env))


def results(tmp_path):
    return json.loads((tmp_path / 'results.json').read_text())


def machines(process):
    """Process ids of its QEMUs."""
    found = []
    for entry in os.listdir('/proc'):
        try:
            with open(f'/proc/{entry}/stat', encoding='utf-8') as f:
                name, rest = f.read().rsplit(')', 1)
            if entry.isdigit() and int(rest.split()[1]) == process.pid and 'qemu' in name and rest.split()[0] != 'Z':
                found.append(int(entry))
        except OSError:
            continue
    return found


def wait_for(condition):
    end = time.monotonic() + PLENTY
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def alive(pid):
    try:
        with open(f'/proc/{pid}/stat', encoding='utf-8') as f:
            return f.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except OSError:
        return False


def shared_memory():
    return {name for name in os.listdir('/dev/shm') if 'faultline' in name}


def folders(tmp_path):
    return [p.name for p in tmp_path.iterdir() if p.name.startswith('faultline')]


def test_all_forms_at_once(tmp_path):
    forms = [w for kind in ('json', 'gradescope', 'junit') for w in (f'--{kind}', str(tmp_path / kind))]
    status, out, _ = grade(tmp_path, '--test', 'cow-share', '--seed', 'ann', *forms)
    data = results(tmp_path)
    assert data['outcome'] == 'complete' and status == (0 if data['points'] == data['max'] else 1)
    assert out.endswith(f'points (SEED={data["seed"]})\n') and data['seed'] == results(tmp_path)['tests'][0]['seed']
    assert json.loads((tmp_path / 'json').read_text()) == data
    assert json.loads((tmp_path / 'gradescope').read_text())['score'] == data['points']
    assert (tmp_path / 'junit').read_text().startswith('<?xml')
    assert not folders(tmp_path)


def test_no_such_test(tmp_path):
    status, _, err = grade(tmp_path, '--test', 'cow-nothing')
    assert status == 1 and err == 'grade: no test is called cow-nothing\n'


def test_no_qemu(tmp_path):
    status, _, err = grade(tmp_path, '--lab', 'cow', QEMU='/none/qemu')
    assert status == 2 and err == 'grade: /none/qemu is not installed: run `make deps`\n'
    assert {t['status'] for t in results(tmp_path)['tests']} == {'infrastructure'} and results(tmp_path)['points'] == 0


def test_no_toolchain(tmp_path):
    for name in ('qemu-system-riscv64', 'sh', 'env', os.path.basename(sys.executable)):
        (tmp_path / 'bin').mkdir(exist_ok=True)
        (tmp_path / 'bin' / name).symlink_to(shutil.which(name) or sys.executable)
    status, _, err = grade(tmp_path, '--lab', 'cow', PATH=str(tmp_path / 'bin'))
    assert status == 2 and 'riscv64-unknown-elf-nm is not installed: run `make deps`' in err
    assert results(tmp_path)['outcome'] == 'infrastructure'


def test_folders_that_cannot_be_written(tmp_path):
    status, _, err = grade(tmp_path, '--lab', 'cow', '--results', '/proc/none/results.json')
    assert status == 2 and err.startswith('grade: results cannot be written: No such file')
    status, _, err = grade(tmp_path, '--test', 'cow-share', '--gradescope', '/proc/none/x.json')
    assert status == 2 and 'results cannot be written' in err


@pytest.fixture(name='copy', scope='module')
def copy_fixture(tmp_path_factory, top):
    """Another checkout, built."""
    there = tmp_path_factory.mktemp('checkout') / 'tree'
    there.mkdir()
    for name in ('kernel', 'user', 'mkfs', 'tools', 'grade', 'lab'):
        shutil.copytree(top / name, there / name, symlinks=True)
    for name in ('Makefile', 'README.md', 'build/mkfs', 'build/fsck', 'build/policysim', 'build/fs.img',
                 'build/README'):
        (there / name).parent.mkdir(exist_ok=True)
        shutil.copy2(top / name, there / name)
    for name in ('kernel', 'user', 'grade'):
        shutil.copytree(top / 'build' / name, there / 'build' / name)
    return there


def test_a_tree_that_does_not_build(tmp_path, copy):
    file = copy / 'kernel/vm/cow.c'
    text = file.read_text()
    file.write_text(text + 'int nonsense(void) { return nobody; }\n')
    try:
        status, _, err = finish(start(tmp_path, '--lab', 'cow', top=copy))
    finally:
        file.write_text(text)
    assert status == 1 and 'cow.c' in err and 'nobody' in err and 'does not build: no points' in err
    data = results(tmp_path)
    assert data['outcome'] == 'build' and 'nobody' in data['message'] and data['points'] == 0
    assert {t['status'] for t in data['tests']} == {'fail'}


def test_two_graders_at_once(tmp_path, copy):
    places = [tmp_path / 'one', tmp_path / 'two']
    for place in places:
        place.mkdir()
    graders = [start(place, '--test', 'cow-share', '--seed', '3', '-j', '2', top=top)
               for place, top in zip(places, (TOP, copy))]
    ends = [finish(g) for g in graders]
    one, two = (results(place) for place in places)
    assert one['outcome'] == two['outcome'] == 'complete' and not any('infrastructure' in e[1] for e in ends)
    assert one['points'] == two['points'] and ends[0][0] == ends[1][0]


@pytest.mark.parametrize('number', (signal.SIGINT, signal.SIGTERM))
def test_interrupted(tmp_path, number):
    before = shared_memory()
    process = start(tmp_path, '--lab', 'lazy', '-j', '2')
    wait_for(lambda: machines(process))
    pids = machines(process)
    process.send_signal(number)
    status, _, err = finish(process)
    assert status == 130 and err == 'grade: interrupted\n'
    assert not any(alive(pid) for pid in pids) and not folders(tmp_path) and shared_memory() <= before
    data = results(tmp_path)
    assert data['outcome'] == 'interrupted' and 'infrastructure' in {t['status'] for t in data['tests']}


def test_killed_outright(tmp_path):
    before = shared_memory()
    process = start(tmp_path, '--lab', 'lazy', '-j', '1')
    wait_for(lambda: machines(process))
    pids = machines(process)
    process.kill()
    process.communicate()
    wait_for(lambda: not any(alive(pid) for pid in pids))
    assert shared_memory() <= before and folders(tmp_path)
    data = results(tmp_path)
    assert data['outcome'] == 'running' and data['points'] == 0
    assert {t['status'] for t in data['tests']} == {'infrastructure'}
    grade(tmp_path, '--test', 'lazy-zero')
    assert not folders(tmp_path), 'the next grader clears up'


def test_seeds():
    sys.path.insert(0, str(TOP / 'grade'))
    import grade as command
    assert command.seed_of('17') == 17 and command.seed_of('ann') == command.seed_of('ann') != command.seed_of('bob')
    assert 0 <= command.seed_of('ann') < 1 << 31 and 0 <= command.seed_of('9' * 40) < 1 << 31
    assert command.seed_of(None) != command.seed_of(None)


def test_a_mistake_of_the_grader(tmp_path, monkeypatch, capsys):
    sys.path.insert(0, str(TOP / 'grade'))
    import grade as command
    monkeypatch.setattr(command, 'check_host', lambda: 1 / 0)
    args = command.arguments(['--lab', 'cow', '--results', str(tmp_path / 'results.json')])
    book = command.Book(args, command.table.choose('cow'))
    assert command.grade(args, command.table.choose('cow'), book) == 2
    book.write()
    assert results(tmp_path)['outcome'] == 'crashed' and 'ZeroDivisionError' in results(tmp_path)['message']
    assert 'a mistake in the grader' in capsys.readouterr().err
