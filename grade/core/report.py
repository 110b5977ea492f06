"""What people see of a grading: a progress line while it runs, then a table, and what went wrong in each test that lost
points. Forms for machines are in core/forms.py."""
import shutil
import sys
import threading
import time

SLOW = 5.0   # seconds: a test that takes longer is named
MARKS = {'pass': 'pass', 'fail': 'FAIL', 'infrastructure': 'HOST'}


def number(points):
    return f'{points:g}'


class Progress:
    """One line for each test that has ended; on a terminal a single line that is written again and again, and only
    tests that lost points keep a line of their own. Its methods are called from several threads."""

    def __init__(self, total, out=sys.stdout):
        self.total, self.out, self.live = total, out, out.isatty()
        self.lock, self.running, self.done = threading.Lock(), [], 0
        self.points = self.most = 0
        self.start = time.monotonic()

    def begin(self, test):
        with self.lock:
            self.running.append(test.name)
            self._draw()

    def end(self, result, *_):
        with self.lock:
            if result['name'] in self.running:
                self.running.remove(result['name'])
            self.done += 1
            self.points += result['points']
            self.most += result['max']
            if not self.live or result['status'] != 'pass':
                self._say(f'[{self.done:2}/{self.total}] {MARKS[result["status"]]} {result["name"]:26} '
                          f'{number(result["points"]):>4} of {number(result["max"]):<4} {result["seconds"]:5.1f} s')
            self._draw()

    def _say(self, line):
        self.out.write(('\r\x1b[K' if self.live else '') + line + '\n')
        self.out.flush()

    def _draw(self):
        if self.live:
            line = (f'{self.done} of {self.total} tests, {number(self.points)} of {number(self.most)} points, '
                    f'{time.monotonic() - self.start:.0f} s: {", ".join(self.running)}')
            self.out.write('\r\x1b[K' + line[:shutil.get_terminal_size().columns - 1])
            self.out.flush()

    def close(self):
        """Leaves the line empty."""
        with self.lock:
            if self.live:
                self.out.write('\r\x1b[K')
                self.out.flush()


# ---- after the run

def by_lab(results):
    """{lab: results}, in the order in which labs come."""
    labs = {}
    for r in results:
        labs.setdefault(r['lab'], []).append(r)
    return labs


def total(results):
    return sum(r['points'] for r in results), sum(r['max'] for r in results)


def table(results):
    """Lines: a row a test, a row a lab, and the sum."""
    width = max([len(r['name']) for r in results] + [20])
    lines = [f'{"":4} {"test":{width}} {"points":>11}  {"M instr.":>8} {"s":>5}']
    for lab, rows in by_lab(results).items():
        for r in rows:
            lines.append(f'{MARKS[r["status"]]} {r["name"]:{width}} {number(r["points"]):>4} of {number(r["max"]):<4} '
                         f'{r["instructions"] / 1e6:8.0f} {r["seconds"]:5.1f}')
        points, most = total(rows)
        lines.append(f'{"":4} {"lab " + lab:{width}} {number(points):>4} of {number(most):<4}')
    return lines


def wrong(result):
    """What a test that lost points expected and saw, as (expected, shown) pairs."""
    pairs = [(f'{p["name"]} ({number(p["max"])}): {p["expected"]}', p['shown']) for p in result['parts']
             if p['status'] == 'fail' and p['expected']]
    if result['expected'] or result['shown']:
        pairs.append((result['expected'], result['shown']))
    return pairs


def indent(first, text):
    lines = str(text).split('\n')
    return [f'  {first:10}{lines[0]}', *(f'  {"":10}{line}' for line in lines[1:])]


def explain(result):
    """Lines on a test that lost points: all that a student has to go on."""
    points = f'{number(result["points"])} of {number(result["max"])} points'
    lines = [f'{result["name"]}: {result["title"]}', *indent('', points)]
    if result['status'] == 'infrastructure':
        lines += indent('', 'this host could not run the test: nobody lost points for it, none are given')
    for expected, shown in wrong(result):
        lines += indent('expected', expected) + indent('shown', shown)
    if result['console']:
        lines += indent('console', 'the last lines that the machine printed')
        lines += [f'  | {line}' for line in result['console']]
    for i, command in enumerate(result['reproduce']):
        lines += indent('again' if not i else 'by hand', command)
    if result['hint']:
        lines += indent('look at', result['hint'])
    return lines + indent('manual', result['manual'])


def summary(results):
    """The last line: `fault 20/20, lazy 3/20: 23 of 40 points`."""
    labs = ', '.join(f'{lab} {"/".join(map(number, total(rows)))}' for lab, rows in by_lab(results).items())
    points, most = total(results)
    return f'{labs}: {number(points)} of {number(most)} points'


def text(results, seed):
    """The whole report, as lines."""
    lines = table(results)
    for r in results:
        if r['status'] != 'pass':
            lines += ['', *explain(r)]
    notes = [f'{r["name"]}: {line}' for r in results for line in r['notes']]
    slow = [f'{r["name"]} {r["seconds"]:.1f} s' for r in results if r['seconds'] > SLOW]
    lost = sum(r['status'] == 'infrastructure' for r in results)
    lines += ['', *notes]
    if slow:
        lines.append(f'longer than {SLOW:g} s on this host: {", ".join(slow)}')
    if lost:
        lines.append(f'{lost} of {len(results)} tests could not be run by this host')
    return lines + [f'{summary(results)} (SEED={seed})']
