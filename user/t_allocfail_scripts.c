// The scripts of t_allocfail: small loads of system calls and memory, in which any allocation of the kernel
// may fail. A script looks at what succeeded and makes nothing of what failed. It runs in a process of its
// own, which may be killed in the middle; its children end when it does.
#include <stddef.h>
#include "kernel/fcntl.h"
#include "kernel/stat.h"
#include "kernel/syscall.h"
#include "user/t_allocfail.h"

#define LARGE (3 * PGSIZE)

static char large[LARGE];

static void reap_all(void)
{
    int status;
    while (wait(&status) > 0)
        if (status == T_FAILED)
            exit(T_FAILED);
}

// A child that does nothing until its parent lets go of fd, or ends. -1: none.
static int start_idler(int *fd)
{
    int ends[2];
    char c;
    if (pipe(ends) < 0)
        return -1;
    int pid = fork();
    if (pid == 0) {
        close(ends[1]);
        read(ends[0], &c, 1);
        exit(0);
    }
    close(ends[0]);
    *fd = ends[1];
    return pid;
}

static void s_file(void)
{
    int fd = open("f", O_CREATE | O_RDWR), n;
    if (fd < 0)
        return;
    t_fill(large, LARGE, 1);
    n = write(fd, large, LARGE);
    T_CHECK(n == -1 || n == LARGE);
    close(fd);
    fd = open("f", O_RDONLY);
    memset(large, 0, LARGE);
    int got = fd < 0 ? -1 : read(fd, large, LARGE);
    if (got >= 0 && n >= 0)
        T_CHECK(got == n && t_filled(large, n, 1));
    if (fd >= 0)
        close(fd);
    fd = open("f", O_WRONLY | O_TRUNC);
    if (fd >= 0)
        T_CHECK(write(fd, "abc", 3) == 3); // small ones need no memory but for the disk's blocks
    close(fd);
}

static void s_names(void)
{
    struct stat st;
    int fd;
    if (mkdir("d") == 0 && chdir("d") == 0) {
        fd = open("x", O_CREATE | O_RDWR);
        T_CHECK(fd < 0 || fstat(fd, &st) == 0);
        int copy = dup(fd);
        T_CHECK(fd < 0 || copy >= 0);
        close(fd);
        close(copy);
        if (link("x", "y") == 0)
            T_CHECK(fd >= 0);
        if (rename("y", "../z") == 0 && (fd = open("../z", O_RDONLY)) >= 0)
            close(fd);
        mknod("dev", 1, 0);
        unlink("x");
        unlink("y");
        unlink("dev");
        T_EQ(chdir(DIR), 0); // its inodes are in memory
    }
    unlink("z");
    unlink("d");
    sync();
}

static void s_pipe(void)
{
    int fd[2], status;
    if (pipe(fd) < 0)
        return;
    int pid = fork();
    if (pid == 0) {
        close(fd[0]);
        t_fill(large, LARGE, 3);
        exit(write(fd[1], large, LARGE) == LARGE ? 0 : 1);
    }
    close(fd[1]);
    memset(large, 0, LARGE);
    int got = 0, n = 0;
    while (got < LARGE && (n = read(fd[0], large + got, LARGE - got)) > 0)
        got += n;
    close(fd[0]);
    T_CHECK(t_filled(large, got, 3));
    if (pid > 0 && wait(&status) == pid && status == 0 && n >= 0)
        T_EQ(got, LARGE);
    T_CHECK(pid > 0 || got == 0);
}

// The status goes to a page that has no frame yet.
static void s_fork_wait(void)
{
    int *status = (int *)sbrk(PGSIZE);
    int pid = fork();
    if (pid == 0)
        exit(7);
    if (pid < 0 || (char *)status == SBRK_ERROR)
        return;
    int got = wait(status);
    if (got < 0) // no page for the status: it waits for us until there is one
        got = wait(0);
    else
        T_CHECK(*status == 7 || *status == T_KILLED);
    T_EQ(got, pid);
}

static void s_fork_deep(void)
{
    int status, pid = fork();
    if (pid == 0) {
        pid = fork();
        if (pid == 0) {
            fat[PGSIZE]++;
            exit(fat[PGSIZE] - 2);
        }
        fat[0]++;
        if (pid > 0 && wait(&status) == pid)
            T_CHECK(status == 0 || status == T_KILLED);
        exit(0);
    }
    reap_all();
    T_CHECK(fat[0] == 1 && fat[PGSIZE] == 1);
}

static void s_exec(void)
{
    static char arg[PGSIZE - 100];
    char *argv[] = {"true", arg, "x", arg, 0};
    memset(arg, 'a', sizeof(arg) - 1);
    int status, pid = fork();
    if (pid == 0) {
        exec("/no", argv);
        exec("/true", argv);
        exit(1);
    }
    if (pid > 0 && wait(&status) == pid)
        T_CHECK(status == 0 || status == 1 || status == T_KILLED);
}

static void s_exec_large(void)
{
    char *argv[] = {"/t_allocfail", "nothing", 0};
    int status, pid = fork();
    if (pid == 0) {
        exec(argv[0], argv);
        exit(1);
    }
    if (pid > 0 && wait(&status) == pid)
        T_CHECK(status == 0 || status == 1 || status == T_KILLED);
}

static void s_heap(void)
{
    enum { N = 24 };
    char *p = sbrk(N * PGSIZE);
    if (p == SBRK_ERROR)
        return;
    for (int i = 0; i < N; i += 2)
        T_EQ(t_peek(p + i * PGSIZE), 0);
    for (int i = 0; i < N; i++)
        p[i * PGSIZE] = i;
    for (int i = 0; i < N; i++)
        T_EQ(p[i * PGSIZE], i);
    T_CHECK(sbrk(-N * PGSIZE) != SBRK_ERROR);
}

static void s_sparse(void)
{
    char *p = sbrk(GIB);
    if (p == SBRK_ERROR)
        return;
    for (uint64 i = 0; i < 64 * MIB; i += 8 * MIB)
        t_peek(p + i);
    p[GIB - 1] = 1;
    p[GIB / 2] = 2;
    T_CHECK(p[GIB - 1] == 1 && p[GIB / 2] == 2);
    T_CHECK(sbrk(-(int)GIB) != SBRK_ERROR);
}

static void s_stack(void)
{
    for (int i = 2; i < 12; i++)
        t_stack_reach((char *)USTACK_TOP - i * PGSIZE);
    t_stack_reach((char *)USTACK_TOP - 5 * MIB);
}

static void s_cow(void)
{
    enum { N = 8 };
    int pid = fork();
    for (int i = 0; i < N; i++)
        fat[i * PGSIZE] = pid == 0 ? 3 : 4;
    for (int i = 0; i < N; i++)
        T_EQ(fat[i * PGSIZE], pid == 0 ? 3 : 4);
    if (pid == 0)
        exit(0);
    reap_all();
}

// The kernel's own accesses to memory that is not there yet, or shared.
static void s_copies(void)
{
    char *p = sbrk(8 * PGSIZE);
    int fd = open("f", O_CREATE | O_RDWR), fd2[2] = {-1, -1}, hold = -1;
    int pid = start_idler(&hold);
    if (p != SBRK_ERROR && fd >= 0) {
        int n = write(fd, p, 2 * PGSIZE);
        T_CHECK(n <= 2 * PGSIZE);
        close(fd);
        fd = open("f", O_RDONLY);
        n = fd < 0 ? -1 : read(fd, p + 3 * PGSIZE, 2 * PGSIZE);
        T_CHECK(n <= 0 || t_is_all(p + 3 * PGSIZE, n, 0));
        if (fd >= 0)
            n = read(fd, fat + 5 * PGSIZE, 100);
    }
    close(fd);
    if (p != SBRK_ERROR && pipe((int *)(p + 6 * PGSIZE)) == 0)
        memmove(fd2, p + 6 * PGSIZE, sizeof(fd2));
    if (fd2[0] >= 0) {
        T_EQ(write(fd2[1], "x", 1), 1);
        int n = read(fd2[0], p + 7 * PGSIZE, 1);
        T_CHECK(n == 1 ? p[7 * PGSIZE] == 'x' : n == -1);
        close(fd2[0]);
        close(fd2[1]);
    }
    close(hold);
    T_EQ(wait(0), pid);
}

static void s_float(void)
{
    volatile double x = 1.5;
    x = x * x;
    int pid = fork();
    x = x + 1;
    T_CHECK(x == 3.25);
    if (pid == 0)
        exit(0);
    reap_all();
}

static void s_info(void)
{
    char *p = sbrk(4 * PGSIZE);
    char word[16];
    T_EQ(vmstat((struct vmstat *)fat), 0);
    T_EQ(procinfo(getpid(), (struct procinfo *)fat), 0);
    T_EQ(vmainfo(getpid(), 0, (struct vmainfo *)fat), 0);
    T_EQ(pageinfo(fat, FAT, (struct pageinfo *)fat), FAT);
    if (p != SBRK_ERROR) {
        vmstat((struct vmstat *)p);
        procinfo(getpid(), (struct procinfo *)(p + PGSIZE));
        vmainfo(getpid(), 0, (struct vmainfo *)(p + 2 * PGSIZE));
        pageinfo(p, 4, (struct pageinfo *)(p + 3 * PGSIZE));
    }
    T_EQ(bootarg("no such word", word, sizeof(word)), -1);
    T_CHECK(uptime() >= 0);
    T_EQ(sleep(0), 0);
    T_EQ(kill(1000000000), -1);
    T_EQ(debug(DEBUG_AUDIT), 0);
}

static void s_kill(void)
{
    int hold = -1, status;
    int pid = start_idler(&hold);
    if (pid > 0) {
        T_EQ(kill(pid), 0);
        T_EQ(wait(&status), pid);
        T_EQ(status, T_KILLED);
    }
    close(hold);
}

// A space with many page tables is copied.
static void s_spread(void)
{
    enum { N = 8 };
    char *p = sbrk(N * 2 * MIB);
    if (p == SBRK_ERROR)
        return;
    for (uint64 i = 0; i < N; i++)
        p[i * 2 * MIB] = i;
    int pid = fork();
    for (uint64 i = 0; i < N; i++)
        T_EQ(p[i * 2 * MIB], i);
    if (pid == 0)
        exit(0);
    reap_all();
}

static void s_generations(void)
{
    int pid = 0;
    for (int i = 0; i < 3 && pid == 0; i++)
        pid = fork();
    T_CHECK(t_is_all(fat, 2 * PGSIZE, 1));
    fat[getpid() % FAT * PGSIZE] = 9;
    if (pid > 0) {
        reap_all();
        T_EQ(fat[getpid() % FAT * PGSIZE], 9);
    }
}

// Pages that are out come back: by a read, a write, the kernel's copy, shared after a fork, as neighbours.
static void s_swap(void)
{
    enum { N = 24 };
    int fd = open("f", O_CREATE | O_RDWR);
    for (int i = 0; i < N; i++)
        fat[i * PGSIZE] = i;
    swapctl(SWAPCTL_PAGEOUT, (uint64)fat, N * PGSIZE);
    for (int i = 0; i < N / 2; i++)
        T_EQ(fat[i * PGSIZE], i);
    int pid = fork();
    for (int i = N / 2; i < N; i++) {
        T_EQ(fat[i * PGSIZE], i);
        fat[i * PGSIZE] = 50 + i;
    }
    for (int i = N / 2; i < N; i++)
        T_EQ(fat[i * PGSIZE], 50 + i);
    swapctl(SWAPCTL_PAGEOUT, (uint64)fat, N * PGSIZE);
    if (pid == 0)
        exit(0);
    if (fd >= 0) {
        int n = write(fd, fat, N * PGSIZE);
        T_CHECK(n <= N * PGSIZE);
        swapctl(SWAPCTL_PAGEOUT, (uint64)fat, N * PGSIZE);
        close(fd);
        fd = open("f", O_RDONLY);
        n = fd < 0 ? -1 : read(fd, fat, N * PGSIZE);
        for (int i = 0; i < N; i++)
            T_EQ(fat[i * PGSIZE], i < N / 2 ? i : 50 + i);
        close(fd);
    }
    reap_all();
}

// A program with more areas than a space has room for at first. It forks and exits.
static void s_segments(void)
{
    char *argv[] = {SEGMENTS, 0};
    int status, pid = fork();
    if (pid == 0) {
        exec(argv[0], argv);
        exit(1);
    }
    if (pid > 0 && wait(&status) == pid)
        T_CHECK(status == 0 || status == 1 || status == T_KILLED);
}

const struct script scripts[] = {
    {"file", s_file, 0},
    {"names", s_names, 0},
    {"pipe", s_pipe, 0},
    {"wait", s_fork_wait, 0},
    {"fork", s_fork_deep, 0},
    {"exec", s_exec, 1},
    {"exec_large", s_exec_large, 1},
    {"heap", s_heap, 0},
    {"sparse", s_sparse, 0},
    {"stack", s_stack, 0},
    {"cow", s_cow, 0},
    {"copies", s_copies, 0},
    {"float", s_float, 0},
    {"info", s_info, 0},
    {"kill", s_kill, 0},
    {"spread", s_spread, 0},
    {"generations", s_generations, 0},
    {"swap", s_swap, 0},
    {"segments", s_segments, 1},
    {0},
};
