// Copy-on-write: what processes share after fork, and that nobody sees another one's writes, whoever makes
// them (a process, or the kernel for it) and on whichever hart. pageinfo() tells what is really shared.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/riscv.h"
#include "kernel/vmstat.h"
#include "user/usertests.h"

#define PAGES 16
#define LEN   (PAGES * PGSIZE)

static char in_data[2 * PGSIZE] = {1};
static char in_bss[2 * PGSIZE];

static struct pageinfo page_of(void *p)
{
    struct pageinfo pi;
    CHECK(pageinfo((void *)PGROUNDDOWN((uint64)p), 1, &pi) >= 0);
    return pi;
}

// Parent and child write the same addresses of heap, data, bss and stack; each sees its own.
static void cow_isolation(void)
{
    char *heap = ut_heap(PAGES), stack[2 * PGSIZE];
    struct gate g;
    char *area[] = {heap, in_data, in_bss, stack};
    uint len[] = {LEN, sizeof(in_data), sizeof(in_bss), sizeof(stack)};
    for (int i = 0; i < 4; i++)
        ut_fill(area[i], len[i], i);
    ut_gate_make(&g);
    if (ut_fork() == 0) {
        for (int i = 0; i < 4; i++) {
            CHECK(ut_filled(area[i], len[i], i));
            ut_fill(area[i], len[i], 10 + i);
        }
        ut_gate_wait(&g);
        for (int i = 0; i < 4; i++)
            CHECK(ut_filled(area[i], len[i], 10 + i));
        exit(0);
    }
    for (int i = 0; i < 4; i++)
        ut_fill(area[i], len[i], 20 + i);
    ut_gate_open(&g);
    ut_reap(1);
    for (int i = 0; i < 4; i++)
        CHECK(ut_filled(area[i], len[i], 20 + i));
}

static void generation(char *p, int depth)
{
    CHECK(ut_filled(p, LEN, depth));
    if (depth < 6) {
        if (ut_fork() == 0) {
            ut_fill(p, LEN, depth + 1);
            generation(p, depth + 1);
            exit(0);
        }
        ut_reap(1);
    }
    CHECK(ut_filled(p, LEN, depth));
}

// Children of children of children, each with contents of its own.
static void cow_generations(void)
{
    char *p = ut_heap(PAGES);
    ut_fill(p, LEN, 0);
    generation(p, 0);
}

// fork does not copy: a large heap and little free memory.
static void cow_fork_shares(void)
{
    uint64 pages = MIN(ut_free_pages() * 2 / 3, 16 * MIB / PGSIZE);
    char *p = ut_heap(pages);
    struct gate g;
    for (uint64 i = 0; i < pages; i++)
        p[i * PGSIZE] = i;
    uint64 before = ut_free_pages();
    ut_gate_make(&g);
    if (ut_fork() == 0) {
        ut_gate_wait(&g);
        for (uint64 i = 0; i < pages; i++)
            CHECK_EQ(p[i * PGSIZE], (char)i);
        exit(0);
    }
    CHECK(before < ut_free_pages() + 64 + pages / 256 + ut_slack());
    ut_gate_open(&g);
    ut_reap(1);
}

// Shared twice after fork, alone after the child's end; the last owner writes without a copy.
static void cow_last_owner(void)
{
    char *p = ut_heap(1);
    struct gate g;
    *p = 1;
    struct pageinfo before = page_of(p);
    CHECK_EQ(before.shared, 1);
    ut_gate_make(&g);
    if (ut_fork() == 0) {
        ut_gate_wait(&g);
        exit(0);
    }
    struct pageinfo shared = page_of(p);
    CHECK_EQ(shared.shared, 2);
    CHECK_EQ(shared.frame, before.frame);
    CHECK_EQ(shared.writable, 0);
    ut_gate_open(&g);
    ut_reap(1);
    *p = 2;
    struct pageinfo after = page_of(p);
    CHECK_EQ(after.shared, 1);
    CHECK_EQ(after.frame, before.frame);
}

// A write breaks the sharing of that page and of no other.
static void cow_break_one(void)
{
    char *p = ut_heap(3);
    struct gate g;
    memset(p, 1, 3 * PGSIZE);
    ut_gate_make(&g);
    if (ut_fork() == 0) {
        ut_gate_wait(&g);
        CHECK(ut_is_all(p, 3 * PGSIZE, 1));
        exit(0);
    }
    uint64 frame = page_of(p + PGSIZE).frame;
    p[PGSIZE + 5] = 9;
    CHECK(page_of(p + PGSIZE).frame != frame);
    CHECK_EQ(page_of(p + PGSIZE).shared, 1);
    CHECK_EQ(page_of(p).shared, 2);
    CHECK_EQ(page_of(p + 2 * PGSIZE).shared, 2);
    CHECK(p[PGSIZE + 4] == 1 && p[PGSIZE + 6] == 1);
    ut_gate_open(&g);
    ut_reap(1);
}

// read() of a file and of a pipe into shared pages, in the child: it gets the data, the parent keeps its own.
static void cow_kernel_write(void)
{
    char *p = ut_heap(4);
    int fd[2];
    memset(p, 'p', 4 * PGSIZE);
    ut_create("f", p, 4 * PGSIZE);
    memset(p, 'q', 4 * PGSIZE);
    ut_pipe2(fd);
    if (ut_fork() == 0) {
        int file = ut_open("f", O_RDONLY);
        CHECK_EQ(read(file, p + 10, 2 * PGSIZE), 2 * PGSIZE);
        CHECK_EQ(write(fd[1], "pipe", 4), 4);
        CHECK_EQ(read(fd[0], p + 3 * PGSIZE - 2, 4), 4);
        CHECK(ut_is_all(p, 10, 'q') && ut_is_all(p + 10, 2 * PGSIZE, 'p'));
        CHECK_EQ(memcmp(p + 3 * PGSIZE - 3, "qpipeq", 6), 0);
        exit(0);
    }
    ut_reap(1);
    CHECK(ut_is_all(p, 4 * PGSIZE, 'q'));
}

// The kernel reads what a process wrote after the fork, not what the other one has.
static void cow_kernel_read(void)
{
    char *p = ut_heap(1), got;
    int fd[2];
    memset(p, 'a', PGSIZE);
    ut_pipe2(fd);
    if (ut_fork() == 0) {
        memset(p, 'b', PGSIZE);
        CHECK_EQ(write(fd[1], p + 100, 1), 1);
        exit(0);
    }
    ut_reap(1);
    CHECK_EQ(write(fd[1], p + 100, 1), 1);
    CHECK_EQ(read(fd[0], &got, 1), 1);
    CHECK_EQ(got, 'b');
    CHECK_EQ(read(fd[0], &got, 1), 1);
    CHECK_EQ(got, 'a');
}

static void scribble(char *p, uint seed)
{
    for (int round = 0; round < 4; round++) {
        ut_fill(p, LEN, seed + round);
        CHECK(ut_filled(p, LEN, seed + round));
    }
}

// Many processes break the sharing of the same pages at the same time.
static void cow_race(void)
{
    enum { CHILDREN = 8 };
    char *p = ut_heap(PAGES);
    for (int round = 0; round < 3; round++) {
        struct gate g;
        ut_fill(p, LEN, 99);
        ut_gate_make(&g);
        for (int i = 0; i < CHILDREN; i++) {
            if (ut_fork() == 0) {
                ut_gate_wait(&g);
                CHECK(ut_filled(p, LEN, 99));
                scribble(p, 100 * i);
                exit(0);
            }
        }
        ut_gate_open(&g);
        scribble(p, 5000);
        ut_reap(CHILDREN);
    }
}

// Forks while the pages are being written: the child has all of one moment, and writes of the parent after it
// stay with the parent.
static void cow_fork_storm(void)
{
    uint64 *p = (uint64 *)ut_heap(4);
    const int n = 4 * PGSIZE / sizeof(*p);
    for (int round = 1; round <= 40; round++) {
        for (int i = 0; i < n; i++)
            p[i] = round;
        if (ut_fork() == 0) {
            for (int i = 0; i < n; i++)
                CHECK_EQ(p[i], round);
            exit(0);
        }
        for (int i = 0; i < n; i += 64)
            p[i] = 1000 + round;
    }
    ut_reap(40);
}

// exec in the child lets go of what it shared.
static void cow_exec(void)
{
    char *p = ut_heap(PAGES), *argv[] = {"usertests", "@exit9", 0};
    memset(p, 3, LEN);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(ut_exec_status("/usertests", argv), 9);
    CHECK_EQ(page_of(p).shared, 1);
    CHECK(ut_is_all(p, LEN, 3));
}

// Program text is one copy for all, and a data page is private from its first write.
static void cow_text_shared(void)
{
    struct gate g;
    CHECK(in_data[0] == 1);
    ut_gate_make(&g);
    if (ut_fork() == 0) {
        ut_gate_wait(&g);
        CHECK_EQ(in_data[0], 1);
        exit(0);
    }
    CHECK(page_of((void *)cow_text_shared).shared >= 2);
    CHECK_EQ(page_of((void *)cow_text_shared).writable, 0);
    in_data[0] = 2;
    CHECK_EQ(page_of(in_data).shared, 1);
    ut_gate_open(&g);
    ut_reap(1);
}

const struct testcase ut_cow[] = {
    {"cow_isolation", cow_isolation, 0},     {"cow_generations", cow_generations, 0},
    {"cow_fork_shares", cow_fork_shares, 0}, {"cow_last_owner", cow_last_owner, 0},
    {"cow_break_one", cow_break_one, 0},     {"cow_kernel_write", cow_kernel_write, 0},
    {"cow_kernel_read", cow_kernel_read, 0}, {"cow_race", cow_race, 0},
    {"cow_fork_storm", cow_fork_storm, 0},   {"cow_exec", cow_exec, 0},
    {"cow_text_shared", cow_text_shared, 0}, {0},
};
