// User copies: range checks around the routines of trap/uaccess.S, which fault pages in as they go.
//
// A user address is a claim of the program. It is checked twice: here for lying in the lower half at all (so
// that no copy can ever reach kernel memory), and page by page by the fault handler against the VMAs. A copy
// may sleep, in a page fault that waits for a disk; holding a spinlock here is a bug that would otherwise
// show once a year, so every call asserts that none is held.
#include "kernel/trap/uaccess.h"
#include "kernel/lib/cpu.h"
#include "kernel/lib/err.h"
#include "kernel/lib/panic.h"
#include "kernel/memlayout.h"
#include "kernel/proc/proc.h"
#include "kernel/riscv.h"
#include "kernel/vm/as.h"

uint64 user_copy(void *dst, const void *src, uint64 n);
int64 user_strncpy(char *dst, const char *src, uint64 n);

static inline bool in_user_half(uint64 va, uint64 n)
{
    return n == 0 || (va >= USER_BASE && va <= MAXVA && n <= MAXVA - va); // page 0 is nobody's
}

static inline void assert_may_fault(void)
{
    assert(irq_depth() == 0, "user copy with a spinlock held");
}

uint64 copy_to_user(uint64 dst, const void *src, uint64 n)
{
    assert_may_fault();
    if (!in_user_half(dst, n))
        return 0;
    return n - user_copy((void *)dst, src, n);
}

uint64 copy_from_user(void *dst, uint64 src, uint64 n)
{
    assert_may_fault();
    if (!in_user_half(src, n))
        return 0;
    return n - user_copy(dst, (const void *)src, n);
}

int64 strncpy_from_user(char *dst, uint64 src, uint64 max)
{
    assert_may_fault();
    if (src >= MAXVA)
        return -EFAULT;
    uint64 limit = max < MAXVA - src ? max : MAXVA - src;
    int64 n = user_strncpy(dst, (const char *)src, limit);
    if (n < 0 || ((uint64)n == limit && limit < max))
        return -EFAULT;
    return (uint64)n == max ? -ENAMETOOLONG : n;
}

bool user_range_ok(uint64 va, uint64 n, bool write)
{
    struct proc *p = my_proc();
    if (!in_user_half(va, n))
        return false;
    return n == 0 || as_range_ok(p->as, va, n, write ? VMA_W : VMA_R, p->tf->sp);
}
