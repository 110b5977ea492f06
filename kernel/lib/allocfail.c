// Allocations that fail on purpose (lib/allocfail.h).
//
// The first one that fails is reported with its call chain, which names the code that has to cope:
//
//   alloc.fail: allocation 37: kmem_alloc < as_create < as_fork < proc_fork < sys_fork
//
// Lock: none. Allocators ask with their own locks held, so nothing here may wait; the count is atomic, and
// what says who counts is written before `armed` is.
#include "kernel/lib/allocfail.h"
#include "kernel/boot/machine.h"
#include "kernel/lib/cpu.h"
#include "kernel/lib/hot.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/printf.h"

#define CHAIN      10 // functions of a report
#define CHAIN_TEXT 256

bool allocfail_armed;

static struct {
    uint64 at;
    bool lasting;
    uint64 count; // atomic
    bool (*owner)(const struct proc *p);
} fail;

void allocfail_init(void)
{
    uint64 n = bootarg_uint("alloc.fail", 0);
    if (n)
        allocfail_arm(n, false, 0);
}

uint64 allocfail_arm(uint64 n, bool lasting, bool (*owner)(const struct proc *p))
{
    __atomic_store_n(&allocfail_armed, false, __ATOMIC_SEQ_CST);
    uint64 counted = __atomic_exchange_n(&fail.count, 0, __ATOMIC_SEQ_CST);
    fail.at = n;
    fail.lasting = lasting;
    fail.owner = owner;
    __atomic_store_n(&allocfail_armed, n != 0, __ATOMIC_SEQ_CST);
    return counted;
}

// The innermost caller is allocfail_count, which goes without saying.
COLD static void report(uint64 n)
{
    uint64 pc[CHAIN], off;
    char text[CHAIN_TEXT];
    uint64 used = 0;
    int depth = backtrace_callers(pc, CHAIN);
    for (int i = 1; i < depth && used < sizeof(text); i++) {
        const char *name = symbol_find(pc[i] - 1, &off);
        used += snprintf(text + used, sizeof(text) - used, "%s%s", used ? " < " : "", name ? name : "?");
    }
    printf("alloc.fail: allocation %lu: %s\n", n, text);
}

COLD bool allocfail_count(void)
{
    if (fail.owner && !(my_proc() && fail.owner(my_proc())))
        return false;
    uint64 n = __atomic_add_fetch(&fail.count, 1, __ATOMIC_RELAXED);
    if (n == fail.at)
        report(n);
    return n == fail.at || (fail.lasting && n > fail.at);
}
