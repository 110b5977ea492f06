// SOURCES: mkfs/check.c tests/host/fake_mkfs.c
// FLAGS: -ffreestanding -D_GNU_SOURCE -include tests/host/fake_fs.h
//
// mkfs: what it makes is consistent, the same every time, and made of good input only. fsck: survives any
// bytes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "mkfs/check.h"
#include "tests/host/fake_fs.h"

#define BLOCKS  3000
#define INODES  100
#define BYTES   ((uint64)BLOCKS * BSIZE)
#define MUTANTS 5000

static char dir[] = "/tmp/test_mkfs.XXXXXX";
static uint complaints;

static void count(const char *message)
{
    (void)message;
    complaints++;
}

// A host file of n bytes; its path, to be freed.
static char *host_file(const char *name, uint n)
{
    char *path;
    if (asprintf(&path, "%s/%s", dir, name) < 0)
        abort();
    FILE *f = fopen(path, "wb");
    for (uint i = 0; i < n; i++)
        fputc(i * 7 + i / 256, f);
    fclose(f);
    return path;
}

static uint violations(uchar *image, uint64 bytes)
{
    struct check c = {.image = image, .bytes = bytes, .mounted = true, .report = count};
    if (!check_open(&c))
        return 1;
    uint replayed = check_replay(&c);
    uint found = check_all(&c);
    check_close(&c);
    return found + replayed;
}

static void test_good(void **state)
{
    (void)state;
    char *files[] = {host_file("_cat", 10), host_file("README.md", 2000), host_file("big", 1000000),
                     host_file("empty", 0), host_file("14.characters.", 12345)};
    uchar *a = fake_mkfs(BLOCKS, INODES, files, 5);
    uchar *b = fake_mkfs(BLOCKS, INODES, files, 5);
    assert_non_null(a);
    assert_memory_equal(a, b, BYTES);
    assert_int_equal(violations(a, BYTES), 0);
    assert_non_null(memmem(a, BYTES, "README\0\0\0\0\0\0\0", 14));
    assert_non_null(memmem(a, BYTES, "cat\0\0\0\0\0\0\0\0\0\0", 14));
    assert_null(memmem(a, BYTES, "README.md", 9));
    for (int i = 0; i < 5; i++)
        free(files[i]);
    free(a);
    free(b);
}

static void refused(uint blocks, uint inodes, char *first, char *second)
{
    char *files[] = {first, second};
    assert_null(fake_mkfs(blocks, inodes, files, second ? 2 : first ? 1 : 0));
}

static void test_refused(void **state)
{
    (void)state;
    char *x = host_file("_x", 1), *x2 = host_file("x", 1), *big = host_file("big2", 3000000);
    char *names[] = {host_file("_", 1), host_file("fifteen.charact", 1), x, x2, big};
    refused(BLOCKS, INODES, names[0], 0);
    refused(BLOCKS, INODES, names[1], 0);
    refused(BLOCKS, INODES, x, x2);
    refused(BLOCKS, INODES, x, x);
    refused(BLOCKS, INODES, dir, 0);
    refused(BLOCKS, INODES, "/nonexistent", 0);
    refused(BLOCKS, INODES, "-q", 0);
    refused(BLOCKS, INODES, big, 0);
    refused(200, INODES, x, 0);
    refused(BLOCKS, 15, x, 0);
    refused(BLOCKS, 65536, x, 0);
    refused(0, INODES, x, 0);
    for (int i = 0; i < 5; i++)
        free(names[i]);
}

static void test_any_bytes(void **state)
{
    (void)state;
    char *files[] = {host_file("a", 300000), host_file("b", 20000)};
    uchar *good = fake_mkfs(BLOCKS, INODES, files, 2), *image = malloc(BYTES);
    uint seed = 1;
    for (int i = 0; i < MUTANTS; i++) {
        memcpy(image, good, BYTES);
        for (uint k = 0; k < 1 + seed % 8; k++) {
            seed = seed * 1664525 + 1013904223;
            uint64 at = seed % 4 ? 1024 + (seed >> 8) % 32 : (200 * 1024 + (seed >> 4)) % BYTES;
            seed = seed * 1664525 + 1013904223;
            image[at] = seed >> 16;
        }
        violations(image, seed % 3 ? BYTES : (seed >> 8) % BYTES);
    }
    for (uint64 i = 0; i < BYTES; i++)
        image[i] = (i * i) >> 7;
    memcpy(image + BSIZE, good + BSIZE, BSIZE); // a good superblock before nonsense
    assert_true(violations(image, BYTES) > 100);
    assert_true(violations(image, 100) > 0);
    free(files[0]);
    free(files[1]);
    free(good);
    free(image);
}

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    char *command;
    int status = asprintf(&command, "rm -r %s", dir) < 0 ? -1 : system(command);
    free(command);
    return status;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_any_bytes),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
