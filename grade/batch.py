#!/usr/bin/env python3
"""grade/batch.py DIR [--lab L] [-j N] [--out OUT]: grades each file and each folder in DIR as one submission.

Each is graded by a process of its own (grade/grade.py --submission). OUT (DIR.graded) gets scores.csv, index.html, a
page for each submission, and results/, where the results are kept under a hash of the submission, the lab, the seed
and the grader: after a stop the same command goes on where it was. All submissions are graded with one seed, drawn at
the first run. What the host could not run has no score, and is tried again by the next run. Links and hidden files
are left out. Exit status: 0 all are graded, 2 some are not, 130 stopped.
"""
import argparse
import concurrent.futures
import csv
import fcntl
import hashlib
import io
import json
import os
import pathlib
import re
import secrets
import signal
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
TOP = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TOP / 'grade'), str(TOP / 'tools')]
from core import build, forms, page, table  # noqa: E402
import faultline  # noqa: E402

MOST_ENTRIES = 20_000   # of a folder, that are looked at for its hash
MOST_BYTES = 32 << 20   # of a file; longer ones are refused anyway
ONE_LIMIT = 3600        # seconds for one submission, after which the host is to blame
DONE, SOME, STOPPED = 0, 2, 130
UNTOUCHED = ('.git', 'build', '__pycache__')  # folders that hold nothing of a submission


# ---- what is to be graded

def add_file(digest, path):
    digest.update(b'%d ' % path.lstat().st_size)
    if path.is_file() and not path.is_symlink():
        with open(path, 'rb') as f:
            digest.update(f.read(MOST_BYTES))


def fingerprint(path):
    """A hash of all that a submission holds."""
    digest, entries = hashlib.sha256(), 0
    if not path.is_dir():
        digest.update(path.suffix.encode('utf-8', 'surrogateescape'))
        add_file(digest, path)
        return digest.hexdigest()
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(f for f in folders if f not in UNTOUCHED)
        for name in sorted(names):
            file = pathlib.Path(folder, name)
            digest.update(b'\0' + os.fsencode(file.relative_to(path)) + b'\0')
            add_file(digest, file)
            entries += 1
        if entries > MOST_ENTRIES:
            break
    return digest.hexdigest()


def grader_print(top=TOP):
    """A hash of whatever decides on scores beside the submission."""
    digest = hashlib.sha256()
    suffixes = ('.py', '.c', '.h', '.S', '.ld', '.sh', '')
    files = [p for d in ('grade', 'kernel', 'lab', 'user', 'tools') for p in sorted((top / d).rglob('*'))]
    for file in [top / 'Makefile', *files]:
        if file.suffix in suffixes and file.is_file() and '__pycache__' not in file.parts:
            digest.update(os.fsencode(file.relative_to(top)) + b'\0' + file.read_bytes())
    return digest.hexdigest()


class Submission:
    def __init__(self, path, salt):
        self.path, self.name = path, path.name
        self.key = hashlib.sha256(f'{salt} {fingerprint(path)}'.encode()).hexdigest()[:32]
        safe = re.sub(r'[^A-Za-z0-9_-]', '_', self.name)[:40]
        self.page = f'{safe}-{hashlib.sha256(os.fsencode(self.name)).hexdigest()[:8]}.html'
        self.results = None

    @property
    def shown(self):
        return self.name.encode('utf-8', 'surrogateescape').decode('utf-8', 'replace')


def read_results(path):
    """What grade/grade.py wrote; None when it is not there or broken."""
    try:
        results = json.loads(path.read_text())
        page.is_final(results)
        return results
    except (OSError, ValueError, KeyError, TypeError):
        return None


# ---- what comes out

def cell(value):
    """A name that no spreadsheet takes for a formula."""
    value = ''.join(c if c.isprintable() else '?' for c in str(value))
    return "'" + value if value[:1] in ('=', '+', '-', '@') else value


def scores(submissions, tests):
    """The CSV's text."""
    labs = list(dict.fromkeys(t.lab for t in tests))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator='\n')
    writer.writerow(['name', 'status', 'points', 'max', *labs, *(t.name for t in tests), 'seed', 'page'])
    for s in submissions:
        r = s.results
        if not r or not page.is_final(r):  # no numbers: nobody takes an empty cell for a zero
            empty = [''] * (2 + len(labs) + len(tests))
            writer.writerow([cell(s.shown), 'infrastructure' if r else 'not graded', *empty, r['seed'] if r else '',
                             s.page if r else ''])
            continue
        by_name = {t['name']: t['points'] for t in r['tests']}
        writer.writerow([cell(s.shown), 'graded' if r['outcome'] == 'complete' else 'not built', r['points'], r['max'],
                         *(r['labs'].get(lab, {}).get('points', '') for lab in labs),
                         *(by_name.get(t.name, '') for t in tests), r['seed'], s.page])
    return out.getvalue()


class Batch:
    grader = TOP / 'grade/grade.py'

    def __init__(self, args):
        self.args, self.out = args, args.out
        self.kept = self.out / 'results'
        self.kept.mkdir(parents=True, exist_ok=True)
        self.tests = table.choose(args.lab)
        self.seed = self._seed()
        salt = f'{args.lab} {self.seed} {grader_print()}'
        self.submissions = [Submission(p, salt) for p in sorted(args.dir.iterdir()) if not p.name.startswith('.')
                            and not p.is_symlink() and p.resolve() != self.out]
        self.lock, self.running, self.stopping, self.done = threading.Lock(), set(), False, 0

    def _seed(self):
        """That of the first run, so that all are asked the same."""
        file = self.out / 'seed'
        if self.args.seed is not None:
            return self.args.seed
        if not file.exists():
            forms.write(file, f'{secrets.randbelow(1 << 31)}\n')
        return int(file.read_text())

    def file(self, submission):
        return self.kept / f'{submission.key}.json'

    def grade(self, submission):
        """Runs the grader on one; True if it came to an end by itself."""
        argv = [sys.executable, str(self.grader), '--submission', str(submission.path), '--seed', str(self.seed),
                '--results', str(self.file(submission)), '-j', '1']
        argv += ['--lab', self.args.lab] if self.args.lab else []
        with self.lock:
            if self.stopping:
                return False
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, start_new_session=True,
                                       preexec_fn=faultline.die_with_parent)
            self.running.add(process)
        try:
            _, errors = process.communicate(timeout=ONE_LIMIT)
        except subprocess.TimeoutExpired:
            process.terminate()
            _, errors = process.communicate()
        finally:
            with self.lock:
                self.running.discard(process)
        if not self.file(submission).exists() and errors:
            print(errors.decode('utf-8', 'replace')[-500:], file=sys.stderr)
        return not self.stopping

    def graded(self, same):
        """These submissions, all of one content, have results now."""
        results = read_results(self.file(same[0]))
        with self.lock:
            for s in same:
                s.results, self.done = results, self.done + 1
                if results:
                    forms.write(self.out / s.page, page.submission(s.shown, results))
                words = re.sub('<[^>]*>', '', page.score(results)) if results else 'no results: see above'
                print(f'[{self.done}/{len(self.submissions)}] {cell(s.shown)}: {words}', flush=True)

    def one(self, same):
        try:
            kept = read_results(self.file(same[0]))
            if (kept and page.is_final(kept)) or self.grade(same[0]):
                self.graded(same)
        except (OSError, ValueError, KeyError, TypeError) as e:  # of one submission: the others go on
            print(f'{cell(same[0].shown)}: {type(e).__name__}: {e}', file=sys.stderr)

    def stop(self, *_):
        self.stopping = True
        for process in list(self.running):
            process.terminate()

    def summary(self):
        forms.write(self.out / 'scores.csv', scores(self.submissions, self.tests))
        forms.write(self.out / 'index.html', page.index(f'Submissions in {self.args.dir.name}', [
            (s.shown, s.page if s.results else '', s.results) for s in self.submissions]))

    def run(self):
        groups = {}
        for s in self.submissions:
            groups.setdefault(s.key, []).append(s)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.stop)
        with concurrent.futures.ThreadPoolExecutor(self.args.j) as pool:
            list(pool.map(self.one, groups.values()))
        self.summary()
        ready = sum(bool(s.results and page.is_final(s.results)) for s in self.submissions)
        print(f'{ready} of {len(self.submissions)} submissions are graded (SEED={self.seed}): '
              f'{self.out / "index.html"}')
        return STOPPED if self.stopping else DONE if ready == len(self.submissions) else SOME


def arguments(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('dir', type=pathlib.Path)
    parser.add_argument('--lab', default='', choices=['', *table.LABS])
    parser.add_argument('-j', type=int, default=os.cpu_count() or 1, help='submissions at the same time')
    parser.add_argument('--out', type=pathlib.Path)
    parser.add_argument('--seed', type=int, help='instead of a secret one')
    args = parser.parse_args(argv)
    args.dir = args.dir.resolve()
    if not args.dir.is_dir():
        parser.error(f'{args.dir} is not a folder')
    args.out = (args.out or args.dir.with_name(args.dir.name + '.graded')).resolve()
    args.j = max(1, args.j)
    return args


def main():
    args = arguments()
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        with open(args.out / 'lock', 'wb') as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                sys.exit(f'batch: another one works in {args.out}')
            build.Build(TOP).make('all')
            return Batch(args).run()
    except build.Failed as e:
        sys.exit(f'batch: the tree under the submissions does not build:\n{e}')
    except OSError as e:
        sys.exit(f'batch: {e.filename}: {e.strerror}')


if __name__ == '__main__':
    sys.exit(main())
