// instret: how many instructions this hart has executed since reset. Exact with ICOUNT=1; otherwise QEMU
// counts host cycles. tests/tools/test_machine.py holds the time from reset to the first command to a budget
// with it.
#include "kernel/types.h"
#include "user/user.h"

int main(void)
{
    uint64 n;
    asm volatile("rdinstret %0" : "=r"(n));
    printf("%lu\n", n);
    exit(0);
}
