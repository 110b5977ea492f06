"""Lab 2: memory is given back; memory runs out."""
from core import pattern
from core.pattern import PAGE
from core.table import Machine, Test
from core.verdict import some
from labs.lazy_seen import AROUND, Calls, differs, marked, need_lazy, need_usable, references, span, spot, spots, there

MANUAL = 'lab/lazy/README.md#'


def shrink(run):
    """What is given back is gone, at once; what stays, stays."""
    seed, n, keep = run.given, run.drawn['pages'], run.drawn['keep']
    p = run.stop('one').args[0]
    need_lazy(run, run.space(), p, span(8), spots(p, seed, range(1)))
    run.stop('sparse')
    need_lazy(run, run.space(), p, span(8), spots(p, seed, range(8)))
    full = run.ledger()['free']
    run.stop('empty')
    left, got = there(run.space(), p, span(8)), run.ledger()['free'] - full
    run.part('gone', not left and got >= 8, 'empty PTEs behind the end of the heap, and 8 frames more that are free',
             f'{got} frames more; {some(left)}')
    at = run.stop('dense')
    p, full = at.args[0], run.ledger()['free']
    run.stop('part')
    space, got = run.space(), run.ledger()['free'] - full
    left = there(space, p + (keep + 1) * PAGE, n - keep - 1)
    run.part('gone', not left and got >= n - keep - 2,
             f'empty PTEs behind the end of the heap, and {n - keep - 1} frames back',
             f'{got} frames back; {some(left)}')
    shown = differs(run, space, {p + i * PAGE: pattern.page(seed, i) for i in range(keep)})
    begin = run.content(space, p + keep * PAGE, 100)
    run.part('again', not shown and begin == pattern.page(seed, keep)[:100],
             f'{keep} pages and 100 bytes that stay as they were', shown or f'{space[p + keep * PAGE]}: other bytes')
    at = run.stop('grown')
    shown = differs(run, run.space(), {p + (n - 1) * PAGE: marked(seed, 0)})
    run.part('again', at.args[1] == 0 and not shown, 'zeros in what comes again',
             shown or f'{at.args[1]} words are not 0')
    for _ in range(4):
        run.stop('used')
        at = run.next_stop()
        run.need(at is not None, 'a kernel that goes on', run.why_ended())
        if not run.part('gone', at.name == 'gone' and at.args[0] & 0xffffffff == 0xffffffff,
                        'a program that touches what it has just given back is killed', f'it goes on: {at.args[0]:#x}'):
            run.stop('gone')
    run.end()


class Order:
    """At each flush of a space's TLB entries: the frames that its range gives up are not free yet."""

    def __init__(self, run, root, frames):
        self.run, self.root, self.waiting, self.early = run, root, dict(frames), []
        self.calls = Calls(run, 'tlb_flush', self.flush)

    def flush(self, args):
        guest = self.run.guest
        mmu, start, pages = args[:3]
        if guest.word(mmu + guest.layout['MMU_ROOT']) - guest.direct_base != self.root:
            return
        space = guest.space(self.root)
        for va in [va for va in self.waiting if start <= va < start + pages * PAGE and not space[va].present]:
            pa = self.waiting.pop(va)
            if guest.frame(pa)[1] == 'free':
                self.early.append(f'{va:#x}: its frame {pa:#x} is free before the flush')


def flush(run):
    """PTE, flush, and only then the frame."""
    seed, n = run.given, run.drawn['pages']
    p = run.stop('one').args[0]
    need_lazy(run, run.space(), p, span(4), spots(p, seed, range(1)))
    at = run.stop('filled')
    frames = {page.va: page.pa for page in run.space().present(at.args[0], n)}
    run.need(len(frames) == n, f'{n} pages that were written', f'{len(frames)} pages')
    free = run.ledger()['free']
    order = Order(run, at.root, frames)
    run.stop('gone', calls=order.calls)
    order.calls.end()
    run.part('order', not order.early, 'a frame is free after the flush of its page, not before',
             f'{len(order.early)} of {n}, e.g. {order.early[:1]}')
    run.part('order', not order.waiting, 'tlb_flush for each page that is given back',
             f'none for {len(order.waiting)} of {n} pages, e.g. {", ".join(hex(va) for va in list(order.waiting)[:3])}')
    got = run.ledger()['free'] - free
    run.part('order', got >= n - 2, f'{n} frames back', f'{got} frames')
    run.end()


def user_free(run):
    """Frames that programs may still take."""
    used = run.ledger()
    return run.test.machine.uframes - used['user'] - used['file']


def oom(run):
    """One program takes all there is."""
    seed, keep, hog, n = run.given, run.drawn['keep'], run.drawn['hog'], run.drawn['places']
    mine, more = run.stop('kept').args[:2]
    need_lazy(run, run.space(), more, span(n), [more - PAGE])  # the last page in front of it
    before = run.ledger()['free']
    first, room = run.stop('hog').args[0], user_free(run)
    need_lazy(run, run.space(), first, hog, [first])
    run.traps()
    at = run.stop('killed')
    faults = [t.tval & -PAGE for t in run.traps() if t.fault == 'store' and first <= t.tval < first + hog * PAGE]
    run.part('killed', at.args[1] & 0xffffffff == 0xffffffff and len(set(faults)) * (AROUND + 1) >= room,
             'the program that takes all memory is killed when there is no more, and not before',
             f'it ended with {at.args[1]:#x} after faults on {len(set(faults))} pages; there were {room} frames')
    run.part('killed', run.ledger()['free'] >= before - 8, 'its frames are free again',
             f'{run.ledger()["free"]} of {before}')
    shown = differs(run, run.space(), {mine + i * PAGE: pattern.page(seed, i) for i in range(keep)})
    run.part('killed', not shown, "the other program's memory as it was", shown)
    run.stop('most')
    run.answer = max(0, user_free(run) - n // 2 + 1)
    run.stop('full')
    at = run.next_stop()
    run.need(at is not None, 'a kernel that goes on', run.why_ended())
    ok = at.name == 'alive'
    shown = differs(run, run.space(), {spot(more, seed, i): marked(seed, i) for i in range(n)}) if ok else ''
    run.part('others', ok and at.args[1] == 0 and not shown,
             'a small program gets memory when a large one has it: the large one '
             'is killed', shown or 'it was killed itself')
    at = run.stop('end')
    run.part('others', at.args[1] & 0xffffffff == 0xffffffff and at.args[2] == 0, 'the large program is killed',
             f'it ended with {at.args[1]:#x}, and {at.args[2]} words of the other changed')
    run.end()


def leak(run):
    """As much memory after many rounds as before, and all of it can be used."""
    seed, rounds = run.given, run.drawn['rounds']
    p = run.stop('one').args[0]
    need_lazy(run, run.space(), p, span(2), [spot(p, seed, 0)])
    run.stop('begin')
    before = run.ledger()
    run.stop('end')
    after = run.ledger()
    less = before['free'] - after['free']
    run.part('ledger', less < rounds // 2, f'as many free frames after {rounds} rounds as before',
             f'{less} fewer: {before}, {after}')
    wrong, lost = references(run)
    run.part('ledger', not wrong, 'frame->ref counts the PTEs that map a frame', wrong)
    run.part('ledger', lost <= 32, 'each frame in use is mapped somewhere', f'{lost} are not')
    need_usable(run, 'full', after['free'])
    run.end()


TESTS = (
    Test('lazy-shrink', 'memory that a program gives back is gone at once, and new when it comes again',
         'g_lazy_shrink', shrink,
         {'gone': 1, 'again': 1}, hint='anon_release', manual=MANUAL + 'the-task', machine=Machine(mem=32),
         draw={'pages': (150, 400), 'keep': (1, 9)}, args=('pages', 'keep'), budget=160),
    Test('lazy-flush', 'PTE, flush, and only then the frame', 'g_lazy_flush', flush, {'order': 1}, hint='anon_release',
         manual=MANUAL + 'background', machine=Machine(mem=32, append='tlbcheck=1'), draw={'pages': (130, 300)},
         args=('pages',), budget=160),
    Test('lazy-oom', 'when memory runs out the program that has most is killed, and nobody else', 'g_lazy_oom', oom,
         {'killed': 0.5, 'others': 0.5}, hint='fault_zero: FAULT_RETRY, before anything has changed',
         manual=MANUAL + 'the-task',
         machine=Machine(mem=32, uframes=800), draw={'keep': (20, 50), 'hog': (3000, 6000), 'places': (14, 20)},
         args=('keep', 'hog', 'places'), budget=100),
    Test('lazy-leak', 'no frame is lost', 'g_lazy_leak', leak, {'ledger': 1},
         hint='anon_release; page_get of zero_frame',
         manual=MANUAL + 'background', machine=Machine(mem=32, append='tlbcheck=1'), draw={'rounds': (20, 40)},
         args=('rounds',), budget=160),
)
