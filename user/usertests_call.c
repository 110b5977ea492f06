// The system-call interface itself: numbers that mean nothing, operations that do not exist, and calls with
// random arguments from a pool of nasty ones.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/memlayout.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "kernel/syscall.h"
#include "user/usertests.h"

#define LONGEST 5000 // bytes or pages of a random call

// Numbers of no system call: outside the table, and such that only their lower half is one.
static void call_unknown(void)
{
    const uint64 arg[6] = {1, 2, 3, 4, 5, 6};
    long num[] = {0, -1, NSYSCALL, NSYSCALL + 1, 1000, 1L << 32 | SYS_getpid, 1L << 63, 0x7fffffff, -4096};
    for (int i = 0; i < NELEM(num); i++)
        CHECK_EQ(ut_syscall(num[i], arg), -1);
}

// Operations outside the lists of ttyctl, debug and shutdown are refused.
static void call_bad_operation(void)
{
    int bad[] = {-1, 99, 0x7fffffff, -0x7fffffff - 1};
    for (int i = 0; i < NELEM(bad); i++) {
        CHECK_EQ(ttyctl(bad[i], 0), -1);
        CHECK_EQ(debug(bad[i]), -1);
        CHECK_EQ(shutdown(bad[i], 0), -1);
    }
}

// The console's modes, there and back. (The foreground job is the shell's business.)
static void call_ttyctl(void)
{
    CHECK_EQ(ttyctl(TTY_RAW, 0), 0);
    CHECK_EQ(ttyctl(TTY_RAW, 0), 0);
    CHECK_EQ(ttyctl(TTY_COOKED, 0), 0);
}

// Extra argument registers and the upper halves of int arguments do not matter or are refused; they do no
// harm.
static void call_wide_ints(void)
{
    uint64 arg[6] = {1UL << 32, 0, 0, 7, 8, 9};
    int fd = ut_open("f", O_CREATE | O_RDWR);
    arg[0] = 1UL << 32 | fd;
    long r = ut_syscall(SYS_close, arg);
    CHECK(r == 0 || r == -1);
    arg[0] = 5;
    CHECK_EQ(ut_syscall(SYS_getpid, arg), getpid());
}

// Calls that a random caller may make: nothing that ends the machine, waits for ever or kills strangers.
static const int harmless[] = {
    SYS_fork,  SYS_wait,   SYS_read,   SYS_exec,    SYS_fstat,  SYS_chdir,    SYS_dup,      SYS_getpid,
    SYS_sbrk,  SYS_uptime, SYS_open,   SYS_write,   SYS_mknod,  SYS_unlink,   SYS_link,     SYS_mkdir,
    SYS_close, SYS_fsync,  SYS_rename, SYS_bootarg, SYS_vmstat, SYS_pageinfo, SYS_procinfo, SYS_vmainfo,
};

static uint64 nasty(uint *rnd, char *heap)
{
    const uint64 pool[] = {
        0,
        1,
        2,
        3,
        4,
        5,
        16,
        64,
        1000,
        PGSIZE - 1,
        PGSIZE,
        0x7fffffff,
        0x80000000,
        0xffffffff,
        -1UL,
        -2UL,
        -8UL,
        -4096UL,
        (uint64)heap,
        (uint64)heap + 1,
        (uint64)heap + PGSIZE - 2,
        (uint64)heap + PGSIZE,
        (uint64)heap + 8 * PGSIZE - 3,
        (uint64) "a",
        (uint64) "b",
        (uint64) "b/c",
        (uint64) ".",
        (uint64) "",
        (uint64)nasty,
        USTACK_TOP,
        USTACK_TOP - 8,
        USTACK_TOP - MIB,
        MAXVA - 1,
        MAXVA,
        DIRECT_BASE,
        KSTACK_BASE,
        DIRECT_BASE + KERNBASE,
        O_CREATE | O_RDWR,
        O_TRUNC | O_RDWR,
        SBRK_LAZY,
        1UL << 63,
        1UL << 38,
    };
    return pool[ut_rand(rnd) % NELEM(pool)];
}

// There may be a heap of gigabytes after some calls of sbrk: counts that would take too long are cut.
static void cut_counts(int num, uint64 arg[6])
{
    int *count = (int *)&arg[num == SYS_pageinfo ? 1 : 2];
    if ((num == SYS_write || num == SYS_read || num == SYS_pageinfo) && *count > LONGEST)
        *count = LONGEST;
}

static void fuzz(uint seed)
{
    char *heap = ut_heap(8);
    for (int fd = 0; fd < 3; fd++) { // not the console
        close(fd);
        ut_open("/usertests", O_RDONLY);
    }
    for (int i = 0; i < 400; i++) {
        uint64 arg[6];
        int num = harmless[ut_rand(&seed) % NELEM(harmless)];
        for (int j = 0; j < 6; j++)
            arg[j] = nasty(&seed, heap);
        cut_counts(num, arg);
        int me = getpid();
        ut_syscall(num, arg);
        if (getpid() != me)
            exit(0);
    }
    exit(0);
}

// Random calls: any result will do, a write over one's own memory may even end the process; the kernel lives.
static void call_fuzz(void)
{
    for (uint seed = 1; seed <= 24; seed++) {
        if (ut_fork() == 0)
            fuzz(seed * 7919);
        if (seed % 4 == 0) {
            for (int i = 0; i < 4; i++)
                CHECK(wait(0) > 0);
        }
    }
}

const struct testcase ut_call[] = {
    {"call_unknown", call_unknown, 0}, {"call_bad_operation", call_bad_operation, 0},
    {"call_ttyctl", call_ttyctl, 0},   {"call_wide_ints", call_wide_ints, 0},
    {"call_fuzz", call_fuzz, 0},       {0},
};
