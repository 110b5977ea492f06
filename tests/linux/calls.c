// Our programs' system calls, made of those of Linux: with this file in the place of user/usys.S,
// user/vmbench.c and the programs that it starts run there unchanged, so that both kernels are asked for the
// same work. Only what vmbench uses is here.
//
// Each is one system call of Linux, but for swapctl, which is called outside the measured part. The results
// are xv6's: -1 for an error.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/syscall.h"
#include "kernel/vmstat.h"
#include "user/user.h"
#include "tests/linux/calls.h"

#define TIMEBASE    10000000 // ticks a second, of QEMU's `virt`
#define SIGCHLD     17
#define SIGKILL     9
#define CREATE_FLAG 0100
#define TRUNC_FLAG  01000
#define MODE        0644

// Entry: argc and argv lie on the stack; ulib.c's start takes them in registers.
asm(".globl linux_start\n"
    "linux_start:\n"
    "    ld a0, 0(sp)\n"
    "    addi a1, sp, 8\n"
    "    andi sp, sp, -16\n"
    "    j start\n");

static int64 call(int64 number, int64 a, int64 b, int64 c, int64 d)
{
    int64 r = linux_call(number, a, b, c, d, 0);
    return r < 0 ? -1 : r;
}

int fork(void)
{
    return (int)call(NR_clone, SIGCHLD, 0, 0, 0);
}

int exit(int status)
{
    for (;;)
        call(NR_exit_group, status, 0, 0, 0);
}

int wait(int *status)
{
    return (int)call(NR_wait4, -1, (int64)status, 0, 0);
}

int pipe(int *fd)
{
    return (int)call(NR_pipe2, (int64)fd, 0, 0, 0);
}

int read(int fd, void *buf, int n)
{
    return (int)call(NR_read, fd, (int64)buf, n, 0);
}

int write(int fd, const void *buf, int n)
{
    return (int)call(NR_write, fd, (int64)buf, n, 0);
}

int close(int fd)
{
    return (int)call(NR_close, fd, 0, 0, 0);
}

int kill(int pid)
{
    return (int)call(NR_kill, pid, SIGKILL, 0, 0);
}

int exec(const char *path, char **argv)
{
    return (int)call(NR_execve, (int64)path, (int64)argv, 0, 0);
}

int open(const char *path, int mode)
{
    int flags = mode & (O_WRONLY | O_RDWR);
    if (mode & O_CREATE)
        flags |= CREATE_FLAG;
    if (mode & O_TRUNC)
        flags |= TRUNC_FLAG;
    return (int)call(NR_openat, AT_FDCWD, (int64)path, flags, MODE);
}

// For ulib.c, which asks for nothing here.
int fstat(int fd, struct stat *st)
{
    (void)fd;
    (void)st;
    return -1;
}

int unlink(const char *path)
{
    return (int)call(NR_unlinkat, AT_FDCWD, (int64)path, 0, 0);
}

int getpid(void)
{
    return (int)call(NR_getpid, 0, 0, 0, 0);
}

int sync(void)
{
    return (int)call(NR_sync, 0, 0, 0, 0);
}

// vmbench knows a sleep of no time only.
int sleep(int ticks)
{
    (void)ticks;
    return (int)call(NR_sched_yield, 0, 0, 0, 0);
}

// Linux is told the new break, we the growth.
char *sys_sbrk(int n, int how)
{
    static int64 end;
    (void)how;
    if (end == 0)
        end = call(NR_brk, 0, 0, 0, 0);
    int64 old = end;
    if (call(NR_brk, old + n, 0, 0, 0) != old + n)
        return SBRK_ERROR;
    end = old + n;
    return (char *)old;
}

int vmstat(struct vmstat *st)
{
    *st = (struct vmstat){.pagesize = 4096, .harts = 1, .timebase = TIMEBASE};
    return 0;
}

struct linux_sysinfo {
    uint64 uptime, loads[3], totalram, freeram, sharedram, bufferram, totalswap, freeswap;
    unsigned short procs, pad;
    uint64 totalhigh, freehigh;
    uint unit;
};

// Pages that came back from swap since boot, as /proc/vmstat says; 0 without it.
static uint64 pages_in(void)
{
    static char text[16384];
    int n = 0, r, fd = open("/proc/vmstat", O_RDONLY);
    if (fd < 0)
        return 0;
    while ((r = read(fd, text + n, (int)sizeof(text) - 1 - n)) > 0)
        n += r;
    close(fd);
    text[n] = 0;
    for (char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (memcmp(line, "pswpin ", 7) == 0)
            return (uint64)atoi(line + 7);
    }
    return 0;
}

// SWAPCTL_INFO, as far as vmbench reads it. All memory that is free at first counts as the user pool: twice
// as much is the working set.
int64 swapctl(int op, uint64 a, uint64 b)
{
    static uint64 limit;
    struct linux_sysinfo s;
    struct swapinfo *info = (struct swapinfo *)a;
    (void)op;
    (void)b;
    if (call(NR_sysinfo, (int64)&s, 0, 0, 0) < 0)
        return -1;
    if (!limit)
        limit = s.freeram * s.unit / 4096;
    *info = (struct swapinfo){.slots = s.totalswap * s.unit / 4096, .limit = limit, .reads = pages_in()};
    return 0;
}
