// What scause and stval say, and what follows from it (privileged spec 4.1.8, 4.1.9).
//
//   from user mode                 vm_fault; no right to the address: one line, and the process dies
//   from the kernel
//     vmalloc area                 vmalloc fault: the root in use lacks an entry
//     a copy routine, user address vm_fault; no right: resume at the fixup, the copy comes up short
//     a probe                      resume at its fixup
//     anything else                oops: a stray pointer is a kernel bug even if the page could be brought in
//
// The exception table is asked BEFORE the fault is resolved. A kernel that first tried vm_fault would let any
// stray dereference of a user pointer through, by luck.
#include "kernel/trap/pagefault.h"
#include "kernel/lib/hot.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/printf.h"
#include "kernel/memlayout.h"
#include "kernel/proc/proc.h"
#include "kernel/proc/sched.h"
#include "kernel/riscv.h"
#include "kernel/trap/extable.h"
#include "kernel/trap/trapframe.h"
#include "kernel/vm/as.h"
#include "kernel/vm/fault.h"
#include "kernel/vm/kmap.h"
#include "kernel/vm/kstack.h"

// AMOs and SC fault as stores.
static enum access fault_access(uint64 scause)
{
    return scause == CAUSE_FETCH_FAULT   ? ACCESS_EXEC
           : scause == CAUSE_STORE_FAULT ? ACCESS_WRITE
                                         : ACCESS_READ;
}

static const char *perm_name(int perm)
{
    static const char *const names[] = {"---", "r--", "-w-", "rw-", "--x", "r-x", "-wx", "rwx"};
    return names[perm & (VMA_R | VMA_W | VMA_X)];
}

// "; nearest: heap 0x5000-0x7000 rw-, 0x10 above its end"
static void describe_nearest(struct as *as, uint64 va, char *buf, uint64 size)
{
    as_lock(as);
    struct vma *v = vma_nearest(&as->vmas, va);
    int n = v ? snprintf(buf, size, "; nearest: %s 0x%lx-0x%lx %s", vma_kind_name(v->kind), v->start, v->end,
                         perm_name(v->perm))
              : snprintf(buf, size, "; no memory at all");
    if (v && va < v->start)
        snprintf(buf + n, size - n, ", 0x%lx below its start", v->start - va);
    else if (v && va >= v->end)
        snprintf(buf + n, size - n, ", 0x%lx above its end", va - v->end + 1);
    as_unlock(as);
}

COLD static void report(struct trapframe *tf, enum fault_reason reason)
{
    static const char *const verbs[] = {
        [ACCESS_READ] = "load", [ACCESS_WRITE] = "store", [ACCESS_EXEC] = "fetch"};
    struct proc *p = my_proc();
    char nearest[96];
    describe_nearest(p->as, tf->stval, nearest, sizeof(nearest));
    printf("%d %s: %s fault at 0x%lx: %s; pc 0x%lx%s\n", p->pid, p->name, verbs[fault_access(tf->scause)],
           tf->stval, fault_reason_name(reason), tf->sepc, nearest);
}

// Memory is short: somebody else's may be taken, and the fault tried again. It is tried once more after "no":
// what others gave back before that answer is there now.
COLD static enum fault_reason retry_without_memory(struct trapframe *tf)
{
    struct proc *p = my_proc();
    enum fault_reason r = FAULT_NOMEM;
    uint64 seen = NO_MEMORY_SEEN;
    for (bool more = true; more && r == FAULT_NOMEM && !killed();) {
        more = proc_out_of_memory(&seen);
        r = vm_fault(p->as, tf->stval, fault_access(tf->scause), p->tf->sp);
    }
    if (r == FAULT_NOMEM)
        fault_count(p->as, FAULT_INVALID);
    return r;
}

// The stack pointer that counts is the program's, also when the kernel copies for it.
static inline enum fault_reason resolve(struct trapframe *tf)
{
    struct proc *p = my_proc();
    intr_on();
    enum fault_reason r = vm_fault(p->as, tf->stval, fault_access(tf->scause), p->tf->sp);
    if (r == FAULT_NOMEM)
        r = retry_without_memory(tf);
    intr_off();
    return r;
}

COLD static void user_invalid(struct trapframe *tf, enum fault_reason r)
{
    struct proc *p = my_proc();
    if (p->killed) // while it waited; the fault no longer matters
        return;
    intr_on();
    report(tf, r);
    intr_off();
    p->killed = true;
}

static void user_fault(struct trapframe *tf)
{
    enum fault_reason r = resolve(tf);
    if (r != FAULT_OK)
        user_invalid(tf, r);
}

static const char *describe_kernel_address(uint64 va)
{
    if (va < MAXVA)
        return "user address, outside the copy routines";
    if (kstack_is_guard(va))
        return "kernel address, guard of a kernel stack";
    return va >= DIRECT_BASE ? "kernel address, unmapped or not allowed" : "not an Sv39 address";
}

static __attribute__((noinline)) void kernel_fault(struct trapframe *tf)
{
    if (vmalloc_fault(tf->stval)) {
        if (my_proc() && my_proc()->as)
            fault_count(my_proc()->as, FAULT_VMALLOC);
        else
            fault_count_nobody(FAULT_VMALLOC);
        return;
    }
    const struct extable_entry *e = extable_find(tf->sepc);
    if (e && e->kind == EX_ANY) {
        tf->a0 = tf->scause;
        tf->sepc = e->fixup;
    } else if (e && tf->stval < MAXVA && my_proc() && my_proc()->as) {
        assert(irq_depth() == 0, "user copy with a spinlock held");
        if (resolve(tf) != FAULT_OK)
            tf->sepc = e->fixup;
    } else {
        panic_trap(tf, "%s at 0x%lx (%s)", trap_cause_name(tf->scause), tf->stval,
                   describe_kernel_address(tf->stval));
    }
}

void trap_fault(struct trapframe *tf)
{
    if (trap_from_user(tf))
        user_fault(tf);
    else
        kernel_fault(tf);
}
