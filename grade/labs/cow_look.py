"""What the checks of lab 3 share: looking at the page tables of a family of processes, and at memory as a whole."""
from core import pattern
from core.guest import PAGE
from core.verdict import some

SMALL_PAGES = 6
NEAR = 16     # pages: a fault may deal with so many neighbours at once
SLACK = 3     # frames: a bounce buffer, a page that was in use just before


def rights(page):
    return ''.join(c for c in 'rwxu' if page.may(c))


def unlike(run, space, p, contents):
    """Pages, of those from p, whose bytes in memory are not these. contents: {number of the page: bytes}."""
    return [space[p + i * PAGE] for i, data in contents.items() if run.content(space, p + i * PAGE) != data]


def pages_of(seed, numbers):
    return {i: pattern.page(seed, i) for i in numbers}


def holds(run, space, p, contents):
    """(whether the pages hold these bytes, words for a student)."""
    bad = unlike(run, space, p, contents)
    return not bad, f'other bytes in {some(bad)}' if bad else ''


def same(a, b, p, numbers):
    """Numbers of the pages from p that both spaces map to one frame."""
    return [i for i in numbers if a[p + i * PAGE].present and a[p + i * PAGE].pa == b[p + i * PAGE].pa]


def writable_shared(spaces):
    """Pages that one of these spaces may write although another maps the frame too."""
    users = {}
    for number, space in enumerate(spaces):
        for page in space.present():
            users.setdefault(page.pa, []).append((number, page))
    return [page for mappers in users.values() if len(mappers) > 1 for _, page in mappers if page.may('w')]


def copies(run, seed, n):
    """How many frames of memory, in use or not, hold page 0 to n-1 of `seed`."""
    wanted = {pattern.mix(seed & pattern.MASK, i): i for i in range(n)}
    view = memoryview(run.memory).cast('B').cast('Q')
    firsts = view[::PAGE // 8].tolist()
    view.release()
    return sum(run.memory[at * PAGE:(at + 1) * PAGE] == pattern.page(seed, wanted[word])
               for at, word in enumerate(firsts) if word in wanted)


def sharing(run, parent, p, n, seed, once=True):
    """Needs a fork that has just shared n pages from p, which the parent had filled. `parent` is its root table; the
    child is at a stop. `once`: nobody has copied these pages before, so memory holds them once. Returns both spaces,
    the child's first."""
    child, old = run.space(), run.checked_space(parent)
    shared = same(child, old, p, range(n))
    lost = [i for i in range(n) if i not in shared]
    run.need(not lost, f'a child that maps the frames of its parent, in each of {n} pages',
             f'{len(shared)} are shared; child: {child[p + lost[0] * PAGE] if lost else ""}; parent: '
             f'{old[p + lost[0] * PAGE] if lost else ""}')
    wrong = unlike(run, child, p, pages_of(seed, range(n)))
    run.need(not wrong, 'a child that finds what its parent wrote', f'other bytes in {some(wrong)}')
    there = copies(run, seed, n) if once else 0
    run.need(there <= n + SLACK, f'memory that holds the {n} pages once', f'it holds {there} such pages')
    return child, old


def begin(run):
    """The fork with which every program starts: a few pages of heap are shared. Nothing else counts without that."""
    at = run.stop('mine')
    p = at.args[0]
    run.need(p % PAGE == 0, 'a page-aligned heap', hex(p))
    run.stop('small')
    child, old = sharing(run, at.root, p, SMALL_PAGES, pattern.mix(run.seed, 1000))
    loose = [page for s in (child, old) for page in s.range(p, SMALL_PAGES) if page.may('w')]
    run.need(not loose, 'no right to write to a page that two processes map', some(loose))


def other_than(before, now, kinds, slack):
    """Kinds of frames of which there are more, or fewer, than before: words, '' when all is well."""
    return ', '.join(f'{kind}: {before[kind]} before, {now[kind]} now'
                     for kind in kinds if abs(now[kind] - before[kind]) > slack)
