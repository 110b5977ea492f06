// lockstat: what happened to the kernel's spinlocks, one line a name, on a kernel that was booted with
// `lockstat` on its command line. `lockstat -c` makes all counts 0.
#include "kernel/syscall.h"
#include "kernel/vmstat.h"
#include "user/util.h"

#define NS_PER_S 1000000000UL

static uint64 timebase;

static uint64 ns(uint64 ticks)
{
    return ticks * (NS_PER_S / timebase);
}

int main(int argc, char **argv)
{
    struct lockstat st;
    struct vmstat v;
    uint clear;
    if (options(argc, argv, "c", &clear) != argc)
        usage("lockstat [-c]");
    if (debug(DEBUG_LOCKSTAT, clear ? -1 : 0, &st) < 0 || vmstat(&v) < 0) {
        fprintf(2, "lockstat: nothing is counted; boot with `lockstat` on the kernel command line\n");
        return 1;
    }
    timebase = v.timebase;
    if (clear)
        return 0;
    printf("%-16s %10s %9s %11s %11s %12s %11s  %s\n", "lock", "taken", "waited", "longest ns", "all waits",
           "all holds", "longest ns", "by");
    for (int i = 0; debug(DEBUG_LOCKSTAT, i, &st) == 1; i++)
        if (st.acquired)
            printf("%-16s %10lu %9lu %11lu %11lu %12lu %11lu  %s\n", st.name, st.acquired, st.contended,
                   ns(st.longest_wait), ns(st.waited), ns(st.held), ns(st.longest_hold), st.where);
    return 0;
}
