// Running out: descriptors and open files of the system, processes, inodes, disk blocks, memory. In each case
// the call that finds nothing left fails (or, for memory that is touched, the process is ended), nothing else
// is harmed, and afterwards all of it is there again: the runner compares the counters, the cases on the disk
// fill it twice.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/fs.h"
#include "kernel/memlayout.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "kernel/stat.h"
#include "kernel/vmstat.h"
#include "user/usertests.h"

#define SPARE  400         // frames that a case leaves alone when it is not about memory
#define FAT    64          // pages that make a process larger than the runner, for the out-of-memory killer
#define CHUNK  (16 * 1024) // bytes of a write that fills the disk
#define MANY   60000       // more inodes than an image has
#define PERDIR 500         // files in a directory

static char buf[CHUNK];

// Forks children that wait until no more can be had, then lets them go. Returns how many there were.
static int fork_all(void)
{
    struct gate g;
    int n = 0;
    ut_gate_make(&g);
    while (ut_free_pages() > SPARE) {
        int pid = fork();
        if (pid == 0) {
            ut_gate_wait(&g);
            exit(0);
        }
        if (pid < 0)
            break;
        n++;
    }
    ut_gate_open(&g);
    ut_reap(n);
    return n;
}

// As many processes as the table or memory holds, twice the same number.
static void limit_processes(void)
{
    struct vmstat vs;
    int first = fork_all(); // meanwhile the runner's own processes have all started
    vmstat(&vs);
    int before = vs.procs, n = fork_all();
    CHECK(n + before <= NPROC);
    CHECK(n + before == NPROC || vs.free < 32 * NPROC);
    CHECK(n >= 10);
    CHECK(first >= n - 2 && first <= n + 2);
}

static void bomb(void *arg)
{
    memset(ut_heap(FAT), 1, FAT * PGSIZE);
    for (int i = 0; i < 12; i++)
        fork();
    (void)arg;
}

// Everybody forks until nothing is left, memory or table; whoever is ended for it, the rest goes on.
static void limit_fork_bomb(void)
{
    ut_spawn(bomb, 0);
    int status;
    CHECK(wait(&status) > 0);
    CHECK(status == 0 || status == UT_KILLED);
}

// Children hold open files of the whole system until open fails; they tell how many they got.
static int hold_files(int fd, struct gate *g, const char *prefix, int first)
{
    char name[16];
    int n = 0;
    while (n < NOFILE) {
        if (prefix)
            ut_path(name, prefix, first + n);
        if (open(prefix ? name : "/usertests", O_RDONLY) < 0)
            break;
        n++;
    }
    CHECK_EQ(write(fd, &n, sizeof(n)), sizeof(n));
    ut_gate_wait(g);
    return n;
}

// Opens files in `procs` children until no more can be had. Returns the number of open files there were.
static int open_all(int procs, const char *prefix)
{
    struct gate g;
    int fd[2], sum = 0, n;
    ut_gate_make(&g);
    ut_pipe2(fd);
    for (int i = 0; i < procs; i++) {
        if (ut_fork() == 0) {
            hold_files(fd[1], &g, prefix, i * (NOFILE - 7));
            exit(0);
        }
        CHECK_EQ(read(fd[0], &n, sizeof(n)), sizeof(n));
        sum += n;
    }
    ut_gate_open(&g);
    ut_reap(procs);
    close(fd[0]);
    close(fd[1]);
    return sum;
}

// The system's table of open files.
static void limit_open_files(void)
{
    const int procs = NFILE / (NOFILE - 7) + 10;
    if (ut_free_pages() < (uint64)procs * 32 + SPARE)
        ut_skip("no memory for that many processes");
    int n = open_all(procs, 0);
    CHECK(n > NFILE / 2 && n <= NFILE);
    CHECK_EQ(open_all(procs, 0), n);
    int fd = ut_open("/usertests", O_RDONLY);
    close(fd);
}

// Inodes in memory: more different files open at once than NINODE.
static void limit_open_inodes(void)
{
    enum { FILES = NINODE + 30 };
    char name[16];
    const int procs = FILES / (NOFILE - 7);
    if (ut_free_pages() < (uint64)procs * 32 + SPARE)
        ut_skip("no memory for that many processes");
    for (int i = 0; i < FILES; i++) {
        ut_path(name, "i", i);
        ut_create(name, "", 0);
    }
    int n = open_all(procs, "i");
    CHECK(n > NINODE / 2);
    CHECK_EQ(open_all(procs, "i"), n);
}

// Pipes until the table of open files is full, in children that then end.
static void limit_pipes(void)
{
    struct gate g;
    int procs = 0, fd[2], n = 1, ready[2];
    ut_gate_make(&g);
    ut_pipe2(ready);
    while (n > 0 && procs < NFILE / 4 && ut_free_pages() > SPARE) {
        if (ut_fork() == 0) {
            for (n = 0; pipe(fd) == 0; n++)
                CHECK_EQ(write(fd[1], "data", 4), 4);
            CHECK_EQ(write(ready[1], &n, sizeof(n)), sizeof(n));
            ut_gate_wait(&g);
            exit(0);
        }
        CHECK_EQ(read(ready[0], &n, sizeof(n)), sizeof(n));
        procs++;
    }
    ut_gate_open(&g);
    ut_reap(procs);
}

// Many children end before anybody waits.
static void limit_zombies(void)
{
    int n = 0, pid;
    while (n < 200 && ut_free_pages() > SPARE && (pid = fork()) >= 0) {
        if (pid == 0)
            exit(0);
        n++;
    }
    CHECK(n > 10);
    ut_reap(n);
}

// Makes empty files in directories of PERDIR until there is no inode left; returns how many.
static int fill_inodes(void)
{
    char name[32];
    int n = 0, dirs = 0;
    while (n < MANY) {
        ut_path(name, "in", dirs);
        if (mkdir(name) < 0 || chdir(name) < 0)
            break;
        dirs++;
        int fd = 0;
        for (int i = 0; i < PERDIR && fd >= 0; i++) {
            ut_path(name, "f", i);
            fd = open(name, O_CREATE | O_WRONLY);
            if (fd >= 0) {
                close(fd);
                n++;
            }
        }
        CHECK_EQ(chdir(".."), 0);
        if (fd < 0)
            break;
    }
    CHECK_EQ(open("one-more", O_CREATE | O_WRONLY), -1);
    CHECK_EQ(mkdir("one-more"), -1);
    while (--dirs >= 0) {
        ut_path(name, "in", dirs);
        CHECK(ut_remove_tree(name));
    }
    return n;
}

// All inodes of the disk, twice.
static void limit_inodes(void)
{
    int n = fill_inodes();
    CHECK(n > 100);
    CHECK_EQ(fill_inodes(), n);
}

// Fills the disk with files as large as can be; returns the bytes that went in.
static uint64 fill_disk(void)
{
    char name[16];
    uint64 sum = 0;
    int files = 0, n = CHUNK;
    memset(buf, 'd', sizeof(buf));
    while (n > 0) {
        ut_path(name, "fill", files);
        int fd = open(name, O_CREATE | O_WRONLY);
        if (fd < 0)
            break;
        uint64 size = 0;
        files++;
        while (size < MAXFILE * BSIZE - CHUNK && (n = write(fd, buf, CHUNK)) > 0)
            size += n;
        CHECK_EQ(ut_size(name), size);
        sum += size;
        close(fd);
    }
    int fd = open("small", O_CREATE | O_RDWR);
    if (fd >= 0) {
        CHECK(write(fd, buf, CHUNK) < CHUNK);
        close(fd);
        unlink("small");
    }
    while (--files >= 0) {
        ut_path(name, "fill", files);
        CHECK_EQ(unlink(name), 0);
    }
    return sum;
}

// All blocks of the disk, twice.
static void limit_blocks(void)
{
    uint64 n = fill_disk();
    CHECK(n > MIB);
    CHECK_EQ(fill_disk(), n);
}

// A file of the largest size, and not one byte more.
static void limit_file_size(void)
{
    int fd = ut_open("max", O_CREATE | O_RDWR), n;
    uint64 size = 0;
    while ((n = write(fd, buf, CHUNK)) > 0)
        size += n;
    if (size != MAXFILE * BSIZE) {
        CHECK(size > 64 * MIB / 2);
        ut_skip("the disk is smaller than the largest file");
    }
    CHECK_EQ(write(fd, buf, 1), -1);
    CHECK_EQ(ut_size("max"), MAXFILE * BSIZE);
    close(fd);
}

const struct testcase ut_limit[] = {
    {"limit_processes", limit_processes, 0},       {"limit_fork_bomb", limit_fork_bomb, 0},
    {"limit_zombies", limit_zombies, 0},           {"limit_open_files", limit_open_files, 0},
    {"limit_open_inodes", limit_open_inodes, 0},   {"limit_pipes", limit_pipes, 0},
    {"limit_inodes", limit_inodes, UT_SLOW},       {"limit_blocks", limit_blocks, UT_SLOW},
    {"limit_file_size", limit_file_size, UT_SLOW}, {0},
};
