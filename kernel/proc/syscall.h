// System calls: one function each, `int64 sys_NAME(const uint64 *arg)`, arg[0..5] being a0..a5 as the program
// set them. The result goes to a0; negative error numbers (lib/err.h) reach the program as -1.
#ifndef KERNEL_PROC_SYSCALL_H
#define KERNEL_PROC_SYSCALL_H
#include "kernel/types.h"

struct trapframe;
void syscall(struct trapframe *tf);

// proc/sysproc.c
int64 sys_fork(const uint64 *arg);
int64 sys_exit(const uint64 *arg);
int64 sys_wait(const uint64 *arg);
int64 sys_kill(const uint64 *arg);
int64 sys_getpid(const uint64 *arg);
int64 sys_sbrk(const uint64 *arg);
int64 sys_sleep(const uint64 *arg);
int64 sys_uptime(const uint64 *arg);
int64 sys_exec(const uint64 *arg);
int64 sys_shutdown(const uint64 *arg);
int64 sys_bootarg(const uint64 *arg);
int64 sys_vmstat(const uint64 *arg);
int64 sys_pageinfo(const uint64 *arg);
int64 sys_procinfo(const uint64 *arg);
int64 sys_vmainfo(const uint64 *arg);
int64 sys_debug(const uint64 *arg);
int64 sys_swapctl(const uint64 *arg);

// fs/sysfile.c
int64 sys_pipe(const uint64 *arg);
int64 sys_read(const uint64 *arg);
int64 sys_fstat(const uint64 *arg);
int64 sys_chdir(const uint64 *arg);
int64 sys_dup(const uint64 *arg);
int64 sys_open(const uint64 *arg);
int64 sys_write(const uint64 *arg);
int64 sys_mknod(const uint64 *arg);
int64 sys_unlink(const uint64 *arg);
int64 sys_link(const uint64 *arg);
int64 sys_mkdir(const uint64 *arg);
int64 sys_close(const uint64 *arg);
int64 sys_sync(const uint64 *arg);
int64 sys_fsync(const uint64 *arg);
int64 sys_rename(const uint64 *arg);

// dev/console.c
int64 sys_ttyctl(const uint64 *arg);

#endif
