// Page faults by a table of what each cause means. Kernel faults are sorted into classes first, then handled;
// the report is put together piece by piece.
#include "kernel/trap/pagefault.h"
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

static const struct cause {
    enum access access;
    const char *verb;
} causes[] = {
    [CAUSE_FETCH_FAULT] = {ACCESS_EXEC, "fetch"},
    [CAUSE_LOAD_FAULT] = {ACCESS_READ, "load"},
    [CAUSE_STORE_FAULT] = {ACCESS_WRITE, "store"},
};

enum origin { ORIGIN_VMALLOC, ORIGIN_PROBE, ORIGIN_COPY, ORIGIN_BUG };

struct line {
    char text[200];
    uint64 n;
};

#define ADD(l, ...) ((l)->n += snprintf((l)->text + (l)->n, sizeof((l)->text) - (l)->n, __VA_ARGS__))

static void add_place(struct line *l, struct as *as, uint64 va)
{
    as_lock(as);
    struct vma *v = vma_nearest(&as->vmas, va);
    if (!v) {
        ADD(l, "; no memory at all");
    } else {
        ADD(l, "; nearest: %s 0x%lx-0x%lx ", vma_kind_name(v->kind), v->start, v->end);
        ADD(l, "%c%c%c", v->perm & VMA_R ? 'r' : '-', v->perm & VMA_W ? 'w' : '-',
            v->perm & VMA_X ? 'x' : '-');
        if (va < v->start)
            ADD(l, ", 0x%lx below its start", v->start - va);
        if (va >= v->end)
            ADD(l, ", 0x%lx above its end", va - (v->end - 1));
    }
    as_unlock(as);
}

static void die(struct trapframe *tf, enum fault_reason why)
{
    struct proc *p = my_proc();
    struct line l = {.n = 0};
    if (p->killed)
        return;
    intr_on();
    ADD(&l, "%d %s: %s fault at 0x%lx: %s; ", p->pid, p->name, causes[tf->scause].verb, tf->stval,
        fault_reason_name(why));
    ADD(&l, "pc 0x%lx", tf->sepc);
    add_place(&l, p->as, tf->stval);
    printf("%s\n", l.text);
    intr_off();
    p->killed = true;
}

// Tries, and as long as somebody else's memory may come free, again.
static enum fault_reason bring_in(struct trapframe *tf, uint64 sp)
{
    struct as *as = my_proc()->as;
    uint64 seen = NO_MEMORY_SEEN;
    bool hope = true;
    intr_on();
    enum fault_reason r = vm_fault(as, tf->stval, causes[tf->scause].access, sp);
    while (r == FAULT_NOMEM && hope && !killed()) {
        hope = proc_out_of_memory(&seen);
        r = vm_fault(as, tf->stval, causes[tf->scause].access, sp);
    }
    if (r == FAULT_NOMEM)
        fault_count(as, FAULT_INVALID);
    intr_off();
    return r;
}

static enum origin origin(const struct trapframe *tf, const struct extable_entry *e)
{
    struct proc *p = my_proc();
    if (vmalloc_fault(tf->stval))
        return ORIGIN_VMALLOC;
    if (!e)
        return ORIGIN_BUG;
    if (e->kind == EX_ANY)
        return ORIGIN_PROBE;
    return tf->stval < MAXVA && p && p->as ? ORIGIN_COPY : ORIGIN_BUG;
}

static void kernel_fault(struct trapframe *tf)
{
    const struct extable_entry *e = extable_find(tf->sepc);
    struct proc *p = my_proc();
    switch (origin(tf, e)) {
    case ORIGIN_VMALLOC:
        if (p && p->as)
            fault_count(p->as, FAULT_VMALLOC);
        else
            fault_count_nobody(FAULT_VMALLOC);
        break;
    case ORIGIN_PROBE:
        tf->a0 = tf->scause;
        tf->sepc = e->fixup;
        break;
    case ORIGIN_COPY:
        assert(irq_depth() == 0, "user copy with a spinlock held");
        if (bring_in(tf, p->tf->sp) != FAULT_OK)
            tf->sepc = e->fixup;
        break;
    case ORIGIN_BUG:
        panic_trap(tf, "%s at 0x%lx (%s)", trap_cause_name(tf->scause), tf->stval,
                   tf->stval < MAXVA ? "user address, outside the copy routines"
                                     : "kernel address, unmapped or not allowed");
    }
}

void trap_fault(struct trapframe *tf)
{
    if (!trap_from_user(tf)) {
        kernel_fault(tf);
        return;
    }
    enum fault_reason r = bring_in(tf, tf->sp);
    if (r != FAULT_OK)
        die(tf, r);
}
