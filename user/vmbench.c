// vmbench: what the virtual-memory paths cost, in instructions per operation. Exact and repeatable on one
// hart with ICOUNT=1; elsewhere the numbers mean little, so `vmbench -t` prints nanoseconds of `time`
// instead.
//
//   vmbench [-t] [NAME...]
//   vmbench -p [WORKERS] [NAME...]   throughput of as many workers, or as there are harts
//   (user/vmbench_par.c)
//
// With a swap disk of three times the user pool: the swap rows (user/vmbench_swap.c), all of them.
#include <stdbool.h>
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/riscv.h"
#include "kernel/vmstat.h"
#include "user/user.h"
#include "user/vmbench.h"

#define PAGES     4096 // pages of the touch tests: 16 MiB
#define COW_PAGES 2048
#define CALLS     10000
#define FORKS     100
#define GROWS     100
#define BIG_FORKS 20

#define FILE_KIB   1024 // size of the file tests
#define CREATES    200
#define KILLS      100
#define SWITCHES   1000
#define EXECS      20
#define SETTLE_NS  250000000UL
#define TICK_INSNS 100 // instructions in a tick of `time` under ICOUNT=1 (QEMU: 1 ns an instruction, 10 MHz)

static int use_time;
static uint64 timebase;
static char block[1024];

// What the harts have done so far: instructions, or nanoseconds. Waiting for a disk is left out of
// instructions: under ICOUNT=1 the counter goes on while a hart is idle.
uint64 now(void)
{
    struct vmstat st;
    uint64 t;
    if (use_time) {
        asm volatile("rdtime %0" : "=r"(t));
        return t * (1000000000UL / timebase);
    }
    vmstat(&st);
    asm volatile("rdinstret %0" : "=r"(t));
    return t - st.idle * TICK_INSNS;
}

void die(const char *what)
{
    fprintf(2, "vmbench: %s failed\n", what);
    exit(1);
}

static char *grow(int bytes)
{
    char *p = sbrk(bytes);
    if (p == SBRK_ERROR)
        die("sbrk");
    return p;
}

static void touch(volatile char *p, int pages)
{
    for (int i = 0; i < pages; i++)
        p[(uint64)i * PGSIZE] = 1;
}

static uint64 null_call(void)
{
    uint64 t = now();
    for (int i = 0; i < CALLS; i++)
        getpid();
    return (now() - t) / CALLS;
}

static uint64 first_write(void)
{
    char *p = grow(PAGES * PGSIZE);
    uint64 t = now();
    touch(p, PAGES);
    t = now() - t;
    sbrk(-PAGES * PGSIZE);
    return t / PAGES;
}

static uint64 first_read(void)
{
    volatile char *p = grow(PAGES * PGSIZE);
    uint64 t = now();
    for (int i = 0; i < PAGES; i++)
        (void)p[(uint64)i * PGSIZE];
    t = now() - t;
    sbrk(-PAGES * PGSIZE);
    return t / PAGES;
}

// Pages that have been read: the shared page of zeros gives way.
static uint64 zero_write(void)
{
    char *p = grow(PAGES * PGSIZE);
    for (int i = 0; i < PAGES; i++)
        (void)((volatile char *)p)[(uint64)i * PGSIZE];
    uint64 t = now();
    touch(p, PAGES);
    t = now() - t;
    sbrk(-PAGES * PGSIZE);
    return t / PAGES;
}

static uint64 unmap(void)
{
    char *p = grow(PAGES * PGSIZE);
    touch(p, PAGES);
    uint64 t = now();
    sbrk(-PAGES * PGSIZE);
    return (now() - t) / PAGES;
}

static uint64 sbrk_untouched(void)
{
    uint64 t = now();
    for (int i = 0; i < GROWS; i++)
        grow(PAGES * PGSIZE);
    t = now() - t;
    sbrk(-GROWS * PAGES * PGSIZE);
    return t / GROWS;
}

// The child breaks sharing page by page, and tells the cost through a pipe; the parent's pages are then its
// own again.
static uint64 cow(int in_child)
{
    char *p = grow(COW_PAGES * PGSIZE);
    int fd[2];
    uint64 t = 0;
    touch(p, COW_PAGES);
    if (pipe(fd) < 0)
        die("pipe");
    int pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0) {
        if (in_child) {
            t = now();
            touch(p, COW_PAGES);
            t = now() - t;
            write(fd[1], &t, sizeof(t));
        }
        exit(0);
    }
    wait(0);
    if (in_child) {
        read(fd[0], &t, sizeof(t));
    } else {
        t = now();
        touch(p, COW_PAGES);
        t = now() - t;
    }
    close(fd[0]);
    close(fd[1]);
    sbrk(-COW_PAGES * PGSIZE);
    return t / COW_PAGES;
}

static uint64 cow_break(void)
{
    return cow(1);
}
static uint64 take_over(void)
{
    return cow(0);
}

static uint64 forks(int n)
{
    uint64 t = now();
    for (int i = 0; i < n; i++) {
        int pid = fork();
        if (pid < 0)
            die("fork");
        if (pid == 0)
            exit(0);
        wait(0);
    }
    return (now() - t) / n;
}

static uint64 fork_small(void)
{
    return forks(FORKS);
}

static uint64 fork_16m(void)
{
    char *p = grow(PAGES * PGSIZE);
    touch(p, PAGES);
    uint64 t = forks(BIG_FORKS);
    sbrk(-PAGES * PGSIZE);
    return t;
}

static uint64 execs(char **argv, int n)
{
    uint64 t = now();
    for (int i = 0; i < n; i++) {
        int pid = fork();
        if (pid < 0)
            die("fork");
        if (pid == 0) {
            exec(argv[0], argv);
            exit(1);
        }
        wait(0);
    }
    return (now() - t) / n;
}

static uint64 fork_exec(void)
{
    char *argv[] = {"/true", 0};
    return execs(argv, FORKS);
}

// A program of a mebibyte, of which a sixteenth is touched.
static uint64 exec_large(void)
{
    char *argv[] = {"/vmbench-large", 0};
    return execs(argv, EXECS);
}

static uint64 pipe_round_trip(void)
{
    int there[2], back[2];
    char c = 0;
    if (pipe(there) < 0 || pipe(back) < 0)
        die("pipe");
    int pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0) {
        close(there[1]);
        while (read(there[0], &c, 1) == 1)
            write(back[1], &c, 1);
        exit(0);
    }
    uint64 t = now();
    for (int i = 0; i < 1000; i++)
        if (write(there[1], &c, 1) != 1 || read(back[0], &c, 1) != 1)
            die("pipe");
    t = now() - t;
    close(there[0]);
    close(there[1]);
    close(back[0]);
    close(back[1]);
    wait(0);
    return t / 1000;
}

// Two processes take turns with the hart: a sleep of no time yields it. An operation is a turn of both, two
// switches.
static uint64 switches(void)
{
    int pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0)
        for (;;)
            sleep(0);
    sleep(0); // it has begun
    uint64 t = now();
    for (int i = 0; i < SWITCHES; i++)
        sleep(0);
    t = now() - t;
    kill(pid);
    wait(0);
    return t / SWITCHES;
}

static int create(const char *name)
{
    int fd = open(name, O_CREATE | O_RDWR | O_TRUNC);
    if (fd < 0)
        die("open");
    return fd;
}

// The log's commit and flush belong to it.
static uint64 file_write(void)
{
    uint64 t = now();
    int fd = create("vmbench.tmp");
    for (int i = 0; i < FILE_KIB; i++)
        if (write(fd, block, sizeof(block)) != sizeof(block))
            die("write");
    close(fd);
    sync();
    return (now() - t) / FILE_KIB;
}

static uint64 file_read(void)
{
    int fd = open("vmbench.tmp", O_RDONLY);
    for (int pass = 0; pass < 2; pass++) { // the first one fills the buffer cache
        uint64 t = now();
        for (int i = 0; i < FILE_KIB; i++)
            if (read(fd, block, sizeof(block)) != sizeof(block))
                die("read");
        t = now() - t;
        close(fd);
        if (pass == 1)
            return t / FILE_KIB;
        fd = open("vmbench.tmp", O_RDONLY);
    }
    return 0;
}

static uint64 create_unlink(void)
{
    unlink("vmbench.tmp");
    sync();
    uint64 t = now();
    for (int i = 0; i < CREATES; i++) {
        int fd = create("vmbench.tmp");
        if (write(fd, block, 1) != 1)
            die("write");
        close(fd);
        unlink("vmbench.tmp");
    }
    sync();
    return (now() - t) / CREATES;
}

// A child that touches what is not its own: fork, report line, end, wait.
static uint64 invalid_killed(void)
{
    volatile char *volatile null = (char *)8;
    uint64 t = now();
    for (int i = 0; i < KILLS; i++) {
        int pid = fork();
        if (pid < 0)
            die("fork");
        if (pid == 0) {
            *null = 1;
            exit(0);
        }
        wait(0);
    }
    return (now() - t) / KILLS;
}

// QEMU's TLB is as large as the pages used in the last tenth of a second ask for, and a flush takes as long
// as it is large: without this, a row would pay for the one before it. A fork flushes, and that is when QEMU
// looks.
static void settle(void)
{
    uint64 t = now();
    while (use_time && now() - t < SETTLE_NS)
        forks(1);
}

struct bench {
    const char *name;
    uint64 (*run)(void);
};

static const struct bench benches[] = {
    {"null_call", null_call},     {"first_write", first_write},     {"first_read", first_read},
    {"cow_break", cow_break},     {"take_over", take_over},         {"unmap", unmap},
    {"sbrk_16m", sbrk_untouched}, {"fork_small", fork_small},       {"fork_16m", fork_16m},
    {"fork_exec", fork_exec},     {"exec_large", exec_large},       {"switch", switches},
    {"zero_write", zero_write},   {"pipe_trip", pipe_round_trip},   {"file_write", file_write},
    {"file_read", file_read},     {"create_unlink", create_unlink}, {"invalid_killed", invalid_killed},
};

// On a machine whose swap holds them: instead of the others, which need all of their memory.
static const struct bench swap_benches[] = {{"swap_write", swap_write},
                                            {"swap_dirty", swap_dirty},
                                            {"swap_clean", swap_clean},
                                            {"swap_random", swap_random}};

#define COUNT(array) (int)(sizeof(array) / sizeof(array[0]))

static char **names; // those asked for, up to a null pointer; none: all

static bool wanted(const char *name)
{
    for (char **n = names; *n; n++)
        if (strcmp(*n, name) == 0)
            return true;
    return !*names;
}

int main(int argc, char **argv)
{
    struct vmstat st;
    names = argv + 1;
    if (argc > 1 && strcmp(argv[1], "-p") == 0) {
        names++;
        par_run(argc > 2 && atoi(argv[2]) ? atoi(*names++) : 0, wanted);
        exit(0);
    }
    if (argc > 1 && strcmp(argv[1], "-t") == 0) {
        use_time = 1;
        names++;
    }
    if (vmstat(&st) < 0)
        die("vmstat");
    timebase = st.timebase;
    sync(); // no commit of the file system's log in between
    int swaps = swap_possible(), count = swaps ? COUNT(swap_benches) : COUNT(benches);
    const struct bench *b = swaps ? swap_benches : benches;
    for (int i = 0; i < count; i++)
        if (swaps || wanted(b[i].name)) {
            if (!swaps)
                settle();
            printf("%-14s %8lu\n", b[i].name, b[i].run());
        }
    exit(0);
}
