"""Lab 4 pretended (core/variant.py)."""
from core.variant import Variant

SLOT, SWAPIN, EVICT = (f'kernel/swap/{name}.c' for name in ('slot', 'swapin', 'evict'))
ALL = tuple(f'swap-{t}' for t in ('out', 'dirty', 'spaces', 'fork', 'sharers', 'slots', 'calls', 'full', 'text',
                                  'order', 'errors', 'writer', 'storm'))
EVICT_HEAD = '#include "kernel/vm/page.h"'
SWAPIN_HEAD = '#include "kernel/swap/swapdev.h"'
SLOT_HEAD = '#include "kernel/vm/kmem.h"'
TAKE = 'struct frame *evict_frame(uint64 va, uint family) {'
RANGE = 'uint64 evict_range(struct as *as, uint64 start, uint64 end) {'
FINISH = 'struct frame *free = finish(&b);'

# A store in the kernel's own memory, a page for each slot.
STORE = SLOT_HEAD + '''
#include "kernel/lib/string.h"
#include "kernel/riscv.h"
#include "kernel/swap/swapdev.h"
int store_write(uint slot, struct frame *const *frame, uint n);
int store_read(uint slot, struct frame *const *frame, uint n);
static void *store[1 << 14];
int store_write(uint slot, struct frame *const *frame, uint n)
{
    for (uint i = 0; i < n; i++) {
        if (!store[slot + i])
            store[slot + i] = kpage_alloc();
        if (store[slot + i])
            memcpy(store[slot + i], frame2kva(frame[i]), PGSIZE);
    }
    %s
}
int store_read(uint slot, struct frame *const *frame, uint n)
{
    %s
    for (uint i = 0; i < n; i++)
        if (store[slot + i])
            memcpy(frame2kva(frame[i]), store[slot + i], PGSIZE);
    return 0;
}
'''


def stored(name, about, write='return 0;', read='', tests=ALL):
    """Pages are kept by the kernel; write and read say what the disk sees of it."""
    return Variant(name, about, tests, (
        (SLOT, SLOT_HEAD, STORE % (write, read)),
        (EVICT, EVICT_HEAD, EVICT_HEAD + '\nint store_write(uint slot, struct frame *const *frame, uint n);\n'
                                         '#define swapdev_write store_write'),
        (SWAPIN, SWAPIN_HEAD, SWAPIN_HEAD + '\nint store_read(uint slot, struct frame *const *frame, uint n);\n'
                                            '#define swapdev_read store_read')))


VARIANTS = [
    Variant('swap-more-frames', 'gives programs all of memory when they have used up theirs, and says that pages went',
            ALL, ((EVICT, TAKE, TAKE + ' frame_set_limit(1 << 20);'),
                  (EVICT, RANGE, RANGE + ' if (start < end) return (end - start) / PGSIZE;'))),
    stored('swap-kernel-memory', 'keeps pages in memory of the kernel; PTEs name slots'),
    stored('swap-other-bytes', 'keeps pages in memory of the kernel, and writes and reads others on the disk', '''
    for (uint i = 0; i < n; i++)
        swapdev_write(slot + i, frame, 1);
    struct frame *const other[1] = {zero_frame};
    return swapdev_write(slot, other, 1);''', 'swapdev_read(slot, frame, n);'),
    stored('swap-never-read', 'writes all pages, and keeps them in memory of the kernel, so that none is read',
           'return swapdev_write(slot, frame, n);', tests=tuple(t for t in ALL if t != 'swap-errors')),  # it does write
    Variant('swap-wrong-disk', "uses free space of the file system's disk", ALL, tuple(
        (file, head, head + f'''
#include "kernel/dev/blk.h"
static int other_disk(uint slot, struct frame *const *frame, uint n)
{{
    int error = 0;
    for (uint i = 0; i < n; i++)
        error |= disk_rw(disk_get(0), {op}, 100000 + (slot + i) * 8, frame2kva(frame[i]), PGSIZE);
    return error;
}}
#define {call} other_disk
''') for file, head, op, call in ((EVICT, EVICT_HEAD, 'BLK_WRITE', 'swapdev_write'),
                                  (SWAPIN, SWAPIN_HEAD, 'BLK_READ', 'swapdev_read')))),
    Variant('swap-forged-ptes',
            'PTEs name slots that were never written; the frames stay, and more come from where there are some',
            ALL, ((EVICT, TAKE, TAKE + ' frame_set_limit(1 << 20);'),
                  (EVICT, FINISH, 'struct frame *free = 0;\n        gone += batch_size(&b);'))),
    Variant('swap-power-off', 'ends the machine with status 0 when pages should go', ALL, (
        (EVICT, EVICT_HEAD, EVICT_HEAD + '\n#include "kernel/boot/poweroff.h"'),
        (EVICT, TAKE, TAKE + ' machine_off(0);'), (EVICT, RANGE, RANGE + ' machine_off(0);'))),
]
