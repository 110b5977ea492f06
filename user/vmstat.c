// vmstat: all counters of the kernel; with an interval in seconds one line each time, with what changed since
// the line before, until Ctrl-C.
#include "kernel/vmstat.h"
#include "user/util.h"

#define TICKS_A_SECOND 10
#define HEADER_EVERY   20 // lines
#define FIELD(name)                                                                                          \
    {                                                                                                        \
#name, __builtin_offsetof(struct vmstat, name)                                                       \
    }

static const struct {
    const char *name;
    uint offset;
} fields[] = {
    FIELD(pagesize),        FIELD(frames),         FIELD(free),
    FIELD(kfree),           FIELD(user),           FIELD(pagetables),
    FIELD(harts),           FIELD(timebase),       FIELD(entered),
    FIELD(procs),           FIELD(switches),       FIELD(syscalls),
    FIELD(interrupts),      FIELD(idle),           FIELD(kmem),
    FIELD(files),           FIELD(inodes),         FIELD(swap_slots),
    FIELD(swap_used),       FIELD(swap_in),        FIELD(swap_out),
    FIELD(faults.minor),    FIELD(faults.major),   FIELD(faults.cow),
    FIELD(faults.spurious), FIELD(faults.vmalloc), FIELD(faults.invalid),
};

static int show_all(void)
{
    struct vmstat v;
    if (vmstat(&v) < 0)
        return 1;
    for (uint i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        printf("%-16s %lu\n", fields[i].name, *(uint64 *)((char *)&v + fields[i].offset));
    return 0;
}

static int watch(int seconds)
{
    struct vmstat a, b;
    if (vmstat(&a) < 0)
        return 1;
    for (int line = 0;; line++) {
        if (line % HEADER_EVERY == 0)
            printf("procs    free swapped |  minor  major    cow |  swapin swapout | switches syscalls "
                   "interrupts\n");
        if (sleep(seconds * TICKS_A_SECOND) < 0 || vmstat(&b) < 0)
            return 1;
        printf("%5lu %7lu %7lu | %6lu %6lu %6lu | %7lu %7lu | %8lu %8lu %10lu\n", b.procs, b.free,
               b.swap_used, b.faults.minor - a.faults.minor, b.faults.major - a.faults.major,
               b.faults.cow - a.faults.cow, b.swap_in - a.swap_in, b.swap_out - a.swap_out,
               b.switches - a.switches, b.syscalls - a.syscalls, b.interrupts - a.interrupts);
        a = b;
    }
}

int main(int argc, char *argv[])
{
    int seconds = argc == 2 ? number(argv[1]) : 0;
    if (argc > 2 || (argc == 2 && seconds <= 0))
        usage("vmstat [seconds]");
    return argc == 2 ? watch(seconds) : show_all();
}
