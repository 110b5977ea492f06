// Split virtqueue (virtio 1.2, section 2.7). The driver puts the number of a descriptor chain into the
// available ring and advances its index; the device does the work and puts the number into the used ring.
//
// The device is another processor that this one shares memory with, and may be wrong: nothing that it writes
// is used as an index before it has been checked, and a chain is given back only if it is out (`owner`). The
// descriptors themselves are never read back.
//
// Fences, all in this file (RISC-V unprivileged spec 2.7; memory is weakly ordered):
//   add     chain and ring entry before the index:      the device may look as soon as the index moved
//   add     index before the device's "do not notify":   else both sides may conclude that the other will act
//   take    the device's index before its ring entry and the data: these may be older in our view
//   quiet   "interrupt me again" before the last look at the index: same as the second, other direction
// The caller's lock guards everything. Host test: tests/host/test_virtq.c.
#include "kernel/dev/virtq.h"
#include "kernel/lib/err.h"
#include "kernel/lib/panic.h"

#define AVAIL_NO_INTERRUPT 1    // 2.7.6
#define USED_NO_NOTIFY     1    // 2.7.8
#define USED_OFFSET        1024 // of the used ring in its page: behind the available ring, aligned to 4

#ifdef __riscv
#define FENCE(before, after) asm volatile("fence " #before ", " #after : : : "memory")
#else
#define FENCE(before, after) __sync_synchronize()
#endif

_Static_assert(sizeof(struct virtq_desc) == 16, "fixed by the specification");
_Static_assert(4 + 2 * VIRTQ_MAX + 2 <= USED_OFFSET, "the available ring fits below the used ring");
_Static_assert(USED_OFFSET + 4 + 8 * VIRTQ_MAX + 2 <= 4096, "and that one into the page");

// The pages are zeroed: both indices begin at 0.
void virtq_init(struct virtq *q, uint num, void *descpage, void *ringpage)
{
    assert(num > 0 && num <= VIRTQ_MAX && (num & (num - 1)) == 0, "queue size is a power of two");
    q->num = num;
    q->desc = descpage;
    q->avail = ringpage;
    q->used = (void *)((char *)ringpage + USED_OFFSET);
    q->added = q->taken = 0;
    for (uint i = 0; i < VIRTQ_MAX; i++)
        q->owner[i] = 0;
}

// The chain's descriptors are written already; from here until virtq_take they are the device's.
void virtq_add(struct virtq *q, uint16 head, void *owner)
{
    assert(head < q->num && !q->owner[head], "descriptor chain is out already");
    q->owner[head] = owner;
    q->avail->ring[q->added & (q->num - 1)] = head;
    FENCE(w, w);
    q->avail->idx = ++q->added;
}

// Asked after virtq_add. A device that is at work says no: it will see the index by itself.
bool virtq_wants_notify(struct virtq *q)
{
    FENCE(rw, rw);
    return !(q->used->flags & USED_NO_NOTIFY);
}

// Cheaper than virtq_take, and changes nothing.
bool virtq_pending(const struct virtq *q)
{
    return q->used->idx != q->taken;
}

// The three checks: the device cannot have finished more than it was given, the entry must name a descriptor,
// and that one must be out. After -EIO the ring cannot be trusted any more: the device has to be reset.
int virtq_take(struct virtq *q, void **owner)
{
    uint16 ready = q->used->idx - q->taken;
    if (ready == 0)
        return 0;
    FENCE(r, rw);
    uint32 id = q->used->ring[q->taken & (q->num - 1)].id;
    if (ready > (uint16)(q->added - q->taken) || id >= q->num || !q->owner[id])
        return -EIO;
    *owner = q->owner[id];
    q->owner[id] = 0;
    q->taken++;
    return 1;
}

// While the driver looks at the ring by itself, interrupts are a waste.
void virtq_quiet(struct virtq *q, bool quiet)
{
    q->avail->flags = quiet ? AVAIL_NO_INTERRUPT : 0;
    if (!quiet)
        FENCE(rw, rw);
}

// Orders memory against device registers, both ways.
void virtq_fence_device(void)
{
    FENCE(iorw, iorw);
}
