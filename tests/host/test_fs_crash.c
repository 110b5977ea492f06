// SOURCES: tests/host/fs_all.c tests/host/fake_fs.c tests/host/fs_load.c mkfs/check.c tests/host/fake_mkfs.c
// FLAGS: -ffreestanding -D_GNU_SOURCE -include tests/host/fake_fs.h
//
// Crashes: a load runs on the host, every write and flush is recorded, and each state that the disk could be
// in after a crash is recovered and checked; so are crashes during that recovery. tests/crash does the same
// with a load that runs on several harts, and knows what the files must hold.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/fs/log.h"
#include "tests/crash/states.c"
#include "tests/host/fake_fs.h"
#include "tests/host/fs_load.h"

#define BLOCKS 1500
#define INODES 64
#define BYTES  ((uint64)BLOCKS * 1024)

static uchar *fresh;
static struct wlog writes;

static void note_write(uint64 sector, const void *data, uint len)
{
    wlog_write(&writes, sector, data, len);
}

static void note_flush(void)
{
    wlog_flush(&writes);
}

static uint check_state(uchar *disk, uint64 bytes, uint entries)
{
    (void)entries;
    if (!load_mount(disk, bytes))
        return 1;
    log_sync();
    return load_check(disk, bytes, true) != 0;
}

static struct states plan(const uchar *base, const struct wlog *log)
{
    return (struct states){
        .base = base, .bytes = BYTES, .log = log, .random = 5, .sample = 1, .parts = 1, .check = check_state};
}

static uint total(const uint *v)
{
    return v[0] + v[1] + v[2] + v[3];
}

// A load of that many steps on a fresh disk, recorded.
static void record(uint seed, int steps)
{
    uchar *disk = malloc(BYTES);
    wlog_free(&writes);
    memcpy(disk, fresh, BYTES);
    assert_true(load_mount(disk, BYTES));
    fake_disk.on_write = note_write;
    fake_disk.on_flush = note_flush;
    load_run(seed, steps);
    assert_int_equal(log_sync(), 0);
    free(disk);
}

static void test_crash(void **state)
{
    (void)state;
    record(1, 150);
    struct states s = plan(fresh, &writes);
    states_run(&s);
    print_message("%u states, %u bad\n", total(s.count), total(s.bad));
    assert_true(total(s.count) > 1000);
    assert_int_equal(total(s.bad), 0);
}

// The same log without every second flush must not pass: otherwise the test above could not see a missing
// one.
static bool odd(uint flush)
{
    return flush % 2 == 1;
}
static bool even(uint flush)
{
    return flush % 2 == 0;
}

static void test_missing_flush(void **state)
{
    (void)state;
    record(1, 60);
    struct states s = plan(fresh, &writes);
    s.random = 20;
    s.ignore = odd;
    states_run(&s);
    print_message("no flush after installing: %u states, %u bad\n", total(s.count), total(s.bad));
    assert_true(total(s.bad) > 0);
    s = plan(fresh, &writes);
    s.random = 20;
    s.ignore = even;
    states_run(&s);
    print_message("no flush after the log: %u states, %u bad\n", total(s.count), total(s.bad));
    assert_true(total(s.bad) > 0);
}

// A second crash, while the first one is being recovered.
static void test_crash_in_recovery(void **state)
{
    (void)state;
    record(2, 60);
    struct wlog load = writes;
    memset(&writes, 0, sizeof(writes));
    uint states = 0, bad = 0;
    uchar *crashed = malloc(BYTES), *disk = malloc(BYTES);
    memcpy(crashed, fresh, BYTES);
    for (uint i = 0; i < load.n; i++) {
        struct wentry *e = &load.entry[i];
        if (e->len)
            memcpy(crashed + e->sector * SECTOR, e->data, e->len);
        if (!e->flush)
            continue;
        memcpy(disk, crashed, BYTES);
        assert_true(load_mount_recorded(disk, BYTES, note_write, note_flush));
        log_sync();
        struct states s = plan(crashed, &writes);
        states_run(&s);
        states += total(s.count);
        bad += total(s.bad);
        wlog_free(&writes);
    }
    print_message("%u states, %u bad\n", states, bad);
    assert_true(states > 500);
    assert_int_equal(bad, 0);
    wlog_free(&load);
    free(crashed);
    free(disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crash),
        cmocka_unit_test(test_missing_flush),
        cmocka_unit_test(test_crash_in_recovery),
    };
    fresh = fake_mkfs(BLOCKS, INODES, 0, 0);
    return fresh ? cmocka_run_group_tests(tests, 0, 0) : 1;
}
