// Running out of memory: who touches a page when there is none left is ended, or the largest process is ended
// for it; system calls fail; nothing else is harmed, and the kernel goes on. Each case lets children do the
// eating: they make themselves larger than the case's own process and the runner, so that the out-of-memory
// killer finds them first.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "user/usertests.h"

#define SPARE       400         // frames that a hog leaves
#define MOST_TABLES 0x18000UL   // page tables of a process: 192 GiB of addresses
#define FAT         64          // pages that make a process larger than the runner
#define CHUNK       (16 * 1024) // bytes of a read
#define GIB         (1024 * MIB)

static char buf[CHUNK];

static void eat(void *arg)
{
    uint64 step = (uint64)arg;
    for (;;) {
        char *p = sbrk(16 * step);
        if (p == SBRK_ERROR)
            exit(1);
        for (int i = 0; i < 16; i++)
            p[i * step] = 1;
    }
}

// Touching more memory than there is ends the process, with the status of a killed one.
static void oom_touch(void)
{
    uint64 before = ut_free_pages();
    CHECK_EQ(ut_status(eat, (void *)PGSIZE), UT_KILLED);
    char *p = ut_heap(before / 4);
    for (uint64 i = 0; i < before / 4; i++)
        p[i * PGSIZE] = 1;
}

// A page table for every page: they run out too, if the address space does not before.
static void oom_page_tables(void)
{
    int status = ut_status(eat, (void *)(2 * MIB));
    CHECK(status == UT_KILLED || status == 1);
}

// Takes page tables until little is left, gives the pages back but not the tables, and waits.
static void hoard_tables(void *arg)
{
    struct gate *g = arg;
    uint64 size = 0;
    while (ut_free_pages() > SPARE && size < MOST_TABLES * 2 * MIB) {
        volatile char *p = sbrk(GIB);
        CHECK(p != SBRK_ERROR);
        for (uint64 i = 0; i < GIB && ut_free_pages() > SPARE; i += 2 * MIB)
            p[i];
        size += GIB;
    }
    for (; size > 0; size -= GIB)
        CHECK(sbrk(-(int)GIB) != SBRK_ERROR);
    ut_gate_open(g);
    for (;;)
        sleep(100);
}

// Memory that went into page tables counts too when the largest process is looked for.
static void oom_tables_count(void)
{
    struct gate g;
    int status;
    if (ut_free_pages() > MOST_TABLES / 2)
        ut_skip("more memory than page tables could fill");
    if (ut_slack())
        ut_skip("page tables do not keep programs from swapping");
    ut_gate_make(&g);
    int hog = ut_spawn(hoard_tables, &g);
    ut_gate_wait(&g);
    int pid = ut_fork();
    if (pid == 0) {
        memset(ut_heap(2 * SPARE), 1, 2 * SPARE * PGSIZE);
        exit(0);
    }
    for (int i = 0; i < 2; i++) { // who ends first is open: the hog has much to give back
        int ended = wait(&status);
        CHECK(ended == hog || ended == pid);
        CHECK_EQ(status, ended == hog ? UT_KILLED : 0);
    }
}

static void eat_stack(void *arg)
{
    memset(ut_heap(FAT), 1, FAT * PGSIZE);
    volatile char *low = (char *)USTACK_TOP - 7 * MIB;
    ut_grow_stack((char *)low);
    for (uint64 i = 0; i < 7 * MIB; i += PGSIZE)
        low[i] = 1;
    (void)arg;
}

static void hoard(uint64 leave)
{
    while (ut_free_pages() > leave) {
        char *p = sbrk(8 * PGSIZE);
        CHECK(p != SBRK_ERROR);
        for (int i = 0; i < 8; i++)
            p[i * PGSIZE] = 1;
    }
}

// A child that takes all memory but some frames, then waits for the end of file on the pipe whose write end
// it is given. Returns its pid when the memory is taken.
static int start_hog(uint64 leave, int *release)
{
    int go[2], done[2];
    char c;
    ut_pipe2(go);
    ut_pipe2(done);
    int pid = ut_fork();
    if (pid == 0) {
        close(go[1]);
        hoard(leave);
        CHECK_EQ(write(done[1], "x", 1), 1);
        read(go[0], &c, 1);
        exit(0);
    }
    close(go[0]);
    close(done[1]);
    CHECK_EQ(read(done[0], &c, 1), 1);
    close(done[0]);
    *release = go[1];
    return pid;
}

static void read_for_ever(void *arg)
{
    for (;;) {
        int fd = open("f", O_RDONLY);
        char *p = sbrk(CHUNK);
        if (p == SBRK_ERROR || fd < 0 || read(fd, p, CHUNK) != CHUNK)
            exit(1);
        close(fd);
    }
    (void)arg;
}

// The kernel's own accesses meet the end of memory: read into untouched pages while another process holds
// nearly everything. The hog, the largest, is ended for it; then the reader goes on until it is the largest
// itself.
static void oom_in_read(void)
{
    int release, status;
    ut_create("f", buf, sizeof(buf));
    int hog = start_hog(SPARE, &release);
    int pid = ut_spawn(read_for_ever, 0);
    CHECK_EQ(wait(&status), hog);
    CHECK_EQ(status, UT_KILLED);
    CHECK_EQ(wait(&status), pid);
    CHECK(status == UT_KILLED || status == 1);
    close(release);
}

static void read_again_and_again(int fd)
{
    char c;
    while (read(fd, &c, 1) >= 0)
        ;
}

// The largest process waits for its turn with an open file that it shares with one who finds no memory in the
// midst of a read: it is ended all the same, and the read goes on.
static void oom_shared_file(void)
{
    enum { LEFT = 64 };
    int go[2], status, want = 2 * LEFT + 2 * ut_slack();
    char c;
    int fd = ut_open("f", O_CREATE | O_RDWR);
    for (int i = 0; i < want * PGSIZE / CHUNK; i++)
        CHECK_EQ(write(fd, buf, CHUNK), CHUNK);
    close(fd);
    fd = ut_open("f", O_RDONLY);
    ut_pipe2(go);
    int hog = ut_fork();
    if (hog == 0) {
        hoard(LEFT);
        CHECK_EQ(write(go[1], "x", 1), 1);
        read_again_and_again(fd);
        exit(0);
    }
    CHECK_EQ(read(go[0], &c, 1), 1);
    char *p = ut_heap(want);
    CHECK(read(fd, p, want * PGSIZE) > 0);
    CHECK_EQ(wait(&status), hog);
    CHECK_EQ(status, UT_KILLED);
}

// A parent and its child write all of what they share; there is room for only one copy.
static void oom_cow(void)
{
    uint64 pages = ut_free_pages() * 2 / 3;
    int pid = ut_fork();
    if (pid == 0) {
        char *p = ut_heap(pages);
        for (uint64 i = 0; i < pages; i++)
            p[i * PGSIZE] = 1;
        int child = fork();
        for (uint64 i = 0; i < pages; i++)
            p[i * PGSIZE] = 2;
        if (child > 0)
            wait(0);
        exit(0);
    }
    int status;
    CHECK_EQ(wait(&status), pid);
    CHECK(status == 0 || status == UT_KILLED);
}

// Several processes that want more together than there is: some are ended, and all come to an end.
static void oom_many(void)
{
    enum { EATERS = 6 };
    uint64 pages = ut_free_pages() / 3;
    int done = 0, status;
    for (int i = 0; i < EATERS; i++) {
        if (ut_fork() == 0) {
            char *p = ut_heap(pages);
            for (uint64 j = 0; j < pages; j++)
                p[j * PGSIZE] = i + 1;
            for (uint64 j = 0; j < pages; j++)
                CHECK_EQ(p[j * PGSIZE], i + 1);
            exit(0);
        }
    }
    for (int i = 0; i < EATERS; i++) {
        CHECK(wait(&status) > 0);
        CHECK(status == 0 || status == UT_KILLED);
        done += status == 0;
    }
    CHECK(done >= 1);
}

// fork and exec with little memory left fail or work, and nothing else happens.
static void oom_fork_exec(void)
{
    int release, hog = start_hog(SPARE / 4, &release), status;
    char *argv[] = {"true", 0};
    for (int i = 0; i < 10; i++) {
        int pid = fork();
        if (pid == 0) {
            exec("/true", argv);
            exit(0);
        }
        if (pid > 0)
            CHECK(wait(&status) > 0);
    }
    close(release);
    while (wait(&status) >= 0)
        CHECK(status == 0 || status == UT_KILLED);
    (void)hog;
}

// Forks with a page table for every page until one finds no memory half way; checks that this process still
// has all it had, and may write to it.
static void fork_until_refused(void *arg)
{
    enum { SPREAD = 64 };
    struct gate g;
    char *p = sbrk(SPREAD * 2 * MIB);
    CHECK(p != SBRK_ERROR);
    for (uint64 i = 0; i < SPREAD; i++)
        p[i * 2 * MIB] = i;
    ut_gate_make(&g);
    int pid;
    while ((pid = fork()) > 0)
        ;
    for (uint64 i = 0; i < SPREAD; i++)
        CHECK_EQ(p[i * 2 * MIB], i);
    if (pid == 0) {
        ut_gate_wait(&g);
        exit(0);
    }
    for (uint64 i = 0; i < SPREAD; i++)
        p[i * 2 * MIB]++;
    ut_gate_open(&g);
    while (wait(0) >= 0)
        ;
    for (uint64 i = 0; i < SPREAD; i++)
        CHECK_EQ(p[i * 2 * MIB], i + 1);
    (void)arg;
}

// Twice, since the first time may have left something behind.
static void oom_fork_half(void)
{
    int status;
    for (int i = 0; i < 2; i++) {
        ut_spawn(fork_until_refused, 0);
        CHECK(wait(&status) > 0);
        CHECK(status == 0 || status == UT_KILLED);
    }
}

// Memory ends while the stack grows.
static void oom_stack(void)
{
    int release, status;
    int killed = 0;
    start_hog(SPARE, &release);
    ut_spawn(eat_stack, 0);
    for (int i = 0; i < 2;
         i++) { // one is ended for it, mostly the hog; the other may be done before that is gone
        CHECK(wait(&status) > 0);
        CHECK(status == 0 || status == UT_KILLED);
        killed += status == UT_KILLED;
        if (i == 0)
            close(release);
    }
    CHECK(killed >= 1);
}

const struct testcase ut_oom[] = {
    {"oom_touch", oom_touch, 0},
    {"oom_page_tables", oom_page_tables, 0},
    {"oom_tables_count", oom_tables_count, 0},
    {"oom_in_read", oom_in_read, 0},
    {"oom_shared_file", oom_shared_file, 0},
    {"oom_cow", oom_cow, 0},
    {"oom_many", oom_many, 0},
    {"oom_fork_exec", oom_fork_exec, 0},
    {"oom_fork_half", oom_fork_half, 0},
    {"oom_stack", oom_stack, 0},
    {0},
};
