// Helpers of the memory tests t_*, linked into all of them. Contracts are in t_lib.h; backings and expected
// reports are in t_lib's other half below. Nothing here is a test.
#include "kernel/types.h"
#include "kernel/vmstat.h"
#include "user/t_lib.h"

const char *t_name = "?";

void t_check(bool ok, const char *what, const char *file, int line)
{
    if (ok)
        return;
    printf("%s: FAILED %s (%s:%d)\n", t_name, what, file, line);
    exit(T_FAILED);
}

void t_check_eq(long a, long b, const char *what, const char *file, int line)
{
    if (a == b)
        return;
    printf("%s: FAILED %s: %ld, not %ld (%s:%d)\n", t_name, what, a, b, file, line);
    exit(T_FAILED);
}

void t_begin(char **argv)
{
    struct vmainfo v;
    t_name = argv[0];
    for (int i = 0; vmainfo(getpid(), i, &v) == 0; i++) {
        for (uint64 at = v.start; v.kind == VMA_TEXT && at < v.end; at += PGSIZE)
            t_peek((char *)at);
    }
}

void t_step(const char *what)
{
    printf("%s: %s\n", t_name, what);
}

void t_skip(const char *why)
{
    printf("%s: skipped: %s\n", t_name, why);
    exit(T_SKIPPED);
}

int t_fork(void)
{
    int pid = fork();
    T_CHECK(pid >= 0);
    return pid;
}

int t_wait(void)
{
    int status = 0;
    T_CHECK(wait(&status) > 0);
    if (status == T_FAILED || status == T_SKIPPED)
        exit(status);
    return status;
}

void t_reap(int children)
{
    for (int i = 0; i < children; i++)
        T_EQ(t_wait(), 0);
}

int t_status(void (*body)(void *), void *arg)
{
    if (t_fork() == 0) {
        body(arg);
        exit(0);
    }
    return t_wait();
}

void t_pipe(int fd[2])
{
    T_EQ(pipe(fd), 0);
}

void t_send(int fd, uint64 value)
{
    T_EQ(write(fd, &value, sizeof(value)), sizeof(value));
}

uint64 t_recv(int fd)
{
    uint64 value;
    T_EQ(read(fd, &value, sizeof(value)), sizeof(value));
    return value;
}

void t_gate_make(struct gate *g)
{
    t_pipe(g->fd);
}

void t_gate_wait(struct gate *g)
{
    char c;
    close(g->fd[1]);
    T_EQ(read(g->fd[0], &c, 1), 0);
    close(g->fd[0]);
}

void t_gate_open(struct gate *g)
{
    close(g->fd[0]);
    close(g->fd[1]);
}

char *t_heap(uint64 pages)
{
    char *p = sbrk(0);
    T_CHECK(sbrk(PGROUNDUP(p) - (uint64)p) != SBRK_ERROR);
    p = sbrk(pages * PGSIZE);
    T_CHECK(p != SBRK_ERROR);
    return p;
}

struct pageinfo t_page(const void *p)
{
    struct pageinfo pi;
    T_EQ(pageinfo((void *)PGROUNDDOWN(p), 1, &pi), 1);
    return pi;
}

uint64 t_free(void)
{
    struct vmstat v;
    T_EQ(vmstat(&v), 0);
    return v.free;
}

uint64 t_user_free(void)
{
    struct vmstat v;
    T_EQ(vmstat(&v), 0);
    return v.free - v.kfree;
}

// xorshift64
uint64 t_rand(uint64 *state)
{
    uint64 x = *state ? *state : 88172645463325252UL;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *state = x;
}

uint64 t_cookie(uint64 a, uint64 b)
{
    uint64 state = a * 0x9e3779b97f4a7c15UL + b + 1;
    return t_rand(&state);
}

void t_fill(char *p, uint64 n, uint seed)
{
    for (uint64 i = 0; i < n; i++)
        p[i] = seed + i + (i >> 8);
}

bool t_filled(const char *p, uint64 n, uint seed)
{
    for (uint64 i = 0; i < n; i++)
        if (p[i] != (char)(seed + i + (i >> 8)))
            return false;
    return true;
}

bool t_is_all(const char *p, uint64 n, char c)
{
    for (uint64 i = 0; i < n; i++)
        if (p[i] != c)
            return false;
    return true;
}

void t_stack_reach(char *at)
{
    asm volatile("mv t0, sp\n"
                 "andi sp, %0, -16\n"
                 "sb zero, 0(%0)\n"
                 "mv sp, t0\n"
                 :
                 : "r"(at)
                 : "t0", "memory");
}

struct faultcount t_faults(void)
{
    struct procinfo pi;
    T_EQ(procinfo(getpid(), &pi), 0);
    return pi.faults;
}

struct faultcount t_faults_since(struct faultcount before)
{
    struct faultcount now = t_faults();
    return (struct faultcount){now.minor - before.minor,     now.major - before.major,
                               now.cow - before.cow,         now.spurious - before.spurious,
                               now.vmalloc - before.vmalloc, now.invalid - before.invalid};
}

void t_faults_say(struct faultcount n)
{
    printf("%s: faults minor=%lu major=%lu cow=%lu spurious=%lu vmalloc=%lu invalid=%lu\n", t_name, n.minor,
           n.major, n.cow, n.spurious, n.vmalloc, n.invalid);
}

// ---- races

#define RACE_SETTLE 3  // ticks of 100 ms, at least
#define SECOND      10 // ticks

struct race_moment {
    uint64 time, switches;
};

static struct race_moment race_now(void)
{
    struct vmstat v;
    struct race_moment m;
    T_EQ(vmstat(&v), 0);
    m.switches = v.switches;
    asm volatile("rdtime %0" : "=r"(m.time));
    return m;
}

static struct {
    struct race_moment start; // time 0: not a race
    uint64 rounds;            // or, when 0,
    int end;                  // uptime()
    uint64 seed;              // of all processes
    uint64 state;             // of this one's random numbers
} race;

void t_race_begin(int argc, char **argv)
{
    t_begin(argv);
    const char *length = argc > 1 ? argv[1] : "20";
    race.seed = argc > 2 ? atoi(argv[2]) : 1;
    if (strchr(length, 's'))
        race.end = uptime() + 10 * atoi(length);
    else
        race.rounds = atoi(length);
    t_race_seed(0);
    // All harts idle, no disk at work, at the edge of a second: from here on the same again with the same
    // seed.
    sleep(RACE_SETTLE + SECOND - (uptime() + RACE_SETTLE) % SECOND);
    race.start = race_now();
}

// A number that is the same when the race went the same way: context switches, and timebase ticks.
static void race_say(void)
{
    struct race_moment now = race_now();
    printf("%s: schedule %lu switches, %lu ticks\n", t_name, now.switches - race.start.switches,
           now.time - race.start.time);
}

void t_race_seed(uint64 who)
{
    race.state = t_cookie(race.seed, who);
}

void t_ok(void)
{
    if (race.start.time)
        race_say();
    printf("%s: ok\n", t_name);
    exit(0);
}

bool t_race_more(uint64 i)
{
    return race.rounds ? i < race.rounds : uptime() < race.end;
}

uint64 t_race_rand(uint64 n)
{
    return t_rand(&race.state) % n;
}

// ---- kinds of backing

const char *const t_backing[B_KINDS] = {"resident", "untouched", "zero page", "shared after fork",
                                        "file data"};

#define DATA_BYTE   0x11 // every byte of file_data
#define FILLED_BYTE 0x22

// A little more than the pages, so that the program's data ends inside a page, which bss shares.
static char file_data[T_BACK_PAGES * PGSIZE + 64]
    __attribute__((aligned(PGSIZE))) = {[0 ... sizeof(file_data) - 1] = DATA_BYTE};

char t_back_byte(enum backing kind)
{
    return kind == B_DATA ? DATA_BYTE : kind == B_UNTOUCHED || kind == B_ZERO ? 0 : FILLED_BYTE;
}

static char *make_backing(enum backing kind)
{
    char *p = kind == B_DATA ? file_data : t_heap(T_BACK_PAGES);
    if (kind == B_RESIDENT || kind == B_COW)
        memset(p, FILLED_BYTE, T_BACK_PAGES * PGSIZE);
    for (int i = 0; kind == B_ZERO && i < T_BACK_PAGES; i++)
        t_peek(p + i * PGSIZE);
    return p;
}

static void one_backing(void (*body)(char *p, enum backing kind), enum backing kind)
{
    char *p = make_backing(kind);
    struct gate g;
    if (kind != B_COW) {
        body(p, kind);
        return;
    }
    t_gate_make(&g);
    if (t_fork() == 0) {
        t_gate_wait(&g);
        T_CHECK(t_is_all(p, T_BACK_PAGES * PGSIZE, t_back_byte(kind)));
        exit(0);
    }
    T_CHECK(t_page(p).shared == 2 && !t_page(p).writable);
    body(p, kind);
    t_gate_open(&g);
    t_reap(1);
}

void t_each_backing(void (*body)(char *p, enum backing kind))
{
    for (int kind = 0; kind < B_KINDS; kind++) {
        printf("%s:   backing: %s\n", t_name, t_backing[kind]);
        if (t_fork() == 0) {
            one_backing(body, kind);
            exit(0);
        }
        t_reap(1);
    }
}

// ---- the kernel's report, as it should be

static const char *const kinds[] = {[VMA_TEXT] = "text",
                                    [VMA_DATA] = "data",
                                    [VMA_HEAP] = "heap",
                                    [VMA_STACK] = "stack",
                                    [VMA_ANON] = "anon"};

static uint64 distance(const struct vmainfo *v, uint64 at)
{
    return at < v->start ? v->start - at : at >= v->end ? at - v->end + 1 : 0;
}

void t_expect_fault(const char *access, const void *at, const char *reason, const void *pc)
{
    struct vmainfo v, best = {0};
    uint64 va = (uint64)at;
    for (int i = 0; vmainfo(getpid(), i, &v) == 0; i++)
        if (best.end == 0 || distance(&v, va) < distance(&best, va))
            best = v;
    printf("expect: %d %s: %s fault at 0x%lx: %s; pc 0x%lx; nearest: %s 0x%lx-0x%lx %c%c%c", getpid(), t_name,
           access, va, reason, (uint64)pc, kinds[best.kind], best.start, best.end,
           best.perm & VMA_R ? 'r' : '-', best.perm & VMA_W ? 'w' : '-', best.perm & VMA_X ? 'x' : '-');
    if (distance(&best, va))
        printf(", 0x%lx %s", distance(&best, va), va < best.start ? "below its start" : "above its end");
    printf("\n");
}

void t_expect_like(const char *pattern)
{
    printf("expect like: %d %s: %s\n", getpid(), t_name, pattern);
}
