// The swap disk: finds it, makes sure that it is ours to write to, moves pages (swap/swapdev.h).
//
// A disk is ours when its first page is a swap header, or all zeros and then gets one. Anything else was put
// there by somebody: the disk is refused, and the machine runs without swap. A file system's disk has a
// superblock in that page, so the root file system is safe from us wherever it is.
//
// Pages are not flushed: what a slot holds is of no use after a crash, since who it belongs to was known in
// memory only. The disk's own cache may keep it, and gives it back when asked.
//
// No lock: everything here is constant after swapdev_init, but for the counters, which are atomic. Who uses
// which slot, and that nobody else does meanwhile, is up to the callers (swap/slot.h).
#include "kernel/swap/swapdev.h"
#include "kernel/boot/machine.h"
#include "kernel/dev/blk.h"
#include "kernel/fs.h"
#include "kernel/lib/err.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/string.h"
#include "kernel/proc/sched.h"
#include "kernel/riscv.h"
#include "kernel/vm/frame.h"

#define PAGE_SECTORS    (PGSIZE / SECTOR_SIZE)
#define HEADER_VERSION  1
#define SLOT_BYTES      8  // of kernel memory, for each slot of the disk
#define RAM_SHARE       16 // one part in so many of RAM may go to that
#define SECOND_DISK     1
#define REPORT_INTERVAL 10 // ticks of 100 ms between two reports of errors

_Static_assert(SWAPDEV_MAX <= BLK_MAXSEG, "a request has a segment for each page");

struct swapdev_stats swapdev_stats;

static struct disk *swap_disk;
static uint64 swap_pages; // that are used, the header included

// By its serial. Where no disk has one, it is the second.
static struct disk *disk_find(void)
{
    bool serials = false;
    for (int i = 0; disk_get(i); i++) {
        if (strcmp(disk_serial(disk_get(i)), SWAP_SERIAL) == 0)
            return disk_get(i);
        serials |= disk_serial(disk_get(i))[0] != 0;
    }
    return serials ? 0 : disk_get(SECOND_DISK);
}

static bool page_blank(const uint64 *page)
{
    for (uint i = 0; i < PGSIZE / sizeof(*page); i++)
        if (page[i] != 0)
            return false;
    return true;
}

// Returns: null, or why a disk with this first page is none of ours.
static const char *header_check(const uchar *page, uint64 pages)
{
    const struct swap_header *h = (const struct swap_header *)page;
    const struct superblock *sb = (const struct superblock *)(page + BSIZE);
    if (sb->magic == FSMAGIC)
        return "it holds a file system";
    if (h->magic != SWAP_MAGIC)
        return "it holds something else than swap";
    if (h->version != HEADER_VERSION)
        return "its header is of another version";
    if (h->pagesize != PGSIZE)
        return "its header says another page size";
    if (h->pages > pages)
        return "it is smaller than its header says";
    return h->pages > 1 ? 0 : "it is too small";
}

// Reads the first page and makes a header of a blank one. The header is written in any case: a disk that
// takes no writes is found out now, and not by the pages it would lose us.
// Returns: null and *page the header, or why the disk cannot be used. Sleeps.
static const char *header_read(struct disk *d, uchar *page)
{
    uint64 pages = disk_sectors(d) / PAGE_SECTORS;
    if (disk_rw(d, BLK_READ, 0, page, PGSIZE))
        return "its first page cannot be read";
    if (page_blank((uint64 *)page))
        *(struct swap_header *)page = (struct swap_header){SWAP_MAGIC, HEADER_VERSION, PGSIZE, pages};
    const char *problem = header_check(page, pages);
    if (problem)
        return problem;
    if (disk_rw(d, BLK_WRITE, 0, page, PGSIZE) || disk_rw(d, BLK_FLUSH, 0, 0, 0))
        return "its header cannot be written";
    return 0;
}

// So many of the disk's pages that knowing what is in them costs no more memory than we may take.
static uint64 pages_affordable(const char *name, uint64 pages)
{
    uint64 most = machine.ram.size / RAM_SHARE / SLOT_BYTES;
    if (pages <= most)
        return pages;
    printf("swap: %s: only %lu of %lu pages are used: the table of all would take over 1/%d of RAM\n", name,
           most, pages, RAM_SHARE);
    return most;
}

uint64 swapdev_init(void)
{
    struct disk *d = disk_find();
    if (!d)
        return 0;
    uchar *page = kpage_alloc();
    const char *problem = page ? header_read(d, page) : "no memory to look at it";
    if (problem) {
        printf("swap: %s is not used: %s\n", disk_name(d), problem);
    } else {
        swap_disk = d;
        swap_pages = pages_affordable(disk_name(d), ((struct swap_header *)page)->pages);
    }
    if (page)
        kpage_free(page);
    return swap_pages;
}

// Counts an error, and prints a line if the last one of this kind is long enough ago.
static void error_report(const char *what, uint slot, uint64 *errors, uint64 *quiet_until)
{
    uint64 count = __atomic_add_fetch(errors, 1, __ATOMIC_RELAXED);
    uint64 now = uptime_ticks(), until = __atomic_load_n(quiet_until, __ATOMIC_RELAXED);
    if (now >= until && __atomic_compare_exchange_n(quiet_until, &until, now + REPORT_INTERVAL, false,
                                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        printf("swap: slot %u cannot be %s (%lu so far)\n", slot, what, count);
}

// One request with a segment for each page. 0 or -EIO. Sleeps.
static int pages_move(enum blk_op op, uint slot, struct frame *const *frame, uint n)
{
    assert(n >= 1 && n <= SWAPDEV_MAX && slot >= 1 && (uint64)slot + n <= swap_pages,
           "swap request outside the disk");
    struct blkreq r;
    r.op = op;
    r.sector = (uint64)slot * PAGE_SECTORS;
    for (uint i = 0; i < n; i++)
        r.seg[i] = (struct blkseg){.buf = frame2kva(frame[i]), .len = PGSIZE};
    r.nseg = n;
    r.on_done = 0;
    disk_submit(swap_disk, &r);
    return disk_wait(&r);
}

static void counter_add(uint64 *counter, uint64 n)
{
    __atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

int swapdev_read(uint slot, struct frame *const *frame, uint n)
{
    static uint64 quiet_until;
    int err = pages_move(BLK_READ, slot, frame, n);
    counter_add(&swapdev_stats.read_requests, 1);
    if (!err)
        counter_add(&swapdev_stats.reads, n);
    else if (n == 1)
        error_report("read", slot, &swapdev_stats.read_errors, &quiet_until);
    return err;
}

int swapdev_write(uint slot, struct frame *const *frame, uint n)
{
    static uint64 quiet_until;
    int err = pages_move(BLK_WRITE, slot, frame, n);
    counter_add(&swapdev_stats.write_requests, 1);
    if (!err)
        counter_add(&swapdev_stats.writes, n);
    else if (n == 1)
        error_report("written", slot, &swapdev_stats.write_errors, &quiet_until);
    return err;
}
