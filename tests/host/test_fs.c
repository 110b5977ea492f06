// SOURCES: tests/host/fs_all.c tests/host/fake_fs.c tests/host/fs_load.c mkfs/check.c tests/host/fake_mkfs.c
// FLAGS: -ffreestanding -D_GNU_SOURCE -include tests/host/fake_fs.h
//
// The file system through its system calls: what programs rely on, error by error.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/fcntl.h"
#include "kernel/fs/file.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/log.h"
#include "kernel/fs/mount.h"
#include "kernel/lib/err.h"
#include "kernel/proc/proc.h"
#include "kernel/proc/syscall.h"
#include "tests/host/fake_fs.h"
#include "tests/host/fs_load.h"

#define BLOCKS 6000
#define INODES 128
#define BYTES  ((uint64)BLOCKS * BSIZE)

static uchar *fresh; // an image with nothing in it
static uchar *disk;
static uchar buf[1 << 20], back[1 << 20];

static int start(void **state)
{
    (void)state;
    memcpy(disk, fresh, BYTES);
    return load_mount(disk, BYTES) ? 0 : -1;
}

// After each test: everything synced, nothing leaked, and the image is consistent, also after a new mount.
static int finish(void **state)
{
    (void)state;
    if (my_proc()->cwd)
        inode_put(my_proc()->cwd);
    my_proc()->cwd = 0;
    if (file_count() != 0 || inode_count() != 0)
        return printf("%lu files and %lu inodes left\n", file_count(), inode_count());
    if (log_sync() != 0 || load_check(disk, BYTES, false) != 0)
        return -1;
    return load_mount(disk, BYTES) && load_check(disk, BYTES, true) == 0 ? 0 : -1;
}

static uint free_blocks(void)
{
    uint n = 0;
    log_sync();
    for (uint b = fs.datastart; b < fs.sb.size; b++)
        n += !(disk[(uint64)BBLOCK(b, fs.sb) * BSIZE + b % BPB / 8] >> b % 8 & 1);
    return n;
}

static void test_write_read(void **state)
{
    (void)state;
    uint before = free_blocks();
    load_fill(buf, 1, 0, sizeof(buf));
    static const uint sizes[] = {1,      15,   256,       257,           1023,           1024,
                                 1025,   4096, 11 * 1024, 11 * 1024 + 1, 267 * 1024 - 1, 267 * 1024 + 1,
                                 1 << 20};
    for (uint i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        assert_int_equal(fs_put("/f", buf, sizes[i]), sizes[i]);
        assert_int_equal(fs_get("/f", back, sizeof(back)), sizes[i]);
        assert_memory_equal(buf, back, sizes[i]);
    }
    assert_true(load_mount(disk, BYTES)); // without a sync: the newest may be gone, the file system is whole
    fs_unlink("/f");
    assert_int_equal(free_blocks(), before);
}

static void test_survives_sync(void **state)
{
    (void)state;
    load_fill(buf, 2, 0, 300000);
    assert_int_equal(fs_put("/f", buf, 300000), 300000);
    assert_int_equal(log_sync(), 0);
    assert_true(load_mount(disk, BYTES));
    assert_int_equal(fs_get("/f", back, sizeof(back)), 300000);
    assert_memory_equal(buf, back, 300000);
}

static void test_offsets(void **state)
{
    (void)state;
    int fd = fs_open("/f", O_CREATE | O_RDWR);
    assert_int_equal(fd, 0);
    assert_int_equal(fs_write(fd, "hello", 5), 5);
    int other = fs_open("/f", O_RDONLY);
    assert_int_equal(fs_read(other, back, 3), 3);
    assert_int_equal(fs_read(other, back + 3, 100), 2);
    assert_memory_equal(back, "hello", 5);
    assert_int_equal(fs_read(other, back, 1), 0);
    assert_int_equal(fs_write(other, "x", 1), -EBADF);
    int append = fs_open("/f", O_WRONLY | O_APPEND);
    assert_int_equal(fs_write(append, "!", 1), 1);
    assert_int_equal(fs_write(fd, "?", 1), 1); // over it: this one has an offset of its own
    assert_int_equal(fs_write(append, "!", 1), 1);
    assert_int_equal(fs_read(append, back, 1), -EBADF);
    assert_int_equal(fs_read(other, back, 9), 2);
    assert_memory_equal(back, "?!", 2);
    for (int i = 0; i < 3; i++)
        assert_int_equal(fs_close(i), 0);
    assert_int_equal(fs_close(0), -EBADF);
}

// Another descriptor has cut the file: what is left of this one's offset is past the end.
static void test_truncated_behind(void **state)
{
    (void)state;
    int fd = fs_open("/f", O_CREATE | O_RDWR);
    assert_int_equal(fs_write(fd, "abcd", 4), 4);
    int other = fs_open("/f", O_WRONLY | O_TRUNC);
    assert_int_equal(fs_write(fd, "x", 1), -EINVAL);
    assert_int_equal(fs_read(fd, back, 1), 0);
    assert_int_equal(fs_write(other, "abcdef", 6), 6);
    assert_int_equal(fs_read(fd, back, 9), 2);
    assert_int_equal(fs_write(fd, "x", 1), 1);
    fs_close(fd);
    fs_close(other);
}

static void test_bad_pointers(void **state)
{
    (void)state;
    uint64 bad[] = {0, 1, (uint64)fake_user + fake_user_size - 10, ~0UL - 5};
    assert_int_equal(fs_put("/f", "0123456789abcdef", 16), 16);
    int fd = fs_open("/f", O_RDWR);
    for (int i = 0; i < 4; i++) {
        uint64 arg[6] = {fd, bad[i], 300};
        assert_int_equal(sys_read(arg), -EFAULT);
        assert_int_equal(sys_write(arg), -EFAULT);
        uint64 path[6] = {bad[i], i == 2 ? 0 : O_CREATE};
        memset((void *)bad[2], 'x', 10);
        assert_int_equal(sys_open(path), -EFAULT);
        assert_int_equal(sys_mkdir(path), -EFAULT);
        assert_int_equal(sys_chdir(path), -EFAULT);
        assert_int_equal(sys_unlink(path), -EFAULT);
        assert_int_equal(sys_link(path), -EFAULT);
        uint64 st[6] = {fd, bad[i]};
        assert_int_equal(sys_fstat(st), -EFAULT);
        assert_int_equal(sys_pipe(&bad[i]), i == 2 ? 0 : -EFAULT);
        if (i == 2) { // eight bytes do fit there
            fs_close(fd + 1);
            fs_close(fd + 2);
        }
    }
    assert_int_equal(fs_read(fd, back, 100), 16); // the offset has not moved
    fs_close(fd);
}

static void test_directories(void **state)
{
    (void)state;
    assert_int_equal(fs_mkdir("/a"), 0);
    assert_int_equal(fs_mkdir("/a"), -EEXIST);
    assert_int_equal(fs_mkdir("/a/b/c"), -ENOENT);
    assert_int_equal(fs_mkdir(""), -ENOENT);
    assert_int_equal(fs_mkdir("/"), -ENOENT);
    assert_int_equal(fs_mkdir("/a/b"), 0);
    assert_int_equal(fs_chdir("/a/b"), 0);
    assert_int_equal(fs_put("f", "1", 1), 1);
    assert_int_equal(fs_exists("/a/b/f"), 1);
    assert_int_equal(fs_exists("../b/./f"), 1);
    assert_int_equal(fs_exists("../../../../a//b///f/"), 1);
    assert_int_equal(fs_exists("f/x"), -ENOTDIR);
    assert_int_equal(fs_chdir("f"), -ENOTDIR);
    assert_int_equal(fs_chdir("nothing"), -ENOENT);
    assert_int_equal(fs_open("/a", O_WRONLY), -EISDIR);
    assert_int_equal(fs_open("/a", O_CREATE), -EISDIR);
    assert_int_equal(fs_open(".", O_RDONLY), 0);
    struct dirent de[4];
    assert_int_equal(fs_read(0, de, sizeof(de)), 3 * sizeof(*de));
    assert_string_equal(de[2].name, "f");
    fs_close(0);
    assert_int_equal(fs_unlink("/a/b"), -ENOTEMPTY);
    assert_int_equal(fs_unlink("/a/b/."), -EINVAL);
    assert_int_equal(fs_unlink(".."), -EINVAL);
    assert_int_equal(fs_unlink("/"), -ENOENT);
    assert_int_equal(fs_unlink("f"), 0);
    assert_int_equal(fs_unlink("/a/b"), 0); // the current directory
    assert_int_equal(fs_exists("."), 0);
    assert_int_equal(fs_put("g", "1", 1), -ENOENT);
    assert_int_equal(fs_chdir(".."), -ENOENT);
    assert_int_equal(fs_chdir("/"), 0);
    assert_int_equal(fs_unlink("/a"), 0);
}

static void test_names(void **state)
{
    (void)state;
    assert_int_equal(fs_put("/12345678901234", "1", 1), 1);
    assert_int_equal(fs_get("/123456789012345", back, 9), 1); // cut to 14, as xv6 does
    assert_int_equal(fs_mkdir("/12345678901234xyz"), -EEXIST);
    assert_int_equal(fs_unlink("/12345678901234567"), 0);
    char path[300];
    memset(path, 'a', sizeof(path));
    path[MAXPATH] = 0;
    path[0] = '/';
    assert_int_equal(fs_mkdir(path), -ENAMETOOLONG);
    path[MAXPATH - 1] = 0;
    assert_int_equal(fs_mkdir(path), 0);
}

static void test_links(void **state)
{
    (void)state;
    assert_int_equal(fs_put("/a", "x", 1), 1);
    assert_int_equal(fs_link("/a", "/b"), 0);
    assert_int_equal(fs_link("/a", "/b"), -EEXIST);
    assert_int_equal(fs_link("/none", "/c"), -ENOENT);
    assert_int_equal(fs_link("/a", "/none/c"), -ENOENT);
    assert_int_equal(fs_mkdir("/d"), 0);
    assert_int_equal(fs_link("/d", "/e"), -EPERM);
    assert_int_equal(fs_link("/a", "/a/x"), -ENOTDIR);
    assert_int_equal(fs_unlink("/a"), 0);
    assert_int_equal(fs_get("/b", back, 9), 1);
    int fd = fs_open("/b", O_RDWR);
    assert_int_equal(fs_unlink("/b"), 0);
    assert_int_equal(fs_exists("/b"), 0);
    assert_int_equal(fs_write(fd, "yz", 2), 2); // still there for who has it open
    fs_close(fd);
}

static void test_rename(void **state)
{
    (void)state;
    assert_int_equal(fs_put("/a", "a", 1), 1);
    assert_int_equal(fs_put("/b", "bb", 2), 2);
    assert_int_equal(fs_rename("/a", "/b"), 0);
    assert_int_equal(fs_exists("/a"), 0);
    assert_int_equal(fs_get("/b", back, 9), 1);
    assert_int_equal(fs_rename("/b", "/b"), 0);
    assert_int_equal(fs_link("/b", "/c"), 0);
    assert_int_equal(fs_rename("/b", "/c"), 0); // one file: nothing happens
    assert_int_equal(fs_exists("/b"), 1);
    assert_int_equal(fs_rename("/none", "/c"), -ENOENT);
    assert_int_equal(fs_rename("/b", "/none/c"), -ENOENT);
    assert_int_equal(fs_rename("/b", "/."), -EINVAL);
    assert_int_equal(fs_mkdir("/d"), 0);
    assert_int_equal(fs_mkdir("/d/e"), 0);
    assert_int_equal(fs_mkdir("/d/e/f"), 0);
    assert_int_equal(fs_mkdir("/g"), 0);
    assert_int_equal(fs_rename("/d", "/d/e/x"), -EINVAL);
    assert_int_equal(fs_rename("/d", "/d/x"), -EINVAL);
    assert_int_equal(fs_rename("/d/e/f", "/d"), -ENOTEMPTY);
    assert_int_equal(fs_rename("/d/e/f", "/d/e"), -ENOTEMPTY);
    assert_int_equal(fs_rename("/b", "/g"), -EISDIR);
    assert_int_equal(fs_rename("/g", "/b"), -ENOTDIR);
    assert_int_equal(fs_rename("/g", "/d"), -ENOTEMPTY);
    assert_int_equal(fs_rename("/d/e", "/g"), 0);
    assert_int_equal(fs_exists("/g/f"), 1);
    assert_int_equal(fs_chdir("/g/f"), 0);
    assert_int_equal(fs_rename("/g/f", "/d/f"), 0);
    assert_int_equal(fs_put("../h", "1", 1), 1);
    assert_int_equal(fs_exists("/d/h"), 1);
    assert_int_equal(fs_chdir("/"), 0);
    assert_int_equal(fs_rename("/g", "/d/g2"), 0);
    assert_int_equal(fs_rename("/d/h", "/h"), 0);
}

static void test_disk_full(void **state)
{
    (void)state;
    uint before = free_blocks();
    int files = 0;
    int64 n = sizeof(buf);
    char path[20];
    while (n == sizeof(buf)) {
        sprintf(path, "/f%d", files++);
        n = fs_put(path, buf, sizeof(buf));
    }
    assert_true(n > 0);
    assert_int_equal(fs_put("/more", buf, 10), -ENOSPC);
    assert_int_equal(fs_mkdir("/dir"), -ENOSPC);
    assert_int_equal(fs_exists("/dir"), 0);
    assert_int_equal(fs_unlink("/more"), 0);
    while (files-- > 0) {
        sprintf(path, "/f%d", files);
        assert_int_equal(fs_unlink(path), 0);
    }
    assert_int_equal(free_blocks(), before);
}

static void test_inodes_full(void **state)
{
    (void)state;
    char path[20];
    int files = 0;
    int64 n = 0;
    while (n == 0) {
        sprintf(path, "/f%d", files++);
        n = fs_put(path, buf, 0);
    }
    assert_int_equal(n, -ENOSPC);
    assert_int_equal(files, INODES - 1); // 0 is no inode, 1 is the root, and the last attempt failed
    while (--files > 0) {
        sprintf(path, "/f%d", files - 1);
        assert_int_equal(fs_unlink(path), 0);
    }
}

static void test_open_limits(void **state)
{
    (void)state;
    assert_int_equal(fs_put("/f", "x", 1), 1);
    for (int i = 0; i < NOFILE; i++)
        assert_int_equal(fs_open("/f", O_RDONLY), i);
    assert_int_equal(fs_open("/g", O_CREATE), -EMFILE);
    uint64 arg[6] = {3};
    assert_int_equal(sys_dup(arg), -EMFILE);
    uint64 pipe[6] = {(uint64)fake_user};
    assert_int_equal(sys_pipe(pipe), -EMFILE);
    fs_close(7);
    assert_int_equal(sys_pipe(pipe), -EMFILE);
    assert_int_equal(sys_dup(arg), 7);
    for (int i = 0; i < NOFILE; i++)
        fs_close(i);
    assert_int_equal(fs_exists("/g"), 0);
}

static void test_text_busy(void **state)
{
    (void)state;
    int err;
    assert_int_equal(fs_put("/prog", "x", 1), 1);
    struct inode *ip = path_lookup("/prog", &err);
    assert_int_equal(inode_text_get(ip), 0);
    assert_int_equal(fs_open("/prog", O_WRONLY), -ETXTBSY);
    assert_int_equal(fs_open("/prog", O_TRUNC), -ETXTBSY);
    assert_int_equal(fs_open("/prog", O_RDONLY), 0);
    assert_int_equal(fs_unlink("/prog"), 0);
    inode_text_put(ip);
    fs_close(0);
    inode_put(ip);
    int fd = fs_open("/p2", O_CREATE | O_RDWR);
    ip = path_lookup("/p2", &err);
    assert_int_equal(inode_text_get(ip), -ETXTBSY);
    fs_close(fd);
    assert_int_equal(inode_text_get(ip), 0);
    inode_text_put(ip);
    inode_put(ip);
}

// A crash finds files unlinked but open, and directories that are somebody's current one: the next mount
// frees them.
static void test_orphans(void **state)
{
    (void)state;
    uint before = free_blocks();
    assert_int_equal(fs_put("/big", buf, sizeof(buf)), sizeof(buf));
    int fd = fs_open("/big", O_RDONLY);
    assert_int_equal(fs_unlink("/big"), 0);
    assert_int_equal(fs_mkdir("/d"), 0);
    assert_int_equal(fs_chdir("/d"), 0);
    assert_int_equal(fs_unlink("/d"), 0);
    assert_true(free_blocks() < before);
    uchar *crashed = malloc(BYTES);
    memcpy(crashed, disk, BYTES);
    fs_close(fd);
    fs_chdir("/");
    assert_true(load_mount(crashed, BYTES));
    log_sync();
    assert_int_equal(load_check(crashed, BYTES, true), 0);
    memcpy(disk, crashed, BYTES);
    assert_true(load_mount(disk, BYTES));
    free(crashed);
    assert_int_equal(free_blocks(), before);
}

// Blocks hold a secret when they are free; no file may ever show it, also where nothing was written.
static void test_no_stale_data(void **state)
{
    (void)state;
    for (uint b = fs.datastart; b < fs.sb.size; b++)
        if (!(disk[(uint64)BBLOCK(b, fs.sb) * BSIZE + b % BPB / 8] >> b % 8 & 1))
            memset(disk + (uint64)b * BSIZE, 0x5e, BSIZE);
    assert_int_equal(fs_put("/f", "x", 1), 1);
    assert_int_equal(fs_mkdir("/d"), 0);
    log_sync();
    int err;
    struct inode *ip = path_lookup("/f", &err);
    inode_lock(ip);
    ip->size = 400 * BSIZE; // holes, and the rest of the first block
    assert_int_equal(inode_read(ip, back, 0, sizeof(back)), 400 * BSIZE);
    for (uint i = 1; i < 400 * BSIZE; i++)
        assert_int_equal(back[i], 0);
    ip->size = 1;
    inode_unlock_put(ip);
    for (uint i = 1; i < BSIZE; i++)
        assert_int_equal(disk[(uint64)ip->addrs[0] * BSIZE + i], 0);
}

static void test_devices(void **state)
{
    (void)state;
    assert_int_equal(fs_mknod("/dev", 3), 0);
    assert_int_equal(fs_mknod("/dev", 3), -EEXIST);
    assert_int_equal(fs_open("/dev", O_RDWR), 0);
    assert_int_equal(fs_read(0, back, 1), -ENODEV);
    assert_int_equal(fs_write(0, back, 1), -ENODEV);
    fs_close(0);
    assert_int_equal(fs_mknod("/bad", NDEV), 0);
    assert_int_equal(fs_mknod("/bad2", -1), 0);
    assert_int_equal(fs_open("/bad", O_RDWR), -ENODEV);
    assert_int_equal(fs_open("/bad2", O_RDWR), -ENODEV);
    assert_int_equal(fs_put("/dev", "x", 1), -ENODEV);
}

static void test_random_load(void **state)
{
    (void)state;
    for (uint seed = 0; seed < 20; seed++) {
        load_run(seed, 200);
        log_sync();
        assert_int_equal(load_check(disk, BYTES, true), 0);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)
    const struct CMUnitTest tests[] = {
        TEST(test_write_read),    TEST(test_survives_sync),
        TEST(test_offsets),       TEST(test_truncated_behind),
        TEST(test_bad_pointers),  TEST(test_directories),
        TEST(test_names),         TEST(test_links),
        TEST(test_rename),        TEST(test_disk_full),
        TEST(test_inodes_full),   TEST(test_open_limits),
        TEST(test_text_busy),     TEST(test_orphans),
        TEST(test_no_stale_data), TEST(test_devices),
        TEST(test_random_load),
    };
    fresh = fake_mkfs(BLOCKS, INODES, 0, 0);
    disk = malloc(BYTES);
    if (fresh == 0)
        return 1;
    return cmocka_run_group_tests(tests, 0, 0);
}
