"""tools/handout: what students get builds, boots, lacks its lab and nothing before it, and contains no solution.

Objects that a handout has in common with the reference are copied from build/, so each costs a few seconds. SLOW=1 also
builds each handout from nothing, with programs and image.
"""
import importlib.machinery
import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
from support import PLENTY, TOP, command, environment

sys.path.insert(0, str(TOP / 'grade'))
from core import build as graded, score, table  # noqa: E402

LOADER = importlib.machinery.SourceFileLoader('handout', str(TOP / 'tools/handout'))
handout = importlib.util.module_from_spec(importlib.util.spec_from_loader('handout', LOADER))
LOADER.exec_module(handout)
LABS = handout.LABS
FILES = {lab: handout.student_files(lab) for lab in LABS}

# Words of the reference that no handout of its lab, or of an earlier one, may hold. They are names that a student would
# hardly choose, so an edit of the reference that drops one is noticed.
MARKED = {'kernel/trap/pagefault.c': ['retry_without_memory', 'describe_nearest'],
          'kernel/vm/vma.c': ['find_slowly', 'joins_left', 'trim_front'],
          'kernel/vm/anon.c': ['RELEASE_BATCH', 'release_flush', 'bool near_sp'],
          'kernel/vm/cow.c': ['share_leaf', 'static enum fault_reason take_over'],
          'kernel/swap/slot.c': ['lowest_bit', 'free_from(', 'SEEK_WORDS'],
          'kernel/swap/swapin.c': ['static uint enter(', 'static uint neighbours('],
          'kernel/swap/evict.c': ['BATCH_DIVISOR', 'batch_clean', 'static bool hold('],
          'kernel/swap/policy_mine.c': ['nprobation', 'ON_PROBATION', 'PROBATION_SHARE']}
QUOTE = 40  # characters of a line that is no accident

# A test program that fails without the lab, with the machine it needs.
LACKING = {'fault': 't_segv_user readonly', 'lazy': 't_lazy_zero', 'cow': 't_cow_share', 'swap': 'swap-seq'}
KEPT = {'lazy': 't_segv_user readonly', 'cow': 't_lazy_zero', 'swap': 't_cow_share', 'policy': 'swap-seq'}


@pytest.fixture(scope='module')
def handouts(tmp_path_factory):
    made = {}
    for lab in LABS:
        made[lab] = tmp_path_factory.mktemp('handout') / lab
        handout.handout(lab, str(made[lab]), None)
    return made


def sources_of(tree):
    return {str(p.relative_to(tree)): p.read_text(errors='replace') for p in sorted(tree.rglob('*'))
            if p.is_file() and 'build' not in p.relative_to(tree).parts and p.suffix != '.elf'}


def not_yet_written(lab):
    return [path for name in LABS[LABS.index(lab):] for path in FILES[name]]


def build(tree):
    """make kernel. Everything that is the reference's is as old as there, and so are its objects."""
    written = {path for lab in LABS for path in FILES[lab] if (tree / path).read_bytes() != (TOP / path).read_bytes()}
    for path in sources_of(tree):
        if path not in written and (TOP / path).is_file():
            shutil.copystat(TOP / path, tree / path)
    if (TOP / 'build/kernel').is_dir():
        shutil.copytree(TOP / 'build/kernel', tree / 'build/kernel', dirs_exist_ok=True)
    for path in written:
        os.utime(tree / path)
    done = subprocess.run(['make', '-C', str(tree), 'kernel'], env=environment(), capture_output=True, text=True,
                          timeout=PLENTY, check=False)
    return done, written


def boot(tree, line, **variables):
    return command(['tools/run', line], KERNEL=tree / 'kernel/kernel.elf', TIMEOUT=120, **variables)


@pytest.mark.parametrize('lab', LABS)
def test_handout_builds_and_boots_and_lacks_its_lab_only(handouts, lab):
    tree = handouts[lab]
    done, written = build(tree)
    assert done.returncode == 0 and 'warning' not in done.stdout + done.stderr, done.stdout + done.stderr
    assert written == set(not_yet_written(lab))
    assert all(f'build/{path}.o' in done.stdout for path in written), done.stdout
    tests = ''.join(f'; {t[lab]} >log; echo {name} $?' for name, t in (('kept', KEPT), ('own', LACKING)) if lab in t)
    swap = {'SWAP': '16M', 'APPEND': 'uframes=400'} if lab in ('swap', 'policy') else {}
    r = boot(tree, f'ls; wc README{tests}; dbg audit', POLICY='mine', **swap)
    assert r.status == 0 and re.search(rb'^\d+ \d+ \d+ README$', r.out, re.M) and b't_lazy_zero' in r.out, r
    if lab in KEPT:
        assert b'kept 0\n' in r.out, r
    if lab in LACKING:
        assert re.search(rb'^own [1-9]', r.out, re.M), r


@pytest.mark.parametrize('lab', LABS)
def test_handout_scores_nothing_on_its_lab_and_all_before(handouts, lab, tmp_path):
    tree = handouts[lab]
    if not (tree / 'kernel/kernel.elf').exists():
        build(tree)
    first = 0 if os.environ.get('SLOW') else LABS.index(lab) - 1  # the lab before and this one, unless there is time
    tests = [t for t in table.load() if first <= LABS.index(t.lab) <= LABS.index(lab)]
    results = score.Runner(tests, graded.Build(tree, TOP), 1, str(tmp_path), os.cpu_count() or 1).run()
    before = {r['name']: r for r in results if r['lab'] != lab}
    own = {r['name']: r for r in results if r['lab'] == lab}
    assert [n for n, r in before.items() if r['points'] != r['max']] == []
    assert {n: r['points'] for n, r in own.items() if r['points'] or r['status'] != 'fail'} == {}
    # Not what a student needs to hear.
    broken = ('panic', 'again and again', 'million instructions', 'powered off, status 0')
    assert [(n, r['shown']) for n, r in own.items() if any(word in r['shown'] for word in broken)] == []


def lines(text):
    return {re.sub(r'\s+', ' ', line).strip() for line in text.split('\n')}


@pytest.mark.parametrize('lab', LABS)
def test_no_solution_is_in_the_handout(handouts, lab):
    texts = sources_of(handouts[lab])
    reference = {path: (TOP / path).read_text() for path in not_yet_written(lab)}
    students = {path for name in LABS for path in FILES[name]}
    common = set().union(*(lines(text) for path, text in texts.items() if path not in students and
                           path.startswith('kernel/')))
    for path, text in reference.items():
        gone = [mark for mark in MARKED[path] if mark not in text]
        assert not gone, f'{path} has no {gone} any more: mark something else'
        quotes = {line for line in lines(text) - common - lines(texts[path]) if len(line) >= QUOTE}
        assert quotes
        ours = {where: other for where, other in texts.items() if where in reference or where not in students}
        for where, other in ours.items():
            found = [mark for mark in MARKED[path] if mark in other]
            found += [q for q in quotes & lines(other)] if where != path else []
            assert not found, f'{where} of handout {lab} has {found} of {path}'
        code = [line for line in quotes if not line.startswith('//')]
        flat = {where: re.sub(r'\s+', ' ', other) for where, other in ours.items()}
        quoted = [(where, line) for where, other in flat.items() for line in code if line in other]
        assert not quoted


@pytest.mark.parametrize('lab', LABS)
def test_what_is_there_and_what_is_not(handouts, lab):
    tree = handouts[lab]
    texts = sources_of(tree)
    for path in not_yet_written(lab):
        assert texts[path] == next((TOP / 'lab' / n / path).read_text() for n in LABS if path in FILES[n])
    for name in LABS[:LABS.index(lab)]:
        assert all(texts[path] == (TOP / path).read_text() for path in FILES[name])
    assert f'lab/{lab}/README.md' in texts and texts[f'lab/{lab}/files'].split() == FILES[lab]
    assert not [p for p in texts if p.startswith('lab/') and p.endswith('.c')]
    assert not [p for p in texts if 'mutants' in p or p.startswith(('build/', '.git/'))]
    assert os.access(tree / 'tools/run', os.X_OK) and '.gitignore' in texts
    steps = subprocess.run([str(tree / 'tools/test.py'), '--list'], capture_output=True, text=True, check=False)
    assert steps.returncode == 0 and 'mutants' not in steps.stdout and 'usertests' in steps.stdout, steps
    docs = subprocess.run([str(tree / 'tools/doccheck')], capture_output=True, text=True, check=False)
    assert docs.returncode == 0, docs.stdout


def test_figures_of_the_manual_are_there(handouts):
    for lab in LABS:
        page = (handouts[lab] / f'lab/{lab}/README.md').read_text()
        for target in re.findall(r'\]\(([^)#\s]+)', page):
            if '://' not in target and 'mutants' not in target:
                assert (handouts[lab] / 'lab' / lab / target).is_file(), (lab, target)


def test_the_same_again(handouts, tmp_path):
    done = command(['make', '-s', 'handout', 'LAB=cow', f'OUT={tmp_path}/again'])
    assert done.status == 0 and b'kernel/vm/cow.c' in done.out, done
    again = {p.relative_to(tmp_path / 'again'): p.read_bytes() for p in (tmp_path / 'again').rglob('*') if p.is_file()}
    for path, data in again.items():
        assert (handouts['cow'] / path).read_bytes() == data


def student(tmp_path, lab):
    tree = tmp_path / 'student'
    for name in LABS[:LABS.index(lab)]:
        for path in FILES[name]:
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text((TOP / path).read_text() + f'// by a student: {path}\n')
    return tree


def test_from_takes_the_students_earlier_files_and_nothing_else(tmp_path):
    mine = student(tmp_path, 'cow')
    for path in ('Makefile', 'kernel/vm/cow.c', 'kernel/vm/fault.c', 'tools/run'):
        (mine / path).parent.mkdir(parents=True, exist_ok=True)
        (mine / path).write_text('of a student, not taken')
    out = handout.handout('cow', str(tmp_path / 'out'), str(mine))
    for path in FILES['fault'] + FILES['lazy']:
        assert (out / path).read_text().endswith(f'// by a student: {path}\n')
    assert 'of a student, not taken' not in ''.join(sources_of(out).values())


def refused(tmp_path, *args):
    before = sorted(tmp_path.rglob('*'))
    r = command(['tools/handout', *args])
    assert r.status == 1 and r.err.startswith(b'tools/handout: ') and b'Traceback' not in r.err, r
    assert sorted(tmp_path.rglob('*')) == before
    return r.err.decode()


def test_errors_are_clear_and_leave_nothing(tmp_path):
    out, full = tmp_path / 'out', tmp_path / 'full'
    full.mkdir()
    (full / 'work').write_text('a day')
    assert 'not empty' in refused(tmp_path, 'cow', full)
    assert 'choose one of fault, lazy' in refused(tmp_path, 'cows', out)
    assert 'choose one of' in refused(tmp_path)
    assert 'OUT=' in refused(tmp_path, 'cow')
    assert 'not a directory' in refused(tmp_path, 'cow', full / 'work')
    assert 'does not exist' in refused(tmp_path, 'cow', tmp_path / 'no' / 'out')
    assert 'reference tree' in refused(tmp_path, 'cow', TOP / 'build' / 'out')
    assert 'not a directory' in refused(tmp_path, 'cow', out, '--from', tmp_path / 'nobody')
    assert 'has no kernel/trap/pagefault.c' in refused(tmp_path, 'cow', out, '--from', full)
    mine = student(tmp_path, 'cow')
    anon = mine / 'kernel/vm/anon.c'
    anon.write_text('x' * (handout.MOST + 1))
    assert 'longer than' in refused(tmp_path, 'cow', out, '--from', mine)
    anon.unlink()
    anon.symlink_to('/etc/hostname')
    assert 'symbolic link' in refused(tmp_path, 'cow', out, '--from', mine)


def test_an_edit_that_finds_nothing_is_an_error(monkeypatch):
    monkeypatch.setattr(handout, 'EDITS', (('tools/test.py', 'no such text', ''),))
    with pytest.raises(handout.Bad, match='tools/test.py has changed'):
        handout.edited('tools/test.py', b'text')


@pytest.mark.skipif(os.environ.get('SLOW') != '1', reason='SLOW=1: minutes')
@pytest.mark.parametrize('lab', LABS)
def test_handout_builds_from_nothing(tmp_path, lab):
    out = handout.handout(lab, str(tmp_path / lab), None)
    done = subprocess.run(['make', '-C', str(out)], env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0 and 'warning' not in done.stdout + done.stderr, done.stdout + done.stderr
    assert pathlib.Path(out, 'build/fs.img').is_file()
