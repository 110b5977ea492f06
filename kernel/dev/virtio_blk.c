// Virtio disks (virtio 1.2, section 5.2): one instance a disk, each with one queue and many requests in
// flight.
//
// Every request in flight has a slot: the memory that the device reads and writes beside the caller's buffers
// (header, status byte, descriptors), set up at boot so that the way of a request allocates nothing. With
// indirect descriptors a slot takes one entry of the queue, without them it owns a stretch of SLOT_DESCS
// entries.
//
// disk.lock guards an instance. A request is touched for the last time by request_finish, with disk.lock
// held; disk_wait looks at it under the same lock, so the caller may reuse it as soon as disk_wait returns. A
// device that asks for a reset or writes nonsense into its ring is stopped, and everything in flight and to
// come fails. Where to read next: virtq.c for the rings, virtio_mmio.c for the registers.
#include "kernel/dev/virtio_blk.h"
#include "kernel/dev/blk.h"
#include "kernel/dev/dev.h"
#include "kernel/dev/virtio_mmio.h"
#include "kernel/dev/virtq.h"
#include "kernel/lib/cpu.h"
#include "kernel/lib/err.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/spinlock.h"
#include "kernel/memlayout.h"
#include "kernel/proc/proc.h"
#include "kernel/proc/sched.h"
#include "kernel/riscv.h"
#include "kernel/vm/frame.h"
#include "kernel/vm/kmem.h"

// Feature bits (5.2.3)
#define BLK_F_SIZE_MAX (1UL << 1) // largest segment is in size_max
#define BLK_F_SEG_MAX  (1UL << 2) // largest number of segments is in seg_max
#define BLK_F_RO       (1UL << 5) // writes fail
#define BLK_F_FLUSH    (1UL << 9) // takes flush requests: has a write cache
#define BLK_FEATURES                                                                                         \
    (VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC | BLK_F_SIZE_MAX | BLK_F_SEG_MAX | BLK_F_RO | BLK_F_FLUSH)

// Device configuration (5.2.4), byte offsets
#define CONFIG_CAPACITY 0 // 64 bits, sectors
#define CONFIG_SIZE_MAX 8
#define CONFIG_SEG_MAX  12

// Request types and results (5.2.6)
#define TYPE_IN     0
#define TYPE_OUT    1
#define TYPE_FLUSH  4
#define TYPE_GET_ID 8
#define STATUS_OK   0
#define STATUS_NONE 0xff // not the device's: it has not written one yet
#define SERIAL_SIZE 20   // bytes that GET_ID fills; no terminator if all are used

#define SLOTS       64               // requests in flight on one disk
#define SLOT_DESCS  (BLK_MAXSEG + 2) // header, segments, status
#define DESC_HEADER 0

// What every request begins with (5.2.6).
struct header {
    uint32 type;
    uint32 reserved;
    uint64 sector;
};

// What one request in flight needs. The device reads and writes the first three.
struct slot {
    struct virtq_desc table[SLOT_DESCS];
    struct header header;
    volatile uchar status;
    uint16 head;             // the descriptor that stands for it in the rings
    struct virtq_desc *desc; // its descriptors: `table`, or a stretch of the queue's own
    struct blkreq *req;      // 0 while the slot is free
    struct slot *next;       // free list
};

// L = guarded by lock, I = does not change after boot.
struct disk {
    struct spinlock lock;
    struct vmmio io;          // I
    struct virtq q;           // L
    struct slot *free;        // L
    uint waiters;             // L processes that want a slot
    bool failed;              // L the device was given up
    uint64 sectors;           // L may grow while the disk runs; request_ok takes a look without
    bool indirect;            // I chains lie in the slots, not in the queue
    bool readonly;            // I
    bool cached;              // I has a write cache, to be flushed
    uint nslots;              // I
    struct slot *slot[SLOTS]; // I
    char name[8];             // I
    char serial[SERIAL_SIZE + 1];
};

_Static_assert(sizeof(struct disk) <= PGSIZE, "kmem_alloc gives one contiguous page at most");

static struct disk *disks[BLK_MAXDISKS];
static int ndisks;

struct disk *disk_get(int i)
{
    return i >= 0 && i < ndisks ? disks[i] : 0;
}

uint64 disk_sectors(struct disk *d)
{
    return d->sectors;
}

const char *disk_serial(struct disk *d)
{
    return d->serial;
}

const char *disk_name(struct disk *d)
{
    return d->name;
}

// The end of a request. on_done comes last: it may free or reuse r.
// Locks: disk.lock.
static void request_finish(struct blkreq *r, int status)
{
    void (*on_done)(struct blkreq *) = r->on_done;
    bool waited = r->waited;
    r->status = status;
    __atomic_store_n(&r->done, true,
                     __ATOMIC_RELEASE); // status and data before it, for who looks without the lock
    if (waited)
        wakeup(r);
    if (on_done)
        on_done(r);
}

// Puts a slot on the free list, for the next request or whoever waits for one.
// Locks: disk.lock.
static void slot_free(struct disk *d, struct slot *s)
{
    s->req = 0;
    s->next = d->free;
    d->free = s;
    if (d->waiters > 0)
        wakeup(&d->free);
}

// Gives the device up. After the reset it no longer touches memory, so that the buffers can be given back.
// Locks: disk.lock.
static void disk_fail(struct disk *d, const char *why)
{
    printf("%s: %s: disk given up\n", d->name, why);
    d->failed = true;
    vmmio_fail(&d->io);
    for (uint i = 0; i < d->nslots; i++) {
        struct blkreq *r = d->slot[i]->req;
        if (r) {
            slot_free(d, d->slot[i]);
            request_finish(r, -EIO);
        }
    }
}

// Ends the requests that the device has finished. Any status but OK is an error; so is a byte that the device
// has not written. Locks: disk.lock.
static void disk_reap(struct disk *d)
{
    void *owner;
    int got = 0;
    while (!d->failed && (got = virtq_take(&d->q, &owner)) > 0) {
        struct slot *s = owner;
        struct blkreq *r = s->req;
        int status = s->status == STATUS_OK ? 0 : -EIO;
        slot_free(d, s);
        request_finish(r, status);
    }
    if (got < 0)
        disk_fail(d, "the device broke the rules of its queue");
}

// Both halves of one moment: the disk may be resized while it runs.
static uint64 capacity_read(const struct vmmio *io)
{
    uint32 word[2];
    vmmio_config(io, CONFIG_CAPACITY, word, 2);
    return word[0] | (uint64)word[1] << 32;
}

// The device is quiet while the ring is looked at. Interrupts are asked for again before the last look at the
// ring: a request that ends in between is either seen by that look or raises a new interrupt.
static void disk_interrupt(void *arg)
{
    struct disk *d = arg;
    uint why = vmmio_ack(&d->io);
    spin_lock(&d->lock);
    if ((why & VIRTIO_CONFIG_CHANGE) && !d->failed) {
        if (vmmio_broken(&d->io))
            disk_fail(d, "the device asks for a reset");
        else
            d->sectors = capacity_read(&d->io);
    }
    do {
        virtq_quiet(&d->q, true);
        disk_reap(d);
        virtq_quiet(&d->q, false);
    } while (!d->failed && virtq_pending(&d->q));
    spin_unlock(&d->lock);
}

// Waits for the disk to get on: asleep on chan, or looking at the ring while there are no processes yet
// (boot). Locks: disk.lock, let go meanwhile.
static void disk_pause(struct disk *d, const void *chan)
{
    if (my_proc()) {
        my_proc()->disk_waits++;
        sleep_on(chan, &d->lock);
        return;
    }
    spin_unlock(&d->lock);
    spin_lock(&d->lock);
    disk_reap(d);
}

// A free slot; 0 when the disk has failed.
// Locks: disk.lock. Sleeps.
static struct slot *slot_get(struct disk *d)
{
    while (!d->free && !d->failed) {
        d->waiters++;
        disk_pause(d, &d->free);
        d->waiters--;
    }
    if (d->failed)
        return 0;
    struct slot *s = d->free;
    d->free = s->next;
    return s;
}

// Describes r to the device (5.2.6): header, buffers, status byte. What never changes was set by slot_init.
static void slot_fill(struct disk *d, struct slot *s, struct blkreq *r, uint32 type)
{
    uint16 direction = type == TYPE_IN || type == TYPE_GET_ID ? VIRTQ_WRITE : 0;
    uint nseg = type == TYPE_FLUSH ? 0 : r->nseg;
    struct virtq_desc *desc = s->desc + DESC_HEADER + 1;
    s->req = r;
    s->header.type = type;
    s->header.sector = type == TYPE_FLUSH ? 0 : r->sector;
    s->status = STATUS_NONE;
    for (uint i = 0; i < nseg; i++, desc++) {
        desc->addr = kva2pa(r->seg[i].buf);
        desc->len = r->seg[i].len;
        desc->flags = direction | VIRTQ_NEXT;
    }
    desc->addr = kva2pa((const void *)&s->status);
    desc->len = 1;
    desc->flags = VIRTQ_WRITE;
    if (d->indirect)
        d->q.desc[s->head].len = (nseg + 2) * sizeof(struct virtq_desc);
}

// Hands r to the device, or ends it at once when the disk has failed.
// Sleeps.
static void request_start(struct disk *d, struct blkreq *r, uint32 type)
{
    bool notify = false;
    spin_lock(&d->lock);
    struct slot *s = slot_get(d);
    if (s) {
        slot_fill(d, s, r, type);
        virtq_add(&d->q, s->head, s);
        notify = virtq_wants_notify(&d->q);
    } else {
        request_finish(r, -EIO);
    }
    spin_unlock(&d->lock);
    if (notify)
        vmmio_notify(&d->io);
}

// Whether r is something the disk can do. Buffers outside the direct map would have the device write
// anywhere.
static bool request_ok(const struct disk *d, const struct blkreq *r)
{
    if (r->op == BLK_FLUSH)
        return true;
    if (r->nseg < 1 || r->nseg > BLK_MAXSEG || (r->op == BLK_WRITE && d->readonly))
        return false;
    uint64 bytes = 0;
    for (int i = 0; i < r->nseg; i++) {
        assert(kva2pa(r->seg[i].buf) < DIRECT_SIZE, "disk buffer is not in the direct map");
        if (r->seg[i].len == 0 || r->seg[i].len % SECTOR_SIZE != 0)
            return false;
        bytes += r->seg[i].len;
    }
    return r->sector <= d->sectors && bytes / SECTOR_SIZE <= d->sectors - r->sector;
}

// A disk that does not offer flush has no write cache as far as one can tell: a write is stable when it is
// done.
void disk_submit(struct disk *d, struct blkreq *r)
{
    static const uint32 type[] = {[BLK_READ] = TYPE_IN, [BLK_WRITE] = TYPE_OUT, [BLK_FLUSH] = TYPE_FLUSH};
    r->disk = d;
    r->done = r->waited = false;
    bool ok = request_ok(d, r);
    if (ok && (r->op != BLK_FLUSH || d->cached)) {
        request_start(d, r, type[r->op]);
        return;
    }
    spin_lock(&d->lock);
    request_finish(r, ok ? 0 : -EIO);
    spin_unlock(&d->lock);
}

// Looks at r->done under the lock: request_finish may not be through with r when it is set.
int disk_wait(struct blkreq *r)
{
    struct disk *d = r->disk;
    spin_lock(&d->lock);
    while (!r->done) {
        r->waited = true;
        disk_pause(d, r);
    }
    int status = r->status;
    spin_unlock(&d->lock);
    return status;
}

// The request lies on the stack, which the device cannot reach; nor does it have to (struct slot).
int disk_rw(struct disk *d, enum blk_op op, uint64 sector, void *buf, uint len)
{
    struct blkreq r;
    r.op = op;
    r.sector = sector;
    r.seg[0].buf = buf;
    r.seg[0].len = len;
    r.nseg = 1;
    r.on_done = 0;
    disk_submit(d, &r);
    return disk_wait(&r);
}

// The parts of slot i that stay the same: its place in the queue, the order of its descriptors, its header.
static void slot_init(struct disk *d, struct slot *s, uint i)
{
    uint16 first = d->indirect ? 0 : i * SLOT_DESCS; // chains count within their own table (2.7.5.3)
    s->head = d->indirect ? i : first;
    s->desc = d->indirect ? s->table : d->q.desc + first;
    for (uint k = 0; k < SLOT_DESCS; k++)
        s->desc[k].next = first + k + 1;
    s->desc[DESC_HEADER].addr = kva2pa(&s->header);
    s->desc[DESC_HEADER].len = sizeof(s->header);
    s->desc[DESC_HEADER].flags = VIRTQ_NEXT;
    if (d->indirect) {
        d->q.desc[i].addr = kva2pa(s->table);
        d->q.desc[i].flags = VIRTQ_INDIRECT;
    }
    d->slot[i] = s;
    slot_free(d, s);
}

// The queue and as many slots as it holds: one an entry with indirect descriptors, else one a stretch of
// entries. Returns: null, or what is wrong.
static const char *queue_create(struct disk *d)
{
    uint max = vmmio_queue_max(&d->io);
    uint num = d->indirect ? SLOTS : VIRTQ_MAX;
    while (num > max)
        num /= 2;
    d->nslots = d->indirect ? num : num / SLOT_DESCS;
    if (num < SLOT_DESCS) // no chain may be longer than the queue, indirect or not (2.7.5.3.1)
        return "its queue is too short";
    void *descpage = kpage_alloc(), *ringpage = kpage_alloc();
    if (!descpage || !ringpage)
        return "no memory for its queue";
    virtq_init(&d->q, num, descpage, ringpage);
    const uint perpage = PGSIZE / sizeof(struct slot);
    struct slot *page = 0;
    for (uint i = 0; i < d->nslots; i++) {
        if (i % perpage == 0 && !(page = kpage_alloc()))
            return "no memory for its requests";
        slot_init(d, &page[i % perpage], i);
    }
    vmmio_queue_start(&d->io, &d->q);
    return 0;
}

// Every request of blk.h must fit, so that none has to be cut up.
static bool limits_ok(const struct disk *d, uint64 features)
{
    uint32 segments = BLK_MAXSEG, size = PGSIZE;
    if (features & BLK_F_SEG_MAX)
        vmmio_config(&d->io, CONFIG_SEG_MAX, &segments, 1);
    if (features & BLK_F_SIZE_MAX)
        vmmio_config(&d->io, CONFIG_SIZE_MAX, &size, 1);
    return segments >= BLK_MAXSEG && size >= PGSIZE;
}

// Initialisation in the order that 3.1.1 asks for.
// Returns: null, or what is wrong.
static const char *disk_start(struct disk *d)
{
    vmmio_reset(&d->io);
    uint64 features = vmmio_features(&d->io) & BLK_FEATURES;
    if (!(features & VIRTIO_F_VERSION_1) || !vmmio_negotiate(&d->io, features))
        return "it refuses our features";
    if (!limits_ok(d, features))
        return "it takes fewer or smaller segments than the kernel needs";
    d->indirect = features & VIRTIO_F_INDIRECT_DESC;
    d->readonly = features & BLK_F_RO;
    d->cached = features & BLK_F_FLUSH;
    const char *problem = queue_create(d);
    if (problem)
        return problem;
    d->sectors = capacity_read(&d->io);
    vmmio_start(&d->io);
    return 0;
}

// The serial number, or "". Polled: there are no processes yet.
static void serial_read(struct disk *d)
{
    struct blkreq r = {.disk = d, .seg[0] = {.buf = d->serial, .len = SERIAL_SIZE}, .nseg = 1};
    request_start(d, &r, TYPE_GET_ID);
    if (disk_wait(&r) != 0)
        d->serial[0] = 0;
    for (char *c = d->serial; *c; c++) {
        if (*c < ' ' || *c > '~')
            *c = '?';
    }
}

// What a disk that does not start has allocated stays allocated: it happens at boot only, and the machine
// goes on.
void virtio_blk_add(const struct vmmio *io)
{
    struct disk *d = ndisks < BLK_MAXDISKS ? kmem_alloc(sizeof(*d)) : 0;
    if (!d) {
        printf("virtio: disk at 0x%lx: %s\n", io->base,
               ndisks < BLK_MAXDISKS ? "no memory" : "too many disks");
        return;
    }
    spin_init(&d->lock, "disk");
    d->io = *io;
    const char *problem = disk_start(d);
    if (problem) {
        vmmio_fail(io);
        printf("virtio: disk at 0x%lx: %s: skipped\n", io->base, problem);
        return;
    }
    snprintf(d->name, sizeof(d->name), "vd%d", ndisks);
    serial_read(d);
    disks[ndisks++] = d;
    irq_register(io->irq, disk_interrupt, d);
    plic_enable(io->irq);
    printf("%s: %lu sectors%s%s%s%s\n", d->name, d->sectors, d->serial[0] ? ", serial " : "", d->serial,
           d->readonly ? ", read-only" : "", d->cached ? "" : ", no write cache");
}
