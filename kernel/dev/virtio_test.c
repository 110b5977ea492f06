// Kernel self-tests of the disks: on the real devices, reading only, so that no file system comes to harm.
// Each runs on every disk; without one it passes and checks nothing. What needs a device that misbehaves is
// in tests/host/test_virtio_blk.c, what needs a machine with more disks in tests/tools/test_disks.py.
#include "kernel/dev/blk.h"
#include "kernel/lib/err.h"
#include "kernel/lib/selftest.h"
#include "kernel/lib/string.h"
#include "kernel/riscv.h"
#include "kernel/vm/kmem.h"

#define MANY 100 // requests at once: more than a disk has slots

static void check_bounds(struct disk *d, void *page)
{
    uint64 end = disk_sectors(d);
    CHECK(end > 0, "a disk has sectors");
    CHECK(disk_rw(d, BLK_READ, end - 1, page, SECTOR_SIZE) == 0, "the last sector can be read");
    CHECK(disk_rw(d, BLK_READ, end, page, SECTOR_SIZE) == -EIO, "the one after it is an error");
    CHECK(disk_rw(d, BLK_READ, end - 1, page, 2 * SECTOR_SIZE) == -EIO, "so is a request across the end");
    CHECK(disk_rw(d, BLK_READ, ~0UL, page, SECTOR_SIZE) == -EIO, "sector numbers do not wrap");
    CHECK(disk_rw(d, BLK_READ, 0, page, SECTOR_SIZE - 1) == -EIO, "half a sector is an error");
    CHECK(disk_rw(d, BLK_FLUSH, 0, 0, 0) == 0, "flush works");
}

SELFTEST(disk_bounds)
{
    struct disk *d;
    void *page = kmem_alloc(PGSIZE);
    CHECK(page, "there is a page of memory");
    for (int i = 0; page && (d = disk_get(i)) != 0; i++)
        check_bounds(d, page);
    kmem_free(page);
}

// The first sectors in one request of many pieces, and piece by piece.
static void check_segments(struct disk *d, uchar *whole, uchar *piece)
{
    static struct blkreq r; // self-tests run one at a time
    r.op = BLK_READ;
    r.sector = 0;
    r.nseg = PGSIZE / SECTOR_SIZE;
    r.on_done = 0;
    for (int i = 0; i < r.nseg; i++)
        r.seg[i] = (struct blkseg){.buf = whole + i * SECTOR_SIZE, .len = SECTOR_SIZE};
    disk_submit(d, &r);
    CHECK(disk_wait(&r) == 0, "a request of several segments works");
    for (int i = 0; i < r.nseg; i++) {
        CHECK(disk_rw(d, BLK_READ, i, piece, SECTOR_SIZE) == 0, "a sector can be read");
        CHECK(memcmp(whole + i * SECTOR_SIZE, piece, SECTOR_SIZE) == 0, "each segment got its own sector");
    }
}

SELFTEST(disk_segments)
{
    struct disk *d;
    uchar *whole = kmem_alloc(PGSIZE), *piece = kmem_alloc(SECTOR_SIZE);
    CHECK(whole && piece, "there is memory for the sectors");
    for (int i = 0; whole && piece && (d = disk_get(i)) != 0; i++)
        check_segments(d, whole, piece);
    kmem_free(whole);
    kmem_free(piece);
}

static uint many_ended; // atomic

static void many_end(struct blkreq *r)
{
    (void)r;
    __atomic_fetch_add(&many_ended, 1, __ATOMIC_RELAXED);
}

// Requests on all disks by turns, all of which read their disk's sector 1 into a piece of memory of the
// disk's.
static void check_many(struct blkreq *r, uchar *sectors, int ndisks)
{
    many_ended = 0;
    for (int i = 0; i < MANY * ndisks; i++) {
        r[i].op = BLK_READ;
        r[i].sector = 1;
        r[i].nseg = 1;
        r[i].seg[0] = (struct blkseg){.buf = sectors + i % ndisks * SECTOR_SIZE, .len = SECTOR_SIZE};
        r[i].on_done = many_end;
        disk_submit(disk_get(i % ndisks), &r[i]);
    }
    int failed = 0;
    for (int i = 0; i < MANY * ndisks; i++)
        failed += disk_wait(&r[i]) != 0;
    CHECK(failed == 0, "every one of many requests at once works");
    CHECK(many_ended == (uint)(MANY * ndisks), "each is reported once");
}

SELFTEST(disk_many)
{
    int ndisks = 0;
    while (disk_get(ndisks))
        ndisks++;
    struct blkreq *r = kmem_alloc((MANY * ndisks + 1) * sizeof(*r));
    uchar *sectors = kmem_alloc(BLK_MAXDISKS * SECTOR_SIZE), *one = kmem_alloc(SECTOR_SIZE);
    CHECK(r && sectors && one, "there is memory for the requests");
    if (r && sectors && one) {
        check_many(r, sectors, ndisks);
        for (int i = 0; i < ndisks; i++) {
            CHECK(disk_rw(disk_get(i), BLK_READ, 1, one, SECTOR_SIZE) == 0, "one more read works");
            CHECK(memcmp(sectors + i * SECTOR_SIZE, one, SECTOR_SIZE) == 0, "each disk read its own sector");
        }
    }
    kmem_free(one);
    kmem_free(sectors);
    kmem_free(r);
}
