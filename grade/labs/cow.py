"""Lab 3, copy on write: what kernel/vm/cow.c must do, seen from outside."""
from core import pattern
from core.table import Machine, Test


def share(run):
    """fork, a write in the child, a write in the parent."""
    seed, n = run.seed, run.drawn['pages']
    at = run.stop('filled')
    p, before, parent = at.args[0], run.space(at), at.root
    mine = before.frames(p, n)
    run.need(len(mine) == n, f'{n} frames for the heap that the parent filled', f'{len(mine)} frames')
    at = run.stop('child')
    child, old = run.space(at), run.checked_space(parent)
    shared = sum(a.present and a.pa == b.pa for a, b in zip(child.range(p, n), old.range(p, n)))
    run.need(shared >= n - 1, f'the child maps the same {n} frames as its parent', f'{shared} are shared; {child[p]}; {old[p]}')
    writable = [page for page in (*child.range(p, n), *old.range(p, n)) if page.may('w')]
    run.part('shared', len(writable) <= 2, 'no page that two spaces map is writable', '; '.join(map(str, writable[:4])))
    run.stop('wrote')
    child, old = run.space(), run.checked_space(parent)
    run.part('private', child[p].present and child[p].pa != old[p].pa and
             run.content(child, p) == pattern.page(seed + 1, 0) and run.content(old, p) == pattern.page(seed, 0),
             "the child's page is its own, the parent's as before", f'{child[p]}; {old[p]}')
    at = run.stop('parent')
    run.part('private', at.args[1] == 0, "the parent's memory is as it was", f'{at.args[1]} words differ')
    run.stop('owner')
    new = run.space()
    run.part('owner', new[p + 4096].may('w') and new[p + 4096].pa in mine, 'the last owner writes to the frame itself',
             new[p + 4096])
    run.end()


TESTS = (
    Test('cow-share', 'fork shares all frames, read-only; a write is private', 'g_cow_share', share,
         {'shared': 3, 'private': 3, 'owner': 1}, hint='cow_share, fault_write', manual='lab/cow/README.md#the-task',
         machine=Machine(mem=64), draw={'pages': (40, 90)}, args=('pages',)),
)
