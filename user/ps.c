// ps: the processes. Sizes are in KiB: SIZE the address space, RES what of it is in memory; CPU the seconds
// that it ran.
#include "kernel/vmstat.h"
#include "user/util.h"

#define KIB 1024

static const char *state_name(int state)
{
    static const char *names[] = {[PROC_SLEEPING] = "sleep",
                                  [PROC_RUNNABLE] = "ready",
                                  [PROC_RUNNING] = "run",
                                  [PROC_ZOMBIE] = "zombie"};
    return state >= PROC_SLEEPING && state <= PROC_ZOMBIE ? names[state] : "?";
}

int main(int argc, char *argv[])
{
    struct procinfo p;
    struct vmstat v;
    (void)argv;
    if (argc > 1)
        usage("ps");
    if (vmstat(&v) < 0)
        return 1;
    printf("  PID  PPID STATE  HART    SIZE     RES     CPU NAME\n");
    for (int pid = 1; procinfo(pid, &p) >= 0; pid = p.pid + 1) {
        uint64 hundredths = p.cputime * 100 / v.timebase;
        printf("%5d %5d %-6s %4d %7lu %7lu %4lu.%02lu %s\n", p.pid, p.ppid, state_name(p.state), p.hart,
               p.size / KIB, p.resident * v.pagesize / KIB, hundredths / 100, hundredths % 100, p.name);
    }
    return 0;
}
