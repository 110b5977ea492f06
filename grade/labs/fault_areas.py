"""The areas of a space (kernel/vm/vma.h): lookup, insertion, splitting and limits, asked of the functions themselves
and compared with a model that has one entry a page.
"""
import random

from core.verdict import Fail
from labs.fault_call import Kernel
from labs.fault_lib import PAGE, need_death

R, W, X = 1, 2, 4            # kernel/vmstat.h: VMA_R, ..
TEXT, DATA, HEAP = 1, 2, 3   # VMA_TEXT, ..
FIELDS = ('start', 'end', 'perm', 'kind', 'file', 'off', 'filelen')
TOP = 1 << 38


class Areas:
    """A struct vmaset in a page of the program's, with the functions of vma.h, and what it should hold."""

    def __init__(self, kernel, va, pa, scratch):
        self.kernel, self.va, self.pa, self.scratch = kernel, va, pa, scratch
        self.layout, self.memory = kernel.guest.layout, kernel.guest
        self.pages = {}  # page number -> (perm, kind, file, offset of the page in the file, bytes from the file)
        kernel.call('vmaset_init', va)

    # ---- the kernel's side

    def area(self, at):
        """The fields of the struct vma at a kernel address; None for 0."""
        if not at:
            return None
        size = self.layout['VMA_SIZE']
        data = self.memory.kernel(at, size)
        return {f: int.from_bytes(data[self.layout[f'VMA_{f.upper()}']:][:1 if f in ('perm', 'kind') else 8], 'little')
                for f in FIELDS}

    def find(self, va, name='vma_find'):
        found = self.kernel.call(name, self.va, va)
        if found is None:
            raise Fail(f'{name}() returns', self.kernel.run.why_ended())
        return self.area(found)

    # ---- changes, in the kernel and in the model; each says whether it was done, and whether it should have been

    def insert(self, first, past, perm=R | W, kind=HEAP, file=0, off=0, filelen=0, raw=None):
        start, end = raw or (first * PAGE, past * PAGE)
        for name, value in zip(FIELDS, (start, end, perm, kind, file, off, filelen)):
            size = 1 if name in ('perm', 'kind') else 8
            at = self.scratch - self.memory.direct_base + self.layout[f'VMA_{name.upper()}'] - 0x80000000
            self.memory.memory[at:at + size] = (value & (1 << 64) - 1).to_bytes(8, 'little')[:size]
        done = self.kernel.number('vma_insert', self.va, self.scratch) == 0
        right = not raw and first < past and not any(p in self.pages for p in range(first, past))
        if right:
            for p in range(first, past):
                at = (p - first) * PAGE
                self.pages[p] = (perm, kind, file, off + at if file else 0, max(0, min(PAGE, filelen - at)))
        return done, right

    def remove(self, first, past, raw=None):
        start, end = raw or (first * PAGE, past * PAGE)
        done = self.kernel.number('vma_remove', self.va, start, end) == 0
        right = not raw and first < past
        if right:
            for p in range(first, past):
                self.pages.pop(p, None)
        return done, right

    def move(self, va, to, which):
        """vma_set_start or vma_set_end of the area that contains va, which has no file."""
        found = self.kernel.call('vma_find', self.va, va)
        area = self.area(found)
        if not area:
            raise Fail(f'an area at {va:#x}', 'vma_find() found none')
        done = self.kernel.number(f'vma_set_{which}', self.va, found, to) == 0
        start, end = (to, area['end']) if which == 'start' else (area['start'], to)
        own = range(area['start'] // PAGE, area['end'] // PAGE)
        new = range(start // PAGE, end // PAGE)
        right = start < end <= TOP and to % PAGE == 0 and not any(p in self.pages and p not in own for p in new)
        if right:
            entry = self.pages.get(va // PAGE)
            for p in own:
                self.pages.pop(p, None)
            self.pages.update((p, entry) for p in new if entry)
        return done, right

    # ---- comparing

    def wrong_at(self, va):
        """What is wrong with the area that vma_find gives for va; '' if nothing."""
        area, want = self.find(va), self.pages.get(va // PAGE)
        if not area or not want:
            if not area and not want:
                return ''
            return f'{va:#x} lies in {show(area)}, and should in {"one" if want else "none"}'
        at = va - va % PAGE - area['start']
        got = (area['perm'], area['kind'], area['file'], area['off'] + at if want[4] else want[3],
               max(0, min(PAGE, area['filelen'] - at)) if area['file'] else 0)
        if not area['start'] <= va < area['end'] or any(p not in self.pages for p in
                                                        range(area['start'] // PAGE, area['end'] // PAGE)):
            return f'{va:#x} lies in {show(area)}, which is not all memory'
        if got != want:
            return f'{va:#x} lies in {show(area)}: rights, kind, file, offset, bytes {got}, should be {want}'
        return ''

    def wrong_above(self, va):
        area = self.find(va, 'vma_at_or_above')
        page = min((p for p in self.pages if p >= va // PAGE), default=None)
        if page is None or area is None:
            return '' if page is None and area is None else f'above {va:#x} it finds {show(area)}'
        inside = page == va // PAGE
        ok = area['start'] <= va < area['end'] if inside else area['start'] == page * PAGE
        return '' if ok else f'above {va:#x} it finds {show(area)}, not the one at {page * PAGE:#x}'

    def wrong_nearest(self, va):
        area = self.find(va, 'vma_nearest')
        distance = min(p * PAGE - va if p * PAGE > va else max(0, va - p * PAGE - PAGE + 1) for p in self.pages)
        its = None if not area else area['start'] - va if area['start'] > va else max(0, va - area['end'] + 1)
        if its == distance:
            return ''
        return f'nearest to {va:#x} is {show(area)}, but there is one at a distance of {distance:#x}'

    def wrong(self, pages):
        return next(filter(None, (self.wrong_at(p * PAGE) for p in pages)), '')


def show(area):
    if not area:
        return 'no area'
    rights = ''.join(c if area['perm'] & 1 << i else '-' for i, c in enumerate('rwx'))
    return f'{area["start"]:#x}-{area["end"]:#x} {rights}'


def lookups(run, areas, base):
    for first, past, perm in ((0, 2, R), (2, 3, R | W), (9, 12, R | X), (30, 31, R | W)):
        areas.insert(base + first, base + past, perm, TEXT if perm & X else DATA)
    edges = [(base + p) * PAGE for p in (0, 2, 3, 9, 12, 30, 31)]
    for va in [v for e in edges for v in (e - 1, e)] + [PAGE, (base + 5) * PAGE + 9, (base + 20) * PAGE, TOP - 1]:
        for what in (areas.wrong_at(va), areas.wrong_above(va), areas.wrong_nearest(va)):
            run.part('find', not what, 'vma_find, vma_at_or_above and vma_nearest find the right area', what)


def insertions(run, areas, base):
    def refuse(done, right, what):
        run.part('insert', done == right, f'vma_insert {"takes" if right else "refuses"} {what}', 'it did not')
    for first, past in ((0, 1), (1, 4), (2, 3), (8, 10), (11, 12), (8, 40), (10, 11)):
        refuse(*areas.insert(base + first, base + past, R, DATA), f'{first}-{past}')
    page = base * PAGE
    for start, end in ((page + 1, page + PAGE), (page, page), (page + PAGE, page), (-PAGE, PAGE),
                       (TOP - PAGE, TOP + PAGE), (TOP, TOP + PAGE), (page + 5 * PAGE, page + 6 * PAGE - 8)):
        refuse(*areas.insert(0, 0, raw=(start, end)), f'{start:#x}-{end:#x}')
    for first, past in ((40, 42), (44, 46), (42, 44), (46, 47), (39, 40)):
        refuse(*areas.insert(base + first, base + past, R | W, HEAP), f'{first}-{past}')
    joined = areas.find((base + 43) * PAGE)
    run.part('insert', joined and (joined['start'], joined['end']) == ((base + 39) * PAGE, (base + 47) * PAGE),
             'areas of zeros that continue one another become one', show(joined))
    areas.insert(base + 47, base + 48, R, HEAP)
    areas.insert(base + 48, base + 49, R, DATA)
    areas.insert(base + 49, base + 51, R, DATA, 0x1000, 0x5000, PAGE + 7)
    areas.insert(base + 51, base + 52, R, DATA, 0x1000, 0x9000, 9)
    what = areas.wrong(range(base - 1, base + 60))
    run.part('insert', not what, 'each area has the rights, kind and file it was inserted with', what)


def removals(run, areas, base):
    file = 0x1000
    areas.insert(base + 60, base + 70, R, TEXT, file, 3 * PAGE, 4 * PAGE + 100)
    areas.insert(base + 70, base + 80, R | W, DATA)
    for first, past, what in ((62, 63, 'a hole in what comes from a file'), (66, 67, 'a hole in the zeros behind it'),
                              (60, 61, 'the front of one with a file'), (64, 65, 'the last bytes of a file'),
                              (74, 76, 'a hole in zeros'), (79, 82, 'the back of one and what is behind'),
                              (69, 71, 'the back of one, the front of the next'), (90, 95, 'nothing'),
                              (44, 61, 'several areas'), (63, 64, 'a whole one')):
        done, _ = areas.remove(base + first, base + past)
        wrong = '' if done else 'it refused'
        wrong = wrong or areas.wrong(range(base + min(first, 60) - 2, base + max(past, 80) + 2))
        run.part('remove', not wrong, f'vma_remove takes out {what}', wrong)
    page = (base + 70) * PAGE
    for start, end in ((page, page), (page + PAGE, page), (page + 1, page + PAGE), (page, page + 1),
                       (page, TOP + PAGE)):
        done, _ = areas.remove(0, 0, raw=(start, end))
        run.part('remove', not done, f'vma_remove refuses {start:#x}-{end:#x}', 'it did not')


def boundaries(run, areas, base):
    page = base * PAGE
    areas.insert(base + 100, base + 104, R | W, HEAP)
    areas.insert(base + 110, base + 112, R, DATA)
    areas.insert(base + 120, base + 122, R | W, DATA)
    inside = page + 101 * PAGE
    for which, to in (('end', 106), ('end', 110), ('end', 111), ('end', 103), ('end', 100), ('end', 99), ('start', 98),
                      ('start', 102), ('start', 103), ('start', 104), ('start', 100)):
        done, right = areas.move(page + 102 * PAGE, page + to * PAGE, which)
        wrong = areas.wrong(range(base + 96, base + 114))
        good = run.part('limits', done == right and not wrong,
                        f'vma_set_{which} to page {to}, where the next area begins at 110: '
                        f'{"done" if right else "refused"}',
                        wrong or ('done' if done else 'refused'))
        if not good:
            return
    for which, to in (('start', 110), ('start', 112), ('start', 111), ('end', 130)):
        done, right = areas.move(page + 120 * PAGE, page + to * PAGE, which)
        run.part('limits', done == right, f'vma_set_{which} to page {to}, above an area that ends at 112: '
                 f'{"done" if right else "refused"}', 'done' if done else 'refused')
    for which, to in (('end', inside + 1), ('start', inside - 1), ('end', TOP + PAGE)):
        done, right = areas.move(page + 102 * PAGE, to, which)
        run.part('limits', not done and not right, f'vma_set_{which} refuses {to:#x}', 'done')


def mixture(run, areas, base, rng):
    """Random changes; the last area found is remembered by some, so it is asked for before each."""
    for _ in range(45):
        first = base + rng.randrange(200, 260)
        past = first + rng.randrange(1, 9)
        perm = rng.choice((R, R | W, R | X))
        areas.find(first * PAGE)
        if rng.randrange(3):
            file = rng.choice((0, 0, 0x1000))
            done, right = areas.insert(first, past, perm, DATA, file, rng.randrange(9) * PAGE if file else 0,
                                       rng.randrange((past - first) * PAGE) if file else 0)
        else:
            done, right = areas.remove(first, past)
        wrong = areas.wrong(range(first - 1, past + 1))
        run.part('remove' if wrong else 'insert', done == right and not wrong,
                 'insertions and removals in any order do what they '
                 'say', wrong or f'{first:#x}-{past:#x}: {"done" if done else "refused"}')
    wrong = areas.wrong(range(base + 196, base + 272))
    run.part('remove', not wrong, 'insertions and removals in any order leave each page as they should', wrong)


def copies(run, areas, base, other):
    run.part('find', areas.kernel.number('vmaset_copy', other.va, areas.va) == 0, 'a set can be copied',
             'it was refused')
    other.pages = dict(areas.pages)
    last = max(areas.pages)
    areas.find(last * PAGE)  # the one that a memory of the last hit would give again
    areas.remove(base, base + 300)
    wrong = other.wrong(range(base - 1, base + 50))
    run.part('find', not wrong, 'a copy stays as it is when the first set changes', wrong)
    wrong = areas.wrong((last, base, base + 9, base + 101))
    run.part('remove', not wrong, 'nothing is found in a set from which all was taken', wrong)


def areas(run):
    """The functions of vma.h."""
    need_death(run)
    at = run.stop('pages')
    space, p = run.space(at), at.args[0]
    run.need(space[p].may('w') and space[p + PAGE].may('w'), 'the program has the pages that it wrote', space[p])
    base, rng = 0x20000 + run.drawn['place'], random.Random(f'areas {run.seed}')
    with Kernel(run) as kernel:
        page, second = (kernel.guest.direct_base + space[va].pa for va in (p, p + PAGE))
        one, two = Areas(kernel, page, space[p].pa, second), Areas(kernel, second + 2048, 0, second)
        lookups(run, one, base)
        insertions(run, one, base)
        removals(run, one, base)
        boundaries(run, one, base)
        mixture(run, one, base, rng)
        copies(run, one, base, two)
        for each in (one, two):
            kernel.call('vmaset_destroy', each.va)
    run.stop('after')
    run.end()


