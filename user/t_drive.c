// Runs the memory tests for tests/vm/run: `t_drive RUNS "PROGRAM ARG.., PROGRAM ARG.., .."`.
//
// Each program runs RUNS times. After every run the kernel recounts all frames (debug(DEBUG_AUDIT): a
// mismatch is a panic), and one line says how it ended and what the machine has in use, for the runner to
// compare:
//   == run PROGRAM 1
//   .. whatever the program and the kernel print ..
//   == end PROGRAM 1 status=0 audit=0 free=29000 user=40 pagetables=9 kmem=4000 procs=3 files=2 inodes=4
//   invalid=0 used=0 pages=50
// (used: swap slots; pages: pages_held). With swap, each clean page is compared with its slot too, and what a
// program has changed with swapctl is put back.
#include "user/swap_lib.h"
#include "user/util.h"

#define SETTLE_TICKS 20 // what init reaps, or a hart frees a moment later, may take that long
#define MAXWORDS     64

static struct vmstat first;  // before the program that runs now
static struct swapinfo swap; // at boot; slots 0: there is none

static int run_once(char **argv)
{
    int status, got, pid = fork();
    if (pid == 0) {
        exec(argv[0], argv);
        fprintf(2, "t_drive: cannot run %s\n", argv[0]);
        exit(1);
    }
    while ((got = wait(&status)) >= 0 && got != pid)
        ;
    return got == pid && pid > 0 ? status : -1;
}

// Processes that outlive their parent are init's to reap: give it a moment.
static void settle(struct vmstat *v)
{
    for (int i = 0; i < SETTLE_TICKS; i++) {
        vmstat(v);
        if (v->procs <= first.procs && (swap.slots || v->user <= first.user))
            return;
        sleep(1);
    }
}

static void restore_swap(void)
{
    swapctl(SWAPCTL_ONLY, 0, 0);
    swapctl(SWAPCTL_LIMIT, 0, 0);
    swapctl(SWAPCTL_BATCH, swap.batch, 0);
    swapctl(SWAPCTL_READAHEAD, swap.readahead, 0);
    swapctl(SWAPCTL_POLICY, (uint64)swap.policy, 0);
}

// 0: all frames, slots and clean pages are as they should be.
static int audit(void)
{
    if (swap.slots)
        restore_swap();
    return debug(DEBUG_AUDIT) != 0 || (swap.slots && swapctl(SWAPCTL_AUDIT, 0, 0) < 0);
}

static int run_many(char **argv, int runs)
{
    int failed = 0;
    vmstat(&first);
    for (int i = 1; i <= runs; i++) {
        struct vmstat v, before, after;
        vmstat(&before);
        uint64 begin = rdtime();
        printf("== run %s %d\n", argv[0], i);
        int status = run_once(argv);
        vmstat(&after);
        uint64 time = rdtime() - begin;
        settle(&v);
        int wrong = audit();
        printf("== end %s %d status=%d audit=%d free=%lu user=%lu pagetables=%lu kmem=%lu procs=%lu "
               "files=%lu inodes=%lu "
               "invalid=%lu used=%lu pages=%lu switches=%lu time=%lu\n",
               argv[0], i, status, wrong, v.free, v.user, v.pagetables, v.kmem, v.procs, v.files, v.inodes,
               v.faults.invalid - before.faults.invalid, v.swap_used, pages_held(),
               after.switches - before.switches, time);
        failed |= status != 0 || wrong != 0;
    }
    return failed;
}

// The next program and its arguments, from *line on, which is taken apart. Returns their number.
static int next_words(char **line, char **words)
{
    int n = 0;
    char *p = *line;
    bool last = false;
    while (*p && !last && n < MAXWORDS) {
        for (; *p == ' '; p++)
            *p = 0;
        if (*p)
            words[n++] = p;
        while (*p && *p != ' ' && *p != ',')
            p++;
        if (*p == ',') {
            last = true;
            *p++ = 0;
        }
    }
    words[n] = 0;
    *line = p;
    return n;
}

int main(int argc, char *argv[])
{
    int runs = argc == 3 ? number(argv[1]) : 0, failed = 0;
    char *words[MAXWORDS + 1], *line = argv[2];
    if (runs <= 0)
        usage("t_drive RUNS 'PROGRAM [ARG..], PROGRAM ..'");
    swapctl(SWAPCTL_INFO, (uint64)&swap, 0);
    while (*line)
        if (next_words(&line, words) > 0)
            failed |= run_many(words, runs);
    return failed;
}
