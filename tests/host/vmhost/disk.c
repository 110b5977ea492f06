// The swap disk: pages in host memory behind the interface of kernel/swap/swapdev.h.
//
// A request moves the first half of its pages, lets others run, and moves the rest: what a real disk does at
// any time. A request that fails has torn its pages. Every page that is read must have been written as a
// whole since its slot was allocated, a frame must stand still while it is written or read into, and a slot
// has one request at a time.
#include <stdlib.h>
#include <string.h>
#include "kernel/lib/err.h"
#include "kernel/lib/panic.h"
#include "kernel/proc/proc.h"
#include "kernel/riscv.h"
#include "kernel/swap/slot.h"
#include "kernel/swap/swapdev.h"
#include "kernel/vm/frame.h"
#include "tests/host/vmhost/internal.h"
#include "tests/host/vmhost/vmhost.h"

#define HALF (PGSIZE / 2)

enum content { TORN, WHOLE };

struct page {
    uchar content; // enum content
    bool busy;     // a request moves it
    uchar broken;  // HOST_READ | HOST_WRITE fail
    uchar *bytes;
};

struct swapdev_stats swapdev_stats;
struct host_disk host_disk;

static struct page *pages;
static uint64 npages;

static struct {
    int which;
    uint64 skip, count;
    uint64 failed;
} failing;
static uint64 read_failures, write_failures; // of all time

void host_disk_start(uint64 slots)
{
    for (uint64 i = 0; i < npages; i++)
        free(pages[i].bytes);
    free(pages);
    npages = slots;
    pages = slots ? calloc(slots, sizeof(*pages)) : 0;
}

uint64 swapdev_init(void)
{
    return npages;
}

void host_disk_fail(int which, uint64 skip, uint64 count)
{
    failing = (typeof(failing)){.which = which, .skip = skip, .count = count};
}

uint64 host_disk_fail_end(void)
{
    failing.which = 0;
    return failing.failed;
}

uint64 host_disk_failures(int which)
{
    return which == HOST_READ ? read_failures : write_failures;
}

void host_disk_break(uint slot, int which)
{
    assert(slot < npages, "breaking a page that is not there");
    pages[slot].broken = which;
}

void host_disk_mend(void)
{
    host_disk_fail(0, 0, 0);
    for (uint64 i = 0; i < npages; i++)
        pages[i].broken = 0;
}

const uchar *host_disk_page(uint slot)
{
    return slot < npages && pages[slot].content == WHOLE ? pages[slot].bytes : 0;
}

uint __real_slot_alloc(void);
uint __wrap_slot_alloc(void)
{
    uint slot = __real_slot_alloc();
    if (slot) {
        assert(slot < npages && !pages[slot].busy, "a slot was freed while a request moved it");
        pages[slot].content = TORN; // what it holds is somebody else's
    }
    return slot;
}

static void add(uint64 *counter, uint64 n)
{
    __atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

// Whether the request fails: the test counts, or a page of it is broken.
static bool chosen_to_fail(int what, uint slot, uint n)
{
    for (uint i = 0; i < n; i++)
        if (pages[slot + i].broken & what)
            return true;
    if (!(failing.which & what))
        return false;
    if (failing.skip > 0) {
        failing.skip--;
        return false;
    }
    if (failing.count == 0)
        return false;
    failing.count--;
    failing.failed++;
    return true;
}

static bool fails(int what, uint slot, uint n)
{
    bool failed = chosen_to_fail(what, slot, n);
    if (failed)
        add(what == HOST_READ ? &read_failures : &write_failures, 1);
    return failed;
}

static void begin(const char *what, uint slot, struct frame *const *frame, uint n)
{
    host_assert_unlocked(what);
    assert(n >= 1 && n <= SWAPDEV_MAX && slot >= 1 && (uint64)slot + n <= npages,
           "a request outside the disk");
    for (uint i = 0; i < n; i++) {
        struct page *page = &pages[slot + i];
        assert(!__atomic_exchange_n(&page->busy, true, __ATOMIC_ACQUIRE), "two requests for one slot");
        assert(frame[i]->state & (FRAME_HELD | FRAME_READING), "a frame in a request that nobody holds");
        if (!page->bytes)
            page->bytes = malloc(PGSIZE);
    }
}

static void end(uint slot, uint n)
{
    my_proc()->disk_waits++;
    for (uint i = 0; i < n; i++)
        __atomic_store_n(&pages[slot + i].busy, false, __ATOMIC_RELEASE);
}

static void meanwhile(int what, uint slot, uint n)
{
    if (host_disk.on_request)
        host_disk.on_request(what, slot, n);
    host_point();
}

int swapdev_write(uint slot, struct frame *const *frame, uint n)
{
    begin("swapdev_write", slot, frame, n);
    for (uint i = 0; i < n; i++) {
        pages[slot + i].content = TORN;
        memcpy(pages[slot + i].bytes, frame2kva(frame[i]), HALF);
    }
    meanwhile(HOST_WRITE, slot, n);
    bool failed = fails(HOST_WRITE, slot, n);
    for (uint i = 0; i < n && !failed; i++) {
        const uchar *from = frame2kva(frame[i]);
        assert(memcmp(pages[slot + i].bytes, from, HALF) == 0, "a page changed while it was written");
        memcpy(pages[slot + i].bytes + HALF, from + HALF, HALF);
        pages[slot + i].content = WHOLE;
    }
    end(slot, n);
    add(&swapdev_stats.write_requests, 1);
    if (failed)
        add(&swapdev_stats.write_errors, n == 1);
    else
        add(&swapdev_stats.writes, n);
    return failed ? -EIO : 0;
}

int swapdev_read(uint slot, struct frame *const *frame, uint n)
{
    begin("swapdev_read", slot, frame, n);
    for (uint i = 0; i < n; i++) {
        assert(pages[slot + i].content == WHOLE, "a slot is read that was not written");
        memcpy(frame2kva(frame[i]), pages[slot + i].bytes, HALF);
    }
    meanwhile(HOST_READ, slot, n);
    bool failed = fails(HOST_READ, slot, n);
    for (uint i = 0; i < n && !failed; i++) {
        uchar *to = frame2kva(frame[i]);
        assert(memcmp(to, pages[slot + i].bytes, HALF) == 0, "a page changed while it was read");
        memcpy(to + HALF, pages[slot + i].bytes + HALF, HALF);
    }
    end(slot, n);
    add(&swapdev_stats.read_requests, 1);
    if (failed)
        add(&swapdev_stats.read_errors, n == 1);
    else
        add(&swapdev_stats.reads, n);
    return failed ? -EIO : 0;
}
