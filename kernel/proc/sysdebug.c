// The debug system call: makes the kernel fail on purpose, so that its reports can be seen and tested, runs
// the kernel's self-tests and the audit.
//
// Each failure is the plain one that a bug would make, with nothing to soften it: whoever calls ends the
// machine. The self-tests and the audit leave everything as it was.
//
// Lock: debug_lock is there to be held for too long. Next: lib/panic.c, lib/selftest.c, vm/audit.c.
#include "kernel/lib/allocfail.h"
#include "kernel/lib/err.h"
#include "kernel/lib/lockstat.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/selftest.h"
#include "kernel/lib/spinlock.h"
#include "kernel/memlayout.h"
#include "kernel/proc/proc.h"
#include "kernel/proc/syscall.h"
#include "kernel/riscv.h"
#include "kernel/syscall.h"
#include "kernel/trap/uaccess.h"
#include "kernel/vm/audit.h"
#include "kernel/vm/kstack.h"
#include "kernel/vmstat.h"

// Calls itself, deeper than any stack.
static uint64 __attribute__((noinline)) overflow_stack(uint64 depth)
{
    volatile uint64 here[16];
    here[depth % 16] = depth;
    return depth ? overflow_stack(depth - 1) + here[depth % 16] : 0;
}

static struct spinlock debug_lock = SPINLOCK("debug");

static void wait_for_lock(void)
{
    while (!debug_lock.locked)
        ;
    spin_lock(&debug_lock);
    spin_unlock(&debug_lock);
}

// A kernel thread on another hart waits for the lock that this one keeps; with one hart, it waits for itself.
static void hold_for_ever(void)
{
    kthread_create("waiter", wait_for_lock);
    spin_lock(&debug_lock);
    if (ncpu == 1)
        spin_lock(&debug_lock);
    for (;;)
        ;
}

static void hang(void)
{
    intr_off();
    for (;;)
        ;
}

static uint armed; // how often allocations were made to fail: tells the processes of one time from another's

static bool is_armed(const struct proc *p)
{
    return p->allocfail == armed;
}

// Serves one program at a time. Returns how many allocations were counted since the last call.
static int64 fail_allocation(int n)
{
    if (n)
        my_proc()->allocfail = ++armed;
    return allocfail_arm(n < 0 ? -(uint64)n : (uint64)n, n < 0, is_armed);
}

static int64 lock_counts(int i, uint64 user)
{
    struct lockstat st;
    if (!lockstat_read(0, &st))
        return -EINVAL;
    if (i < 0) {
        lockstat_clear();
        return 0;
    }
    if (!lockstat_read(i, &st))
        return 0;
    return copy_to_user(user, &st, sizeof(st)) == sizeof(st) ? 1 : -EFAULT;
}

int64 sys_debug(const uint64 *arg)
{
    switch (arg[0]) {
    case DEBUG_PANIC:
        panic("asked for by a program");
    case DEBUG_OOPS:
        return *(volatile uint64 *)(VMALLOC_END - PGSIZE);
    case DEBUG_USERPTR:
        return *(volatile uint64 *)USER_BASE;
    case DEBUG_STACK:
        return overflow_stack(KSTACK_BYTES);
    case DEBUG_LOCKUP:
        hold_for_ever();
        return 0;
    case DEBUG_SELFTEST:
        return selftest_run();
    case DEBUG_AUDIT:
        return vm_audit();
    case DEBUG_HANG:
        hang();
        return 0;
    case DEBUG_ALLOCFAIL:
        return fail_allocation((int)arg[1]);
    case DEBUG_LOCKSTAT:
        return lock_counts((int)arg[1], arg[2]);
    }
    return -EINVAL;
}
