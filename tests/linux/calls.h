// A system call of Linux, for the two programs of tests/linux.
#ifndef TESTS_LINUX_CALLS_H
#define TESTS_LINUX_CALLS_H
#include "kernel/types.h"

// Numbers of the generic table of 64-bit ports.
enum {
    NR_unlinkat = 35,
    NR_mount = 40,
    NR_openat = 56,
    NR_close = 57,
    NR_pipe2 = 59,
    NR_read = 63,
    NR_write = 64,
    NR_sync = 81,
    NR_exit_group = 94,
    NR_nanosleep = 101,
    NR_sched_yield = 124,
    NR_kill = 129,
    NR_reboot = 142,
    NR_getpid = 172,
    NR_sysinfo = 179,
    NR_brk = 214,
    NR_clone = 220,
    NR_execve = 221,
    NR_swapon = 224,
    NR_wait4 = 260,
    NR_finit_module = 273,
};

#define AT_FDCWD -100 // names are relative to the current directory

// Up to five arguments; a negative result is an error.
static inline int64 linux_call(int64 number, int64 a, int64 b, int64 c, int64 d, int64 e)
{
    register int64 a0 asm("a0") = a;
    register int64 a1 asm("a1") = b;
    register int64 a2 asm("a2") = c;
    register int64 a3 asm("a3") = d;
    register int64 a4 asm("a4") = e;
    register int64 a7 asm("a7") = number;
    asm volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a7) : "memory");
    return a0;
}

#endif
