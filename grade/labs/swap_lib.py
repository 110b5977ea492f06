"""What the checks of lab 4 share: where each page of a program is, in a frame or on the swap disk,
and what it holds."""
from core import pattern
from core.guest import PAGE
from core.verdict import some

PTE_KNOWN = 0x3ff  # the bits of a PTE beside the page number
MOST_KERNEL = 64   # frames by which the kernel's own memory may grow while a test runs, tables apart


def slot_bytes(run, page):
    """What the swap disk has for a page that is out."""
    return run.slot(page.slot) if page.slot < run.test.machine.swap << 8 else b''


def held(run, page):
    """The bytes of a page, wherever it is; None when it is nowhere."""
    if page.present:
        return run.guest.read(page.pa)
    return slot_bytes(run, page) if page.swapped else None


def bad_pages(run, space, p, n, want):
    """Pages of [p, p + n pages) that do not hold want(i), as text."""
    found = []
    for i, page in enumerate(space.range(p, n)):
        data = held(run, page)
        if data != want(i):
            found.append(f'{page}: '
                         + ('nowhere' if data is None else 'only zeros' if not any(data) else describe(data)))
    return found


def describe(data):
    return f'other bytes, they begin with {data[:8].hex()}'


def of(seed):
    """The contents of pages that were filled with a seed."""
    return lambda i: pattern.page(seed, i)


def own_of(seed, me, n):
    """The same for sharer `me` of n, who has then filled each page i with i % n == me with a seed of its own."""
    return lambda i: pattern.page(seed + (1 + me if i % n == me else 0), i)


def out(space, p, n):
    return [page for page in space.range(p, n) if page.swapped]


def need_out(run, space, p, n, least):
    """At least so many of the pages are out, each with a slot of the disk and nothing else in its PTE."""
    gone = out(space, p, n)
    frames = len(space.present(p, n))
    run.need(len(gone) >= least, f'at least {least} of {n} pages are out: V = 0 and PTE_SWAP, with a slot',
             f'{len(gone)} are out, {frames} in memory')
    slots = run.test.machine.swap << 8
    odd = [page for page in gone if page.pte & PTE_KNOWN != space.swap_tag or not 0 < page.slot < slots]
    run.need(not odd, f'PTEs of pages that are out: PTE_SWAP, a slot from 1 to {slots - 1}, all other bits 0',
             some(f'{page.va:#x}: {page.pte:#x}' for page in odd))
    return gone


def first_out(run, want):
    """The pages with which a test begins have left memory, and the disk has what was in them: want(i). Returns their
    address and number."""
    at = run.stop('leave', 'pages can leave memory')
    p, n = at.args[:2]
    gone = need_out(run, run.space(), p, n, n)
    need_distinct(run, gone)
    need_on_disk(run, gone, p, want)
    return p, n


def slow(run, reads=0):
    """The swap disk reads no more than so many times a second, later ones wait. 0: as fast as it can."""
    run.monitor.monitor(f'block_set_io_throttle swap 0 0 0 0 {reads} 0')


def need_distinct(run, pages):
    """No two of them, which hold different bytes, name one slot."""
    owner = {}
    for page in pages:
        other = owner.setdefault(page.slot, page)
        run.need(other is page, 'pages with different contents are in different slots', f'{other}; {page}')


def need_on_disk(run, gone, p, want):
    """The slots hold what the program wrote."""
    wrong = [page for page in gone if slot_bytes(run, page) != want((page.va - p) // PAGE)]
    run.need(not wrong, 'each slot of the swap disk holds the bytes that the program wrote to the page',
             some(f'{page} holds {describe(slot_bytes(run, page))}' for page in wrong))


def spaces(run):
    """All address spaces there are."""
    return [run.checked_space(root) for root in run.guest.roots()]


def zero_page(run):
    """The frame of zeros that untouched memory shows, if the kernel has one."""
    at = run.guest.variable('zero_frame')
    first, size = run.guest.variable('frame_of_page_0'), run.guest.layout['FRAME_SIZE']
    return (at - first) // size * PAGE if at else 0


def need_few_frames(run, most):
    """All spaces together use no more frames than there are for them."""
    used = set().union(*(space.frames() for space in spaces(run))) - {zero_page(run)}
    run.need(len(used) <= most, f'at most {most} frames are mapped in all spaces together', f'{len(used)}')
    ledger = run.ledger()
    total = ledger['user'] + ledger['file']
    run.need(total <= most, f'at most {most} frames are user frames', f'{total}')


class Counters:
    """What the disks and the kernel's own memory did since this was made."""

    def __init__(self, run):
        self.run, self.swap, self.fs, self.ledger = run, run.disk('swap'), run.disk('fs'), run.ledger()

    def _pages(self, key):
        return (self.run.disk('swap')[key] - self.swap[key]) // PAGE

    @property
    def written(self):
        """Pages that the swap disk took."""
        return self._pages('wr_bytes')

    @property
    def read(self):
        return self._pages('rd_bytes')

    def need_read(self, least):
        """Pages come back from the disk and from nowhere else."""
        self.run.need(self.read >= least, f'at least {least} pages are read from the swap disk', self.read)

    def need_honest(self, most_fs=16):
        """The pages went to no other place."""
        fs = (self.run.disk('fs')['wr_bytes'] - self.fs['wr_bytes']) // PAGE
        self.run.need(fs <= most_fs, "no page goes to the file system's disk", f'{fs} pages were written there')
        grown = self.run.ledger()['kernel'] - self.ledger['kernel']
        self.run.need(grown <= MOST_KERNEL, 'no page is kept in the memory of the kernel',
                      f'it has {grown} frames more')
