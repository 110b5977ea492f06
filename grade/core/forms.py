"""The results of a grading for machines: grade/results.json, Gradescope's results.json, JUnit's XML. docs/grader.md
lists the fields. Files are replaced at once: a reader finds the old one or the new one, whole."""
import datetime
import json
import os
import platform
import tempfile
import xml.etree.ElementTree as ET

from core import report

FORMAT = 1
VISIBILITY = ('visible', 'hidden', 'after_due_date', 'after_published')
SHOWN = 60_000  # characters of one test's text


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%S')


def write(path, text):
    """Replaces the file at once. Raises OSError."""
    write_bytes(path, text.encode('utf-8', 'replace'))


def write_bytes(path, data):
    path = os.path.abspath(path)
    handle, new = tempfile.mkstemp(prefix='.' + os.path.basename(path), dir=os.path.dirname(path))
    try:
        with os.fdopen(handle, 'wb') as file:
            file.write(data)
        os.chmod(new, 0o644)
        os.replace(new, path)
    except BaseException:
        os.unlink(new)
        raise


def results(tests, outcome, seed, seconds, message='', notes=()):
    """What grade/results.json holds. outcome: 'complete', or why there is no whole result."""
    points, most = report.total(tests)
    labs = {lab: dict(zip(('points', 'max'), report.total(rows))) for lab, rows in report.by_lab(tests).items()}
    return {'format': FORMAT, 'outcome': outcome, 'message': message, 'notes': list(notes), 'points': points,
            'max': most, 'seed': seed, 'time': now() + 'Z', 'seconds': round(seconds, 1), 'labs': labs, 'tests': tests}


def as_json(data):
    return json.dumps(data, indent=1, ensure_ascii=True) + '\n'


def _output(result):
    return '\n'.join(report.explain(result))[:SHOWN] if result['status'] != 'pass' else result['title']


def _headline(document):
    lines = [document['message']] if document['message'] else []
    lost = [t['name'] for t in document['tests'] if t['status'] == 'infrastructure']
    if lost:
        lines.append(f'{len(lost)} tests could not be run, which is no fault of the submission: {", ".join(lost)}. '
                     'Grade it again.')
    lines.append(f'{document["points"]:g} of {document["max"]:g} points (SEED={document["seed"]})')
    return '\n'.join(lines)[:SHOWN]


def gradescope(document, visibility='visible'):
    """Gradescope's results.json. It knows passed and failed only: what the host could not run is failed,
    and said so."""
    tests = [{'name': t['name'], 'number': str(i), 'score': t['points'], 'max_score': t['max'],
              'status': 'passed' if t['status'] == 'pass' else 'failed', 'output': _output(t), 'output_format': 'text',
              'tags': [t['lab'], t['status']], 'visibility': visibility,
              'extra_data': {'seed': t['seed'], 'instructions': t['instructions']}}
             for i, t in enumerate(document['tests'], 1)]
    board = [{'name': t['name'], 'value': line} for t in document['tests'] for line in t['notes'][:1]]
    board = {'leaderboard': board} if board else {}
    return {'score': document['points'], 'execution_time': max(0, int(document['seconds'])),
            'output': _headline(document), 'output_format': 'text', 'visibility': 'visible',
            'stdout_visibility': 'hidden', 'tests': tests,
            'extra_data': {'outcome': document['outcome'], 'seed': document['seed']}, **board}


def _case(suite, t):
    case = ET.SubElement(suite, 'testcase', name=t['name'], classname=f'faultline.{t["lab"]}',
                         time=f'{t["seconds"]:.2f}')
    if t['status'] != 'pass':
        kind = 'error' if t['status'] == 'infrastructure' else 'failure'
        points = f'{t["points"]:g} of {t["max"]:g} points'
        ET.SubElement(case, kind, type=t['status'], message=points).text = _output(t)


def junit(document):
    """JUnit's XML, a suite a lab, as both schemas that are in use have it (Ant's, and Jenkins's)."""
    root = ET.Element('testsuites')
    for i, (lab, rows) in enumerate(report.by_lab(document['tests']).items()):
        suite = ET.SubElement(root, 'testsuite', name=lab, package='faultline', id=str(i),
                              hostname=platform.node() or 'localhost', timestamp=document['time'][:19],
                              tests=str(len(rows)), failures=str(sum(t['status'] == 'fail' for t in rows)),
                              errors=str(sum(t['status'] == 'infrastructure' for t in rows)),
                              time=f'{sum(t["seconds"] for t in rows):.2f}')
        properties = ET.SubElement(suite, 'properties')
        for name in ('points', 'max'):
            ET.SubElement(properties, 'property', name=name, value=f'{document["labs"][lab][name]:g}')
        for t in rows:
            _case(suite, t)
        ET.SubElement(suite, 'system-out').text = document['message']
        ET.SubElement(suite, 'system-err')
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding='unicode') + '\n'
