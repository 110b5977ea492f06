// Memory of one process: sbrk and its limits, lazily filled heap, stack growth, what fresh memory contains.
// Sharing after fork is in usertests_cow.c, illegal accesses in usertests_fault.c. Free-frame counts are
// those of the whole machine, so they are compared with some slack: other processes are idle, but page tables
// come and go.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/memlayout.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "kernel/syscall.h"
#include "kernel/vmstat.h"
#include "user/usertests.h"

#define SEED  5
#define SLACK 8 // frames that the page tables of a test may take

static long raw_sbrk(long n)
{
    uint64 arg[6] = {n, SBRK_EAGER};
    return ut_syscall(SYS_sbrk, arg);
}

static void touch(void *addr)
{
    *(volatile char *)addr = 1;
}

// Growing returns the old break and zeroed memory; the break counts bytes.
static void sbrk_grow(void)
{
    char *a = sbrk(0);
    CHECK(sbrk(1) == a);
    CHECK(sbrk(0) == a + 1);
    CHECK(*a == 0);
    *a = 1;
    CHECK(sbrk(3 * PGSIZE) == a + 1);
    CHECK(ut_is_all(a + 1, 3 * PGSIZE, 0));
    ut_fill(a, 3 * PGSIZE, SEED);
    CHECK(ut_filled(a, 3 * PGSIZE, SEED));
}

// Many small steps, across page boundaries.
static void sbrk_steps(void)
{
    char *start = sbrk(0), *p = start;
    for (int i = 1; i < 400; i++) {
        CHECK(sbrk(i) == p);
        p[i - 1] = i;
        p += i;
    }
    CHECK(sbrk(0) == p);
    CHECK(sbrk(start - p) == p);
    CHECK(sbrk(0) == start);
}

// What is given back is gone at once, and comes back zeroed.
static void sbrk_shrink(void)
{
    char *p = ut_heap(8);
    ut_fill(p, 8 * PGSIZE, SEED);
    CHECK(sbrk(-4 * PGSIZE) == p + 8 * PGSIZE);
    CHECK_EQ(ut_status(touch, p + 4 * PGSIZE), UT_KILLED);
    CHECK_EQ(ut_status(touch, p + 8 * PGSIZE - 1), UT_KILLED);
    CHECK(ut_filled(p, 4 * PGSIZE, SEED));
    CHECK(sbrk(4 * PGSIZE) == p + 4 * PGSIZE);
    CHECK(ut_is_all(p + 4 * PGSIZE, 4 * PGSIZE, 0));
    CHECK(ut_filled(p, 4 * PGSIZE, SEED));
}

// Giving back part of a page keeps the rest of it.
static void sbrk_shrink_part(void)
{
    char *p = ut_heap(2);
    ut_fill(p, 2 * PGSIZE, SEED);
    CHECK(sbrk(-100) == p + 2 * PGSIZE);
    CHECK(ut_filled(p, 2 * PGSIZE - 100, SEED));
    CHECK(sbrk(-PGSIZE) != SBRK_ERROR);
    CHECK(ut_filled(p, PGSIZE - 100, SEED));
    CHECK(sbrk(100 + PGSIZE) != SBRK_ERROR);
    CHECK(ut_is_all(p + PGSIZE, PGSIZE, 0));
}

// Memory given back is free at once, not only at exit.
static void sbrk_frees(void)
{
    const uint64 slack = ut_slack();
    const int pages = 64 + 2 * slack;
    char *p = ut_heap(pages);
    uint64 before = ut_free_pages();
    memset(p, 1, pages * PGSIZE);
    CHECK(ut_free_pages() + pages <= before + slack);
    CHECK(sbrk(-pages * PGSIZE) != SBRK_ERROR);
    CHECK(ut_free_pages() + SLACK + slack >= before);
}

// Refused: below the start of the heap, beyond the address space, sums that wrap. Nothing changes.
static void sbrk_limits(void)
{
    char *brk = sbrk(0);
    long bad[] = {-1, -PGSIZE, -100000L * PGSIZE, -(long)brk, -(long)brk - 1, -0x7fffffffL - 1};
    for (int i = 0; i < NELEM(bad); i++) {
        CHECK_EQ(raw_sbrk(bad[i]), -1);
        CHECK(sbrk(0) == brk);
    }
    CHECK(ut_heap(1) != 0);
    CHECK_EQ(raw_sbrk(-3 * PGSIZE), -1);
    raw_sbrk(sbrk(0) - brk > 0 ? brk - (char *)sbrk(0) : 0);
    CHECK(sbrk(0) == brk);
}

// Address space by the GiB until it ends: a refusal, no memory used, and the old heap as it was.
static void sbrk_huge(void)
{
    char *p = ut_heap(1);
    uint64 before = ut_free_pages();
    int steps = 0;
    *p = 42;
    while (sbrk(1 << 30) != SBRK_ERROR)
        CHECK(++steps <= MAXVA >> 30);
    CHECK(ut_free_pages() + SLACK + ut_slack() >= before);
    CHECK_EQ(*p, 42);
    if (steps > 0) {
        char *last = (char *)sbrk(0) - 1;
        *last = 1;
        CHECK_EQ(*last, 1);
    }
    CHECK(sbrk(0) < (char *)USTACK_TOP - USERSTACK * PGSIZE);
    for (; steps > 0; steps--)
        CHECK(sbrk(-(1 << 30)) != SBRK_ERROR);
    CHECK(ut_free_pages() + SLACK + ut_slack() >= before);
    CHECK_EQ(*p, 42);
}

// A large heap costs only what is touched, and the other pages read zero.
static void lazy_sparse(void)
{
    const uint64 span = 512 * MIB, step = 16 * MIB;
    char *p = sbrk(span);
    CHECK(p != SBRK_ERROR);
    uint64 before = ut_free_pages();
    for (uint64 i = 0; i < span; i += step)
        p[i] = i / step + 1;
    CHECK(before <= ut_free_pages() + 3 * (span / step) + SLACK + ut_slack());
    for (uint64 i = 0; i < span; i += step) {
        CHECK_EQ((uchar)p[i], i / step + 1);
        CHECK_EQ(p[i + step / 2], 0);
    }
}

// The system calls' buffers may be pages that were never touched.
static void lazy_syscalls(void)
{
    const int n = 8 * PGSIZE;
    char *p = ut_heap(8), *q = ut_heap(8);
    ut_create("f", p, n);
    int fd = ut_open("f", O_RDONLY);
    CHECK_EQ(read(fd, q + 1, n - 1), n - 1);
    CHECK(ut_is_all(q, n, 0));
    int fds[2];
    ut_pipe2(fds);
    char *a = ut_heap(2), *b = ut_heap(2);
    CHECK_EQ(write(fds[1], a + PGSIZE - 50, 100), 100);
    CHECK_EQ(read(fds[0], b + PGSIZE - 50, 100), 100);
}

// A child inherits untouched pages as such.
static void lazy_fork(void)
{
    char *p = ut_heap(4);
    p[0] = 1;
    if (ut_fork() == 0) {
        CHECK_EQ(p[0], 1);
        CHECK(ut_is_all(p + PGSIZE, 3 * PGSIZE, 0));
        memset(p, 2, 4 * PGSIZE);
        exit(0);
    }
    ut_reap(1);
    CHECK_EQ(p[0], 1);
    CHECK(ut_is_all(p + PGSIZE, 3 * PGSIZE, 0));
}

// Shrinking in the child leaves the parent's heap alone.
static void sbrk_fork(void)
{
    char *p = ut_heap(8);
    ut_fill(p, 8 * PGSIZE, SEED);
    if (ut_fork() == 0) {
        CHECK(sbrk(-8 * PGSIZE) != SBRK_ERROR);
        exit(0);
    }
    ut_reap(1);
    CHECK(ut_filled(p, 8 * PGSIZE, SEED));
}

// Each level fills a page-sized frame and checks it on the way back.
static int __attribute__((noinline)) descend(int depth)
{
    volatile char frame[PGSIZE];
    for (int i = 0; i < PGSIZE; i += 512)
        frame[i] = depth;
    int below = depth > 1 ? descend(depth - 1) : 0;
    for (int i = 0; i < PGSIZE; i += 512)
        CHECK_EQ(frame[i], (char)depth);
    return below + 1;
}

// Recursion as deep as a few MiB, or as the machine's memory allows.
static void stack_grow(void)
{
    uint64 depth = MIN(ut_free_pages() / 4, 6 * MIB / PGSIZE);
    CHECK_EQ(descend(depth), depth);
    CHECK_EQ(descend(depth), depth);
}

static void run_away(void *arg)
{
    int depth = *(int *)arg;
    descend(depth);
}

// Recursion without an end is ended at the limit.
static void stack_overflow(void)
{
    int depth = USERSTACK + 16;
    if (ut_free_pages() < 2 * USERSTACK)
        ut_skip("less memory than a full stack takes");
    CHECK_EQ(ut_status(run_away, &depth), UT_KILLED);
}

// Exactly USERSTACK pages, whether they are reached step by step or at once.
static void stack_limit(void)
{
    char *lowest = (char *)USTACK_TOP - USERSTACK * PGSIZE;
    CHECK_EQ(ut_status(ut_grow_stack, lowest + USERSTACK * PGSIZE / 2), 0);
    CHECK_EQ(ut_status(ut_grow_stack, lowest), 0);
    CHECK_EQ(ut_status(ut_grow_stack, lowest - 1), UT_KILLED);
    CHECK_EQ(ut_status(ut_grow_stack, lowest - 16 * PGSIZE), UT_KILLED);
    CHECK_EQ(ut_status(touch, (char *)USTACK_TOP), UT_KILLED);
    ut_grow_stack(lowest);
    touch(lowest);
    CHECK_EQ(ut_status(touch, lowest - 1), UT_KILLED);
}

// The stack grows for the kernel's accesses too.
static void __attribute__((noinline)) stack_syscall(void)
{
    char area[2 * MIB], *p = area;
    asm volatile("" : "+r"(p));
    int fd = ut_open("/usertests", O_RDONLY);
    CHECK_EQ(read(fd, p, 10), 10);
    CHECK(p[1] == 'E' && p[10] == 0);
    CHECK_EQ(read(fd, p + MIB, 5000), 5000);
}

// And not beyond its limit.
static void stack_syscall_limit(void)
{
    char *lowest = (char *)USTACK_TOP - USERSTACK * PGSIZE;
    int fd = ut_open("/usertests", O_RDONLY);
    ut_grow_stack(lowest);
    CHECK_EQ(read(fd, lowest - 8, 16), -1);
    CHECK_EQ(read(fd, lowest, 16), 16);
    CHECK(lowest[1] == 'E');
}

// Pages of the stack that were never used are zero.
static void stack_fresh(void)
{
    ut_grow_stack((char *)USTACK_TOP - 4 * MIB);
    CHECK(ut_is_all((char *)USTACK_TOP - 4 * MIB, 64 * KIB, 0));
}

static void fill_words(uint64 *p, uint64 pages, uint64 v)
{
    for (uint64 i = 0; i < pages * PGSIZE / sizeof(*p); i++)
        p[i] = v;
}

// Frames that held another process's data come back as zeroes.
static void fresh_memory(void)
{
    uint64 pages = MIN(ut_free_pages() * 3 / 4, 16 * MIB / PGSIZE);
    if (ut_fork() == 0) {
        fill_words((uint64 *)ut_heap(pages), pages, 0x5ec2e75ec2e75ec2);
        exit(0);
    }
    ut_reap(1);
    uint64 *p = (uint64 *)ut_heap(pages);
    for (uint64 i = 0; i < pages; i++) {
        p[i * 512 + i % 512] += 1; // brings in a frame of its own
        for (uint64 j = i * 512; j < (i + 1) * 512; j++)
            CHECK_EQ(p[j], j == i * 512 + i % 512);
    }
}

// Words across the border of two pages: both untouched, and both shared.
static void misaligned_border(void)
{
    for (int off = 1; off < 8; off++) {
        char *p = ut_heap(2);
        volatile uint64 *w = (uint64 *)(p + PGSIZE - off);
        *w = 0x0102030405060708;
        if (ut_fork() == 0) {
            *w += 1;
            CHECK_EQ(*w, 0x0102030405060709);
            exit(0);
        }
        ut_reap(1);
        CHECK_EQ(*w, 0x0102030405060708);
        CHECK(p[PGSIZE - off] == 8 && p[PGSIZE - off + 7] == 1);
    }
}

// malloc and free of many sizes: blocks do not overlap, and what is freed is used again.
static void malloc_mix(void)
{
    enum { SLOTS = 64 };
    static char *p[SLOTS];
    static uint size[SLOTS];
    uint rnd = 12345;
    for (int round = 0; round < 2000; round++) {
        int i = ut_rand(&rnd) % SLOTS;
        if (p[i]) {
            CHECK(ut_filled(p[i], MIN(size[i], 64), i));
            free(p[i]);
        }
        size[i] = 1 + ut_rand(&rnd) % (ut_rand(&rnd) % 8 ? 200 : 9000);
        p[i] = malloc(size[i]);
        CHECK(p[i] != 0);
        ut_fill(p[i], MIN(size[i], 64), i);
    }
    CHECK((char *)sbrk(0) - (char *)p[0] < (long)(2 * MIB) && (char *)sbrk(0) > p[0]);
}

// Megabytes from malloc, and its answer when there is no such amount.
static void malloc_large(void)
{
    for (int i = 0; i < 8; i++) {
        char *p = malloc(3 * MIB);
        CHECK(p != 0);
        p[0] = p[3 * MIB - 1] = 1;
        free(p);
    }
    int n = 0;
    while (n < 200 && malloc(0x7ffffff0) != 0)
        n++;
    CHECK(n < 200);
}

const struct testcase ut_mem[] = {
    {"sbrk_grow", sbrk_grow, 0},
    {"sbrk_steps", sbrk_steps, 0},
    {"sbrk_shrink", sbrk_shrink, 0},
    {"sbrk_shrink_part", sbrk_shrink_part, 0},
    {"sbrk_frees", sbrk_frees, 0},
    {"sbrk_limits", sbrk_limits, 0},
    {"sbrk_huge", sbrk_huge, 0},
    {"sbrk_fork", sbrk_fork, 0},
    {"lazy_sparse", lazy_sparse, 0},
    {"lazy_syscalls", lazy_syscalls, 0},
    {"lazy_fork", lazy_fork, 0},
    {"stack_grow", stack_grow, 0},
    {"stack_overflow", stack_overflow, 0},
    {"stack_limit", stack_limit, 0},
    {"stack_syscall", stack_syscall, 0},
    {"stack_syscall_limit", stack_syscall_limit, 0},
    {"stack_fresh", stack_fresh, 0},
    {"fresh_memory", fresh_memory, 0},
    {"misaligned_border", misaligned_border, 0},
    {"malloc_mix", malloc_mix, 0},
    {"malloc_large", malloc_large, 0},
    {0},
};
