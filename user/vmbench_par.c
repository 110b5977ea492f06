// vmbench -p: what all harts do together, in operations per second. One worker for each hart repeats an
// operation for a while; all start at one moment, and what each has done in its time is added up.
//
// `count` is a row of additions that needs no kernel: how far it grows with the harts is what the computer
// under the emulator gives, and the others cannot do better.
#include <stdbool.h>
#include "kernel/types.h"
#include "kernel/riscv.h"
#include "kernel/vmstat.h"
#include "user/user.h"
#include "user/vmbench.h"

#define RUN_MS    250
#define LEAD_MS   20  // until all workers wait for the start
#define PAGES     256 // of a worker, touched at a time
#define CALLS     1000
#define ADDITIONS 100000
#define MS_PER_S  1000UL

struct result {
    uint64 done;
    uint64 ticks;
};

static uint64 rdtime(void)
{
    uint64 t;
    asm volatile("rdtime %0" : "=r"(t));
    return t;
}

static void touch(volatile char *p)
{
    for (int i = 0; i < PAGES; i++)
        p[i * PGSIZE] = 1;
}

static uint64 count(char *heap)
{
    (void)heap;
    for (volatile int i = 0; i < ADDITIONS; i++)
        ;
    return ADDITIONS;
}

static uint64 null_calls(char *heap)
{
    (void)heap;
    for (int i = 0; i < CALLS; i++)
        getpid();
    return CALLS;
}

static uint64 first_writes(char *heap)
{
    sbrk(-PAGES * PGSIZE);
    if (sbrk(PAGES * PGSIZE) != heap)
        die("sbrk");
    touch(heap);
    return PAGES;
}

static uint64 first_reads(char *heap)
{
    sbrk(-PAGES * PGSIZE);
    if (sbrk(PAGES * PGSIZE) != heap)
        die("sbrk");
    for (int i = 0; i < PAGES; i++)
        (void)((volatile char *)heap)[i * PGSIZE];
    return PAGES;
}

static int child(void)
{
    int pid = fork();
    if (pid < 0)
        die("fork");
    return pid == 0;
}

// The child breaks every page; its parent takes them over when it has gone.
static uint64 cow_breaks(char *heap)
{
    touch(heap);
    if (child()) {
        touch(heap);
        exit(0);
    }
    wait(0);
    return PAGES;
}

static uint64 forks(char *heap)
{
    (void)heap;
    if (child())
        exit(0);
    wait(0);
    return 1;
}

static uint64 execs(char *heap)
{
    char *argv[] = {"true", 0};
    (void)heap;
    if (child()) {
        exec("/true", argv);
        exit(1);
    }
    wait(0);
    return 1;
}

static const struct par {
    const char *name;
    uint64 (*run)(char *heap); // once; returns how many operations that was
    bool heap;                 // works on PAGES pages
} pars[] = {
    {"par_count", count, false},
    {"par_null_call", null_calls, false},
    {"par_first_write", first_writes, true},
    {"par_first_read", first_reads, true},
    {"par_cow_break", cow_breaks, true},
    {"par_fork", forks, false},
    {"par_fork_exec", execs, false},
};

// Waits for the moment to start, which the pipe says, and tells what it got done.
static void worker(const struct par *par, int in[2], int out[2], uint64 timebase)
{
    uint64 start, end;
    struct result r = {0};
    close(in[1]); // the end of its parent is then the end of the pipe
    close(out[0]);
    char *heap = par->heap ? sbrk(PAGES * PGSIZE) : 0;
    if (heap == SBRK_ERROR || read(in[0], &start, sizeof(start)) != sizeof(start))
        die("worker");
    while (rdtime() < start)
        ;
    end = start + timebase / MS_PER_S * RUN_MS;
    do {
        r.done += par->run(heap);
        r.ticks = rdtime();
    } while (r.ticks < end);
    r.ticks -= start;
    write(out[1], &r, sizeof(r));
    exit(0);
}

// Operations per second of `n` workers together.
static uint64 throughput(const struct par *par, int n, uint64 timebase)
{
    int in[2], out[2];
    uint64 sum = 0;
    struct result r;
    if (pipe(in) < 0 || pipe(out) < 0)
        die("pipe");
    for (int i = 0; i < n; i++)
        if (child())
            worker(par, in, out, timebase);
    uint64 start = rdtime() + timebase / MS_PER_S * LEAD_MS;
    for (int i = 0; i < n; i++)
        write(in[1], &start, sizeof(start));
    for (int i = 0; i < n; i++) {
        if (read(out[0], &r, sizeof(r)) != sizeof(r))
            die("read");
        sum += r.done * timebase / r.ticks;
        wait(0);
    }
    for (int i = 0; i < 2; i++) {
        close(in[i]);
        close(out[i]);
    }
    return sum;
}

void par_run(int n, bool (*wanted)(const char *name))
{
    struct vmstat st;
    vmstat(&st);
    if (n == 0)
        n = st.harts;
    for (uint i = 0; i < sizeof(pars) / sizeof(pars[0]); i++)
        if (wanted(pars[i].name))
            printf("%-14s %8lu\n", pars[i].name, throughput(&pars[i], n, st.timebase));
}
