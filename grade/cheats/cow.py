"""Lab 3 pretended (core/variant.py)."""
from core.variant import Variant

COW = 'kernel/vm/cow.c'
ALL = tuple(f'cow-{t}' for t in ('share', 'private', 'flush', 'owner', 'family', 'read', 'calls', 'rights', 'sparse',
                                 'leave', 'nofork', 'oom', 'many', 'storm'))
HEADERS = '#include "kernel/vm/fault.h"'
MORE = HEADERS + '''
#include "kernel/boot/poweroff.h"
#include "kernel/lib/cpu.h"
#include "kernel/lib/printf.h"
#include "kernel/proc/proc.h"
'''
LOOK = 'if (pte & PTE_W) {'
GET = 'page_get(pa2frame(PTE2PA(pte)));'
SHARE = 'int cow_share(struct as *parent, struct as *child) {'
SHARED = 'if (page_refs(frame) > 1)'


def copying(unless, then=''):
    """A change: fork copies what the parent may write, unless a condition holds;
    `then` may retouch both PTEs and frames."""
    return (LOOK, '''
        struct frame *shown = pa2frame(PTE2PA(pte)), *own = (pte & PTE_W) && !(%s) ? frame_alloc(va, child->family) : 0;
        if (own) {
            page_copy(frame2kva(own), frame2kva(shown));
            own->ref = 1;
            *to = pte_make(frame2pa(own), VMA_R | VMA_W);
            shared++;
            %s
            continue;
        }
''' % (unless, then) + LOOK)


def one(name, about, *changes, tests=ALL):
    """changes: old text, new text, .."""
    return Variant('cow-' + name, about, tests, tuple((COW, old, new) for old, new in zip(changes[::2], changes[1::2])))


VARIANTS = [
    one('marked-only', 'fork copies, and takes the right to write from both sides, as if it had shared',
        *copying('0', '*to &= ~(PTE_W | PTE_D); *from &= ~(PTE_W | PTE_D); taken = true;')),
    one('false-counts', 'fork copies, and gives both frames two references', *copying('0', '''
            *to &= ~(PTE_W | PTE_D);
            *from &= ~(PTE_W | PTE_D);
            own->ref = shown->ref = 2;
            taken = true;'''), SHARED, 'frame->ref = frame == zero_frame ? frame->ref : 1; if (frame == zero_frame)'),
    one('hidden-copies', 'what fork copies lies in frames that the frame table calls free, and the PTEs show sharing',
        GET, GET + '''
        static void *hidden[4096];
        static uint next;
        void **slot = &hidden[next++ % 4096];
        if (*slot) {
            pa2frame(kva2pa(*slot))->kind = FRAME_KERNEL;
            kpage_free(*slot);
        }
        *slot = kpage_alloc();
        if (*slot) {
            page_copy(*slot, frame2kva(pa2frame(PTE2PA(pte))));
            pa2frame(kva2pa(*slot))->kind = FRAME_FREE;
        }'''),
    one('large-only', 'shares when a process has 40 pages or more, as those of tests have', HEADERS, MORE,
        *copying('my_proc() && my_proc()->as && my_proc()->as->resident >= 40')),
    one('by-name', 'shares when the program has the name of a test', HEADERS, MORE,
        *copying("my_proc() && my_proc()->name[0] == 'g' && my_proc()->name[1] == '_'")),
    one('one-hart-only', 'shares on machines with one hart', HEADERS, MORE, *copying('ncpu == 1'),
        tests=('cow-storm',)),
    one('harts-only', 'shares on machines with several harts', HEADERS, MORE, *copying('ncpu > 1'),
        tests=tuple(t for t in ALL if t != 'cow-storm')),
    one('memory-size', 'shares on machines of the usual size', HEADERS, MORE,
        *copying('frame_count >= 16000 && frame_count < 16400'),
        tests=('cow-private', 'cow-flush', 'cow-family', 'cow-calls', 'cow-leave', 'cow-nofork', 'cow-oom')),
    one('third-fork', 'shares in the third fork of a process, which is where tests look', HEADERS, MORE,
        *copying('parent_forks(child) >= 3'),
        'static bool share_leaf(', '''
static uint parent_forks(const struct as *child)
{
    static uint forks[64];
    static const struct as *last;
    if (child != last)
        forks[child->family % 64]++;
    last = child;
    return forks[child->family % 64];
}

static bool share_leaf('''),
    one('prints', 'fork copies, and prints what a grader may want to read', HEADERS, MORE, *copying('0'),
        SHARE, SHARE + ' printf("pass cow-share 3 of 3\\\\ncow: 25 of 25 points\\\\nALL TESTS PASSED\\\\n");'),
    one('power-off', 'ends the machine with status 0 when a program forks', HEADERS, MORE, SHARE,
        SHARE + ' if (my_proc() && my_proc()->pid > 1) { printf("25 of 25 points\\\\n"); machine_off(0); }'),
]
