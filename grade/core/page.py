"""Results as HTML: one page a submission, with all that explains a lost point, and an index of many.

Nearly every word comes from a guest or a student: text() is the only way into a page. Pages hold no script and load
nothing.
"""
import html

from core import report

MOST = 60_000  # characters of one piece of text
STYLE = '''
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 66em; padding: 0 1em }
body { color: #222; background: #fff } table { border-collapse: collapse; margin: 1em 0 }
td, th { padding: .15em .8em .15em 0; text-align: left; vertical-align: top }
td.n, th.n { text-align: right } tr.lab td { border-top: 1px solid #aaa; font-weight: 600 }
pre { background: #f4f4f0; padding: .6em .8em; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere }
.pass { color: #15692b } .fail { color: #a31515 } .infrastructure { color: #8a5a00 }
dt { font-weight: 600; margin-top: .5em } dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap }
section { border-top: 1px solid #ccc; margin-top: 1.5em }
'''
WORDS = {'pass': 'pass', 'fail': 'fail', 'infrastructure': 'not run'}
FINAL = ('complete', 'build')  # outcomes that say something about the submission


def text(words):
    """Any text, harmless."""
    kept = ''.join(c if c.isprintable() or c in '\n\t' else '\N{REPLACEMENT CHARACTER}' for c in str(words)[:MOST])
    return html.escape(kept, quote=True)


def number(points):
    return text(f'{points:g}')


def lines(words):
    return '<pre>' + '\n'.join(text(w) for w in words) + '</pre>' if words else ''


def document(title, body):
    return ('<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" '
            'content="default-src \'none\'; style-src \'unsafe-inline\'">\n'
            '<meta name="viewport" content="width=device-width">\n'
            f'<title>{text(title)}</title><style>{STYLE}</style></head><body>\n'
            f'<h1>{text(title)}</h1>\n{body}\n</body></html>\n')


def kind(status):
    return status if status in WORDS else 'fail'


def is_final(results):
    """Whether these results stand: none of them is the host's fault."""
    return results['outcome'] in FINAL and all(t['status'] != 'infrastructure' for t in results['tests'])


def score(results):
    """`87 of 100 points`, or that there is none yet."""
    if not is_final(results):
        return 'not graded: this host could not run everything; it is tried again'
    return f'{number(results["points"])} of {number(results["max"])} points'


# ---- one submission

def row(test):
    status, name = kind(test['status']), text(test['name'])
    link = f'<a href="#{name}">{name}</a>' if status != 'pass' else name
    points = number(test['points']) if status != 'infrastructure' else ''
    return (f'<tr><td class="{status}">{WORDS[status]}</td><td>{link}</td><td>{text(test["title"])}</td>'
            f'<td class="n">{points}</td><td class="n">{number(test["max"])}</td></tr>')


def table(results):
    rows = []
    for lab, tests in report.by_lab(results['tests']).items():
        points, most = report.total(tests)
        rows.append(f'<tr class="lab"><td></td><td>lab {text(lab)}</td><td></td><td class="n">{number(points)}</td>'
                    f'<td class="n">{number(most)}</td></tr>')
        rows += map(row, tests)
    head = '<th></th><th>test</th><th>what it asks</th><th class="n">points</th><th class="n">of</th>'
    return f'<table><tr>{head}</tr>\n' + '\n'.join(rows) + '</table>'


def lost(test):
    """Why a test lost points: all that a student has to go on."""
    terms = []
    for expected, shown in report.wrong(test):
        terms += [('expected', text(expected)), ('shown', text(shown))]
    if test['console']:
        terms.append(('console, last lines', lines(test['console'])))
    terms.append(('reproduce', lines(test['reproduce'])))
    if test['hint']:
        terms.append(('look at', text(test['hint'])))
    terms.append(('manual', text(test['manual'])))
    name, points = text(test['name']), f'{number(test["points"])} of {number(test["max"])}'
    host = '<p>This host could not run the test; that costs nothing.</p>' if test['status'] == 'infrastructure' else ''
    shown = ''.join(f'<dt>{t}</dt><dd>{d}</dd>' for t, d in terms)
    return f'<section id="{name}"><h2>{name}: {points}</h2><p>{text(test["title"])}</p>{host}<dl>{shown}</dl></section>'


def submission(name, results):
    """The page of one submission. results: what grade/results.json holds."""
    notes = ''.join(f'<li>{text(n)}</li>' for n in results.get('notes', []))
    message = lines(results['message'].split('\n')) if results['message'] else ''
    heading = '<h2>It could not be built</h2>' if results['outcome'] == 'build' else ''
    tests = results['tests'] if results['outcome'] != 'build' else []  # all for the one reason that stands above
    body = [f'<p><strong>{score(results)}</strong> (SEED={text(results["seed"])}, {text(results["time"])})</p>',
            f'<ul>{notes}</ul>' if notes else '', heading + message, table(results),
            *(lost(t) for t in tests if t['status'] != 'pass')]
    return document(name, '\n'.join(filter(None, body)))


# ---- many

def index(title, rows):
    """rows: (name, file of its page or '', results or None)."""
    labs = list(dict.fromkeys(lab for _, _, r in rows if r for lab in r['labs']))
    head = ''.join(f'<th class="n">{text(word)}</th>' for word in ('points', 'of', *labs))
    out = [f'<tr><th>submission</th>{head}<th></th></tr>']
    for name, page, results in rows:
        link = f'<a href="{text(page)}">{text(name)}</a>' if page else text(name)
        final = results and is_final(results)
        cells = [number(results['points']), number(results['max'])] if final else ['', '']
        cells += [number(results['labs'][lab]['points']) if final and lab in results['labs'] else '' for lab in labs]
        state = 'not yet graded' if not results else 'host trouble: tried again at the next run' if not final else \
            'not built' if results['outcome'] == 'build' else ''
        out.append(f'<tr><td>{link}</td>' + ''.join(f'<td class="n">{c}</td>' for c in cells) +
                   f'<td>{state}</td></tr>')
    return document(title, '<table>' + '\n'.join(out) + '</table>')
