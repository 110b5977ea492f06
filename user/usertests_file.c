// Files and descriptors: open's flags, offsets, dup, fstat, big files, devices, sync. Directories and names
// are in usertests_dir.c, concurrency in usertests_race.c.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/fs.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "kernel/stat.h"
#include "kernel/vmstat.h"
#include "user/usertests.h"

static char buf[16 * 1024];

// Each mode allows what it says; O_CREATE opens what is there; names that cannot be made are refused.
static void open_flags(void)
{
    char c;
    CHECK_EQ(open("f", O_RDONLY), -1);
    CHECK_EQ(open("f", O_RDWR | O_TRUNC), -1);
    int fd = ut_open("f", O_CREATE | O_WRONLY);
    CHECK_EQ(write(fd, "abc", 3), 3);
    CHECK_EQ(read(fd, &c, 1), -1);
    close(fd);
    fd = ut_open("f", O_RDONLY);
    CHECK_EQ(write(fd, "x", 1), -1);
    CHECK_EQ(read(fd, &c, 1), 1);
    CHECK_EQ(c, 'a');
    close(fd);
    fd = ut_open("f", O_CREATE | O_RDWR); // is there already: opened as it is
    CHECK_EQ(read(fd, buf, 10), 3);
    CHECK_EQ(write(fd, "d", 1), 1);
    close(fd);
    ut_same("f", "abcd", 4);
    CHECK_EQ(open("", O_RDONLY), -1);
    CHECK_EQ(open("f/x", O_CREATE | O_RDWR), -1);
    CHECK_EQ(open("nodir/x", O_CREATE | O_RDWR), -1);
}

// O_TRUNC empties, through any descriptor the file is seen empty.
static void open_trunc(void)
{
    ut_create("f", "0123456789", 10);
    int r = ut_open("f", O_RDONLY);
    CHECK_EQ(read(r, buf, 4), 4);
    int w = ut_open("f", O_WRONLY | O_TRUNC);
    CHECK_EQ(ut_size("f"), 0);
    CHECK_EQ(read(r, buf, 4), 0);
    CHECK_EQ(write(w, "abcdef", 6), 6);
    CHECK_EQ(read(r, buf, 4), 2);
    CHECK_EQ(memcmp(buf, "ef", 2), 0);
}

// A truncated file's old blocks do not shine through when it grows again.
static void trunc_grow(void)
{
    memset(buf, 's', sizeof(buf));
    ut_create("f", buf, sizeof(buf));
    int a = ut_open("f", O_RDWR);
    CHECK_EQ(read(a, buf, 5000), 5000);
    int b = ut_open("f", O_RDWR | O_TRUNC);
    int n = write(a, "x", 1); // beyond the end: a hole of zeroes, or refused
    if (n == 1) {
        CHECK_EQ(ut_size("f"), 5001);
        CHECK_EQ(read(b, buf, 6000), 5001);
        CHECK(ut_is_all(buf, 5000, 0));
    } else {
        CHECK_EQ(n, -1);
        CHECK_EQ(ut_size("f"), 0);
    }
}

// O_APPEND: every write goes to the end, whoever made the file longer.
static void open_append(void)
{
    ut_create("f", "12345", 5);
    int a = ut_open("f", O_WRONLY | O_APPEND), b = ut_open("f", O_WRONLY | O_APPEND);
    CHECK_EQ(write(a, "a", 1), 1);
    CHECK_EQ(write(b, "b", 1), 1);
    CHECK_EQ(write(a, "c", 1), 1);
    ut_same("f", "12345abc", 8);
    int c = ut_open("f", O_RDWR | O_APPEND);
    CHECK_EQ(read(c, buf, 3), 3);
    CHECK_EQ(write(c, "d", 1), 1);
    CHECK_EQ(memcmp(buf, "123", 3), 0);
    ut_same("f", "12345abcd", 9);
    int d = ut_open("g", O_CREATE | O_WRONLY | O_APPEND);
    CHECK_EQ(write(d, "new", 3), 3);
    ut_same("g", "new", 3);
}

// Descriptors that nobody opened, in every call that takes one.
static void bad_descriptor(void)
{
    int bad[] = {-1, 3, NOFILE - 1, NOFILE, NOFILE + 1, 1000, 0x7fffffff, -0x7fffffff - 1};
    struct stat st;
    for (int i = 0; i < NELEM(bad); i++) {
        CHECK_EQ(read(bad[i], buf, 1), -1);
        CHECK_EQ(write(bad[i], buf, 1), -1);
        CHECK_EQ(close(bad[i]), -1);
        CHECK_EQ(dup(bad[i]), -1);
        CHECK_EQ(fstat(bad[i], &st), -1);
        CHECK_EQ(fsync(bad[i]), -1);
    }
}

// dup takes the lowest free number and shares the offset; closing one leaves the other.
static void dup_shares(void)
{
    ut_create("f", "abcdef", 6);
    int a = ut_open("f", O_RDONLY);
    CHECK_EQ(a, 3);
    int b = dup(a);
    CHECK_EQ(b, 4);
    CHECK_EQ(read(a, buf, 2), 2);
    CHECK_EQ(read(b, buf + 2, 2), 2);
    CHECK_EQ(close(a), 0);
    CHECK_EQ(close(a), -1);
    CHECK_EQ(dup(b), 3);
    CHECK_EQ(read(b, buf + 4, 9), 2);
    CHECK_EQ(memcmp(buf, "abcdef", 6), 0);
    CHECK_EQ(read(3, buf, 1), 0);
}

// Two opens of one file have an offset each, and see each other's writes.
static void open_twice(void)
{
    int a = ut_open("f", O_CREATE | O_RDWR), b = ut_open("f", O_RDWR);
    CHECK_EQ(write(a, "abcd", 4), 4);
    CHECK_EQ(read(b, buf, 2), 2);
    CHECK_EQ(write(b, "XY", 2), 2);
    CHECK_EQ(read(a, buf + 2, 2), 0);
    CHECK_EQ(write(a, "e", 1), 1);
    CHECK_EQ(read(b, buf + 2, 9), 1);
    CHECK_EQ(memcmp(buf, "abe", 3), 0);
    ut_same("f", "abXYe", 5);
}

// All of a process's descriptors, and then none; they come back one by one.
static void descriptors_end(void)
{
    for (int round = 0; round < 2; round++) {
        for (int fd = 3; fd < NOFILE; fd++)
            CHECK_EQ(open("/usertests", O_RDONLY), fd);
        CHECK_EQ(open("/usertests", O_RDONLY), -1);
        CHECK_EQ(open("new", O_CREATE | O_RDWR), -1);
        CHECK_EQ(dup(0), -1);
        CHECK_EQ(close(9), 0);
        CHECK_EQ(open("/usertests", O_RDONLY), 9);
        for (int fd = 3; fd < NOFILE; fd++)
            CHECK_EQ(close(fd), 0);
    }
}

// Leaves bytes other than zero on the kernel's stack, where the next call has its variables.
static void dirty_kernel(void)
{
    int fd[2];
    memset(buf, 0xbb, MAXPATH);
    buf[MAXPATH - 1] = 0;
    CHECK_EQ(open(buf, O_RDONLY), -1);
    CHECK_EQ(unlink(buf), -1);
    memset(buf, 0xbb, sizeof(buf));
    ut_pipe2(fd);
    CHECK_EQ(write(fd[1], buf, 2000), 2000);
    CHECK_EQ(read(fd[0], buf, 2000), 2000);
    close(fd[0]);
    close(fd[1]);
}

static void stat_of(const char *path, struct stat *st)
{
    int fd = ut_open(path, O_RDONLY);
    memset(st, 0xaa, sizeof(*st));
    dirty_kernel();
    CHECK_EQ(fstat(fd, st), 0);
    close(fd);
}

// Every byte of struct stat is set: also those that no field covers.
static void fstat_fields(void)
{
    struct stat st;
    ut_create("f", buf, 1234);
    CHECK_EQ(link("f", "g"), 0);
    stat_of("g", &st);
    CHECK_EQ(st.type, T_FILE);
    CHECK_EQ(st.nlink, 2);
    CHECK_EQ(st.size, 1234);
    CHECK_EQ(st.dev, ROOTDEV);
    uint ino = st.ino;
    stat_of("f", &st);
    CHECK_EQ(st.ino, ino);
    const char *end = (const char *)(&st.nlink + 1);
    CHECK(ut_is_all(end, (const char *)&st.size - end, 0));
    stat_of("/", &st);
    CHECK_EQ(st.type, T_DIR);
    CHECK_EQ(st.ino, ROOTINO);
    CHECK_EQ(mknod("dev", 7, 3), 0);
    CHECK_EQ(stat("/console", &st), 0);
    CHECK_EQ(st.type, T_DEVICE);
}

// A pipe has no inode to tell about.
static void fstat_pipe(void)
{
    int fd[2];
    struct stat st;
    ut_pipe2(fd);
    CHECK_EQ(fstat(fd[0], &st), -1);
    CHECK_EQ(stat("nowhere", &st), -1);
}

// Device files: made, shown as such, and without a driver neither read nor written.
static void devices(void)
{
    struct stat st;
    int major[] = {0, 5, NDEV - 1, NDEV, 100, -1, 0x7fff};
    for (int i = 0; i < NELEM(major); i++) {
        CHECK_EQ(mknod("dev", major[i], 0), 0);
        int fd = open("dev", O_RDWR);
        if (fd >= 0) {
            CHECK_EQ(fstat(fd, &st), 0);
            CHECK_EQ(st.type, T_DEVICE);
            CHECK_EQ(read(fd, buf, 1), -1);
            CHECK_EQ(write(fd, buf, 1), -1);
            close(fd);
        }
        CHECK_EQ(mknod("dev", 1, 1), -1);
        CHECK_EQ(unlink("dev"), 0);
    }
    CHECK_EQ(mknod("nodir/dev", 1, 1), -1);
    CHECK_EQ(mknod("", 1, 1), -1);
}

// Writes and reads in pieces that do not fit blocks.
static void odd_pieces(void)
{
    static char back[16 * 1024];
    int fd = ut_open("f", O_CREATE | O_RDWR);
    uint rnd = 3;
    ut_fill(buf, sizeof(buf), 1);
    for (uint at = 0, n; at < sizeof(buf); at += n) {
        n = 1 + ut_rand(&rnd) % 1500;
        n = MIN(n, (uint)sizeof(buf) - at);
        CHECK_EQ(write(fd, buf + at, n), n);
    }
    close(fd);
    fd = ut_open("f", O_RDONLY);
    for (uint at = 0, n; at < sizeof(buf); at += n) {
        n = 1 + ut_rand(&rnd) % 1500;
        n = MIN(n, (uint)sizeof(buf) - at);
        CHECK_EQ(read(fd, back + at, n), n);
    }
    CHECK_EQ(read(fd, back, 1), 0);
    CHECK_EQ(memcmp(buf, back, sizeof(buf)), 0);
}

// Writes `blocks` numbered blocks, reads them back, and removes the file.
static void big_file(int blocks)
{
    int *word = (int *)buf, fd = ut_open("big", O_CREATE | O_RDWR);
    const int per = sizeof(buf) / BSIZE;
    for (int i = 0; i < blocks; i += per) {
        for (int j = 0; j < per; j++)
            word[j * BSIZE / sizeof(int)] = i + j;
        CHECK_EQ(write(fd, buf, sizeof(buf)), sizeof(buf));
    }
    CHECK_EQ(ut_size("big"), blocks * BSIZE);
    close(fd);
    fd = ut_open("big", O_RDONLY);
    for (int i = 0; i < blocks; i += per) {
        CHECK_EQ(read(fd, buf, sizeof(buf)), sizeof(buf));
        for (int j = 0; j < per; j++)
            CHECK_EQ(word[j * BSIZE / sizeof(int)], i + j);
    }
    CHECK_EQ(read(fd, buf, 1), 0);
    close(fd);
    CHECK_EQ(unlink("big"), 0);
}

// Into the doubly indirect blocks.
static void file_1m(void)
{
    big_file(1024);
}
// And far into them.
static void file_16m(void)
{
    big_file(16 * 1024);
}

// A large write in one call.
static void write_large(void)
{
    const int n = 256 * 1024;
    char *p = ut_heap(n / PGSIZE), *q = ut_heap(n / PGSIZE);
    ut_fill(p, n, 4);
    int fd = ut_open("f", O_CREATE | O_RDWR);
    CHECK_EQ(write(fd, p, n), n);
    close(fd);
    fd = ut_open("f", O_RDONLY);
    CHECK_EQ(read(fd, q, n), n);
    CHECK(ut_filled(q, n, 4));
}

// An open file lives on after its name is gone; its blocks are free when it is closed.
static void unlink_open(void)
{
    struct stat st;
    int fd = ut_open("f", O_CREATE | O_RDWR);
    CHECK_EQ(write(fd, "abc", 3), 3);
    CHECK_EQ(unlink("f"), 0);
    CHECK_EQ(open("f", O_RDONLY), -1);
    CHECK_EQ(fstat(fd, &st), 0);
    CHECK_EQ(st.nlink, 0);
    CHECK_EQ(write(fd, "def", 3), 3);
    CHECK_EQ(st.type, T_FILE);
    ut_create("f", "other", 5);
    int other = ut_open("f", O_RDONLY);
    CHECK_EQ(read(other, buf, 10), 5);
    CHECK_EQ(fstat(fd, &st), 0);
    CHECK_EQ(st.size, 6);
}

// The same with processes that come and go holding it.
static void unlink_held(void)
{
    struct gate g;
    for (int i = 0; i < 10; i++) {
        int fd = ut_open("f", O_CREATE | O_RDWR);
        CHECK_EQ(write(fd, buf, 3000), 3000);
        ut_gate_make(&g);
        if (ut_fork() == 0) {
            ut_gate_wait(&g);
            CHECK_EQ(write(fd, buf, 100), 100);
            exit(0);
        }
        CHECK_EQ(unlink("f"), 0);
        close(fd);
        ut_gate_open(&g);
        ut_reap(1);
    }
}

// sync and fsync succeed, also on a file without a name, and at the same time.
static void sync_calls(void)
{
    ut_create("f", "x", 1);
    int fd = ut_open("f", O_RDWR);
    CHECK_EQ(fsync(fd), 0);
    CHECK_EQ(sync(), 0);
    CHECK_EQ(write(fd, "yz", 2), 2);
    CHECK_EQ(fsync(fd), 0);
    CHECK_EQ(unlink("f"), 0);
    CHECK_EQ(fsync(fd), 0);
    close(fd);
    CHECK_EQ(sync(), 0);
    for (int i = 0; i < 4; i++) {
        if (ut_fork() == 0) {
            char name[8];
            ut_path(name, "s", i);
            ut_create(name, name, 3);
            CHECK_EQ(sync(), 0);
            exit(0);
        }
    }
    ut_reap(4);
}

// Blocks of a new file hold nothing of a removed one, even where a failed write reserved them.
static void no_stale_data(void)
{
    memset(buf, 'S', sizeof(buf));
    ut_create("secret", buf, sizeof(buf));
    CHECK_EQ(unlink("secret"), 0);
    int fd = ut_open("f", O_CREATE | O_RDWR);
    CHECK_EQ(write(fd, "a", 1), 1);
    CHECK_EQ(write(fd, (void *)8, 2000), -1);
    CHECK_EQ(ut_size("f"), 1);
    close(fd);
    ut_same("f", "a", 1);
}

// A write whose buffer ends in nowhere: nothing of it arrives, or all up to a block the count names.
static void write_half_bad(void)
{
    char *end = ut_heap(1) + PGSIZE;
    memset(end - PGSIZE, 'w', PGSIZE);
    int fd = ut_open("f", O_CREATE | O_RDWR);
    int n = write(fd, end - 2500, 5000);
    CHECK_EQ(n, -1);
    CHECK_EQ(ut_size("f"), 0);
    CHECK_EQ(write(fd, end - 2500, 2500), 2500);
    CHECK_EQ(ut_size("f"), 2500);
}

const struct testcase ut_file[] = {
    {"open_flags", open_flags, 0},
    {"open_trunc", open_trunc, 0},
    {"open_append", open_append, 0},
    {"trunc_grow", trunc_grow, 0},
    {"bad_descriptor", bad_descriptor, 0},
    {"dup_shares", dup_shares, 0},
    {"open_twice", open_twice, 0},
    {"descriptors_end", descriptors_end, 0},
    {"fstat_fields", fstat_fields, 0},
    {"fstat_pipe", fstat_pipe, 0},
    {"devices", devices, 0},
    {"odd_pieces", odd_pieces, 0},
    {"write_large", write_large, 0},
    {"write_half_bad", write_half_bad, 0},
    {"file_1m", file_1m, 0},
    {"file_16m", file_16m, UT_SLOW},
    {"unlink_open", unlink_open, 0},
    {"unlink_held", unlink_held, 0},
    {"no_stale_data", no_stale_data, 0},
    {"sync_calls", sync_calls, 0},
    {0},
};
