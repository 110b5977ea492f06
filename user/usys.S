// System-call stubs: the number in a7, arguments already in a0 to a5, result in a0. `ecall` changes no other
// register, so a stub needs no stack. The calls that xv6 does not have are weak: a program written for it may use their
// names for functions of its own.
#include "kernel/syscall.h"

.macro stub name, number, binding=globl
    .\binding \name
    .type \name, @function
\name:
    li a7, \number
    ecall
    ret
    .size \name, . - \name
.endm

    .text
    stub fork, SYS_fork
    stub exit, SYS_exit
    stub wait, SYS_wait
    stub pipe, SYS_pipe
    stub read, SYS_read
    stub write, SYS_write
    stub close, SYS_close
    stub kill, SYS_kill
    stub exec, SYS_exec
    stub open, SYS_open
    stub mknod, SYS_mknod
    stub unlink, SYS_unlink
    stub fstat, SYS_fstat
    stub link, SYS_link
    stub mkdir, SYS_mkdir
    stub chdir, SYS_chdir
    stub dup, SYS_dup
    stub getpid, SYS_getpid
    stub sys_sbrk, SYS_sbrk
    stub sleep, SYS_sleep
    stub pause, SYS_pause
    stub uptime, SYS_uptime
    stub sync, SYS_sync, weak
    stub fsync, SYS_fsync, weak
    stub rename, SYS_rename, weak
    stub shutdown, SYS_shutdown, weak
    stub bootarg, SYS_bootarg, weak
    stub vmstat, SYS_vmstat, weak
    stub pageinfo, SYS_pageinfo, weak
    stub procinfo, SYS_procinfo, weak
    stub vmainfo, SYS_vmainfo, weak
    stub ttyctl, SYS_ttyctl, weak
    stub debug, SYS_debug, weak
    stub swapctl, SYS_swapctl, weak
