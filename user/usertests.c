// Regression suite of the kernel: `usertests [-q] [-c] [-l] [NAME...]`.
//
//   -q     the quick set only          -c     again and again until a case fails
//   -l     list the cases              NAME   these cases, or all cases of these groups
//
// Every case runs in a child process with a fresh directory to work in. After it the runner compares what the
// whole system has in use with what it had before (frames, page tables, kernel objects, processes, files,
// inodes): anything that does not come back is a leak and a failure, and debug(DEBUG_AUDIT) recounts every
// frame and swap slot. A watchdog process ends a case that hangs. The last line is `usertests: N passed, N
// failed`; the status is 0 only when none failed. The cases are in usertests_GROUP.c, helpers in
// usertests_lib.c.
#include <stddef.h>
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "kernel/syscall.h"
#include "kernel/vmstat.h"
#include "user/pages.h"
#include "user/usertests.h"

#define SCRATCH      "/ut.tmp" // the case's working directory
#define QUICK_LIMIT  60        // seconds that a case of the quick set may take
#define FRAME_RATE   8192      // frames that give a case another second
#define SLOW_LIMIT   250       // and one of the others
#define SETTLE_POLLS 50        // of 100 ms: what init reaps or the kernel frees later may take that long
#define CACHE_POLLS  3         // the same for what may be a cache that has grown
#define RERUNS       4         // a case that seems to leak is run that often before it counts as leaking
#define WARM_PAGES   350       // of the file that warms the block cache
#define NPICK        64        // names on the command line

static const struct testgroup {
    const char *name;
    const struct testcase *cases;
} groups[] = {
    {"call", ut_call},   {"args", ut_args}, {"info", ut_info}, {"cpu", ut_cpu},   {"fault", ut_fault},
    {"mem", ut_mem},     {"cow", ut_cow},   {"proc", ut_proc}, {"kill", ut_kill}, {"exec", ut_exec},
    {"elf", ut_elf},     {"pipe", ut_pipe}, {"file", ut_file}, {"dir", ut_dir},   {"race", ut_race},
    {"limit", ut_limit}, {"oom", ut_oom},
};

static struct {
    bool quick;
    bool forever;
    bool list;
    int npick;
    char *pick[NPICK];
} opt;

static int passed, failed;

// What must come back after a case. Free memory may not shrink, the rest may not grow.
static const struct resource {
    const char *name;
    uint offset;  // of the counter in struct vmstat
    bool is_free; // counts what is left, not what is used
    bool caches;  // includes what the file system's caches keep
} resources[] = {
    {"processes", offsetof(struct vmstat, procs), false, false},
    {"open files", offsetof(struct vmstat, files), false, false},
    {"inodes in use", offsetof(struct vmstat, inodes), false, false},
    {"user pages", offsetof(struct vmstat, user), false, false},
    {"page tables", offsetof(struct vmstat, pagetables), false, false},
    {"swap slots", offsetof(struct vmstat, swap_used), false, false},
    {"bytes of kernel objects", offsetof(struct vmstat, kmem), false, true},
    {"free frames", offsetof(struct vmstat, free), true, true},
};

// The counters, so that what goes out to swap and comes back makes no difference: user pages count wherever
// they are, slots only if there are more than pages.
static void measure(struct vmstat *vs)
{
    vmstat(vs);
    if (vs->swap_slots == 0)
        return;
    uint64 pages = pages_held();
    vs->free += vs->user;
    vs->user = pages;
    vs->swap_used = vs->swap_used > pages ? vs->swap_used - pages : 0;
}

static uint64 counter(const struct vmstat *vs, const struct resource *r)
{
    return *(const uint64 *)((const char *)vs + r->offset);
}

// The first resource of which less is left than before, or null.
static const struct resource *find_leak(const struct vmstat *before, const struct vmstat *after)
{
    for (int i = 0; i < NELEM(resources); i++) {
        const struct resource *r = &resources[i];
        uint64 a = counter(before, r), b = counter(after, r);
        if (r->is_free ? b < a : b > a)
            return r;
    }
    return 0;
}

// Compares until everything is back, or stays away for long enough to be a leak.
static const struct resource *check_leaks(const struct vmstat *before, struct vmstat *after)
{
    const struct resource *r;
    for (int i = 0; i < SETTLE_POLLS; i++) {
        measure(after);
        r = find_leak(before, after);
        if (r == 0 || (r->caches && i == CACHE_POLLS))
            break;
        sleep(1);
    }
    return r;
}

// Ends everything that is younger than the runner: whatever the case has forked, and last the case itself,
// whose end makes the runner end us. Pids only grow.
static void kill_from(int victim)
{
    struct procinfo pi;
    for (int pid = victim; procinfo(pid, &pi) == 0; pid = pi.pid + 1) {
        if (pi.pid == getpid())
            continue;
        printf("  pid %d parent %d state %d %s: ended\n", pi.pid, pi.ppid, pi.state, pi.name);
        if (pi.pid != victim)
            kill(pi.pid);
    }
    kill(victim);
}

// A process that ends the case when it takes too long. Returns its pid, or -1: the case has to do without.
static int start_watchdog(const struct testcase *t, int victim)
{
    int pid = fork();
    if (pid != 0)
        return pid;
    struct vmstat vs;
    vmstat(&vs);
    int limit = (t->flags & UT_SLOW ? SLOW_LIMIT : QUICK_LIMIT) + vs.frames / FRAME_RATE;
    for (int i = 0; i < limit; i++)
        sleep(10);
    printf("%s: takes too long\n", t->name);
    kill_from(victim);
    exit(0);
}

static void run_child(const struct testcase *t)
{
    ut_name = t->name;
    if (chdir(SCRATCH) < 0) {
        printf("%s: FAILED no scratch directory (%s:%d)\n", t->name, __FILE__, __LINE__);
        exit(UT_REPORTED);
    }
    t->run();
    exit(0);
}

// Waits for the case, then stops its watchdog. Returns the case's status.
static int await_child(const struct testcase *t, int pid)
{
    int status = UT_KILLED, st, got;
    int dog = start_watchdog(t, pid);
    while ((got = wait(&st)) >= 0 && got != pid) {
        if (got == dog)
            dog = -1;
    }
    if (got == pid)
        status = st;
    if (dog > 0)
        kill(dog);
    while (wait(0) >= 0)
        ;
    return status;
}

static bool verdict(const char *name, int status)
{
    if (status == 0 || status == UT_SKIPPED)
        return true;
    if (status != UT_REPORTED)
        printf("%s: FAILED exit status %d (%s:%d)\n", name, status, __FILE__, __LINE__);
    return false;
}

// Runs the case once. *leak: what it has not given back.
static bool run_once(const struct testcase *t, const struct resource **leak, struct vmstat *before,
                     struct vmstat *after)
{
    measure(before);
    mkdir(SCRATCH);
    int pid = fork();
    if (pid == 0)
        run_child(t);
    bool ok = verdict(t->name, pid < 0 ? UT_KILLED : await_child(t, pid));
    if (!ut_remove_tree(SCRATCH)) {
        printf("%s: FAILED cannot clean up " SCRATCH " (%s:%d)\n", t->name, __FILE__, __LINE__);
        ok = false;
    }
    *leak = check_leaks(before, after);
    if (debug(DEBUG_AUDIT) != 0) {
        printf("%s: FAILED audit (%s:%d)\n", t->name, __FILE__, __LINE__);
        ok = false;
    }
    return ok;
}

// The caches of the file system grow with use and keep what they have, so a case may seem to leak the first
// times. A leak repeats.
static bool run_case(const struct testcase *t)
{
    struct vmstat before, after;
    const struct resource *leak;
    bool ok;
    int runs = 0;
    do
        ok = run_once(t, &leak, &before, &after);
    while (ok && leak && leak->caches && ++runs < RERUNS);
    if (leak && (ok || !leak->caches)) {
        printf("%s: FAILED leak of %s: %lu before, %lu after (%s:%d)\n", t->name, leak->name,
               counter(&before, leak), counter(&after, leak), __FILE__, __LINE__);
        ok = false;
    }
    if (ok)
        printf("%s: ok\n", t->name);
    return ok;
}

static bool wanted(const struct testgroup *g, const struct testcase *t)
{
    if (opt.quick && (t->flags & UT_SLOW))
        return false;
    for (int i = 0; i < opt.npick; i++) {
        if (strcmp(opt.pick[i], t->name) == 0 || strcmp(opt.pick[i], g->name) == 0)
            return true;
    }
    return opt.npick == 0;
}

static void run_all(void)
{
    for (int i = 0; i < NELEM(groups); i++) {
        for (const struct testcase *t = groups[i].cases; t->name; t++) {
            if (!wanted(&groups[i], t))
                continue;
            if (opt.list)
                printf("%s/%s%s\n", groups[i].name, t->name, t->flags & UT_SLOW ? " (slow)" : "");
            else if (run_case(t))
                passed++;
            else
                failed++;
        }
    }
}

// Fills what the file system's caches are for: more inodes than there can be in memory, and some blocks.
static void warm_case(void)
{
    static char block[PGSIZE];
    char name[16];
    for (int i = 0; i < NINODE; i++) {
        ut_path(name, "warm", i);
        mknod(name, 0, 0);
    }
    for (int i = 0; i < WARM_PAGES; i++) {
        int fd = open("warm", O_CREATE | O_WRONLY | O_APPEND);
        write(fd, block, sizeof(block));
        close(fd);
    }
}

// Brings in everything that stays: all pages of this program's text, which the kernel shares between its
// processes, the runner's own stack, the caches of the file system.
static void warm_up(void)
{
    static const struct testcase warm = {"warm-up", warm_case, 0};
    struct vmainfo vi;
    for (int i = 0; vmainfo(getpid(), i, &vi) == 0; i++) {
        if (vi.kind != VMA_TEXT && vi.kind != VMA_DATA)
            continue;
        for (uint64 va = vi.start; va < vi.end; va += PGSIZE)
            *(volatile char *)va;
    }
    ut_remove_tree(SCRATCH);
    mkdir(SCRATCH);
    for (int i = 0; i < 2; i++) {
        int pid = fork();
        if (pid == 0)
            run_child(&warm);
        await_child(&warm, pid);
    }
    ut_remove_tree(SCRATCH);
    printf("usertests: starting\n");
}

static void usage(void)
{
    fprintf(2, "usage: usertests [-q] [-c] [-l] [NAME...]\n");
    exit(2);
}

static void parse(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-q") == 0)
            opt.quick = true;
        else if (strcmp(argv[i], "-c") == 0)
            opt.forever = true;
        else if (strcmp(argv[i], "-l") == 0)
            opt.list = true;
        else if (argv[i][0] == '-' || opt.npick == NPICK)
            usage();
        else
            opt.pick[opt.npick++] = argv[i];
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && argv[1][0] == '@')
        exit(ut_verb(argc, argv));
    parse(argc, argv);
    if (!opt.list)
        warm_up();
    do
        run_all();
    while (opt.forever && !opt.list && failed == 0 && passed > 0);
    if (opt.list)
        exit(0);
    if (passed + failed == 0) {
        fprintf(2, "usertests: no such case\n");
        exit(2);
    }
    printf("usertests: %d passed, %d failed\n", passed, failed);
    exit(failed != 0);
}
