// instret [-k]: how many instructions this hart has executed since reset (-k: since the firmware started the
// kernel), without those that QEMU counts while it waits for a disk. Exact with ICOUNT=1; otherwise QEMU
// counts host cycles. tests/tools/test_machine.py holds the way from reset to the first command to a budget
// with it.
#include "kernel/vmstat.h"
#include "user/util.h"

#define TICK_INSNS 100 // in a tick of `time` under ICOUNT=1

int main(int argc, char **argv)
{
    struct vmstat st;
    uint64 n;
    uint kernel;
    if (options(argc, argv, "k", &kernel) != argc)
        usage("instret [-k]");
    vmstat(&st);
    asm volatile("rdinstret %0" : "=r"(n));
    printf("%lu\n", n - (st.idle + (kernel ? st.entered : 0)) * TICK_INSNS);
    return 0;
}
