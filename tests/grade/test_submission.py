"""Submissions: packed, taken out of hostile archives, laid over a tree, compiled."""
import bz2
import gzip
import io
import json
import lzma
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tarfile
import time
import zipfile

import pytest

from core import build, guest, machine, sandbox, scan, submission, unpack
from core.table import LABS
from core.verdict import Fail, Infrastructure

TOP = pathlib.Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(not (TOP / 'lab/policy/kernel').is_dir(),
                                reason='a handout has not the stubs of all labs')
COW, ANON, SLOT = 'kernel/vm/cow.c', 'kernel/vm/anon.c', 'kernel/swap/slot.c'
WANTED = [COW, ANON]


def tar_of(path, entries, mode='w:gz'):
    """entries: (name, bytes or TarInfo)."""
    with tarfile.open(path, mode) as tar:
        for name, data in entries:
            if isinstance(data, tarfile.TarInfo):
                data.name = name
                tar.addfile(data)
            else:
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    return path


def entry(kind, to=''):
    info = tarfile.TarInfo()
    info.type, info.linkname = kind, to
    return info


def zip_of(path, entries):
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as packed:
        for name, data in entries:
            packed.writestr(name, data)
    return path


def collected(path, tmp_path, wanted=WANTED):
    work = tmp_path / 'work'
    work.mkdir()
    return submission.collect(path, wanted, work)


def refused(path, tmp_path, words):
    with pytest.raises(build.Failed) as failed:
        collected(path, tmp_path)
    assert words in str(failed.value)


# ---- archives

@pytest.mark.parametrize('mode', ['w', 'w:gz', 'w:bz2', 'w:xz'])
def test_tar(tmp_path, mode):
    path = tar_of(tmp_path / 'x', [(COW, b'c'), ('./' + ANON, b'a')], mode)
    assert collected(path, tmp_path) == ({COW: b'c', ANON: b'a'}, [])


def test_zip_with_one_folder_around_and_backslashes(tmp_path):
    path = zip_of(tmp_path / 'x.zip', [('ann/' + COW, b'c'), ('ann\\kernel\\vm\\anon.c', b'a'),
                                       ('__MACOSX/ann/._cow.c', b'?')])
    files, notes = collected(path, tmp_path)
    assert files == {COW: b'c', ANON: b'a'} and '__MACOSX' in notes[0]


def test_flat_archive_and_single_file(tmp_path):
    assert collected(tar_of(tmp_path / 'x', [('cow.c', b'c')]), tmp_path)[0] == {COW: b'c'}
    (tmp_path / 'cow.c').write_bytes(b'd')
    assert submission.collect(tmp_path / 'cow.c', WANTED, tmp_path)[0] == {COW: b'd'}


def test_other_files_are_named_and_ignored(tmp_path):
    others = [(f'file{i}\x1b[31m', b'') for i in range(100)]
    path = tar_of(tmp_path / 'x', [*others, ('Makefile', b'x'), ('kernel/vm/as.c', b'x'), (COW, b'c')])
    files, notes = collected(path, tmp_path)
    assert files == {COW: b'c'}
    assert 'and 90 more' in notes[0] and '\x1b' not in notes[0]


@pytest.mark.parametrize('name', ['/' + COW, '../' + COW, 'a/../' + COW, 'C:/' + COW, 'a/b/' + COW, COW + '/',
                                  'kernel//vm/cow.c', 'kernel/vm/COW.C', 'kernel/vm/cow.c\udcff'])
def test_names_that_do_not_count(tmp_path, name):
    files, notes = collected(tar_of(tmp_path / 'x', [(name, b'evil'), (ANON, b'a')]), tmp_path)
    assert files == {ANON: b'a'} and 'ignored' in notes[0]
    assert not list(tmp_path.rglob('cow.c')) and not (tmp_path.parent / COW).exists()


@pytest.mark.parametrize('kind, to', [(tarfile.SYMTYPE, '/etc/passwd'), (tarfile.LNKTYPE, '/etc/passwd'),
                                      (tarfile.LNKTYPE, ANON), (tarfile.CHRTYPE, ''), (tarfile.FIFOTYPE, '')])
def test_wanted_file_is_something_else(tmp_path, kind, to):
    refused(tar_of(tmp_path / 'x', [(ANON, b'a'), (COW, entry(kind, to))]), tmp_path, f'{COW} is a')


def test_link_in_zip(tmp_path):
    info = zipfile.ZipInfo(COW)
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    refused(zip_of(tmp_path / 'x', [(info, '/etc/passwd')]), tmp_path, f'{COW} is a link')


def test_the_same_name_twice(tmp_path):
    refused(tar_of(tmp_path / 'x', [(COW, b'1'), ('ann/' + COW, b'2')]), tmp_path, f'{COW} is there 2 times')


def test_file_too_long(tmp_path):
    refused(tar_of(tmp_path / 'x', [(COW, b' ' * (unpack.MOST + 1))]), tmp_path, f'{COW} is longer than 256 KiB')


def test_none_of_the_files(tmp_path):
    refused(tar_of(tmp_path / 'x', [('README', b'')]), tmp_path, 'none of these files is in it')


@pytest.mark.parametrize('data', [b'', b'hello', b'PK\3\4' + b'x' * 9, b'\x1f\x8b' + b'x' * 9, b'BZh9' + b'x' * 9,
                                  b'\xfd7zXZ\0' + b'x' * 9, bytes(257) + b'ustar' + bytes(250),
                                  gzip.compress(b'no tar'), gzip.compress(bytes(1024))[:-6]],
                         ids=('empty', 'text', 'zip', 'gzip', 'bzip2', 'xz', 'tar', 'no tar', 'torn'))
def test_broken_archives(tmp_path, data):
    (tmp_path / 'x').write_bytes(data)
    with pytest.raises(build.Failed):
        collected(tmp_path / 'x', tmp_path)


def in_process(path, monkeypatch, tmp_path):
    """The report of core/unpack.py without the sandbox: its own limits must do."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(path, tmp_path / 'archive')
    (tmp_path / 'wanted.json').write_text(json.dumps(WANTED))
    unpack.main()
    return json.loads((tmp_path / 'report.json').read_text())


@pytest.mark.parametrize('squeeze', [gzip.compress, bz2.compress, lzma.compress])
def test_bombs(tmp_path, monkeypatch, squeeze):
    monkeypatch.setattr(unpack, 'MOST_UNPACKED', 4 << 20)
    plain = tar_of(tmp_path / 'plain', [('big', bytes(8 << 20)), (COW, b'c')], 'w').read_bytes()
    (tmp_path / 'x').write_bytes(squeeze(plain))
    assert 'unpacks to more than' in in_process(tmp_path / 'x', monkeypatch, tmp_path)['error']


def test_too_many_entries(tmp_path, monkeypatch):
    monkeypatch.setattr(unpack, 'MOST_ENTRIES', 500)
    path = tar_of(tmp_path / 'x', [(f'{i}', b'') for i in range(501)])
    assert 'more than 500 files' in in_process(path, monkeypatch, tmp_path)['error']


def test_bomb_of_zeros_in_the_sandbox(tmp_path):
    header = tarfile.TarInfo('big')
    header.size = 1 << 40
    (tmp_path / 'x').write_bytes(gzip.compress(header.tobuf()) + 66 * gzip.compress(bytes(8 << 20)))
    refused(tmp_path / 'x', tmp_path, 'unpacks to more than 512 MiB')


def test_archive_too_large(tmp_path):
    with open(tmp_path / 'x', 'wb') as f:
        f.truncate(submission.MOST_PACKED + 1)
    refused(tmp_path / 'x', tmp_path, 'larger than 32 MiB')


def test_unpacker_that_does_not_end_is_the_archives_fault(tmp_path, monkeypatch):
    code = tmp_path / 'slow.py'
    code.write_text('while True:\n    pass\n')
    monkeypatch.setattr(unpack, '__file__', str(code))
    monkeypatch.setattr(submission, 'UNPACKING', sandbox.Limits(cpu=1))
    refused(tar_of(tmp_path / 'x', [(COW, b'c')]), tmp_path, 'too much time or memory')


# ---- folders

def test_folder(tmp_path):
    top = tmp_path / 'ann/project'
    (top / 'kernel/vm').mkdir(parents=True)
    (top / 'build').mkdir()
    (top / COW).write_bytes(b'c')
    (top / 'kernel/vm/as.c').write_bytes(b'c')
    files, notes = collected(tmp_path / 'ann', tmp_path)
    assert files == {COW: b'c'}
    assert 'project/build/' in notes[0] and 'project/kernel/vm/as.c' in notes[0]


def test_folder_with_links(tmp_path):
    canary = tmp_path / 'outside/vm'
    canary.mkdir(parents=True)
    (canary / 'cow.c').write_text('canary')
    ann = tmp_path / 'ann'
    ann.mkdir()
    (ann / 'kernel').symlink_to(tmp_path / 'outside')
    refused(ann, tmp_path, 'none of these files')
    (ann / 'kernel').unlink()
    (ann / 'kernel/vm').mkdir(parents=True)
    (ann / COW).symlink_to(canary / 'cow.c')
    with pytest.raises(build.Failed, match='is a link'):
        submission.collect(ann, WANTED, tmp_path)
    (ann / COW).unlink()
    os.mkfifo(ann / COW)
    with pytest.raises(build.Failed, match='is a device'):
        submission.collect(ann, WANTED, tmp_path)


def test_the_submission_itself_may_be_a_link(tmp_path):
    (tmp_path / 'link').symlink_to(tar_of(tmp_path / 'x', [(COW, b'c')]))
    assert collected(tmp_path / 'link', tmp_path)[0] == {COW: b'c'}


def test_folder_with_an_archive(tmp_path):
    (tmp_path / 'ann').mkdir()
    tar_of(tmp_path / 'ann/submission.tar.gz', [(COW, b'c')])
    assert collected(tmp_path / 'ann', tmp_path)[0] == {COW: b'c'}


# ---- over the tree

def test_what_is_missing(top):
    new, notes = submission.replacements({SLOT: b'mine'}, 'swap', top)
    assert new[SLOT] == b'mine' and COW not in new
    assert new['kernel/swap/evict.c'] == (top / 'lab/swap/kernel/swap/evict.c').read_bytes()
    assert new['kernel/swap/policy_mine.c'] == (top / 'lab/policy/kernel/swap/policy_mine.c').read_bytes()
    assert any('evict.c is missing: the stub' in n for n in notes)
    assert any('cow.c is missing: the one of this tree' in n for n in notes)
    everything, _ = submission.replacements({}, '', top)
    assert everything == {p: (top / 'lab' / lab / p).read_bytes() for p, lab in submission.scope('', top).items()}


def test_in_a_handout(top, tmp_path):
    """Neither stubs nor lists of later labs are there."""
    for lab in ('fault', 'lazy'):
        (tmp_path / 'lab' / lab).mkdir(parents=True)
        shutil.copy(top / 'lab' / lab / 'files', tmp_path / 'lab' / lab)
    for path in submission.scope('', tmp_path):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    assert list(submission.scope('lazy', tmp_path)) == ['kernel/trap/pagefault.c', 'kernel/vm/vma.c', ANON]
    assert submission.replacements({ANON: b'mine'}, 'lazy', tmp_path)[0] == {ANON: b'mine'}


@pytest.fixture(scope='module')
def tree(top, tmp_path_factory):
    """A copy of this tree, for compile_all."""
    folder = tmp_path_factory.mktemp('tree')
    submission.copy_tree(top, folder)
    return folder


def compiled(code, top, tree):
    (tree / COW).write_text(code)
    submission.compile_all([COW], tree, submission.compiler(top))


@pytest.fixture
def canary(tmp_path):
    file = tmp_path / 'canary.h'
    file.write_text('int canary_text_4711 = ;\n')
    return file


ATTACKS = ('#include "{0}"', '#include <{0}>', '#define F "{0}"\n#include F',
           '#if __has_include("{0}")\n#error there\n#endif', '#include "../../../../../../../../../../../../{0}"',
           'asm(".incbin \\"{0}\\"");', 'asm(".include \\"{0}\\"");',
           'asm(".macro m a, b\\n.\\\\a\\\\b \\"{0}\\"\\n.endm\\nm inc, bin");', 'asm("\\56\\151ncbin \\"{0}\\"");',
           'void f(void) {{ asm volatile("nop # \\"\\n#NO_APP\\n.incbin \\"{0}\\""); }}',
           'int f(void) asm("x; .incbin \\"{0}\\"; y"); int f(void) {{ return 1; }}',
           'int x __attribute__((section(".data; .incbin \\"{0}\\" #"))) = 1;')


@pytest.mark.parametrize('attack', ATTACKS, ids=range(len(ATTACKS)))
def test_no_file_of_the_host_gets_in(attack, top, tree, canary):
    code = attack.format(canary)
    with pytest.raises(build.Failed) as failed:
        submission.refuse(COW, scan.c_source(code.encode(), submission.headers(top)))
        compiled(code, top, tree)
    assert 'canary_text' not in str(failed.value)


@pytest.mark.parametrize('attack', [ATTACKS[0], ATTACKS[2], ATTACKS[4]])
def test_nor_without_the_first_fence(attack, top, tree, canary):
    """The compiler finds nothing where there are namespaces; elsewhere its list of files tells."""
    canary.write_text('int canary_text_4711;\n')
    with pytest.raises(build.Failed) as failed:
        compiled(attack.format(canary), top, tree)
    assert 'No such file' in str(failed.value) or 'it reads' in str(failed.value)


@pytest.mark.skipif(bool(sandbox.isolation((sys.executable,))), reason='no namespaces here')
def test_nor_without_the_scan_of_assembly(top, tree, canary, monkeypatch):
    monkeypatch.setattr(scan, 'assembly', lambda text: [])
    with pytest.raises(build.Failed, match='file not found|No such file'):
        compiled(ATTACKS[5].format(canary), top, tree)


@pytest.mark.parametrize('attack', [ATTACKS[0], ATTACKS[3], ATTACKS[5]])
def test_nor_without_namespaces(attack, top, tree, canary, monkeypatch):
    """Where the host has none the other fences hold, and the student is told."""
    monkeypatch.setattr(sandbox, 'isolation', lambda uses=(): 'none here')
    test_no_file_of_the_host_gets_in(attack, top, tree, canary)


def test_prepare_without_namespaces(top, tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, 'isolation', lambda uses=(): 'none here')
    (tmp_path / 'work').mkdir()
    code = (top / COW).read_bytes() + b'// changed\n'
    made, notes = submission.prepare(tar_of(tmp_path / 'x', [(COW, code)]), 'cow', tmp_path / 'work', top)
    assert made.kernel.stat().st_size > 100_000 and any('none here' in n for n in notes)


def test_dependencies():
    known = {'kernel/riscv.h'}
    text = 'x.o: kernel/vm/cow.c ./kernel/riscv.h \\\n /usr/lib/gcc/riscv64-unknown-elf/12/include/stdint.h\n'
    assert submission.read_outside(submission.dependencies(text), COW, known) == []
    for bad in ('/etc/passwd', '/tmp/include/stdint.h', 'kernel/../../x', '/usr/include/stdio.h', 'kernel/vm/anon.c'):
        assert submission.read_outside([bad], COW, known) == [bad]


@pytest.mark.parametrize('code, words', [
    ('#define A0 1\n' + ''.join(f'#define A{i} (A{i-1}+A{i-1})\n' for i in range(1, 64)) + '#if A63\n#endif\n',
     'compiling ran into a limit'),
    ('char big[] = { [0 ... (1 << 22) - 1] = 7 };', 'compiling ran into a limit'),
    ('asm(".zero 0x7fffffffff");', 'assembling ran into a limit'),
    ('asm(".skip 1 << 28");', 'assembling ran into a limit'),
    ('int x = ;\x1b[31m', 'error: expected expression'),
    ('int f(void) { int unused; return 1; }', 'unused'),
], ids=('macros', 'table', 'zeros', 'skip', 'error', 'warning'))
def test_compilers_that_fail(code, words, top, tree, monkeypatch):
    monkeypatch.setattr(submission, 'COMPILING', sandbox.Limits(cpu=2, memory=256 << 20, file=submission.MOST_WRITTEN))
    begin = time.monotonic()
    with pytest.raises(build.Failed) as failed:
        compiled(code, top, tree)
    assert words in str(failed.value) and '\x1b' not in str(failed.value) and len(str(failed.value)) < 20_000
    assert time.monotonic() - begin < 120


@pytest.mark.parametrize('line', ['gcc: fatal error: Killed signal terminated program cc1', 'sh: 1: Cannot fork',
                                  'kernel/vm/cow.c:3: fatal error: error writing to x.s: No space left on device'])
def test_what_is_the_hosts_fault(tree, line):
    with pytest.raises(Infrastructure):
        submission.step(f'echo "{line}"; exit 1', tree, ['sh'], 'compiling')
    with pytest.raises(build.Failed):  # a submission cannot say so
        submission.step(f'echo "kernel/vm/cow.c:1:2: error: #error {line}"; exit 1', tree, ['sh'], 'compiling')


def test_no_toolchain(top, monkeypatch):
    monkeypatch.setenv('PATH', '/nowhere')
    with pytest.raises((Infrastructure, OSError)):
        submission.compiler(top)


def test_prepare(top, tmp_path):
    """The kernel is another one, all else is this tree's; nothing in this tree changes."""
    code = (top / COW).read_text() + '\nint cow_mark_4711(void);\nint cow_mark_4711(void) { return 4711; }\n'
    before = {p: p.stat().st_mtime_ns for p in (top / 'kernel').rglob('*') if p.is_file()}
    work = tmp_path / 'work'
    work.mkdir()
    path = tar_of(tmp_path / 'x', [(COW, code.encode()), ('Makefile', b'$(shell touch /tmp/faultline-evil)')])
    made, notes = submission.prepare(path, 'cow', work, top)
    names = subprocess.run([guest.toolchain('nm'), made.kernel], capture_output=True, text=True, check=True).stdout
    assert 'cow_mark_4711' in names and made.pristine == top and made.program('init').is_relative_to(top)
    assert before == {p: p.stat().st_mtime_ns for p in (top / 'kernel').rglob('*') if p.is_file()}
    assert any('Makefile' in n for n in notes)
    assert not os.path.exists('/tmp/faultline-evil')


def test_the_reference_makes_the_same_kernel(top, tmp_path):
    """Assembling what -S wrote gives the code that compiling at once gives."""
    tree = tmp_path / 'tree'
    tree.mkdir()
    submission.copy_tree(top, tree)
    paths = [COW, SLOT, 'kernel/trap/pagefault.c']
    submission.compile_all(paths, tree, submission.compiler(top))
    for path in paths:
        for name, made in (('one', top), ('two', tree)):
            subprocess.run([guest.toolchain('objcopy'), '-O', 'binary', '-j', '.text', made / f'build/{path}.o',
                            tmp_path / name], check=True)
        assert (tmp_path / 'one').read_bytes() == (tmp_path / 'two').read_bytes() != b''


# ---- make submit

def handed_in(tmp_path, lab='cow'):
    return subprocess.run([tmp_path / 'grade/submit', lab], capture_output=True, text=True, check=False)


@pytest.fixture
def small(top, tmp_path):
    """A tree with what make submit needs."""
    for name in ('grade', 'lab', 'tools', 'kernel'):
        shutil.copytree(top / name, tmp_path / name, ignore=shutil.ignore_patterns('*.elf', '__pycache__'))
    return tmp_path


def test_submit(small):
    done = handed_in(small)
    assert done.returncode == 0 and '4 files' in done.stdout and COW in done.stdout
    first = (small / 'submission-cow.tar.gz').read_bytes()
    for path in small.rglob('*.c'):
        os.utime(path, (1, 1))
        path.chmod(0o600)
    assert handed_in(small).returncode == 0 and (small / 'submission-cow.tar.gz').read_bytes() == first
    with tarfile.open(small / 'submission-cow.tar.gz') as tar:
        members = tar.getmembers()
    assert [m.name for m in members] == sorted(submission.scope('cow', small))
    assert {(m.uid, m.gid, m.uname, m.gname, m.mtime, m.mode) for m in members} == {(0, 0, '', '', 0, 0o644)}
    assert handed_in(small, '').returncode == 0
    with tarfile.open(small / 'submission-all.tar.gz') as tar:
        assert len(tar.getnames()) == sum(len(submission.student_files(lab, small)) for lab in LABS)


@pytest.mark.parametrize('spoil, words', [
    (lambda p: p.unlink(), 'cow.c is missing'),
    (lambda p: (p.rename(p.with_name('other')), p.symlink_to('other')), 'is a link'),
    (lambda p: p.write_bytes(bytes([10]) * (unpack.MOST + 1)), 'longer than 256 KiB'),
    (lambda p: p.write_text('#include <stdio.h>\n'), 'would be refused: #include <stdio.h>'),
])
def test_submit_refuses(small, spoil, words):
    spoil(small / COW)
    done = handed_in(small)
    assert done.returncode == 1 and words in done.stderr and done.stderr.count('\n') == 1
    assert not (small / 'submission-cow.tar.gz').exists()


def test_submit_unknown_lab(small):
    assert 'choose one of' in handed_in(small, 'paging').stderr
    (small / 'lab/swap/files').unlink()  # as in a handout for an earlier lab
    assert 'no lab/swap/files' in handed_in(small, 'swap').stderr and handed_in(small, '').returncode == 0


# ---- the grader as a whole

def graded(top, path, tmp_path, *words):
    results = tmp_path / 'results.json'
    done = subprocess.run([sys.executable, top / 'grade/grade.py', '--submission', path, '--results', results, '--seed',
                           '7', '-j', '1', *words], capture_output=True, text=True, check=False, timeout=300)
    return done, json.loads(results.read_text())


def test_a_submission_that_does_not_compile(top, tmp_path):
    done, results = graded(top, tar_of(tmp_path / 'x', [(COW, b'int x = ;\n')]), tmp_path, '--lab', 'cow')
    assert done.returncode == 1 and results['outcome'] == 'build' and results['points'] == 0
    assert 'expected expression' in results['message'] and 'expected expression' in done.stderr
    assert all(t['status'] == 'fail' and t['points'] == 0 for t in results['tests'])


def test_a_stub_and_the_reference(top, tmp_path):
    for path, points in ((top / COW, 3), (top / 'lab/cow' / COW, 0)):
        done, results = graded(top, path, tmp_path, '--lab', 'cow', '--test', 'cow-share')
        assert results['points'] == points, done.stdout
        assert any('anon.c is missing' in n for n in results['notes'])


# ---- machines

def test_wild_guests(tmp_path):
    run = machine.Run.__new__(machine.Run)
    run.folder, run.instructions, run.trapped, run.begin = tmp_path, 0, 0, time.monotonic()
    run.test = type('Test', (), {'budget': 60, 'machine': type('Machine', (), {'shift': 0})})
    run._measure = lambda: 0
    for name, (most, _) in machine.LOG_LIMITS.items():
        for other in machine.LOG_LIMITS:
            (tmp_path / other).write_bytes(b'')
        run._watch()
        os.truncate(tmp_path / name, most + 1)
        with pytest.raises(Fail, match='MiB'):
            run._watch()


def test_qemu_without_its_sandbox(tmp_path):
    fake = pathlib.Path(tmp_path / 'qemu')
    fake.write_text('#!/bin/sh\necho "There is no option group sandbox" >&2\nexit 1\n')
    fake.chmod(0o755)
    assert machine.sandbox(str(fake)) == []
    assert machine.sandbox('qemu-system-riscv64')[0] == '-sandbox'
