// The processor's state: registers across system calls and context switches, floating point and its
// isolation, counters, and that a spinning process does not keep the others from running.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/riscv.h"
#include "kernel/syscall.h"
#include "kernel/vmstat.h"
#include "user/usertests.h"

#define NREGS 28

// Fills every register that a system call must preserve (all but zero, ra, a0, a7) with a pattern, makes the
// call in a7 with a0 = arg, and stores the registers as it left them. Even sp, gp and tp hold nonsense during
// the call.
uint64 regs_probe(long num, long arg, uint64 *before, uint64 *after);
asm(".text\n"
    ".option push\n .option norelax\n"
    "regs_probe:\n"
    "  addi sp, sp, -128\n"
    "  sd ra, 0(sp)\n sd s0, 8(sp)\n sd s1, 16(sp)\n sd s2, 24(sp)\n sd s3, 32(sp)\n sd s4, 40(sp)\n"
    "  sd s5, 48(sp)\n sd s6, 56(sp)\n sd s7, 64(sp)\n sd s8, 72(sp)\n sd s9, 80(sp)\n sd s10, 88(sp)\n"
    "  sd s11, 96(sp)\n sd gp, 104(sp)\n sd tp, 112(sp)\n"
    "  la t0, regs_saved\n sd sp, 0(t0)\n sd a3, 8(t0)\n"
    "  mv a7, a0\n mv a0, a1\n mv ra, a2\n"
    "  ld sp, 0(ra)\n ld gp, 8(ra)\n ld tp, 16(ra)\n ld t0, 24(ra)\n ld t1, 32(ra)\n ld t2, 40(ra)\n"
    "  ld s0, 48(ra)\n ld s1, 56(ra)\n ld a1, 64(ra)\n ld a2, 72(ra)\n ld a3, 80(ra)\n ld a4, 88(ra)\n"
    "  ld a5, 96(ra)\n ld a6, 104(ra)\n ld s2, 112(ra)\n ld s3, 120(ra)\n ld s4, 128(ra)\n ld s5, 136(ra)\n"
    "  ld s6, 144(ra)\n ld s7, 152(ra)\n ld s8, 160(ra)\n ld s9, 168(ra)\n ld s10, 176(ra)\n"
    "  ld s11, 184(ra)\n ld t3, 192(ra)\n ld t4, 200(ra)\n ld t5, 208(ra)\n ld t6, 216(ra)\n"
    "  ecall\n"
    "  la ra, regs_after\n"
    "  sd sp, 0(ra)\n sd gp, 8(ra)\n sd tp, 16(ra)\n sd t0, 24(ra)\n sd t1, 32(ra)\n sd t2, 40(ra)\n"
    "  sd s0, 48(ra)\n sd s1, 56(ra)\n sd a1, 64(ra)\n sd a2, 72(ra)\n sd a3, 80(ra)\n sd a4, 88(ra)\n"
    "  sd a5, 96(ra)\n sd a6, 104(ra)\n sd s2, 112(ra)\n sd s3, 120(ra)\n sd s4, 128(ra)\n sd s5, 136(ra)\n"
    "  sd s6, 144(ra)\n sd s7, 152(ra)\n sd s8, 160(ra)\n sd s9, 168(ra)\n sd s10, 176(ra)\n"
    "  sd s11, 184(ra)\n sd t3, 192(ra)\n sd t4, 200(ra)\n sd t5, 208(ra)\n sd t6, 216(ra)\n"
    "  la t0, regs_saved\n ld sp, 0(t0)\n"
    "  ld ra, 0(sp)\n ld s0, 8(sp)\n ld s1, 16(sp)\n ld s2, 24(sp)\n ld s3, 32(sp)\n ld s4, 40(sp)\n"
    "  ld s5, 48(sp)\n ld s6, 56(sp)\n ld s7, 64(sp)\n ld s8, 72(sp)\n ld s9, 80(sp)\n ld s10, 88(sp)\n"
    "  ld s11, 96(sp)\n ld gp, 104(sp)\n ld tp, 112(sp)\n"
    "  addi sp, sp, 128\n"
    "  ret\n"
    ".option pop\n");
uint64 regs_saved[2];
uint64 regs_after[NREGS];

static void probe(long num, long arg, long want)
{
    uint64 before[NREGS];
    for (int i = 0; i < NREGS; i++)
        before[i] = 0xdead000000000001UL * (i + 3);
    memset(regs_after, 0, sizeof(regs_after));
    CHECK_EQ(regs_probe(num, arg, before, 0), want);
    for (int i = 0; i < NREGS; i++)
        CHECK_EQ(regs_after[i], before[i]);
}

// Every register but a0 comes back from a system call, and the kernel trusts none of sp, gp, tp.
static void registers_kept(void)
{
    probe(SYS_getpid, 0, getpid());
    probe(SYS_close, 99, -1);
    probe(SYS_sleep, 1, 0);
    probe(SYS_wait, 8, -1);
    probe(NSYSCALL + 5, 0, -1);
}

// Registers and floating-point registers hold over preemptions: several processes each with values of their
// own.
static uint64 __attribute__((noinline)) spin_registers(uint64 seed, uint64 rounds)
{
    uint64 bad = 0;
    asm volatile(
        "  mv t0, %1\n"
        "  addi t1, t0, 1\n addi t2, t0, 2\n addi t3, t0, 3\n addi t4, t0, 4\n addi t5, t0, 5\n"
        "  addi t6, t0, 6\n addi s2, t0, 7\n addi s3, t0, 8\n addi s4, t0, 9\n addi s5, t0, 10\n"
        "  addi s6, t0, 11\n addi s7, t0, 12\n"
        "  fmv.d.x f0, t0\n fmv.d.x f8, t1\n fmv.d.x f9, t2\n fmv.d.x f17, t3\n fmv.d.x f27, t4\n"
        "  fmv.d.x f31, t5\n"
        "  mv s8, %2\n"
        "1: addi s8, s8, -1\n bnez s8, 1b\n"
        "  addi t1, t1, -1\n addi t2, t2, -2\n addi t3, t3, -3\n addi t4, t4, -4\n addi t5, t5, -5\n"
        "  addi t6, t6, -6\n addi s2, s2, -7\n addi s3, s3, -8\n addi s4, s4, -9\n addi s5, s5, -10\n"
        "  addi s6, s6, -11\n addi s7, s7, -12\n"
        "  sub t1, t1, t0\n sub t2, t2, t0\n sub t3, t3, t0\n sub t4, t4, t0\n sub t5, t5, t0\n"
        "  sub t6, t6, t0\n sub s2, s2, t0\n sub s3, s3, t0\n sub s4, s4, t0\n sub s5, s5, t0\n"
        "  sub s6, s6, t0\n sub s7, s7, t0\n sub t0, t0, %1\n"
        "  or t0, t0, t1\n or t0, t0, t2\n or t0, t0, t3\n or t0, t0, t4\n or t0, t0, t5\n"
        "  or t0, t0, t6\n or t0, t0, s2\n or t0, t0, s3\n or t0, t0, s4\n or t0, t0, s5\n"
        "  or t0, t0, s6\n or t0, t0, s7\n"
        "  fmv.x.d t1, f0\n sub t1, t1, %1\n or t0, t0, t1\n"
        "  fmv.x.d t1, f8\n sub t1, t1, %1\n addi t1, t1, -1\n or t0, t0, t1\n"
        "  fmv.x.d t1, f9\n sub t1, t1, %1\n addi t1, t1, -2\n or t0, t0, t1\n"
        "  fmv.x.d t1, f17\n sub t1, t1, %1\n addi t1, t1, -3\n or t0, t0, t1\n"
        "  fmv.x.d t1, f27\n sub t1, t1, %1\n addi t1, t1, -4\n or t0, t0, t1\n"
        "  fmv.x.d t1, f31\n sub t1, t1, %1\n addi t1, t1, -5\n or t0, t0, t1\n"
        "  mv %0, t0\n"
        : "=&r"(bad)
        : "r"(seed), "r"(rounds)
        : "t0", "t1", "t2", "t3", "t4", "t5", "t6", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "ft0", "fs0",
          "fs1", "fa7", "fs11", "ft11");
    return bad;
}

// The probe above, in more processes than harts.
static void registers_switched(void)
{
    for (uint64 i = 1; i <= 6; i++) {
        if (ut_fork() == 0) {
            for (int round = 0; round < 4; round++)
                CHECK_EQ(spin_registers(i << 40 | i, 8000000), 0);
            exit(0);
        }
    }
    ut_reap(6);
}

static double sqrt_newton(double x)
{
    double r = x;
    for (int i = 0; i < 30; i++)
        r = (r + x / r) / 2;
    return r;
}

// Arithmetic in several processes, with system calls in between.
static void fp_compute(void)
{
    for (int i = 2; i < 8; i++) {
        if (ut_fork() == 0) {
            double sum = 0;
            for (int round = 0; round < 2000; round++) {
                double r = sqrt_newton(i);
                if (round % 16 == 0)
                    getpid();
                sum += r * r;
            }
            CHECK(sum > i * 2000 - 0.001 && sum < i * 2000 + 0.001);
            exit(0);
        }
    }
    ut_reap(6);
}

// A child starts with its parent's floating-point registers and rounding mode, and changes only its own.
static void fp_fork(void)
{
    uint64 x, mode;
    asm volatile("li t0, 0x1234\n fmv.d.x f18, t0\n li t0, 0x40\n fscsr t0" : : : "t0", "fs2");
    int pid = fork();
    asm volatile("fmv.x.d %0, f18\n frcsr %1" : "=r"(x), "=r"(mode));
    if (pid == 0)
        asm volatile("fmv.d.x f18, zero\n fscsr zero" : : : "fs2");
    CHECK(pid >= 0);
    CHECK_EQ(x, 0x1234);
    CHECK_EQ(mode, 0x40);
    if (pid == 0)
        exit(0);
    ut_reap(1);
    asm volatile("fscsr zero");
}

// Processes that spin do not keep this one from getting its turn: pipe round trips finish.
static void preemption(void)
{
    enum { SPINNERS = 10 };
    int pids[SPINNERS], a[2], b[2];
    char c = 0;
    for (int i = 0; i < SPINNERS; i++) {
        pids[i] = ut_fork();
        if (pids[i] == 0) {
            for (;;)
                ;
        }
    }
    ut_pipe2(a);
    ut_pipe2(b);
    if (ut_fork() == 0) {
        while (read(a[0], &c, 1) == 1 && c != 'q')
            CHECK_EQ(write(b[1], &c, 1), 1);
        exit(0);
    }
    for (int i = 0; i < 5; i++) {
        CHECK_EQ(write(a[1], "x", 1), 1);
        CHECK_EQ(read(b[0], &c, 1), 1);
    }
    CHECK_EQ(write(a[1], "q", 1), 1);
    CHECK_EQ(ut_wait(), 0);
    for (int i = 0; i < SPINNERS; i++)
        CHECK_EQ(kill(pids[i]), 0);
    for (int i = 0; i < SPINNERS; i++)
        CHECK_EQ(ut_wait(), UT_KILLED);
}

// A process in long system calls: the others have their turns all the same.
static void kernel_preemption(void)
{
    enum { HOGS = 8 };
    int pids[HOGS];
    const int n = 256 * KIB;
    char *p = ut_heap(n / PGSIZE);
    ut_create("f", p, n);
    for (int i = 0; i < HOGS; i++) {
        pids[i] = ut_fork();
        if (pids[i] == 0) {
            for (;;) {
                int fd = ut_open("f", O_RDONLY);
                CHECK_EQ(read(fd, p, n), n);
                close(fd);
            }
        }
    }
    int before = uptime();
    for (int i = 0; i < 3; i++)
        CHECK_EQ(sleep(1), 0);
    CHECK(uptime() - before < 100);
    for (int i = 0; i < HOGS; i++)
        CHECK_EQ(kill(pids[i]), 0);
    for (int i = 0; i < HOGS; i++)
        CHECK_EQ(ut_wait(), UT_KILLED);
}

static void spin_counting(void *arg)
{
    uint64 *n = (uint64 *)ut_heap(1);
    int fd = (int)(long)arg, end = uptime() + 10;
    while (uptime() < end)
        (*n)++;
    CHECK_EQ(write(fd, n, sizeof(*n)), sizeof(*n));
}

// Equal processes get about equal shares: none gets much less than the average.
static void fair_share(void)
{
    enum { SPINNERS = 8 };
    uint64 n[SPINNERS], sum = 0;
    int fd[2];
    ut_pipe2(fd);
    for (int i = 0; i < SPINNERS; i++)
        ut_spawn(spin_counting, (void *)(long)fd[1]);
    for (int i = 0; i < SPINNERS; i++) {
        CHECK_EQ(read(fd[0], &n[i], sizeof(n[i])), sizeof(n[i]));
        sum += n[i];
    }
    for (int i = 0; i < SPINNERS; i++)
        CHECK(n[i] >= sum / SPINNERS / 20);
    ut_reap(SPINNERS);
}

// User mode may read the three counters, and they run.
static void counters(void)
{
    uint64 c0, c1, t0, t1, i0, i1;
    asm volatile("rdcycle %0\n rdtime %1\n rdinstret %2" : "=r"(c0), "=r"(t0), "=r"(i0));
    for (volatile int i = 0; i < 100000; i++)
        ;
    asm volatile("rdcycle %0\n rdtime %1\n rdinstret %2" : "=r"(c1), "=r"(t1), "=r"(i1));
    CHECK(c1 > c0);
    CHECK(t1 > t0);
    CHECK(i1 > i0);
}

// `time` does not run backwards from one process, and one hart, to another: the value goes round a pipe.
static void time_monotonic(void)
{
    enum { READERS = 4, HOPS = 100 };
    uint64 last, now;
    int fd[2];
    ut_pipe2(fd);
    for (int i = 0; i < READERS; i++) {
        if (ut_fork() == 0) {
            for (int hop = 0; hop < HOPS; hop++) {
                CHECK_EQ(read(fd[0], &last, sizeof(last)), sizeof(last));
                asm volatile("rdtime %0" : "=r"(now));
                CHECK(now >= last);
                CHECK_EQ(write(fd[1], &now, sizeof(now)), sizeof(now));
            }
            exit(0);
        }
    }
    asm volatile("rdtime %0" : "=r"(now));
    CHECK_EQ(write(fd[1], &now, sizeof(now)), sizeof(now));
    ut_reap(READERS);
}

// uptime counts tenths of a second of the `time` register.
static void uptime_rate(void)
{
    struct vmstat vs;
    uint64 t0, t1;
    CHECK_EQ(vmstat(&vs), 0);
    int a = uptime();
    asm volatile("rdtime %0" : "=r"(t0));
    do
        asm volatile("rdtime %0" : "=r"(t1));
    while (t1 - t0 < vs.timebase / 2);
    int ticks = uptime() - a;
    CHECK(ticks >= 4);
    asm volatile("rdtime %0" : "=r"(t1));
    CHECK(ticks <= (int)((t1 - t0) * 10 / vs.timebase) + 2);
}

const struct testcase ut_cpu[] = {
    {"registers_kept", registers_kept, 0},
    {"registers_switched", registers_switched, 0},
    {"fp_compute", fp_compute, 0},
    {"fp_fork", fp_fork, 0},
    {"preemption", preemption, 0},
    {"kernel_preemption", kernel_preemption, 0},
    {"fair_share", fair_share, 0},
    {"counters", counters, 0},
    {"time_monotonic", time_monotonic, 0},
    {"uptime_rate", uptime_rate, 0},
    {0},
};
