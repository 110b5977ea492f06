// SOURCES: tests/host/fs_all.c tests/host/fake_fs.c tests/host/fs_load.c mkfs/check.c tests/host/fake_mkfs.c
// FLAGS: -ffreestanding -D_GNU_SOURCE -include tests/host/fake_fs.h
//
// Things that go wrong below the file system: requests that fail, memory that runs out, images full of
// nonsense. It may refuse to work, with errors; it may not crash, wait for itself, lose what it said was
// safe, or make an image inconsistent that was not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/dev/blk.h"
#include "kernel/fcntl.h"
#include "kernel/fs/file.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/log.h"
#include "kernel/fs/mount.h"
#include "kernel/proc/proc.h"
#include "tests/host/fake_fs.h"
#include "tests/host/fs_load.h"

#define BLOCKS  2000
#define INODES  64
#define BYTES   ((uint64)BLOCKS * 1024)
#define FILES   6
#define MUTANTS 3000

static uchar *fresh, *disk;
static uchar data[40000], back[40001];
static bool safe[FILES]; // the file was written whole, and a sync after that said so

static void path_of(char *path, int i)
{
    sprintf(path, i % 2 ? "/d/s%d" : "/s%d", i);
}

// Writes files and syncs after each; a call may fail, then the next one is tried. Calls that failed.
static int write_files(void)
{
    int failed = fs_mkdir("/d") < 0;
    memset(safe, 0, sizeof(safe));
    for (int i = 0; i < FILES; i++) {
        char path[16];
        path_of(path, i);
        uint64 n = i * 7000 + 100;
        load_fill(data, i, 0, n);
        bool written = fs_put(path, data, n) == (int64)n;
        bool synced = log_sync() == 0;
        safe[i] = written && synced;
        failed += !written + !synced;
        failed += fs_get("/s0", back, sizeof(back)) < 0;
    }
    return failed + (fs_rename("/s0", "/s0") < 0);
}

// After a reboot with a good disk: consistent, and everything safe is there.
static void check_after(void)
{
    assert_int_equal(load_check(disk, BYTES, false), 0);
    assert_true(load_mount(disk, BYTES));
    log_sync();
    assert_int_equal(load_check(disk, BYTES, true), 0);
    for (int i = 0; i < FILES; i++) {
        char path[16];
        path_of(path, i);
        if (!safe[i])
            continue;
        uint64 n = i * 7000 + 100;
        load_fill(data, i, 0, n);
        assert_int_equal(fs_get(path, back, sizeof(back)), n);
        assert_memory_equal(data, back, n);
    }
}

// How many requests of a kind the load makes when nothing fails.
static uint64 count_requests(enum blk_op op)
{
    memcpy(disk, fresh, BYTES);
    assert_true(load_mount(disk, BYTES));
    assert_int_equal(write_files(), 0);
    return fake_disk.ops[op];
}

static void fail_each(enum blk_op op, bool later)
{
    uint64 n = count_requests(op);
    assert_true(n > 0);
    uint64 unnoticed = 0;
    for (uint64 at = 1; at <= n; at++) {
        memcpy(disk, fresh, BYTES);
        fake_boot(disk, BYTES);
        fake_disk.fail_at[op] = at;
        fake_disk.fail_later = later;
        memset(safe, 0, sizeof(safe));
        if (fs_mount(disk_get(0)) == 0 && write_files() == 0)
            unnoticed++;
        check_after();
    }
    // Nobody need hear of a failed read that was only ahead of its time.
    print_message("%lu requests failed one by one%s, %lu of them harmless\n", n,
                  later ? " with all later ones" : "", unnoticed);
    if (op != BLK_READ)
        assert_int_equal(unnoticed, 0);
}

static void test_failing_reads(void **state)
{
    (void)state;
    fail_each(BLK_READ, false);
    fail_each(BLK_READ, true);
}

static void test_failing_writes(void **state)
{
    (void)state;
    fail_each(BLK_WRITE, false);
    fail_each(BLK_WRITE, true);
}

static void test_failing_flushes(void **state)
{
    (void)state;
    fail_each(BLK_FLUSH, false);
    fail_each(BLK_FLUSH, true);
}

// The same while files with indirect blocks shrink and the cache is too small for the disk: reads in every
// place.
static void test_failing_reads_of_old_files(void **state)
{
    (void)state;
    static uchar big[900 * 1024];
    uchar *filled = malloc(BYTES);
    memcpy(disk, fresh, BYTES);
    assert_true(load_mount(disk, BYTES));
    assert_int_equal(write_files(), 0);
    assert_int_equal(fs_put("/big", big, sizeof(big)), sizeof(big));
    assert_int_equal(log_sync(), 0);
    memcpy(filled, disk, BYTES);
    memset(safe, 0, sizeof(safe));
    for (uint64 at = 1, reads = at; at <= reads; at++) {
        memcpy(disk, filled, BYTES);
        assert_true(load_mount(disk, BYTES));
        fake_disk.ops[BLK_READ] = 0;
        fake_disk.fail_at[BLK_READ] = at;
        fs_get("/d/s5", back, sizeof(back));
        fs_unlink("/d/s3");
        fs_rename("/d/s5", "/s4");
        fs_put("/big", data, 10);
        fs_unlink("/big");
        fs_mkdir("/d/e");
        log_sync();
        reads = fake_disk.ops[BLK_READ];
        check_after();
    }
    free(filled);
}

static void drop_cwd(void)
{
    if (my_proc()->cwd)
        inode_put(my_proc()->cwd);
    my_proc()->cwd = 0;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    for (uint64 at = 1; at < 120; at++) {
        memcpy(disk, fresh, BYTES);
        assert_true(load_mount(disk, BYTES));
        fake_alloc_fail = at;
        write_files();
        fs_chdir("/d");
        fake_alloc_fail = 0;
        drop_cwd();
        assert_int_equal(file_count(), 0);
        assert_int_equal(inode_count(), 0);
        assert_int_equal(log_sync(), 0);
        check_after();
    }
    fake_boot(disk, BYTES);
    fake_alloc_fail = 50;
    assert_true(fs_mount(disk_get(0)) < 0);
}

static uint random_next(uint *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

// Changes some bytes where they hurt: superblock, log header, inodes, bitmap, directories and tables.
static void mutate(uint *seed)
{
    const struct superblock *sb = (struct superblock *)(fresh + 1024);
    uint first[] = {1, sb->logstart, sb->inodestart, sb->inodestart, sb->bmapstart, sb->size - sb->nblocks};
    uint count[] = {1, 1, 2, 2, 1, 60};
    for (uint i = 0; i < 1 + random_next(seed) % 4; i++) {
        uint area = random_next(seed) % 6;
        if (area < 2 && random_next(seed) % 4)
            area = 5;
        uint64 at = (first[area] + random_next(seed) % count[area]) * 1024UL + random_next(seed) % 1024;
        if (area == 2)
            at = sb->inodestart * 1024UL + random_next(seed) % 1024;
        switch (random_next(seed) % 4) {
        case 0:
            disk[at] = random_next(seed);
            break;
        case 1:
            disk[at] ^= 1 << random_next(seed) % 8;
            break;
        case 2: // a block or inode number that exists
            disk[at & ~3UL] = random_next(seed);
            disk[at | 3] = 0;
            break;
        default: // one entry, table slot or inode field like another
            memcpy(disk + (at & ~15UL), disk + first[5] * 1024UL + (random_next(seed) % 4096 & ~15U), 16);
        }
    }
}

static void test_mutated_images(void **state)
{
    (void)state;
    uchar *filled = malloc(BYTES);
    uint seed = 1, refused = 0, damaged = 0;
    memcpy(disk, fresh, BYTES);
    assert_true(load_mount(disk, BYTES));
    load_run(7, 120);
    fs_put("/d1/table", data, 30000);
    assert_int_equal(log_sync(), 0);
    memcpy(filled, disk, BYTES);
    for (int i = 0; i < MUTANTS; i++) {
        memcpy(disk, filled, BYTES);
        mutate(&seed);
        damaged += load_check(disk, BYTES, true) != 0;
        if (!load_mount(disk, BYTES)) {
            refused++;
            continue;
        }
        fs_chdir("/d0/e");
        load_run(i, 40);
        fs_get("/d1/table", back, sizeof(back));
        fs_put("/d1/table", data, 20000);
        drop_cwd();
        log_sync();
    }
    print_message("%d images, fsck complains of %u, %u not mounted\n", MUTANTS, damaged, refused);
    free(filled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failing_reads),  cmocka_unit_test(test_failing_reads_of_old_files),
        cmocka_unit_test(test_failing_writes), cmocka_unit_test(test_failing_flushes),
        cmocka_unit_test(test_out_of_memory),  cmocka_unit_test(test_mutated_images),
    };
    fresh = fake_mkfs(BLOCKS, INODES, 0, 0);
    disk = malloc(BYTES);
    return fresh ? cmocka_run_group_tests(tests, 0, 0) : 1;
}
