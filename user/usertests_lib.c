// Helpers of the regression suite: checks, child processes, gates, files and patterns. Nothing here is a
// test. Contracts are in usertests.h. The rule for statuses: a child that has reported its failure
// (UT_REPORTED) makes whoever reaps it here exit with the same status, so that one failure prints one line
// however deep it happened.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/fs.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "kernel/stat.h"
#include "kernel/syscall.h"
#include "kernel/vmstat.h"
#include "user/usertests.h"

#define POLL_LIMIT 300 // ticks of 100 ms that ut_until waits at most

const char *ut_name = "?";

void ut_check(bool ok, const char *what, const char *file, int line)
{
    if (ok)
        return;
    printf("%s: FAILED %s (%s:%d)\n", ut_name, what, file, line);
    exit(UT_REPORTED);
}

void ut_check_eq(long a, long b, const char *what, const char *file, int line)
{
    if (a == b)
        return;
    printf("%s: FAILED %s: %ld, not %ld (%s:%d)\n", ut_name, what, a, b, file, line);
    exit(UT_REPORTED);
}

void ut_skip(const char *why)
{
    printf("%s: skipped: %s\n", ut_name, why);
    exit(UT_SKIPPED);
}

int ut_fork(void)
{
    int pid = fork();
    CHECK(pid >= 0);
    return pid;
}

int ut_spawn(void (*body)(void *), void *arg)
{
    int pid = ut_fork();
    if (pid == 0) {
        body(arg);
        exit(0);
    }
    return pid;
}

void ut_exit0(void *arg)
{
    exit(arg != 0);
}

int ut_wait(void)
{
    int status = 0;
    CHECK(wait(&status) > 0);
    if (status == UT_REPORTED || status == UT_SKIPPED)
        exit(status);
    return status;
}

int ut_status(void (*body)(void *), void *arg)
{
    ut_spawn(body, arg);
    return ut_wait();
}

void ut_reap(int children)
{
    for (int i = 0; i < children; i++)
        CHECK_EQ(ut_wait(), 0);
}

int ut_exec_status(const char *path, char **argv)
{
    if (ut_fork() == 0) {
        exec(path, argv);
        ut_check(false, "exec", path, 0);
    }
    return ut_wait();
}

void ut_gate_make(struct gate *g)
{
    ut_pipe2(g->fd);
}

void ut_gate_wait(struct gate *g)
{
    char c;
    close(g->fd[1]);
    CHECK_EQ(read(g->fd[0], &c, 1), 0);
    close(g->fd[0]);
}

void ut_gate_open(struct gate *g)
{
    close(g->fd[0]);
    close(g->fd[1]);
}

void ut_until(bool (*cond)(void *), void *arg, const char *what)
{
    for (int i = 0; i < POLL_LIMIT; i++) {
        if (cond(arg))
            return;
        sleep(1);
    }
    ut_check(false, what, "waited in vain", 0);
}

bool ut_is_state(int pid, int state)
{
    struct procinfo pi;
    return procinfo(pid, &pi) == 0 && pi.pid == pid && pi.state == state;
}

struct statewait {
    int pid;
    int state;
};

static bool state_reached(void *arg)
{
    struct statewait *w = arg;
    return ut_is_state(w->pid, w->state);
}

void ut_until_state(int pid, int state)
{
    struct statewait w = {pid, state};
    ut_until(state_reached, &w, "process reaches a state");
}

long ut_syscall(long num, const uint64 arg[6])
{
    register uint64 a0 asm("a0") = arg[0];
    register uint64 a1 asm("a1") = arg[1];
    register uint64 a2 asm("a2") = arg[2];
    register uint64 a3 asm("a3") = arg[3];
    register uint64 a4 asm("a4") = arg[4];
    register uint64 a5 asm("a5") = arg[5];
    register uint64 a7 asm("a7") = num;
    asm volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7) : "memory");
    return a0;
}

void ut_pipe2(int fd[2])
{
    CHECK_EQ(pipe(fd), 0);
}

int ut_open(const char *path, int flags)
{
    int fd = open(path, flags);
    CHECK(fd >= 0);
    return fd;
}

void ut_create(const char *path, const void *s, int n)
{
    int fd = ut_open(path, O_CREATE | O_TRUNC | O_WRONLY);
    CHECK_EQ(write(fd, s, n), n);
    CHECK_EQ(close(fd), 0);
}

long ut_size(const char *path)
{
    struct stat st;
    return stat(path, &st) < 0 ? -1 : (long)st.size;
}

void ut_same(const char *path, const void *s, int n)
{
    const char *want = s;
    char buf[256];
    int got, fd = ut_open(path, O_RDONLY);
    while ((got = read(fd, buf, sizeof(buf))) > 0) {
        CHECK(got <= n);
        CHECK_EQ(memcmp(buf, want, got), 0);
        want += got;
        n -= got;
    }
    CHECK_EQ(got, 0);
    CHECK_EQ(n, 0);
    close(fd);
}

// The pattern has no short period, so that a page in the place of another one shows.
static uchar pattern(uint64 i, uint seed)
{
    return (uchar)((i + seed) * 2654435761UL >> 13);
}

void ut_fill(void *p, uint64 n, uint seed)
{
    for (uint64 i = 0; i < n; i++)
        ((uchar *)p)[i] = pattern(i, seed);
}

bool ut_filled(const void *p, uint64 n, uint seed)
{
    for (uint64 i = 0; i < n; i++) {
        if (((const uchar *)p)[i] != pattern(i, seed))
            return false;
    }
    return true;
}

bool ut_is_all(const void *p, uint64 n, uchar c)
{
    for (uint64 i = 0; i < n; i++) {
        if (((const uchar *)p)[i] != c)
            return false;
    }
    return true;
}

void ut_path(char *buf, const char *prefix, int i)
{
    char digits[12];
    int n = 0;
    strcpy(buf, prefix);
    do {
        digits[n++] = '0' + i % 10;
        i /= 10;
    } while (i > 0);
    char *p = buf + strlen(buf);
    while (n > 0)
        *p++ = digits[--n];
    *p = 0;
}

// Removes what one pass over the directory finds; unlinking while reading leaves holes, not moved entries.
static bool remove_entries(int fd, const char *dir)
{
    struct dirent de;
    char path[MAXPATH];
    int len = strlen(dir);
    if (len + 1 + DIRSIZ + 1 > (int)sizeof(path))
        return false;
    strcpy(path, dir);
    path[len] = '/';
    while (read(fd, &de, sizeof(de)) == sizeof(de)) {
        if (de.inum == 0 || strcmp(de.name, ".") == 0 || strcmp(de.name, "..") == 0)
            continue;
        memmove(path + len + 1, de.name, DIRSIZ);
        path[len + 1 + DIRSIZ] = 0;
        if (!ut_remove_tree(path))
            return false;
    }
    return true;
}

bool ut_remove_tree(const char *path)
{
    if (unlink(path) == 0)
        return true;
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return false;
    bool ok = remove_entries(fd, path);
    close(fd);
    return ok && unlink(path) == 0;
}

char *ut_heap(uint64 pages)
{
    uint64 end = (uint64)sbrk(0);
    uint64 pad = PGROUNDUP(end) - end;
    CHECK(sbrk(pad) == (char *)end);
    for (uint64 left = pages * PGSIZE, n; left > 0; left -= n) { // sbrk takes an int
        n = MIN(left, 1UL << 30);
        CHECK(sbrk(n) != SBRK_ERROR);
    }
    return (char *)end + pad;
}

uint64 ut_free_pages(void)
{
    struct vmstat vs;
    CHECK_EQ(vmstat(&vs), 0);
    return vs.free - vs.kfree + vs.swap_slots - vs.swap_used;
}

uint64 ut_slack(void)
{
    struct swapinfo si;
    return swapctl(SWAPCTL_INFO, (uint64)&si, 0) == 0 && si.slots > 0 ? si.limit : 0;
}

uint64 ut_own_pages(void)
{
    struct procinfo pi;
    CHECK_EQ(procinfo(getpid(), &pi), 0);
    return pi.resident + pi.swapped;
}

// The stack grows where the stack pointer is, so it goes there for a moment.
void ut_grow_stack(void *at)
{
    asm volatile("mv t0, sp\n mv sp, %0\n lb t1, (sp)\n mv sp, t0" : : "r"(at) : "t0", "t1", "memory");
}

uint ut_rand(uint *state)
{
    uint x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}
