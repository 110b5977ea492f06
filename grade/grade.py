#!/usr/bin/env python3
"""make grade [LAB=name] [TEST=glob] [J=n] [SEED=n]: scores the tree by what its machine does (docs/grader.md).

The score table goes to standard output, all results to grade/results.json, which is always written. Exit status: 0 full
marks, 1 fewer, 2 the host could not run something (nobody lost points for that), 130 interrupted.
"""
import argparse
import fcntl
import hashlib
import os
import pathlib
import secrets
import shutil
import signal
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True
TOP = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TOP / 'grade'), str(TOP / 'tools')]
from core import build, forms, guest, report, score, submission, table  # noqa: E402
from core.verdict import Infrastructure  # noqa: E402

FULL, FEWER, HOST, INTERRUPTED = 0, 1, 2, 130
PREFIX = 'faultline-grade-'


def seed_of(text):
    """A number as it is; a word, say a student's name, stands for a number."""
    if text is None:
        return secrets.randbelow(1 << 31)
    digest = int.from_bytes(hashlib.sha256(text.encode('utf-8', 'surrogateescape')).digest()[:4], 'little') >> 1
    return int(text) if text.isascii() and text.isdigit() and int(text) < 1 << 40 else digest


def arguments(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--lab', default='', choices=['', *table.LABS])
    parser.add_argument('--test', default='', help='patterns of names, separated by commas')
    parser.add_argument('-j', type=int, default=os.cpu_count() or 1, help='machines at the same time')
    parser.add_argument('--seed', type=seed_of, default=seed_of(None), help='a number, or a word that stands for one')
    parser.add_argument('--tree', default=str(TOP), help='another tree whose kernel is graded; already built')
    parser.add_argument('--submission', help="a student's files, laid over this tree: .tar.gz, .zip, or a folder")
    parser.add_argument('--results', default=str(TOP / 'grade/results.json'), help='instead of grade/results.json')
    parser.add_argument('--json', help='write the results here too')
    parser.add_argument('--gradescope', help="write them in Gradescope's form")
    parser.add_argument('--junit', help="write them in JUnit's form")
    parser.add_argument('--visibility', default='visible', choices=forms.VISIBILITY, help='of the tests on Gradescope')
    args = parser.parse_args(argv)
    args.j = max(1, args.j)
    return args


class Book:
    """All results, from the first moment on: what has not been run yet is `infrastructure` and scores nothing, so that
    a grader that is killed leaves no better result than that."""

    def __init__(self, args, tests):
        self.args, self.tests = args, {t.name: t for t in tests}
        self.start = time.monotonic()
        self.outcome, self.message, self.notes = 'running', 'the grader did not come to its end', []
        self.everything('infrastructure', 'a grading that ends', 'this test was not run')

    def everything(self, status, expected, shown):
        """No test could be run, all for the same reason."""
        self.results = {t.name: score.blank(t, self.args.seed, status, expected, shown) for t in self.tests.values()}

    def close(self, outcome, message=''):
        self.outcome, self.message = outcome, score.clean(message)

    def write(self):
        """Raises OSError."""
        seconds = time.monotonic() - self.start
        document = forms.results(list(self.results.values()), self.outcome, self.args.seed, seconds, self.message,
                                 self.notes)
        scope = forms.gradescope(document, self.args.visibility)
        forms.write(self.args.results, forms.as_json(document))
        for path, text in ((self.args.json, lambda: forms.as_json(document)),
                           (self.args.gradescope, lambda: forms.as_json(scope)),
                           (self.args.junit, lambda: forms.junit(document))):
            if path:
                forms.write(path, text())


# ---- a place to work in

def sweep(parent):
    """Removes what graders that were killed left there: folders that nobody holds locked any more."""
    for folder in pathlib.Path(parent).glob(PREFIX + '*'):
        try:
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            with open(folder / 'lock', 'rb') as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # locked, or just being made or removed by another grader
            continue


class Workplace:
    """A private folder that goes when we go, or when the next grader comes."""

    def __enter__(self):
        try:
            sweep(tempfile.gettempdir())
            self.path = tempfile.mkdtemp(prefix=PREFIX)
            self.lock = open(os.path.join(self.path, 'lock'), 'wb')
            fcntl.flock(self.lock, fcntl.LOCK_EX)
        except OSError as e:
            place = e.filename or tempfile.gettempdir()
            raise Infrastructure(f'no folder to work in: {e.strerror or e} ({place})') from None
        return self.path

    def __exit__(self, *exc):
        self.lock.close()
        shutil.rmtree(self.path, ignore_errors=True)


# ---- grading

def check_host():
    """Says in one line what is missing, before anything is tried."""
    qemu = os.environ.get('QEMU') or 'qemu-system-riscv64'
    if not shutil.which(qemu):
        raise Infrastructure(f'{qemu} is not installed: run `make deps`')
    try:
        guest.toolchain('nm')
        guest.toolchain('gcc')
    except FileNotFoundError as e:
        raise Infrastructure(str(e)) from None


def check_writable():
    for place in (TOP, TOP / 'build', TOP / 'kernel'):
        if place.exists() and not os.access(place, os.W_OK):
            raise Infrastructure(f'{place} cannot be written: nothing can be built there')


def prepare(args, folder, book):
    """The tree to grade, built. Raises build.Failed with the compiler's message."""
    made = build.Build(args.tree, TOP)
    if args.tree == str(TOP):
        check_writable()
        try:
            made.make('all', jobs=args.j)
        except build.Failed as e:
            if args.submission:
                raise Infrastructure(f'the tree under the submission does not build: {e}') from None
            raise
    if args.submission:
        made, book.notes = submission.prepare(args.submission, args.lab, folder)
        for note in book.notes:
            print(f'note: {note}')
    return made


def run_all(args, tests, book):
    """Outcome of the grading; the results go into the book."""
    check_host()
    with Workplace() as folder:
        made = prepare(args, folder, book)
        progress = report.Progress(len(tests))
        runner = score.Runner(tests, made, args.seed, folder, args.j, progress.end, progress.begin)
        try:
            runner.run()
        finally:
            book.results.update(runner.results)
            progress.close()
    book.close('complete')


def grade(args, tests, book):
    """The exit status."""
    try:
        run_all(args, tests, book)
    except build.Failed as e:
        book.everything('fail', 'a kernel that builds', 'it does not build')
        book.close('build', str(e))
        print(f'{score.clean(e)}\n\ngrade: the kernel does not build: no points', file=sys.stderr)
        return FEWER
    except (Infrastructure, OSError) as e:
        book.everything('infrastructure', 'a host that can grade', e)
        book.close('infrastructure', str(e))
        print(f'grade: {score.clean(e)}', file=sys.stderr)
        return HOST
    except KeyboardInterrupt:
        book.close('interrupted', 'the grading was interrupted')
        print('grade: interrupted', file=sys.stderr)
        return INTERRUPTED
    except Exception:
        book.close('crashed', traceback.format_exc())
        print(f'grade: a mistake in the grader:\n{traceback.format_exc()}', file=sys.stderr)
        return HOST
    results = list(book.results.values())
    print('\n' + '\n'.join(report.text(results, args.seed)))
    if any(r['status'] == 'infrastructure' for r in results):
        return HOST
    return FULL if all(r['status'] == 'pass' for r in results) else FEWER


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def interrupted(_number, _frame):
    """Once: what follows puts things in order."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main():
    args = arguments()
    for number in SIGNALS:
        signal.signal(number, interrupted)
    tests = table.choose(args.lab, args.test)
    if not tests:
        sys.exit(f'grade: no test is called {args.test or args.lab}')
    book = Book(args, tests)
    try:
        book.write()
        status = grade(args, tests, book)
        book.write()
    except OSError as e:
        print(f'grade: results cannot be written: {e.strerror}: {e.filename}', file=sys.stderr)
        return HOST
    return status


if __name__ == '__main__':
    sys.exit(main())
