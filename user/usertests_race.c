// The file system used by several processes at once: the same names and the same files, on as many harts as
// there are. What must hold is told at each case; the runner checks that nothing is left over.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/fs.h"
#include "kernel/param.h"
#include "kernel/stat.h"
#include "user/usertests.h"

#define WORKERS 4
#define WRITES  100

// Runs body(0), body(1) .. at the same time, each in a process; all must end well.
static void together(void (*body)(int), int n)
{
    struct gate g;
    ut_gate_make(&g);
    for (int i = 0; i < n; i++) {
        if (ut_fork() == 0) {
            ut_gate_wait(&g);
            body(i);
            exit(0);
        }
    }
    ut_gate_open(&g);
    ut_reap(n);
}

static void own_files(int me)
{
    char name[16], want[300];
    memset(want, 'a' + me, sizeof(want));
    for (int i = 0; i < 12; i++) {
        ut_path(name, me == 0 ? "w" : me == 1 ? "x" : me == 2 ? "y" : "z", i);
        ut_create(name, want, sizeof(want));
        ut_same(name, want, sizeof(want));
        if (i % 2)
            CHECK_EQ(unlink(name), 0);
    }
}

// Files of one's own in a common directory.
static void race_own_files(void)
{
    together(own_files, WORKERS);
    CHECK(ut_size("w0") == 300 && ut_size("z10") == 300);
    CHECK(ut_size("w1") == -1 && ut_size("z11") == -1);
}

static void same_name(int me)
{
    for (int i = 0; i < 40; i++) {
        int fd = open("same", O_CREATE | O_RDWR);
        CHECK(fd >= 0);
        CHECK_EQ(write(fd, &me, sizeof(me)), sizeof(me));
        CHECK_EQ(close(fd), 0);
        unlink("same");
    }
}

// Everybody makes and removes the same name.
static void race_same_name(void)
{
    together(same_name, WORKERS);
}

static int wins[2];

// Of those who try, exactly one makes the directory (the name, the link) in each round.
static void exclusive(int me)
{
    char name[16];
    int won = 0;
    for (int i = 0; i < 20; i++) {
        ut_path(name, "once", i);
        won += mkdir(name) == 0;
        ut_path(name, "lnk", i);
        won += link("base", name) == 0;
        ut_path(name, "node", i);
        won += mknod(name, 9, 9) == 0;
    }
    CHECK_EQ(write(wins[1], &won, sizeof(won)), sizeof(won));
    (void)me;
}

// The winners of all rounds together are as many as the names.
static void race_exclusive(void)
{
    int sum = 0, n;
    struct stat st;
    ut_pipe2(wins);
    ut_create("base", "", 0);
    together(exclusive, WORKERS);
    for (int i = 0; i < WORKERS; i++) {
        CHECK_EQ(read(wins[0], &n, sizeof(n)), sizeof(n));
        sum += n;
    }
    CHECK_EQ(sum, 60);
    CHECK_EQ(stat("base", &st), 0);
    CHECK_EQ(st.nlink, 21);
}

static void unlink_all(int me)
{
    char name[16];
    int won = 0;
    for (int i = 0; i < 30; i++) {
        ut_path(name, "u", i);
        won += unlink(name) == 0;
    }
    CHECK_EQ(write(wins[1], &won, sizeof(won)), sizeof(won));
    (void)me;
}

// Each name is removed by exactly one.
static void race_unlink(void)
{
    char name[16];
    int sum = 0, n;
    ut_pipe2(wins);
    for (int i = 0; i < 30; i++) {
        ut_path(name, "u", i);
        ut_create(name, name, 4);
    }
    together(unlink_all, WORKERS);
    for (int i = 0; i < WORKERS; i++) {
        CHECK_EQ(read(wins[0], &n, sizeof(n)), sizeof(n));
        sum += n;
    }
    CHECK_EQ(sum, 30);
}

static void link_unlink(int me)
{
    for (int i = 0; i < 30; i++) {
        if (me % 2) {
            link("a", "b");
            unlink("a");
        } else {
            link("b", "a");
            unlink("b");
        }
    }
}

// Links back and forth; the file may vanish, its link count may not go wrong (a leak or a crash).
static void race_link_unlink(void)
{
    ut_create("a", "x", 1);
    together(link_unlink, WORKERS);
}

static void rename_ring(int me)
{
    static const char *name[] = {"n0", "n1", "n2", "n3"};
    for (int i = 0; i < 30; i++)
        rename(name[me], name[(me + 1) % WORKERS]);
}

// Renames round in a ring: at least one file remains, all that remain are whole.
static void race_rename(void)
{
    int left = 0;
    char name[4];
    for (int i = 0; i < WORKERS; i++) {
        ut_path(name, "n", i);
        ut_create(name, "whole", 5);
    }
    together(rename_ring, WORKERS);
    for (int i = 0; i < WORKERS; i++) {
        ut_path(name, "n", i);
        if (ut_size(name) < 0)
            continue;
        ut_same(name, "whole", 5);
        left++;
    }
    CHECK(left >= 1);
}

static void rename_across(int me)
{
    for (int i = 0; i < 25; i++) {
        if (me % 2) {
            rename("p/d", "q/d");
            rename("q/e", "p/e");
        } else {
            rename("q/d", "p/d");
            rename("p/e", "q/e");
        }
    }
}

// Directories move between two parents in both directions: no deadlock, no loop, the tree stays one.
static void race_rename_dirs(void)
{
    CHECK(mkdir("p") == 0 && mkdir("q") == 0 && mkdir("p/d") == 0 && mkdir("q/e") == 0);
    together(rename_across, WORKERS);
    CHECK((ut_size("p/d") >= 0) != (ut_size("q/d") >= 0));
    CHECK((ut_size("p/e") >= 0) != (ut_size("q/e") >= 0));
    CHECK(ut_size(ut_size("p/d") >= 0 ? "p/d/.." : "q/d/..") >= 0);
}

static void cross_move(int me)
{
    for (int i = 0; i < 25; i++) {
        if (me % 2)
            rename("m", "n/m");
        else
            rename("n", "m/n");
        rename("m/n", "n");
        rename("n/m", "m");
    }
}

// Each of two directories into the other: never both.
static void race_rename_loop(void)
{
    CHECK(mkdir("m") == 0 && mkdir("n") == 0);
    together(cross_move, WORKERS);
    rename("m/n", "n");
    rename("n/m", "m");
    CHECK(ut_size("m") >= 0 && ut_size("n") >= 0);
}

static void mkdir_rmdir(int me)
{
    char name[24];
    for (int i = 0; i < 20; i++) {
        mkdir("dd");
        ut_path(name, "dd/f", me);
        int fd = open(name, O_CREATE | O_RDWR);
        if (fd >= 0) {
            CHECK_EQ(write(fd, "x", 1), 1);
            close(fd);
            CHECK_EQ(unlink(name), 0);
        }
        unlink("dd");
    }
}

// A directory comes and goes while files are made in it.
static void race_mkdir(void)
{
    together(mkdir_rmdir, WORKERS);
    unlink("dd");
}

static int shared_fd;

static void write_shared(int me)
{
    char block[100];
    memset(block, 'A' + me, sizeof(block));
    for (int i = 0; i < WRITES; i++)
        CHECK_EQ(write(shared_fd, block, sizeof(block)), sizeof(block));
}

// One descriptor, one offset: every write has a place of its own.
static void race_shared_offset(void)
{
    char block[100];
    int count[WORKERS] = {0};
    shared_fd = ut_open("f", O_CREATE | O_RDWR);
    together(write_shared, WORKERS);
    CHECK_EQ(ut_size("f"), WORKERS * WRITES * 100);
    int fd = ut_open("f", O_RDONLY);
    while (read(fd, block, sizeof(block)) == sizeof(block)) {
        CHECK(ut_is_all(block, sizeof(block), block[0]));
        CHECK(block[0] >= 'A' && block[0] < 'A' + WORKERS);
        count[block[0] - 'A']++;
    }
    for (int i = 0; i < WORKERS; i++)
        CHECK_EQ(count[i], WRITES);
}

#define RECORDS 800

// Reads numbered records until the end; tells how many there were and what they add up to.
static void read_shared(int me)
{
    int n, sum[2] = {0, 0};
    while (read(shared_fd, &n, sizeof(n)) == sizeof(n)) {
        sum[0]++;
        sum[1] += n;
    }
    CHECK_EQ(write(wins[1], sum, sizeof(sum)), sizeof(sum));
    (void)me;
}

// And every record is read by exactly one of those who read with the same descriptor.
static void race_shared_read(void)
{
    static int record[RECORDS];
    int part[2], sum[2] = {0, 0};
    for (int i = 0; i < RECORDS; i++)
        record[i] = i + 1;
    ut_create("f", record, sizeof(record));
    shared_fd = ut_open("f", O_RDONLY);
    ut_pipe2(wins);
    together(read_shared, WORKERS);
    for (int i = 0; i < WORKERS; i++) {
        CHECK_EQ(read(wins[0], part, sizeof(part)), sizeof(part));
        sum[0] += part[0];
        sum[1] += part[1];
    }
    CHECK_EQ(sum[0], RECORDS);
    CHECK_EQ(sum[1], RECORDS * (RECORDS + 1) / 2);
}

static void append_own(int me)
{
    char block[64];
    int fd = ut_open("f", O_WRONLY | O_APPEND);
    memset(block, 'A' + me, sizeof(block));
    for (int i = 0; i < WRITES; i++)
        CHECK_EQ(write(fd, block, sizeof(block)), sizeof(block));
}

// Descriptors of their own with O_APPEND: no write covers another.
static void race_append(void)
{
    char block[64];
    ut_create("f", "", 0);
    together(append_own, WORKERS);
    CHECK_EQ(ut_size("f"), WORKERS * WRITES * 64);
    int fd = ut_open("f", O_RDONLY);
    while (read(fd, block, sizeof(block)) == sizeof(block))
        CHECK(ut_is_all(block, sizeof(block), block[0]));
}

static void read_same(int me)
{
    char buf[700];
    for (int round = 0; round < 4; round++) {
        int fd = ut_open("f", O_RDONLY), at = 0;
        for (int n; (n = read(fd, buf, 100 + 120 * me)) > 0; at += n) {
            for (int i = 0; i < n; i++)
                CHECK_EQ((uchar)buf[i], (at + i) % 253);
        }
        CHECK_EQ(at, 20000);
        close(fd);
    }
}

// Many readers of one file.
static void race_readers(void)
{
    static char all[20000];
    for (int i = 0; i < (int)sizeof(all); i++)
        all[i] = i % 253;
    ut_create("f", all, sizeof(all));
    together(read_same, WORKERS);
}

static void big_own(int me)
{
    static char block[4096];
    char name[8];
    ut_path(name, "b", me);
    int fd = ut_open(name, O_CREATE | O_RDWR);
    for (int i = 0; i < 40; i++) {
        memset(block, me * 40 + i, sizeof(block));
        CHECK_EQ(write(fd, block, sizeof(block)), sizeof(block));
    }
    close(fd);
    fd = ut_open(name, O_RDONLY);
    for (int i = 0; i < 40; i++) {
        CHECK_EQ(read(fd, block, sizeof(block)), sizeof(block));
        CHECK(ut_is_all(block, sizeof(block), me * 40 + i));
    }
    CHECK_EQ(unlink(name), 0);
}

// Large files at the same time: allocation, transactions and the buffer cache under pressure.
static void race_big_files(void)
{
    together(big_own, WORKERS);
}

static void trunc_write(int me)
{
    static char block[3000];
    memset(block, 't', sizeof(block));
    for (int i = 0; i < 15; i++) {
        int fd = ut_open("f", O_CREATE | O_RDWR | (me % 2 ? O_TRUNC : 0));
        write(fd, block, sizeof(block));
        int n = read(fd, block, 10);
        CHECK(n >= 0 && n <= 10);
        close(fd);
    }
}

// Truncating and writing the same file.
static void race_truncate(void)
{
    together(trunc_write, WORKERS);
}

static void chdir_loop(int me)
{
    char name[8];
    ut_path(name, "c", me);
    for (int i = 0; i < 15; i++) {
        CHECK_EQ(mkdir(name), 0);
        CHECK_EQ(chdir(name), 0);
        CHECK_EQ(mkdir("in"), 0);
        CHECK_EQ(unlink("in"), 0);
        CHECK_EQ(chdir(".."), 0);
        CHECK_EQ(unlink(name), 0);
    }
}

// Working directories of one's own in a common directory.
static void race_chdir(void)
{
    together(chdir_loop, WORKERS);
}

// Paths are walked up and down while others walk the other way (lock order of parent and child).
static void walk(int me)
{
    for (int i = 0; i < 60; i++) {
        CHECK(ut_size(me % 2 ? "a/b/c/../../b/c/../.." : "a/../a/b/../b/c/../c") >= 0);
        int fd = open(me % 2 ? "a/b/tmp" : "a/tmp", O_CREATE | O_RDWR);
        if (fd >= 0)
            close(fd);
        unlink(me % 2 ? "a/b/tmp" : "a/tmp");
    }
}

// Nobody waits for ever, and the directories are still there.
static void race_walk(void)
{
    CHECK(mkdir("a") == 0 && mkdir("a/b") == 0 && mkdir("a/b/c") == 0);
    together(walk, WORKERS);
}

static void sync_write(int me)
{
    char name[8];
    ut_path(name, "s", me);
    for (int i = 0; i < 6; i++) {
        int fd = ut_open(name, O_CREATE | O_RDWR);
        CHECK_EQ(write(fd, name, 8), 8);
        CHECK_EQ(me % 2 ? fsync(fd) : sync(), 0);
        close(fd);
    }
}

// Commits that are forced by several processes.
static void race_sync(void)
{
    together(sync_write, WORKERS);
}

const struct testcase ut_race[] = {
    {"race_own_files", race_own_files, 0},
    {"race_same_name", race_same_name, 0},
    {"race_exclusive", race_exclusive, 0},
    {"race_unlink", race_unlink, 0},
    {"race_link_unlink", race_link_unlink, 0},
    {"race_rename", race_rename, 0},
    {"race_rename_dirs", race_rename_dirs, 0},
    {"race_rename_loop", race_rename_loop, 0},
    {"race_mkdir", race_mkdir, 0},
    {"race_shared_offset", race_shared_offset, 0},
    {"race_shared_read", race_shared_read, 0},
    {"race_append", race_append, 0},
    {"race_readers", race_readers, 0},
    {"race_big_files", race_big_files, 0},
    {"race_truncate", race_truncate, 0},
    {"race_chdir", race_chdir, 0},
    {"race_walk", race_walk, 0},
    {"race_sync", race_sync, 0},
    {0},
};
