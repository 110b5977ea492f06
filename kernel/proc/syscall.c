// The system-call table, and the way into it from the trap.
//
// A call gets its arguments as the program left them in a0..a5, and checks each itself: a number may be any
// number, an address may point anywhere. No argument may stop the kernel. The program sees -1 for every
// error, since that is xv6's interface: the kernel's own error numbers (lib/err.h) end here.
//
// Locks: none is held at entry or at return, and interrupts are on. Next: proc/sysproc.c, proc/sysinfo.c,
// fs/sysfile.c, docs/syscalls.md.
#include "kernel/syscall.h"
#include "kernel/lib/cpu.h"
#include "kernel/lib/printf.h"
#include "kernel/proc/proc.h"
#include "kernel/proc/syscall.h"
#include "kernel/trap/trapframe.h"

#define CALL(name) [SYS_##name] = sys_##name

static int64 (*const calls[NSYSCALL])(const uint64 *arg) = {
    CALL(fork),     CALL(exit),    CALL(wait),   CALL(pipe),     CALL(read),    CALL(kill),   CALL(exec),
    CALL(fstat),    CALL(chdir),   CALL(dup),    CALL(getpid),   CALL(sbrk),    CALL(sleep),  CALL(uptime),
    CALL(open),     CALL(write),   CALL(mknod),  CALL(unlink),   CALL(link),    CALL(mkdir),  CALL(close),
    CALL(sync),     CALL(fsync),   CALL(rename), CALL(shutdown), CALL(bootarg), CALL(vmstat), CALL(pageinfo),
    CALL(procinfo), CALL(vmainfo), CALL(ttyctl), CALL(debug),    CALL(swapctl),
};

void syscall(struct trapframe *tf)
{
    uint64 number = tf->a7;
    if (number < NSYSCALL && calls[number]) {
        int64 result = calls[number](&tf->a0);
        tf->a0 = result < 0 ? -1 : result;
        return;
    }
    printf("%d %s: unknown system call %lu\n", my_proc()->pid, my_proc()->name, number);
    tf->a0 = -1;
}
