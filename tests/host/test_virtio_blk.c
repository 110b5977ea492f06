// SOURCES: kernel/dev/virtq.c
// FLAGS: -ffreestanding -include tests/host/fake_dev.h
//
// The disk driver against a model of the device: it walks the descriptors as virtio 1.2 says and serves an
// array. The driver's source is included, so that each test starts with no disks.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sys/mman.h>
#include "kernel/dev/virtio_blk.c"

#define ARENA                                                                                                \
    ((uchar *)0x10000000) // low, so that "in the direct map" holds; ends where it is allocated up to
#define ARENA_SIZE (4UL << 20)
#define SECTORS    1024

void *memset(void *dst, int c, uint64 n);
void *memcpy(void *dst, const void *src, uint64 n);
int memcmp(const void *a, const void *b, uint64 n);

volatile bool panicking;

// The model. What the test changes comes first.
static struct {
    uint64 offers;
    uint queue_max;
    uint32 seg_max;
    bool stopped;    // takes nothing for now
    bool scrambled;  // ends a chain that it was never given
    bool lazy;       // leaves the status byte as it is
    uchar status;    // of every request
    bool in_process; // a process runs: waiting sleeps
    bool needs_reset;
    // what has happened
    struct virtq *q;
    uint16 seen;
    uint requests;
    uint flushes;
    uint resets;
    void (*interrupt)(void *);
    void *arg;
    uchar data[SECTORS * SECTOR_SIZE];
} dev;

static uint64 arena_used;

void panic(const char *fmt, ...)
{
    fail_msg("%s", fmt);
    __builtin_unreachable();
}

void *kmem_alloc(uint64 size)
{
    uchar *p = ARENA + arena_used;
    arena_used += PGROUNDUP(size);
    assert_true(arena_used <= ARENA_SIZE);
    memset(p, 0, size);
    return p;
}

void *kpage_alloc(void)
{
    return kmem_alloc(PGSIZE);
}

// Registers (virtio_mmio.c)
uint64 vmmio_features(const struct vmmio *io)
{
    (void)io;
    return dev.offers;
}

bool vmmio_negotiate(const struct vmmio *io, uint64 features)
{
    (void)io;
    return (features & ~dev.offers) == 0;
}

uint vmmio_queue_max(const struct vmmio *io)
{
    (void)io;
    return dev.queue_max;
}

void vmmio_queue_start(const struct vmmio *io, const struct virtq *q)
{
    (void)io;
    dev.q = (struct virtq *)q;
}

void vmmio_reset(const struct vmmio *io)
{
    (void)io;
    dev.resets++;
    dev.q = 0;
}

void vmmio_start(const struct vmmio *io)
{
    (void)io;
}

void vmmio_fail(const struct vmmio *io)
{
    vmmio_reset(io);
}

void vmmio_notify(const struct vmmio *io)
{
    (void)io;
}

uint vmmio_ack(const struct vmmio *io)
{
    (void)io;
    return VIRTIO_USED_BUFFER | VIRTIO_CONFIG_CHANGE;
}

bool vmmio_broken(const struct vmmio *io)
{
    (void)io;
    return dev.needs_reset;
}

void vmmio_config(const struct vmmio *io, uint offset, uint32 *word, uint n)
{
    (void)io;
    for (uint i = 0; i < n; i++)
        word[i] = 0;
    word[0] = offset == CONFIG_CAPACITY ? SECTORS : offset == CONFIG_SEG_MAX ? dev.seg_max : PGSIZE;
}

// One request of the device: header, buffers, status, each where the specification has it.
static void device_serve(uint16 head)
{
    struct virtq_desc *table = dev.q->desc;
    uint limit = dev.q->num, i = head, links = 1;
    if (table[head].flags & VIRTQ_INDIRECT) {
        limit = table[head].len / sizeof(*table);
        table = (void *)table[head].addr;
        i = 0;
    }
    struct header *h = (void *)table[i].addr;
    assert_int_equal(table[i].len, sizeof(*h));
    assert_int_equal(table[i].flags, VIRTQ_NEXT);
    uint64 at = h->sector * SECTOR_SIZE;
    for (i = table[i].next; table[i].flags & VIRTQ_NEXT; i = table[i].next, links++) {
        assert_true(i < limit && links < limit);
        assert_true(at + table[i].len <= sizeof(dev.data));
        assert_int_equal(table[i].flags & VIRTQ_WRITE, h->type == TYPE_OUT ? 0 : VIRTQ_WRITE);
        if (h->type == TYPE_IN)
            memcpy((void *)table[i].addr, dev.data + at, table[i].len);
        else if (h->type == TYPE_OUT)
            memcpy(dev.data + at, (void *)table[i].addr, table[i].len);
        else
            memcpy((void *)table[i].addr, "serial\0............", SERIAL_SIZE);
        at += table[i].len;
    }
    assert_true(i < limit);
    assert_int_equal(table[i].len, 1);
    assert_int_equal(table[i].flags, VIRTQ_WRITE);
    if (!dev.lazy)
        *(uchar *)table[i].addr = dev.status;
    dev.flushes += h->type == TYPE_FLUSH;
}

static void device_run(void)
{
    while (dev.q && !dev.stopped && dev.seen != dev.q->avail->idx) {
        uint16 head = dev.q->avail->ring[dev.seen++ % dev.q->num];
        device_serve(head);
        dev.requests++;
        dev.q->used->ring[dev.q->used->idx % dev.q->num].id = dev.scrambled ? (uint32)head + 1 : head;
        dev.q->used->idx++;
    }
}

// The rest of the kernel. Letting go of a lock is when the device gets on with its work.
struct proc *my_proc(void)
{
    static struct proc me;
    return dev.in_process ? &me : 0;
}

void spin_init(struct spinlock *lk, const char *name)
{
    lk->locked = 0;
    lk->name = name;
}

void spin_lock(struct spinlock *lk)
{
    assert_false(lk->locked);
    lk->locked = 1;
}

void spin_unlock(struct spinlock *lk)
{
    assert_true(lk->locked);
    lk->locked = 0;
    device_run();
}

void sleep_on(const void *chan, struct spinlock *lk)
{
    (void)chan;
    spin_unlock(lk);
    dev.stopped = false;
    device_run();
    dev.interrupt(dev.arg);
    spin_lock(lk);
}

void wakeup(const void *chan)
{
    (void)chan;
}

void irq_register(uint irq, void (*handler)(void *), void *arg)
{
    (void)irq;
    dev.interrupt = handler;
    dev.arg = arg;
}

void plic_enable(uint irq)
{
    (void)irq;
}

static int setup(void **state)
{
    (void)state;
    if (arena_used == 0 && mmap(ARENA, ARENA_SIZE, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != ARENA)
        return -1;
    memset(&dev, 0, sizeof(dev));
    dev.offers = BLK_FEATURES & ~BLK_F_RO;
    dev.queue_max = 256;
    dev.seg_max = 126;
    ndisks = 0;
    arena_used = PGSIZE;
    return 0;
}

static struct disk *disk_add(void)
{
    struct vmmio io = {.base = 0x10001000, .irq = 1};
    dev.seen = 0;
    virtio_blk_add(&io);
    dev.requests = 0;
    return disk_get(0);
}

static void fill(uchar *p, uint n, uint seed)
{
    for (uint i = 0; i < n; i++)
        p[i] = (uchar)(seed + i * 7 + i / 251);
}

// Writes with segments of several sizes, reads back with others.
static void check_transfer(void)
{
    struct disk *d = disk_add();
    assert_non_null(d);
    uchar *out = kmem_alloc(64 * SECTOR_SIZE), *in = kmem_alloc(64 * SECTOR_SIZE);
    fill(out, 64 * SECTOR_SIZE, 3);
    struct blkreq w = {.op = BLK_WRITE, .sector = 10, .nseg = BLK_MAXSEG};
    struct blkreq r = {.op = BLK_READ, .sector = 10, .nseg = 2};
    for (int i = 0; i < BLK_MAXSEG; i++)
        w.seg[i] = (struct blkseg){.buf = out + 2 * i * SECTOR_SIZE, .len = 2 * SECTOR_SIZE};
    r.seg[0] = (struct blkseg){.buf = in, .len = SECTOR_SIZE};
    r.seg[1] = (struct blkseg){.buf = in + SECTOR_SIZE, .len = 63 * SECTOR_SIZE};
    for (int round = 0; round < 300; round++) {
        disk_submit(d, &w);
        assert_int_equal(disk_wait(&w), 0);
        disk_submit(d, &r);
        assert_int_equal(disk_wait(&r), 0);
        assert_memory_equal(in, out, 64 * SECTOR_SIZE);
    }
    assert_int_equal(dev.requests, 600);
    assert_string_equal(disk_serial(d), "serial");
    assert_string_equal(disk_name(d), "vd0");
}

static void test_transfer(void **state)
{
    (void)state;
    check_transfer();
}

static void test_direct_descriptors(void **state)
{
    (void)state;
    dev.offers &= ~VIRTIO_F_INDIRECT_DESC;
    check_transfer();
}

static void test_short_queue(void **state)
{
    (void)state;
    dev.queue_max = 64;
    check_transfer();
}

static void test_direct_short_queue(void **state)
{
    (void)state;
    dev.offers &= ~VIRTIO_F_INDIRECT_DESC;
    dev.queue_max = 64; // one slot
    check_transfer();
}

static void test_asleep(void **state)
{
    (void)state;
    struct disk *d = disk_add();
    uchar *buf = kmem_alloc(SECTOR_SIZE);
    dev.in_process = true;
    for (int i = 0; i < 100; i++) {
        dev.stopped = true;
        assert_int_equal(disk_rw(d, BLK_READ, i, buf, SECTOR_SIZE), 0);
    }
}

static void test_unusable(void **state)
{
    (void)state;
    dev.queue_max = 32;
    assert_null(disk_add());
    dev.queue_max = 0;
    assert_null(disk_add());
    dev.queue_max = 256;
    dev.seg_max = BLK_MAXSEG - 1;
    assert_null(disk_add());
    dev.seg_max = BLK_MAXSEG;
    dev.offers &= ~VIRTIO_F_VERSION_1;
    assert_null(disk_add());
    dev.offers |= VIRTIO_F_VERSION_1;
    assert_non_null(disk_add());
    assert_null(disk_get(1));
    assert_null(disk_get(-1));
}

// None of these reaches the device.
static void test_outside(void **state)
{
    (void)state;
    struct disk *d = disk_add();
    uchar *buf = kmem_alloc(4 * SECTOR_SIZE);
    static const struct {
        uint64 sector;
        uint len;
    } bad[] = {
        {SECTORS, 512}, {SECTORS - 1, 1024}, {~0UL, 512}, {~0UL, 1024}, {1UL << 55, 512}, {0, 0}, {0, 511},
        {0, 513}};
    for (uint i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(disk_rw(d, BLK_WRITE, bad[i].sector, buf, bad[i].len), -EIO);
    struct blkreq r = {.op = BLK_READ, .nseg = BLK_MAXSEG + 1};
    disk_submit(d, &r);
    assert_int_equal(disk_wait(&r), -EIO);
    assert_int_equal(dev.requests, 0);
    assert_int_equal(disk_rw(d, BLK_WRITE, SECTORS - 4, buf, 4 * SECTOR_SIZE), 0);
}

static void test_status(void **state)
{
    (void)state;
    struct disk *d = disk_add();
    uchar *buf = kmem_alloc(SECTOR_SIZE);
    for (int s = 0; s < 256; s++) {
        dev.status = s;
        assert_int_equal(disk_rw(d, BLK_READ, 0, buf, SECTOR_SIZE), s == STATUS_OK ? 0 : -EIO);
    }
    dev.status = STATUS_OK;
    assert_int_equal(disk_rw(d, BLK_READ, 0, buf, SECTOR_SIZE), 0);
    dev.lazy = true; // what the request before left behind does not count
    assert_int_equal(disk_rw(d, BLK_READ, 0, buf, SECTOR_SIZE), -EIO);
}

static void test_flush(void **state)
{
    (void)state;
    assert_int_equal(disk_rw(disk_add(), BLK_FLUSH, 77, 0, 0), 0);
    assert_int_equal(dev.flushes, 1);
    ndisks = 0;
    dev.offers &= ~BLK_F_FLUSH;
    assert_int_equal(disk_rw(disk_add(), BLK_FLUSH, 77, 0, 0), 0);
    assert_int_equal(dev.flushes, 1);
}

static void test_readonly(void **state)
{
    (void)state;
    dev.offers |= BLK_F_RO;
    struct disk *d = disk_add();
    uchar *buf = kmem_alloc(SECTOR_SIZE);
    assert_int_equal(disk_rw(d, BLK_READ, 0, buf, SECTOR_SIZE), 0);
    assert_int_equal(disk_rw(d, BLK_WRITE, 0, buf, SECTOR_SIZE), -EIO);
    assert_int_equal(dev.requests, 1);
}

static uint ended;

static void count_end(struct blkreq *r)
{
    assert_true(r->done);
    ended++;
    memset(r, 0xee, sizeof(*r)); // the owner may do as it likes now
}

// Fills every slot while the device stands still; the one too many waits until it goes on.
static void test_many(void **state)
{
    (void)state;
    struct disk *d = disk_add();
    static struct blkreq r[SLOTS + 1];
    uchar *buf = kmem_alloc(PGSIZE);
    dev.stopped = dev.in_process = true;
    ended = 0;
    for (int i = 0; i <= SLOTS; i++) {
        r[i] = (struct blkreq){.op = BLK_READ, .sector = i, .nseg = 1, .on_done = count_end};
        r[i].seg[0] = (struct blkseg){.buf = buf, .len = SECTOR_SIZE};
        assert_int_equal(ended, 0);
        disk_submit(d, &r[i]);
    }
    dev.interrupt(dev.arg);
    assert_int_equal(ended, SLOTS + 1);
}

// Fails what is in flight and what comes later, once each, and has the device let go of memory first.
static void check_given_up(struct disk *d)
{
    static struct blkreq r[10];
    uchar *buf = kmem_alloc(PGSIZE);
    for (int i = 0; i < 10; i++) {
        r[i] = (struct blkreq){.op = BLK_READ, .sector = i, .nseg = 1};
        r[i].seg[0] = (struct blkseg){.buf = buf, .len = SECTOR_SIZE};
        disk_submit(d, &r[i]);
    }
    uint resets = dev.resets;
    dev.stopped = false;
    device_run();
    dev.interrupt(dev.arg);
    for (int i = 0; i < 10; i++)
        assert_int_equal(disk_wait(&r[i]), -EIO);
    assert_int_equal(dev.resets, resets + 1);
    assert_int_equal(disk_rw(d, BLK_READ, 0, buf, SECTOR_SIZE), -EIO);
    assert_int_equal(disk_rw(d, BLK_FLUSH, 0, 0, 0), -EIO);
    dev.interrupt(dev.arg);
    assert_int_equal(dev.resets, resets + 1);
}

static void test_nonsense(void **state)
{
    (void)state;
    struct disk *d = disk_add();
    dev.stopped = dev.scrambled = true;
    dev.offers = 0;
    check_given_up(d);
}

static void test_needs_reset(void **state)
{
    (void)state;
    struct disk *d = disk_add();
    dev.stopped = true;
    dev.needs_reset = true;
    check_given_up(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_transfer, setup),
        cmocka_unit_test_setup(test_direct_descriptors, setup),
        cmocka_unit_test_setup(test_short_queue, setup),
        cmocka_unit_test_setup(test_direct_short_queue, setup),
        cmocka_unit_test_setup(test_asleep, setup),
        cmocka_unit_test_setup(test_unusable, setup),
        cmocka_unit_test_setup(test_outside, setup),
        cmocka_unit_test_setup(test_status, setup),
        cmocka_unit_test_setup(test_flush, setup),
        cmocka_unit_test_setup(test_readonly, setup),
        cmocka_unit_test_setup(test_many, setup),
        cmocka_unit_test_setup(test_nonsense, setup),
        cmocka_unit_test_setup(test_needs_reset, setup),
    };
    return cmocka_run_group_tests(tests, 0, 0);
}
