// free: memory in KiB. USER is what programs have mapped, TABLES their page tables, FREE what nobody uses.
#include "kernel/vmstat.h"
#include "user/util.h"

int main(int argc, char *argv[])
{
    struct vmstat v;
    (void)argv;
    if (argc > 1)
        usage("free");
    if (vmstat(&v) < 0)
        return 1;
    uint64 kib = v.pagesize / 1024;
    printf("           TOTAL       USED       FREE       USER     TABLES\n");
    printf("memory %9lu  %9lu  %9lu  %9lu  %9lu\n", v.frames * kib, (v.frames - v.free) * kib, v.free * kib,
           v.user * kib, v.pagetables * kib);
    printf("swap   %9lu  %9lu  %9lu\n", v.swap_slots * kib, v.swap_used * kib,
           (v.swap_slots - v.swap_used) * kib);
    return 0;
}
