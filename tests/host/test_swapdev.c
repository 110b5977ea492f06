// SOURCES: tests/host/fake_disk.c tests/host/klib.c
// FLAGS: -iquote tests/host/vmhost/include -Dprintf=k_printf -Wno-unknown-pragmas
//
// The swap disk: which disk is taken, which is left alone, how pages move, what is said of errors. The source
// is included, so that each test starts like a boot.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "kernel/swap/swapdev.c"
#include "tests/host/fake_disk.h"
#include "tests/host/klib.h"

#define FRAMES   40
#define RAM_SIZE (16UL << 20)

struct machine machine;
volatile bool panicking;
uint64 host_direct_base;
struct frame *frame_of_page_0;

static bool no_memory;
static uint64 now; // ticks
static uint pages_out;
static struct frame frame[FRAMES];
static uchar *ram;
static jmp_buf on_panic;

void panic(const char *fmt, ...)
{
    (void)fmt;
    longjmp(on_panic, 1);
}

uint64 uptime_ticks(void)
{
    return now;
}

void *kpage_alloc(void)
{
    if (no_memory)
        return 0;
    pages_out++;
    return calloc(1, PGSIZE);
}

void kpage_free(void *page)
{
    pages_out--;
    free(page);
}

// A boot: what the kernel knew is gone, the disks are as they were.
static uint64 boot(void)
{
    swap_disk = 0;
    swap_pages = 0;
    memset(&swapdev_stats, 0, sizeof(swapdev_stats));
    klib_output_clear();
    return swapdev_init();
}

static struct swap_header *header(int i)
{
    return (struct swap_header *)disk[i].data;
}

static int setup(void **state)
{
    (void)state;
    static const char *const names[DISKS] = {"vd0", "vd1", "vd2"}, *const serials[DISKS] = {"fs", "swap", ""};
    memset(disk, 0, sizeof(disk));
    for (int i = 0; i < DISKS; i++) {
        disk[i].sectors = DISK_PAGES * PAGE_SECTORS;
        disk[i].serial = serials[i];
        disk[i].name = names[i];
        disk[i].fail_op = -1;
    }
    ((struct superblock *)(disk[0].data + BSIZE))->magic = FSMAGIC;
    ndisks = 2;
    no_memory = false;
    machine.ram.size = RAM_SIZE;
    now += 1000; // reports of earlier tests do not count
    if (!ram)
        ram = aligned_alloc(PGSIZE, FRAMES * PGSIZE);
    frame_of_page_0 = frame;
    host_direct_base = (uint64)ram;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return pages_out == 0 ? 0 : -1;
}

// Nothing written to any disk.
static void check_untouched(void)
{
    for (int i = 0; i < DISKS; i++) {
        assert_int_equal(disk[i].written, 0);
        assert_int_equal(disk[i].requests[BLK_WRITE], 0);
    }
}

// The boot says one line, which names the second disk and has `why` in it, and goes on without swap.
static void check_refused(const char *why)
{
    assert_int_equal(boot(), 0);
    assert_ptr_equal(strstr(klib_output, "swap: vd1 is not used: "), klib_output);
    assert_non_null(strstr(klib_output, why));
    assert_ptr_equal(strchr(klib_output, '\n'), klib_output + strlen(klib_output) - 1);
}

static void test_blank(void **state)
{
    (void)state;
    assert_int_equal(boot(), DISK_PAGES);
    assert_string_equal(klib_output, "");
    const struct swap_header *h = header(1);
    assert_int_equal(h->magic, SWAP_MAGIC);
    assert_memory_equal(disk[1].data, "FLTSWAP1", 8);
    assert_int_equal(h->version, 1);
    assert_int_equal(h->pagesize, PGSIZE);
    assert_int_equal(h->pages, DISK_PAGES);
    assert_int_equal(disk[1].written, PAGE_SECTORS);
    assert_true(disk[1].flush_at > disk[1].write_at);
    assert_int_equal(disk[0].written, 0);
}

static void test_again(void **state)
{
    (void)state;
    uchar first[PGSIZE];
    boot();
    memcpy(first, disk[1].data, PGSIZE);
    assert_int_equal(boot(), DISK_PAGES);
    assert_memory_equal(disk[1].data, first, PGSIZE);
    disk[1].data[PGSIZE] = 1; // left over in a slot
    assert_int_equal(boot(), DISK_PAGES);
    assert_string_equal(klib_output, "");
}

static void test_no_disk(void **state)
{
    (void)state;
    for (ndisks = 0; ndisks < 2; ndisks++) {
        assert_int_equal(boot(), 0);
        assert_string_equal(klib_output, "");
    }
    disk[0].serial = "";
    ndisks = 1;
    assert_int_equal(boot(), 0);
    assert_string_equal(klib_output, "");
    check_untouched();
}

static void test_serial(void **state)
{
    (void)state;
    static const char *const serials[][DISKS] = {
        {"", "", "swap"}, {"fs", "", "swap"}, {"fs", "data", "swap"}};
    ndisks = DISKS;
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < DISKS; k++)
            disk[k].serial = serials[i][k];
        memset(disk[2].data, 0, PGSIZE);
        assert_int_equal(boot(), DISK_PAGES);
        assert_ptr_equal(swap_disk, &disk[2]);
        assert_int_equal(disk[0].written + disk[1].written, 0);
    }
}

// Somebody's blank disk is not ours for being the second one, when serials say what disks are for.
static void test_other_serial(void **state)
{
    (void)state;
    static const char *const serials[][DISKS] = {
        {"fs", "data", ""}, {"fs", "", ""}, {"", "", "data"}, {"", "swap2", ""}};
    ndisks = DISKS;
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < DISKS; k++)
            disk[k].serial = serials[i][k];
        assert_int_equal(boot(), 0);
        assert_string_equal(klib_output, "");
    }
    check_untouched();
}

static void test_position(void **state)
{
    (void)state;
    for (ndisks = 2; ndisks <= DISKS; ndisks++) {
        for (int k = 0; k < DISKS; k++)
            disk[k].serial = "";
        memset(disk[1].data, 0, PGSIZE);
        assert_int_equal(boot(), DISK_PAGES);
        assert_ptr_equal(swap_disk, &disk[1]);
        assert_int_equal(boot(), DISK_PAGES); // has our header now
    }
    assert_int_equal(disk[0].written + disk[2].written, 0);
    ndisks = 2;
    disk[1].written = disk[1].requests[BLK_WRITE] = 0;
    memset(disk[1].data, 'x', PGSIZE);
    check_refused("something else");
    check_untouched();
}

// The root file system's disk, wherever it is and whatever else it says.
static void test_file_system(void **state)
{
    (void)state;
    struct superblock *sb = (struct superblock *)(disk[1].data + BSIZE);
    sb->magic = FSMAGIC;
    check_refused("file system");
    *header(1) = (struct swap_header){SWAP_MAGIC, 1, PGSIZE, DISK_PAGES};
    check_refused("file system");
    disk[0].serial = disk[1].serial = "";
    check_refused("file system");
    check_untouched();
}

static void test_foreign(void **state)
{
    (void)state;
    for (uint at = 0; at < PGSIZE; at += at < 64 || at >= PGSIZE - 64 ? 1 : 61) {
        memset(disk[1].data, 0, PGSIZE);
        disk[1].data[at] = 0x80;
        check_refused("something else");
    }
    check_untouched();
}

static void test_bad_header(void **state)
{
    (void)state;
    static const struct {
        struct swap_header h;
        const char *why;
    } bad[] = {
        {{SWAP_MAGIC + 1, 1, PGSIZE, DISK_PAGES}, "something else"},
        {{SWAP_MAGIC, 0, PGSIZE, DISK_PAGES}, "version"},
        {{SWAP_MAGIC, 2, PGSIZE, DISK_PAGES}, "version"},
        {{SWAP_MAGIC, 1, 2 * PGSIZE, DISK_PAGES}, "page size"},
        {{SWAP_MAGIC, 1, 0, DISK_PAGES}, "page size"},
        {{SWAP_MAGIC, 1, PGSIZE, DISK_PAGES + 1}, "smaller than its header"},
        {{SWAP_MAGIC, 1, PGSIZE, ~0UL}, "smaller than its header"},
        {{SWAP_MAGIC, 1, PGSIZE, 1}, "too small"},
        {{SWAP_MAGIC, 1, PGSIZE, 0}, "too small"},
    };
    for (uint i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        *header(1) = bad[i].h;
        check_refused(bad[i].why);
    }
    check_untouched();
}

static void test_short_disk(void **state)
{
    (void)state;
    for (uint64 sectors = 0; sectors < 2 * PAGE_SECTORS; sectors++) {
        disk[1].sectors = sectors;
        check_refused(sectors < PAGE_SECTORS ? "cannot be read" : "too small");
    }
    check_untouched();
    disk[1].sectors = 2 * PAGE_SECTORS + 7; // what is less than a page at the end is left alone
    assert_int_equal(boot(), 2);
    disk[1].sectors = DISK_PAGES * PAGE_SECTORS; // has grown: the header counts
    assert_int_equal(boot(), 2);
    assert_int_equal(header(1)->pages, 2);
}

static void test_failing_boot(void **state)
{
    (void)state;
    disk[1].fail_op = BLK_READ;
    check_refused("cannot be read");
    disk[1].fail_op = BLK_WRITE;
    check_refused("cannot be written");
    assert_int_equal(disk[1].written, 0);
    disk[1].fail_op = BLK_FLUSH;
    check_refused("cannot be written");
    disk[1].fail_op = BLK_WRITE; // it has a header now, but takes no writes any more
    check_refused("cannot be written");
    disk[1].fail_op = -1;
    no_memory = true;
    check_refused("no memory");
    no_memory = false;
    assert_int_equal(boot(), DISK_PAGES);
}

// The table of slots may take a sixteenth of RAM.
static void test_size_limit(void **state)
{
    (void)state;
    machine.ram.size = DISK_PAGES * 8 * 16;
    assert_int_equal(boot(), DISK_PAGES);
    assert_string_equal(klib_output, "");
    machine.ram.size -= 8 * 16;
    assert_int_equal(boot(), DISK_PAGES - 1);
    assert_ptr_equal(strstr(klib_output, "swap: vd1: only 63 of 64 pages are used"), klib_output);
    assert_int_equal(header(1)->pages, DISK_PAGES);
    machine.ram.size = RAM_SIZE;
    disk[1].sectors = 1UL << 40;
    memset(disk[1].data, 0, PGSIZE);
    assert_int_equal(boot(), RAM_SIZE / 16 / 8);
}

static void fill(struct frame *f, uint seed)
{
    uchar *p = frame2kva(f);
    for (uint i = 0; i < PGSIZE; i++)
        p[i] = (uchar)(seed * 13 + i * 7 + i / 251);
}

// Frames scattered over RAM, slots in a row: one request, one segment a page.
static void test_transfer(void **state)
{
    (void)state;
    static uchar copy[SWAPDEV_MAX][PGSIZE];
    struct frame *list[SWAPDEV_MAX];
    boot();
    disk[1].written = 0;
    uint64 pages = 0, requests = 0;
    for (uint n = 1; n <= SWAPDEV_MAX; n++) {
        uint slot = DISK_PAGES - n;
        for (uint i = 0; i < n; i++) {
            list[i] = &frame[(i * 7 + n) % FRAMES];
            fill(list[i], n + i);
            memcpy(copy[i], frame2kva(list[i]), PGSIZE);
        }
        disk[1].requests[BLK_WRITE] = disk[1].requests[BLK_READ] = 0;
        assert_int_equal(swapdev_write(slot, list, n), 0);
        assert_int_equal(disk[1].requests[BLK_WRITE], 1);
        assert_int_equal(disk[1].last.nseg, n);
        assert_int_equal(disk[1].last.sector, slot * PAGE_SECTORS);
        assert_memory_equal(disk[1].data + slot * PGSIZE, copy, n * PGSIZE);
        memset(ram, 0xee, FRAMES * PGSIZE);
        assert_int_equal(swapdev_read(slot, list, n), 0);
        assert_int_equal(disk[1].requests[BLK_READ], 1);
        for (uint i = 0; i < n; i++) {
            assert_int_equal(disk[1].last.seg[i].len, PGSIZE);
            assert_memory_equal(frame2kva(list[i]), copy[i], PGSIZE);
        }
        pages += n;
        requests++;
    }
    assert_int_equal(disk[1].written, pages * PAGE_SECTORS);
    assert_int_equal(disk[1].requests[BLK_FLUSH], 1); // the header's
    assert_int_equal(swapdev_stats.writes, pages);
    assert_int_equal(swapdev_stats.reads, pages);
    assert_int_equal(swapdev_stats.write_requests, requests);
    assert_int_equal(swapdev_stats.read_requests, requests);
    assert_int_equal(swapdev_stats.write_errors + swapdev_stats.read_errors, 0);
    assert_string_equal(klib_output, "");
}

static void test_errors(void **state)
{
    (void)state;
    struct frame *list[2] = {&frame[1], &frame[2]};
    boot();
    disk[1].fail_op = BLK_READ;
    assert_int_equal(swapdev_read(5, list, 2), -EIO); // the caller tries one by one
    assert_int_equal(swapdev_stats.read_errors, 0);
    assert_string_equal(klib_output, "");
    assert_int_equal(swapdev_read(5, list, 1), -EIO);
    assert_int_equal(swapdev_stats.read_errors, 1);
    assert_string_equal(klib_output, "swap: slot 5 cannot be read (1 so far)\n");
    assert_int_equal(swapdev_write(5, list, 2), 0);
    disk[1].fail_op = BLK_WRITE;
    klib_output_clear();
    assert_int_equal(swapdev_write(6, list, 2), -EIO);
    assert_string_equal(klib_output, "");
    assert_int_equal(swapdev_write(6, list, 1), -EIO);
    assert_string_equal(klib_output, "swap: slot 6 cannot be written (1 so far)\n");
    assert_int_equal(swapdev_read(6, list, 1), 0);
    assert_int_equal(swapdev_stats.write_errors, 1);
    assert_int_equal(swapdev_stats.read_errors, 1);
    assert_int_equal(swapdev_stats.reads, 1); // pages that came
    assert_int_equal(swapdev_stats.writes, 2);
    assert_int_equal(swapdev_stats.read_requests, 3); // failed ones, too
    assert_int_equal(swapdev_stats.write_requests, 3);
}

static uint lines(void)
{
    uint n = 0;
    for (const char *p = klib_output; (p = strchr(p, '\n')); p++)
        n++;
    return n;
}

static void test_rate_limit(void **state)
{
    (void)state;
    struct frame *list[1] = {&frame[3]};
    boot();
    disk[1].fail_op = BLK_READ;
    uint64 start = now;
    for (; now < start + 10; now++) // a second
        for (int i = 0; i < 20; i++)
            assert_int_equal(swapdev_read(7, list, 1), -EIO);
    assert_int_equal(lines(), 1);
    assert_int_equal(swapdev_read(8, list, 1), -EIO);
    assert_int_equal(lines(), 2);
    assert_non_null(strstr(klib_output, "swap: slot 8 cannot be read (201 so far)\n"));
    for (; now < start + 95; now++)
        assert_int_equal(swapdev_read(9, list, 1), -EIO);
    assert_int_equal(lines(), 10);
    now += 10000; // a long silence saves nothing up
    for (int i = 0; i < 20; i++)
        assert_int_equal(swapdev_read(9, list, 1), -EIO);
    assert_int_equal(lines(), 11);
    assert_int_equal(swapdev_stats.read_errors, 201 + 85 + 20);
}

// Never the header, never past the end, never too many.
static void test_outside(void **state)
{
    (void)state;
    static const struct {
        uint slot, n;
    } bad[] = {{0, 1},   {0, 2},   {DISK_PAGES, 1}, {DISK_PAGES - 1, 2},
               {~0U, 1}, {~0U, 2}, {1, 0},          {1, SWAPDEV_MAX + 1}};
    static struct frame *list[SWAPDEV_MAX + 1];
    static uint i, panics;
    boot();
    for (i = 0; i <= SWAPDEV_MAX; i++)
        list[i] = &frame[i];
    disk[1].requests[BLK_WRITE] = 0;
    for (panics = i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (setjmp(on_panic) == 0)
            swapdev_write(bad[i].slot, list, bad[i].n);
        else
            panics++;
    }
    assert_int_equal(panics, sizeof(bad) / sizeof(bad[0]));
    assert_int_equal(disk[1].requests[BLK_WRITE], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_blank, setup, teardown),
        cmocka_unit_test_setup_teardown(test_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_serial, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_serial, setup, teardown),
        cmocka_unit_test_setup_teardown(test_position, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file_system, setup, teardown),
        cmocka_unit_test_setup_teardown(test_foreign, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_header, setup, teardown),
        cmocka_unit_test_setup_teardown(test_short_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failing_boot, setup, teardown),
        cmocka_unit_test_setup_teardown(test_size_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_transfer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rate_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_outside, setup, teardown),
    };
    return cmocka_run_group_tests(tests, 0, 0);
}
