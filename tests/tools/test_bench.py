"""tools/bench: its verdicts, on figures that are made up, and one real run."""
import importlib.machinery
import importlib.util
import json

import pytest
from support import TOP, command

loader = importlib.machinery.SourceFileLoader('bench', str(TOP / 'tools' / 'bench'))
bench = importlib.util.module_from_spec(importlib.util.spec_from_loader('bench', loader))
loader.exec_module(bench)

FIGURES = {name: 1000 * (i + 1) for i, name in enumerate(bench.ROWS)}


@pytest.fixture(name='baseline')
def fixture_baseline(tmp_path, monkeypatch):
    path = tmp_path / 'baseline.json'
    path.write_text(json.dumps(FIGURES))
    monkeypatch.setattr(bench, 'BASELINE', str(path))
    monkeypatch.setattr(bench, 'longest_holds', lambda: [lock(20_000)])
    return path


def lock(hold):
    return bench.Lock('pages', 10, 0, 0, 0, 100, hold, 'frame_alloc')


@pytest.mark.parametrize('name', [n for n in bench.ROWS if n not in bench.WAITING + bench.FIRMWARE])
def test_dearer_fails(baseline, name, capsys):
    assert bench.check({**FIGURES, name: FIGURES[name] * 1.04}) == 0
    assert bench.check({**FIGURES, name: FIGURES[name] * 0.5}) == 0
    assert bench.check({**FIGURES, name: FIGURES[name] * 1.06}) == 1
    assert f'FAIL {name}' in capsys.readouterr().out


def test_new_operation_needs_a_baseline(baseline):
    baseline.write_text(json.dumps({n: v for n, v in FIGURES.items() if n != 'null_call'}))
    assert bench.check(FIGURES) == 1


def test_long_hold_fails(baseline, monkeypatch, capsys):
    monkeypatch.setattr(bench, 'longest_holds', lambda: [lock(20_100)])
    assert bench.check(FIGURES) == 1
    assert 'FAIL spinlock pages: held for 20,100 ns by frame_alloc' in capsys.readouterr().out


def test_update(baseline):
    assert bench.update({**FIGURES, 'null_call': 1}) == 0
    assert json.loads(baseline.read_text())['null_call'] == 1


@pytest.mark.parametrize('second,status', [(1009, 0), (1011, 1)])
def test_repeat(monkeypatch, second, status):
    results = iter([FIGURES, {**FIGURES, 'null_call': second, 'boot': 1}])
    monkeypatch.setattr(bench, 'instructions', lambda: next(results))
    assert bench.repeat() == status


@pytest.mark.parametrize('gain,status', [(1.85, 0), (1.75, 1)])
def test_scaling(monkeypatch, gain, status):
    par = {name: {1: bench.Runs(90, 20, 80, 100), 2: bench.Runs(150, 20, 80, 190)} for name in bench.PAR}
    par['par_fork'][2] = bench.Runs(150, 20, 80, 100 * gain)
    monkeypatch.setattr(bench, 'throughput', lambda harts, runs: par)
    monkeypatch.setattr(bench, 'lock_table', lambda line, **env: [lock(100)])
    assert bench.scaling(1) == status


def test_lines(monkeypatch):
    text = ('lock   taken  waited  longest ns  all waits  all holds  longest ns  by\n'
            'run queue 17 2 300 500 900 100  sched_ready\n'
            '1 vmbench: store fault at 0x8\ntty 3 0 0 0 0 0  \n')
    monkeypatch.setattr(bench, 'run', lambda line, **env: text)
    assert bench.lock_table('true') == [bench.Lock('run queue', 17, 2, 300, 500, 900, 100, 'sched_ready'),
                                        bench.Lock('tty', 3, 0, 0, 0, 0, 0, '')]
    assert bench.figures('null_call  150\npar_fork 9\nstrange 3\nnull_call x\n2 vmbench: out\n') == {'null_call': 150,
                                                                                                  'par_fork': 9}


def test_a_failed_machine_is_no_figure():
    r = command(['tools/bench', '--check'], QEMU='/bin/false')
    assert r.status not in (0, None) and b'ended with status' in r.err, r


def test_holds_of_a_real_run():
    r = command(['tools/bench', '--locks'])
    assert r.status == 0 and b'0 of ' in r.out, r
