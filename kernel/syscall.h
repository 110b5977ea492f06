// System-call numbers (in a7 at ecall). 1 to 21 are xv6's.
#ifndef KERNEL_SYSCALL_H
#define KERNEL_SYSCALL_H

#define SYS_fork     1
#define SYS_exit     2
#define SYS_wait     3
#define SYS_pipe     4
#define SYS_read     5
#define SYS_kill     6
#define SYS_exec     7
#define SYS_fstat    8
#define SYS_chdir    9
#define SYS_dup      10
#define SYS_getpid   11
#define SYS_sbrk     12
#define SYS_sleep    13
#define SYS_pause    SYS_sleep
#define SYS_uptime   14
#define SYS_open     15
#define SYS_write    16
#define SYS_mknod    17
#define SYS_unlink   18
#define SYS_link     19
#define SYS_mkdir    20
#define SYS_close    21
#define SYS_sync     22 // sync(): all that was done so far is on the disk when it returns
#define SYS_fsync    23 // fsync(fd)
#define SYS_rename   24 // rename(old, new)
#define SYS_shutdown 25 // shutdown(how, status), how: SHUTDOWN_*
#define SYS_bootarg  26 // bootarg(key, buf, n): value of a kernel command-line word
#define SYS_vmstat   27 // vmstat(struct vmstat *)
#define SYS_pageinfo 28 // pageinfo(addr, n, struct pageinfo *)
#define SYS_procinfo 29 // procinfo(pid, struct procinfo *): the process with the smallest pid >= pid
#define SYS_vmainfo  30 // vmainfo(pid, i, struct vmainfo *): i-th VMA of a process
#define SYS_ttyctl   31 // ttyctl(op, arg): console mode and foreground job
#define SYS_debug    32 // debug(op, n): panics, oopses and self-tests on request, TEST programs only
#define SYS_swapctl  33 // swapctl(op, a, b): look at swap, choose policies, SWAPCTL_*
#define NSYSCALL     34

// sbrk's second argument. Both are lazy; SBRK_EAGER refuses to creep past the memory there is (vm/as.h:
// as_sbrk).
#define SBRK_EAGER 1
#define SBRK_LAZY  2

#define SHUTDOWN_OFF    0
#define SHUTDOWN_REBOOT 1

// ttyctl operations
#define TTY_COOKED 0 // lines, with echo and editing (the state at boot)
#define TTY_RAW    1 // every character at once, no echo
#define TTY_FG     2 // arg: pid whose process tree Ctrl-C ends; 0: none

// swapctl operations. Sizes are pages. Each returns -1 for an argument that makes no sense.
#define SWAPCTL_INFO      0 // a: struct swapinfo * to fill (kernel/vmstat.h)
#define SWAPCTL_POLICY    1 // a: name; switches to it while everything runs
#define SWAPCTL_BATCH     2 // a: pages evicted at a time, 1..32
#define SWAPCTL_READAHEAD 3 // a: pages read at a time, 1..32
#define SWAPCTL_LIMIT     4 // a: size of the user pool, 0: as at boot; returns the size it has now
#define SWAPCTL_PAGEOUT   5 // a, b: address and length; evicts these pages of the caller; returns how many went
#define SWAPCTL_ONLY                                                                                         \
    6 // a, b: address and length; only these pages of the caller are evicted; b = 0: all again
#define SWAPCTL_TICK  7 // the policy's tick, at once
#define SWAPCTL_AUDIT 8 // compares every clean page with its slot; returns how many, or panics

// debug operations
#define DEBUG_PANIC    0 // panic
#define DEBUG_OOPS     1 // stray kernel read of an unmapped kernel address
#define DEBUG_USERPTR  2 // stray kernel read of a user address outside the copy routines
#define DEBUG_STACK    3 // kernel stack overflow
#define DEBUG_LOCKUP   4 // spinlock held for ever
#define DEBUG_SELFTEST 5 // kernel self-tests, TAP on the console; returns the number that failed
#define DEBUG_AUDIT    6 // recount every frame; returns 0, or panics
#define DEBUG_HANG     7 // interrupts off, spin
// debug(DEBUG_ALLOCFAIL, n): the n-th kernel allocation that this process and its descendants make from now
// on fails; n < 0: the -n-th and all after it; 0: no more. Returns how many there were since the last such
// call.
#define DEBUG_ALLOCFAIL 8
// debug(DEBUG_LOCKSTAT, i, struct lockstat *): the i-th lock name's counts (kernel/vmstat.h). Returns 1, or 0
// when there is none; -1 without `lockstat` on the kernel command line. i < 0: all counts become 0.
#define DEBUG_LOCKSTAT 9

#endif
