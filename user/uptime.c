// uptime: how long the machine has been running, and what on.
#include "kernel/vmstat.h"
#include "user/util.h"

#define TICKS_A_SECOND 10

int main(int argc, char *argv[])
{
    struct vmstat v;
    (void)argv;
    if (argc > 1)
        usage("uptime");
    int ticks = uptime();
    int seconds = ticks / TICKS_A_SECOND;
    printf("up %d:%02d:%02d.%d", seconds / 3600, seconds / 60 % 60, seconds % 60, ticks % TICKS_A_SECOND);
    if (vmstat(&v) == 0)
        printf(", %lu harts, %lu processes", v.harts, v.procs);
    printf("\n");
    return 0;
}
