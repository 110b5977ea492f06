"""A student's submission: taken out of its archive or folder, laid over a copy of this tree, compiled and linked.

    made, notes = prepare(path, lab, workdir)    # a core.build.Build; sentences for the student

Only the files that lab/*/files name are looked at, and only of the labs up to `lab` (all labs without one). What is
missing is the stub of its lab where that lab is graded, and this tree's own file where it is an earlier one; later
labs are stubs. Submissions are hostile: fences are core/unpack.py, core/scan.py (text), the list of files that the
compiler read, and core/sandbox.py around whatever handles their bytes. Raises build.Failed for what the student has
to mend, Infrastructure for what the host fails in.
"""
import json
import os
import pathlib
import posixpath
import re
import shlex
import shutil
import subprocess
import sys

from core import build, machine, sandbox, scan, unpack
from core.guest import TOP
from core.table import LABS
from core.verdict import Infrastructure

MOST_PACKED = 32 << 20      # bytes of an archive
MOST_WRITTEN = 16 << 20     # bytes of one file that the compiler writes
SHOWN_LINES, SHOWN_WIDTH = 60, 160
COMPILER_HEADERS = (*scan.SYSTEM_HEADERS, 'stdint-gcc.h')
NO_OBJECT = ('-g', '-MMD', '-MP')  # flags that say nothing to an assembler, or make further files
# What tools say when the host is at fault. What they quote of a submission never stands at the beginning of a line.
HOST_FAILED = re.compile(r'^[^ ]+: fatal error: Killed signal'
                         r'|^[^ ]+: ([Ff]atal error|final link failed): .*No space left on device'
                         r'|^(sh|make|\S+gcc): .*(Cannot fork|Resource temporarily unavailable)', re.M)
TOO_MUCH = re.compile(r'(CPU time|File size) limit exceeded|virtual memory exhausted|out of memory')
COMPILING = sandbox.Limits(cpu=15, file=MOST_WRITTEN)
UNPACKING = sandbox.Limits(memory=1536 << 20)


def student_files(lab, top=TOP):
    """What students write in a lab; nothing where the tree does not say (a handout knows no later labs)."""
    listed = pathlib.Path(top) / 'lab' / lab / 'files'
    return listed.read_text().split() if listed.is_file() else []


def scope(lab, top=TOP):
    """{path: lab} of all files that count."""
    return {path: name for name in (LABS[:LABS.index(lab) + 1] if lab else LABS) for path in student_files(name, top)}


def refuse(name, complaints):
    if complaints:
        raise build.Failed(f'{name} is refused:\n' + '\n'.join(f'  {c}' for c in complaints))


# ---- taking it out

def from_folder(path, wanted):
    """What core/unpack.py says of a folder, and the files."""
    collector, files = unpack.Collector(wanted), {}
    try:
        unpack.read_folder(path, collector)
    except unpack.Bad as e:
        return {'error': str(e)}, {}
    answer = unpack.report(collector, files.__setitem__)
    return answer, {p: files[i] for p, i in answer['found'].items()}


def lone_archive(path):
    """The one archive in a folder, as learning platforms hand them out; None when there is not one."""
    packed = [p for p in sorted(path.iterdir())
              if re.search(r'\.(tar|tgz|zip|tar\.\w{2,3})$', p.name) and not p.is_symlink()]
    return packed[0] if len(packed) == 1 else None


def from_archive(path, wanted, workdir):
    """The same of an archive, read in the sandbox."""
    folder = pathlib.Path(workdir) / 'unpack'
    folder.mkdir()
    data = unpack.read_file(path, MOST_PACKED + 1)
    if len(data) > MOST_PACKED:
        return {'error': f'it is larger than {MOST_PACKED >> 20} MiB'}, {}
    (folder / 'archive').write_bytes(data)
    (folder / 'wanted.json').write_text(json.dumps(sorted(wanted)))
    shutil.copy(unpack.__file__, folder / 'unpack.py')
    done = sandbox.run([sys.executable, '-I', '-S', '-B', 'unpack.py'], folder, UNPACKING, (sys.executable,))
    try:
        answer = json.loads(unpack.read_file(folder / 'report.json', 1 << 20))
    except (OSError, ValueError):
        if done.status >= 0:
            why = unpack.clean(done.text.strip()[-100:])
            raise Infrastructure(f'the unpacker ended with status {done.status}: {why}') from None
        answer = {'error': 'it takes too much time or memory to unpack'}
    found = answer.get('found', {})
    return answer, {p: unpack.read_file(folder / str(int(i)), unpack.MOST) for p, i in found.items() if p in wanted}


def collect(path, wanted, workdir):
    """({path: bytes}, notes): the wanted files that are there."""
    path = pathlib.Path(path).resolve()  # a link that the instructor names is followed, none behind it
    try:
        if path.is_dir():
            answer, files = from_folder(path, wanted)
            packed = lone_archive(path) if not files else None
            if packed:
                answer, files = from_archive(packed, wanted, workdir)
        elif path.suffix == '.c':
            one = unpack.Collector(wanted)
            one.add(path.name, 'file', lambda n: unpack.read_file(path, n))
            files, _, wrong = one.result()
            answer = {'wrong': wrong}
        else:
            answer, files = from_archive(path, wanted, workdir)
    except unpack.Bad as e:
        answer, files = {'error': str(e)}, {}
    except FileNotFoundError:
        raise Infrastructure(f'there is no {path}') from None
    refuse(unpack.clean(path.name), [answer['error']] if 'error' in answer else answer['wrong'])
    if not files:
        refuse(unpack.clean(path.name), ['none of these files is in it: ' + ', '.join(wanted)])
    return files, ignored_notes(answer)


def ignored_notes(answer):
    names, more = answer.get('ignored', []), answer.get('more', 0)
    if not names:
        return []
    return ['ignored, since only the files of the labs count: ' + ', '.join(map(unpack.clean, names)) +
            (f' and {more} more' if more else '')]


# ---- laying it over a copy of the tree

def copy_tree(top, to):
    """What the kernel is made from, and its objects, all with their times, so that make sees what has changed."""
    if not (top / 'build/kernel').is_dir():
        raise Infrastructure(f'{top} is not built: run `make`')
    skip = shutil.ignore_patterns('kernel.elf', '__pycache__')
    for name in ('kernel', 'build/kernel'):
        shutil.copytree(top / name, to / name, ignore=skip)
    (to / 'tools').mkdir()
    for name in ('Makefile', 'tools/ksyms.sh'):
        shutil.copy2(top / name, to / name)


def replacements(files, lab, top):
    """({path: bytes} that differ from this tree, notes)."""
    new, notes = dict(files), []
    for path, name in scope(lab, top).items():
        stub = top / 'lab' / name / path
        if path in files:
            continue
        if (not lab or name == lab) and stub.is_file():
            new[path] = stub.read_bytes()
            notes.append(f'{path} is missing: the stub of lab {name} stands in for it')
        else:
            notes.append(f'{path} is missing: the one of this tree stands in for it')
    for name in LABS[LABS.index(lab) + 1:] if lab else ():
        for path in student_files(name, top):
            if (top / 'lab' / name / path).is_file():
                new[path] = (top / 'lab' / name / path).read_bytes()
    return {p: data for p, data in new.items() if (top / p).read_bytes() != data}, notes


def headers(top):
    return {str(p.relative_to(top)) for p in sorted((top / 'kernel').rglob('*.h'))}


# ---- compiling

def compiler(top):
    """The words of the Makefile's own compiler call."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(('MAKE', 'MFLAGS'))}
    rule = 'faultline-flags:;@printf "%s\\n" "$(KCC) $(KCFLAGS)"'
    done = subprocess.run(['make', '-s', '--eval', rule, 'faultline-flags'], cwd=top, env=env, capture_output=True,
                          text=True, check=False)
    words = shlex.split(done.stdout)
    if done.returncode or '-Werror' not in words:
        raise Infrastructure(f'the Makefile does not say how the kernel is compiled: {done.stderr.strip()[-300:]}')
    return words


def dependencies(text):
    """The files that a .d file names behind its colon."""
    return text.replace('\\\n', ' ').partition(':')[2].split()


def is_compilers(dep):
    """Whether it is one of the four headers, in the compiler's own folder."""
    folder, name = posixpath.split(posixpath.normpath(dep))
    return name in COMPILER_HEADERS and '/gcc' in folder and folder.endswith('/include')


def read_outside(deps, path, known):
    """What the compiler read and may not have."""
    return [d for d in deps if posixpath.normpath(d) not in {path, *known} and not is_compilers(d)]


def report(text):
    """What the compiler says, without its control characters; the last lines of it."""
    lines = [unpack.clean_line(line, SHOWN_WIDTH) for line in text.strip().split('\n')]
    lines = [line for line in lines if line.strip()]
    skipped = [f'({len(lines) - SHOWN_LINES} lines before)'] if len(lines) > SHOWN_LINES else []
    return '\n'.join(skipped + lines[-SHOWN_LINES:])


def step(script, tree, cc, what):
    """Runs a line of shell in the sandbox; Failed when it fails."""
    done = sandbox.run(['sh', '-c', script], tree, COMPILING, (cc[0], 'make'))
    if done.limit == 'output':
        raise build.Failed(f'{what}: more than a MiB of messages:\n{report(done.text[-20000:])}')
    if done.status and (HOST_FAILED.search(done.text) or done.status == -9):
        raise Infrastructure(f'{what}: the host ended it: {report(done.text)[-300:]}')
    if done.status:
        limits = f'({COMPILING.cpu} s, {COMPILING.memory >> 20} MiB of memory, files of {COMPILING.file >> 20} MiB)'
        why = f'ran into a limit of the grader {limits}' if TOO_MUCH.search(done.text) else 'failed'
        raise build.Failed(f'{what} {why}:\n{report(done.text) or f"status {done.status}"}')


def compile_all(paths, tree, cc):
    """Objects of the student's files: first to assembly, which is looked at, then from that."""
    names = ' '.join(map(shlex.quote, paths))
    flags = shlex.join([w for w in cc if w not in NO_OBJECT[1:]])
    step(f'status=0; for f in {names}; do {flags} -S -fmax-errors=20 -fdiagnostics-color=never -MD -MF build/$f.dep '
         '-o build/$f.s $f || status=1; done; exit $status', tree, cc, 'compiling')
    known = headers(tree)
    for path in paths:
        deps = unpack.read_file(tree / f'build/{path}.dep', MOST_WRITTEN).decode('utf-8', 'replace')
        refuse(path, [f'it reads {unpack.clean(d)}' for d in read_outside(dependencies(deps), path, known)])
        refuse(path, scan.assembly(unpack.read_file(tree / f'build/{path}.s', MOST_WRITTEN).decode('latin-1')))
    flags = shlex.join([w for w in cc if w not in NO_OBJECT])
    step(f'for f in {names}; do {flags} -c -o build/$f.o build/$f.s || exit 1; done', tree, cc, 'assembling')


def compile_over(new, top, workdir):
    """A Build of a copy of `top` with these files."""
    tree = pathlib.Path(workdir) / 'tree'
    tree.mkdir()
    copy_tree(top, tree)
    known = headers(top)
    for path, data in new.items():
        refuse(path, scan.c_source(data, known))
        (tree / path).write_bytes(data)
        (tree / f'build/{path}.o').unlink(missing_ok=True)
    cc = compiler(top)
    if new:
        compile_all(sorted(new), tree, cc)
    step('make -s kernel', tree, cc, 'linking')
    made = build.Build(tree, top)
    if made.kernel.is_symlink() or not made.kernel.is_file():
        raise build.Failed('linking made no kernel')
    return made


def prepare(path, lab, workdir, top=TOP):
    """(Build, notes). `workdir` is a private folder that the caller removes; `top` is built."""
    files, notes = collect(path, list(scope(lab, top)), workdir)
    new, more = replacements(files, lab, pathlib.Path(top))
    made = compile_over(new, pathlib.Path(top), workdir)
    why = sandbox.isolation((compiler(top)[0], 'make'))
    if why:
        more.append(f'this host has no namespaces for the build, only limits ({why})')
    if not machine.sandbox(os.environ.get('QEMU') or 'qemu-system-riscv64'):
        more.append("this host's QEMU was built without its own sandbox")
    return made, notes + more
