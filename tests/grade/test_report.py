"""What comes out of results: the text for people, results.json, Gradescope's and JUnit's forms."""
import io
import json
import os
import re
import subprocess
import xml.etree.ElementTree as ET

import pytest
from conftest import TOP
from core import forms, report, score, table

ESCAPES = 'a\x1b[2Jb\r\x00\x9bc\x7f\u202ed'


def check(_run):
    """Never called."""


def result(name, status='pass', points=2, **more):
    test = table.Test(name, 'a title', 'g_x', check, {'first': 1, 'second': 1}, 'a hint',
                      f'lab/{name.split("-")[0]}/README.md#x')
    r = {**score.blank(test, 7, status), 'points': points, **more}
    for part in r['parts']:
        if status == 'pass':
            part.update(status='pass', points=part['max'])
    return r


def broken(points=1):
    r = result('cow-b', 'fail', points, console=['panic: no frame'], seconds=6.25)
    r['parts'][0].update(status='pass', points=1)
    r['parts'][1].update(expected='one <frame> & "more"', shown=score.clean(ESCAPES))
    return r


def results():
    return [result('lazy-a', notes=['leader-board: 12']), broken(),
            result('swap-c', 'infrastructure', 0, expected='a host', shown='QEMU is gone')]


def document(outcome='complete', message=''):
    return forms.results(results(), outcome, 7, 12.3, message)


def test_text_has_all_that_a_student_needs():
    text = '\n'.join(report.text(results(), 7))
    for words in ('pass lazy-a', 'FAIL cow-b', 'HOST swap-c', 'second (1): one <frame> & "more"', '| panic: no frame',
                  'a hint', 'make grade TEST=cow-b SEED=7', 'lab/cow/README.md#x',
                  'longer than 5 s on this host: cow-b 6.2 s',
                  '1 of 3 tests could not be run', 'nobody lost points', 'leader-board: 12'):
        assert words in text, words
    assert text.endswith('lazy 2/2, cow 1/2, swap 0/2: 3 of 6 points (SEED=7)')
    assert 'QEMU is gone' in text and text.isprintable() is False
    assert not re.search(r'[\x00-\x09\x0b-\x1f\x7f-\x9f]', text)


def test_clean():
    assert score.clean(ESCAPES) == 'a [2Jb   c  d' and score.clean('one\ntwo') == 'one\ntwo'
    assert len(score.clean('x' * 100_000)) == score.TEXT_MAX


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress():
    test = table.Test('cow-b', '', '', check, {'x': 1}, '', '')
    for out in (io.StringIO(), Terminal()):
        progress = report.Progress(3, out)
        progress.begin(test)
        for r in results():
            progress.end(r)
        progress.close()
        text = out.getvalue()
        assert '[ 2/3] FAIL cow-b' in text and '3/3' in text
        assert ('lazy-a' in text) == (not out.isatty()) and ('\r\x1b[K' in text) == out.isatty()
    assert '2 of 3 tests, 3 of 4 points' in text and text.endswith('\r\x1b[K')


def test_results_json():
    data = json.loads(forms.as_json(document()))
    assert (data['points'], data['max'], data['outcome'], data['seed']) == (3, 6, 'complete', 7)
    assert data['labs'] == {'lazy': {'points': 2, 'max': 2}, 'cow': {'points': 1, 'max': 2},
                            'swap': {'points': 0, 'max': 2}}
    assert [t['status'] for t in data['tests']] == ['pass', 'fail', 'infrastructure']
    page = (TOP / 'docs/grader.md').read_text()
    for name in {*data, *data['tests'][1], *data['tests'][1]['parts'][0]}:
        assert re.search(rf'^\| [^|]*\b{name}\b[^|]*\|', page, re.M), f'docs/grader.md does not say what {name} is'


# Gradescope's published form: name: (types, values or None). What is not listed is not known there.
SCOPE = {'score': ((int, float), None), 'execution_time': (int, None), 'output': (str, None),
         'output_format': (str, ('text',)), 'visibility': (str, forms.VISIBILITY),
         'stdout_visibility': (str, forms.VISIBILITY), 'extra_data': (dict, None),
         'tests': (list, None), 'leaderboard': (list, None)}
CASE = {'score': ((int, float), None), 'max_score': ((int, float), None), 'status': (str, ('passed', 'failed')),
        'name': (str, None), 'name_format': (str, None), 'number': (str, None), 'output': (str, None),
        'output_format': (str, ('text',)),
        'tags': (list, None), 'visibility': (str, forms.VISIBILITY), 'extra_data': (dict, None)}
BOARD = {'name': (str, None), 'value': ((int, float, str), None), 'order': (str, ('asc', 'desc'))}


def fits(data, form):
    for name, value in data.items():
        types, values = form[name]
        assert isinstance(value, types) and not isinstance(value, bool), (name, value)
        assert values is None or value in values, (name, value)


@pytest.mark.parametrize('visibility', forms.VISIBILITY)
def test_gradescope(visibility):
    data = json.loads(forms.as_json(forms.gradescope(document('complete', 'a word'), visibility)))
    fits(data, SCOPE)
    for case in data['tests']:
        fits(case, CASE)
    for row in data['leaderboard']:
        fits(row, BOARD)
    assert data['score'] == 3 == sum(t['score'] for t in data['tests'])
    assert [t['status'] for t in data['tests']] == ['passed', 'failed', 'failed']
    assert {t['visibility'] for t in data['tests']} == {visibility}
    assert 'swap-c' in data['output'] and 'Grade it again' in data['output'] and 'a word' in data['output']
    assert '| panic: no frame' in data['tests'][1]['output']


# The usual JUnit schema (Ant's; the other one in use, Jenkins's, allows all of this): element: (attributes that must be
# there, further ones, children in order with how often at least, at most).
MANY = 10 ** 6
PROBLEM = ({'type'}, {'message'}, [])
JUNIT = {
    'testsuites': (set(), set(), [('testsuite', 0, MANY)]),
    'testsuite': ({'name', 'package', 'id', 'timestamp', 'hostname', 'tests', 'failures', 'errors', 'time'},
                  {'skipped'},
                  [('properties', 1, 1), ('testcase', 0, MANY), ('system-out', 1, 1), ('system-err', 1, 1)]),
    'properties': (set(), set(), [('property', 0, MANY)]),
    'property': ({'name', 'value'}, set(), []),
    'testcase': ({'name', 'classname', 'time'}, set(), [('skipped|error|failure', 0, 1)]),
    'skipped': (set(), set(), []), 'error': PROBLEM, 'failure': PROBLEM,
    'system-out': (set(), set(), []), 'system-err': (set(), set(), []),
}
VALUES = {'timestamp': r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d', 'time': r'\d+(\.\d+)?', 'tests': r'\d+', 'failures': r'\d+',
          'errors': r'\d+', 'id': r'\d+', 'hostname': r'\S.*', 'name': r'\S+', 'package': r'\S+', 'classname': r'\S+'}


def validate(element):
    must, may, children = JUNIT[element.tag]
    assert must <= set(element.attrib) <= must | may, (element.tag, element.attrib)
    for name, value in element.attrib.items():
        assert re.fullmatch(VALUES.get(name, r'(?s).*'), value), (element.tag, name, value)
    tags = [child.tag for child in element]
    for name, least, most in children:
        n = 0
        while n < len(tags) and tags[n] in name.split('|'):
            n += 1
        assert least <= n <= most, (element.tag, tags)
        tags = tags[n:]
    assert not tags, (element.tag, tags)
    for child in element:
        validate(child)


def test_junit():
    text = forms.junit(document('complete', 'said the compiler'))
    root = ET.fromstring(text)
    validate(root)
    suites = {s.get('name'): s for s in root}
    assert list(suites) == ['lazy', 'cow', 'swap']
    assert suites['cow'].get('failures') == '1'
    assert (suites['swap'].get('errors'), suites['swap'].get('failures')) == ('1', '0')
    assert suites['cow'].find('testcase/failure').get('message') == '1 of 2 points'
    assert '<frame> & "more"' in suites['cow'].find('testcase/failure').text


def test_the_validator_can_fail():
    root = ET.fromstring(forms.junit(document()))
    root[0].remove(root[0].find('properties'))
    with pytest.raises(AssertionError):
        validate(root)


def test_junit_is_xml(tmp_path):
    """xmllint, where there is one, reads it as well."""
    path = tmp_path / 'junit.xml'
    path.write_text(forms.junit(document()))
    try:
        done = subprocess.run(['xmllint', '--noout', str(path)], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip('no xmllint')
    assert done.returncode == 0, done.stderr


def test_files_are_replaced_at_once(tmp_path):
    path = tmp_path / 'results.json'
    forms.write(path, 'old')
    old = os.stat(path).st_ino
    forms.write(path, 'new')
    assert path.read_text() == 'new' and os.stat(path).st_ino != old and os.listdir(tmp_path) == ['results.json']
    with pytest.raises(OSError):
        forms.write(tmp_path / 'no' / 'results.json', 'x')
