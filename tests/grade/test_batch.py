"""grade/batch.py with a grader that takes no machines: resuming, trouble of the host, hostile names and texts."""
import csv
import fcntl
import html.parser
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

import batch
from core import page, table

TOP = pathlib.Path(__file__).resolve().parents[2]
EVIL = '<script>alert(1)</script>"\'><img src=x onerror=alert(1)>\x1b[31m\x00&amp;'

# Reads the submission's first line: points, 'host', 'build', 'slow', 'dead'. Notes each call.
FAKE = f'''
import json, os, sys, time
sys.path[:0] = [{str(TOP / 'grade')!r}, {str(TOP / 'tools')!r}]
from core import forms, score, table
words = dict(zip(sys.argv[1::2], sys.argv[2::2]))
path = words['--submission']
text = open(path, errors='replace').read() if os.path.isfile(path) else open(path + '/answer').read()
with open({{calls!r}}, 'a', errors='surrogateescape') as f:
    f.write(os.path.basename(path) + '\\n')
kind = text.split()[0]
tests = table.choose(words.get('--lab', ''))
seed = int(words['--seed'])
status = 'infrastructure' if kind == 'host' else 'fail'
results = [score.blank(t, seed, status, 'expected ' + text, 'shown ' + text) for t in tests]
if kind == 'slow':
    time.sleep(100)
if kind == 'dead':
    os.kill(os.getpid(), 9)
if kind.isdigit():
    for r in results[:int(kind)]:
        r.update(status='pass', points=r['max'])
for r in results:
    r.update(console=[text], title=text, hint=text)
outcome = 'build' if kind == 'build' else 'complete'
forms.write(words['--results'], forms.as_json(forms.results(results, outcome, seed, 1, text, [text])))
'''


@pytest.fixture
def course(tmp_path, monkeypatch):
    """run(*words) -> exit status; add(name, text); calls() since the last time; rows() of the CSV by name."""
    fake, calls = tmp_path / 'fake.py', tmp_path / 'calls'
    fake.write_text(FAKE.replace('{calls!r}', repr(str(calls))))
    monkeypatch.setattr(batch.Batch, 'grader', fake)
    monkeypatch.setattr(batch, 'grader_print', lambda: 'this one')
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        monkeypatch.setattr(batch.signal, 'signal', lambda *_: None)

    class Course:
        dir, out = tmp_path / 'class', tmp_path / 'class.graded'

        def add(self, name, text):
            (self.dir / name).write_text(text)

        def run(self, *words):
            args = batch.arguments([str(self.dir), '--lab', 'cow', '-j', '2', *words])
            return batch.Batch(args).run()

        def calls(self):
            lines = calls.read_text(errors='surrogateescape').split('\n')[:-1] if calls.exists() else []
            calls.unlink(missing_ok=True)
            return sorted(lines)

        def rows(self):
            with open(self.out / 'scores.csv', newline='') as f:
                return {row['name']: row for row in csv.DictReader(f)}

    Course.dir.mkdir()
    return Course()


class Tags(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], ''
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def test_scores_and_pages(course):
    tests = table.choose('cow')
    course.add('ann.tar.gz', '2 a')
    course.add('bob.zip', 'build a')
    (course.dir / 'cid').mkdir()
    (course.dir / 'cid/answer').write_text('99 a')
    (course.dir / '.hidden').write_text('1')
    (course.dir / 'link').symlink_to('ann.tar.gz')
    assert course.run() == 0
    rows = course.rows()
    assert set(rows) == {'ann.tar.gz', 'bob.zip', 'cid'}
    assert float(rows['ann.tar.gz']['points']) == sum(t.points for t in tests[:2]) == float(rows['ann.tar.gz']['cow'])
    assert rows['ann.tar.gz'][tests[1].name] == str(tests[1].points) and rows['ann.tar.gz'][tests[2].name] == '0'
    assert rows['bob.zip']['status'] == 'not built' and rows['bob.zip']['points'] == '0'
    assert float(rows['cid']['points']) == 25
    index = Tags((course.out / 'index.html').read_text())
    assert {a['href'] for t, a in index.tags if t == 'a'} == {r['page'] for r in rows.values()}
    shown = Tags((course.out / rows['ann.tar.gz']['page']).read_text())
    for words in ('expected 2 a', 'shown 2 a', 'make grade TEST=' + tests[2].name, tests[2].manual, 'console'):
        assert words in shown.text
    assert {a['id'] for t, a in shown.tags if t == 'section'} == {t.name for t in tests[2:]}


def test_resumes(course):
    course.add('a', '1 a')
    course.add('b', '2 b')
    assert course.run() == 0 and course.calls() == ['a', 'b']
    seed = course.rows()['a']['seed']
    course.add('c', '3 c')
    course.add('b', '4 b')
    assert course.run() == 0 and course.calls() == ['b', 'c']
    assert {r['seed'] for r in course.rows().values()} == {seed}
    assert course.run() == 0 and course.calls() == []
    assert course.run('--seed', '5') == 0 and len(course.calls()) == 3


def test_another_grader_grades_anew(course, monkeypatch):
    course.add('a', '1 a')
    assert course.run() == 0 and course.calls() == ['a']
    monkeypatch.setattr(batch, 'grader_print', lambda: 'another one')
    assert course.run() == 0 and course.calls() == ['a']


def test_the_same_content_is_graded_once(course):
    for name in ('a.zip', 'b.zip', 'c.zip'):
        course.add(name, '1 a')
    assert course.run() == 0 and len(course.calls()) == 1
    rows = course.rows()
    assert {r['points'] for r in rows.values()} == {rows['a.zip']['points']} and len(rows) == 3


@pytest.mark.parametrize('kind', ['host', 'dead', '?'])
def test_trouble_of_the_host_is_no_zero(course, kind):
    course.add('a', f'{kind} a' if kind != '?' else '1 a')
    course.add('b', '1 b')
    if kind == '?':
        course.run()
        for file in (course.out / 'results').iterdir():
            file.write_text(file.read_text()[:100])  # torn
        course.calls()
    status = course.run()
    if kind == '?':
        assert status == 0 and course.calls() == ['a', 'b']
        return
    assert status == 2
    row = course.rows()['a']
    assert row['points'] == '' == row['cow'] == row['cow-share'] and row['status'] in ('infrastructure', 'not graded')
    assert ('host trouble' if kind == 'host' else 'not yet graded') in (course.out / 'index.html').read_text()
    assert course.calls() == ['a', 'b']
    assert course.run() == 2 and course.calls() == ['a']  # tried again, alone


def test_hostile_texts_and_names(course):
    names = ['=cmd|calc', '<b>x<b>.zip', 'a,b"c', '\n\x1b[31m', '-evil', os.fsdecode(b'\xff\xfe.zip'), 'x' * 200,
             '<b>x_b_.zip']
    for i, name in enumerate(names):
        course.add(name, f'1 {EVIL} {i}')
    assert course.run() == 0
    pages = list(course.out.glob('*.html'))
    assert len(pages) == len(names) + 1
    allowed = set('html head meta title style body h1 h2 p strong ul li pre table tr td th a section dl dt dd'.split())
    attributes = {'class', 'id', 'href', 'lang', 'charset', 'name', 'content', 'http-equiv'}
    for file in pages:
        text = file.read_text()
        tags = Tags(text).tags
        assert {t for t, _ in tags} <= allowed and '\x1b' not in text and '\0' not in text
        assert not {k for _, a in tags for k in a} - attributes
        links = [a['href'] for t, a in tags if t == 'a' and not a['href'].startswith('#')]
        assert all((course.out / link).is_file() and '/' not in link and ':' not in link for link in links)
        assert any("default-src 'none'" in a.get('content', '') for _, a in tags)
    assert len(course.rows()) == len(names)
    for name in course.rows():
        assert name[0] not in '=+-@' and '\n' not in name and '\x1b' not in name


def test_pages_of_odd_results():
    part = {'name': EVIL, 'points': 0, 'max': 1, 'status': 'fail', 'expected': EVIL, 'shown': EVIL}
    test = {**dict.fromkeys(('name', 'lab', 'title', 'status', 'shown', 'hint', 'manual'), EVIL), 'points': 0, 'max': 3,
            'expected': EVIL * 9999, 'parts': [part], 'console': [EVIL], 'reproduce': [EVIL]}
    results = {'outcome': 'complete', 'message': EVIL, 'notes': [EVIL], 'points': 0, 'max': 3, 'seed': EVIL,
               'time': EVIL, 'tests': [test], 'labs': {EVIL: {'points': 0, 'max': 3}}}
    for text in (page.submission(EVIL, results), page.index(EVIL, [(EVIL, EVIL, results), (EVIL, '', None)])):
        assert not {t for t, _ in Tags(text).tags} & {'script', 'img'} and '\x1b' not in text and len(text) < 1 << 20


def test_fingerprints(tmp_path):
    prints = set()
    for i, make in enumerate((lambda d: (d / 'a').write_text('x'), lambda d: (d / 'b').write_text('x'),
                              lambda d: (d / 'a').write_text('y'), lambda d: (d / 'a').symlink_to('/etc/passwd'),
                              lambda d: os.mkfifo(d / 'a'), lambda d: None)):
        folder = tmp_path / str(i)
        folder.mkdir()
        make(folder)
        prints.add(batch.fingerprint(folder))
        assert batch.fingerprint(folder) == batch.fingerprint(folder)
    assert len(prints) == 6
    assert len(batch.grader_print()) == 64


def test_many(course):
    for i in range(30):
        course.add(f's{i}', f'{i % 15} {i}')
    assert course.run('-j', '4') == 0 and len(course.calls()) == 30 and len(course.rows()) == 30


STOPPED = '''
import sys
sys.dont_write_bytecode = True
sys.path[:0] = [{grade!r}, {tools!r}]
import batch, pathlib
batch.Batch.grader = pathlib.Path({fake!r})
batch.grader_print = lambda: 'x'
sys.exit(batch.Batch(batch.arguments({words!r})).run())
'''


def test_a_stop_keeps_what_is_done(course, tmp_path):
    course.add('a', '1 a')
    course.add('b', 'slow b')
    code = STOPPED.format(grade=str(TOP / 'grade'), tools=str(TOP / 'tools'), fake=str(batch.Batch.grader),
                          words=[str(course.dir), '--lab', 'cow', '-j', '1'])
    process = subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE, text=True)
    end = time.monotonic() + 60
    while not (tmp_path / 'calls').exists() or 'b' not in (tmp_path / 'calls').read_text():
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.05)
    process.terminate()
    assert process.wait(30) == 130
    process.stdout.close()
    assert course.rows()['a']['status'] == 'graded' and course.rows()['b']['status'] == 'not graded'
    course.calls()
    course.add('b', '2 b')
    assert course.run() == 0 and 'b' in course.calls()


def command(*words):
    return subprocess.run([sys.executable, TOP / 'grade/batch.py', *words], capture_output=True, text=True, check=False,
                          timeout=120)


def test_two_at_once_and_no_folder(tmp_path):
    assert 'is not a folder' in command(tmp_path / 'none').stderr
    (tmp_path / 'class').mkdir()
    (tmp_path / 'out').mkdir()
    with open(tmp_path / 'out/lock', 'wb') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = command(tmp_path / 'class', '--out', tmp_path / 'out')
    assert done.returncode == 1 and 'another one works in' in done.stderr


@pytest.mark.skipif(not (TOP / 'lab/cow/files').is_file(), reason='a handout for an earlier lab')
def test_one_for_real(top, tmp_path):
    (tmp_path / 'class').mkdir()
    (tmp_path / 'class/cow.c').write_text('int x = ;\n')
    done = command(tmp_path / 'class', '--lab', 'cow')
    assert done.returncode == 0, done.stderr
    results = json.loads(next((tmp_path / 'class.graded/results').iterdir()).read_text())
    assert results['outcome'] == 'build'
    assert 'expected expression' in next(p for p in (tmp_path / 'class.graded').glob('cow_c-*')).read_text()
