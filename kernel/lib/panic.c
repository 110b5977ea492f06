// Panic and its report: what happened, registers, backtrace, every hart.
//
// The first hart to panic wins panic_owner and writes the report. The others are told to stop
// (hooks.stop_others, and by polling `panicking` where they spin with interrupts off); one that panics at the
// same time stops like the rest. A panic while the report is written means that the report itself met the
// damage: one line, and the end.
//
// Nothing here takes a lock, sleeps or allocates. What the report needs of higher layers comes through
// panic_hooks.
#include "kernel/lib/cpu.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/spinlock.h"
#include "kernel/riscv.h"
#include "kernel/trap/trapframe.h"

#define NOBODY            0
#define STOP_WAIT         2000000 // ticks of `time` that the others get to stop: 0.2 s at QEMU's 10 MHz
#define SCAUSE_INTERRUPT  (1UL << 63)
#define REGISTERS_ON_LINE 4

volatile bool panicking; // set once, before the others are told to stop
struct panic_hooks panic_hooks;
struct spinlock *panic_holder;

static volatile uint panic_owner;           // index + 1 of the hart that writes the report, or NOBODY
static struct trapframe stopped_regs[NCPU]; // of harts that stopped outside of a trap

// lib/regs.S: the caller's registers as they are.
void regs_save(struct trapframe *tf);

// Exception and interrupt codes: privileged spec, table 4.2.
static const char *const exceptions[] = {
    "instruction address misaligned",
    "instruction access fault",
    "illegal instruction",
    "breakpoint",
    "load address misaligned",
    "load access fault",
    "store address misaligned",
    "store access fault",
    "system call from user mode",
    "system call from supervisor mode",
    "reserved exception 10",
    "reserved exception 11",
    "instruction page fault",
    "load page fault",
    "reserved exception 14",
    "store page fault",
};

// Codes that the specification reserves, or leaves to custom use, have a name too: it is only for reports.
const char *trap_cause_name(uint64 scause)
{
    if (scause & SCAUSE_INTERRUPT) {
        switch (scause & ~SCAUSE_INTERRUPT) {
        case 1:
            return "software interrupt";
        case 5:
            return "timer interrupt";
        case 9:
            return "external interrupt";
        }
        return "unknown interrupt";
    }
    if (scause < sizeof(exceptions) / sizeof(exceptions[0]))
        return exceptions[scause];
    return "unknown exception";
}

// The running hart's struct cpu; cpus[0] when the damage has reached tp.
static struct cpu *this_cpu(void)
{
    uint64 off = r_tp() - (uint64)cpus;

    if (off < sizeof(cpus) && off % sizeof(cpus[0]) == 0)
        return my_cpu();
    return &cpus[0];
}

// All but pc, in the order of struct trapframe, which is that of the register numbers.
static void show_registers(const struct trapframe *tf)
{
    static const char *const names[] = {"ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0", "a1",
                                        "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5", "s6",
                                        "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"};
    const uint64 *value = &tf->ra;
    int n = sizeof(names) / sizeof(names[0]);

    for (int i = 0; i < n; i++)
        printf("%s%3s %016lx%s", i % REGISTERS_ON_LINE == 0 ? " " : "", names[i], value[i],
               i % REGISTERS_ON_LINE == REGISTERS_ON_LINE - 1 || i == n - 1 ? "\n" : " ");
}

// The second half of a line.
static void show_where(uint64 pc)
{
    uint64 off;
    const char *name = symbol_find(pc, &off);

    printf(", pc %p", (void *)pc);
    if (name)
        printf(" %s+0x%lx", name, off);
}

// A hart that does not answer has its interrupts off, or is stuck in the firmware.
static const char *hart_state(const struct cpu *c, const struct cpu *self)
{
    if (c == self)
        return "reports this";
    if (c->stopped)
        return "stopped";
    if (!c->online)
        return "not started";
    return panicking ? "does not answer" : "runs on";
}

// One line: state, process, the lock it waits for, where it stopped. The fields belong to that hart; if it
// still runs they may be a moment old.
static void show_hart(const struct cpu *c, const struct cpu *self)
{
    printf("  hart %d (id %lu): %s,", c->index, c->hartid, hart_state(c, self));
    if (!c->proc) {
        printf(" no process");
    } else if (panic_hooks.show_proc) {
        printf(" process ");
        panic_hooks.show_proc(c->proc);
    } else {
        printf(" process %p", (void *)c->proc);
    }
    const struct spinlock *lk = c->waiting;
    if (lk)
        printf(", waits for \"%s\"", lk->name);
    const struct cpu *holder = lk ? lk->holder : 0; // read once: it may let go meanwhile
    if (holder)
        printf(" of hart %d", holder->index);
    if (c != self && c->stopped && c->panic_tf)
        show_where(c->panic_tf->sepc);
    printf("\n");
}

// Then the call chains of the others, idle ones left out. Their stacks hold still: they have stopped.
static void show_harts(struct cpu *self)
{
    printf("harts:\n");
    for (int i = 0; i < ncpu; i++)
        show_hart(&cpus[i], self);
    for (int i = 0; i < ncpu; i++) {
        struct cpu *c = &cpus[i];
        bool idle = !c->proc && !c->waiting;
        if (c == self || !c->stopped || !c->panic_tf || idle)
            continue;
        printf("backtrace of hart %d:\n", c->index);
        backtrace_regs(c->panic_tf);
    }
}

// trapped: tf is of a trap, so its trap registers mean something.
static void report(struct trapframe *tf, bool trapped)
{
    if (trapped)
        printf("scause 0x%lx (%s) stval %p sepc %p sstatus 0x%lx\n", tf->scause, trap_cause_name(tf->scause),
               (void *)tf->stval, (void *)tf->sepc, tf->sstatus);
    printf("registers:\n");
    show_registers(tf);
    printf("backtrace:\n");
    if (trapped)
        backtrace_regs(tf);
    else
        backtrace(tf->sepc, tf->s0);
    if (panic_holder) {
        printf("spinlock \"%s\" was taken by hart %d here:\n", panic_holder->name,
               panic_holder->holder ? panic_holder->holder->index : -1);
        backtrace(panic_holder->pc, panic_holder->fp);
    }
    show_harts(this_cpu());
}

static void machine_end(void) __attribute__((noreturn));
// With nobody to end the machine (early in boot) it stays as it is, for a debugger.
static void machine_end(void)
{
    if (panic_hooks.end)
        panic_hooks.end(PANIC_STATUS);
    for (;;)
        asm volatile("wfi");
}

// The trap code of each hart, or its spin loop, sets `stopped`.
static bool all_stopped(struct cpu *self)
{
    for (int i = 0; i < ncpu; i++)
        if (&cpus[i] != self && cpus[i].online && !cpus[i].stopped)
            return false;
    return true;
}

// Harts that spin or run with interrupts off may never answer; the report then says so.
static void stop_others(struct cpu *self)
{
    uint64 start = r_time();

    if (panic_hooks.stop_others)
        panic_hooks.stop_others();
    while (!all_stopped(self) && r_time() - start < STOP_WAIT)
        ;
}

// Makes this hart the one that reports, or does not return.
static void panic_begin(const char *fmt, va_list ap)
{
    struct cpu *c = this_cpu();
    uint me = (uint)c->index + 1;
    uint owner = NOBODY;

    // an interrupt here would report on, or switch away from, a broken kernel
    intr_off();
    if (!__atomic_compare_exchange_n(&panic_owner, &owner, me, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        if (owner != me)
            panic_stop_self();
        printf("panic while reporting a panic: ");
        vprintf(fmt, ap);
        printf("\n");
        machine_end();
    }
    panicking = true;
    stop_others(c);
    printf("\npanic: hart %d: ", c->index);
    vprintf(fmt, ap);
    printf("\n");
}

// The registers are those of a moment later, except for pc and the frame pointer: these are the caller's.
void panic(const char *fmt, ...)
{
    struct trapframe tf;
    va_list ap;

    regs_save(&tf);
    tf.sepc = (uint64)__builtin_return_address(0);
    tf.s0 = ((uint64 *)__builtin_frame_address(0))[-2];
    va_start(ap, fmt);
    panic_begin(fmt, ap);
    report(&tf, false);
    machine_end();
}

void panic_trap(struct trapframe *tf, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    panic_begin(fmt, ap);
    report(tf, true);
    machine_end();
}

// Called by the inter-processor interrupt of stop_others (the trap code has set panic_tf), and by code that
// spins. It never returns: interrupts stay off, so wfi ends only for nothing.
void panic_stop_self(void)
{
    struct cpu *c = this_cpu();
    struct trapframe *tf = &stopped_regs[c->index];

    intr_off();
    if (!c->panic_tf) {
        regs_save(tf);
        tf->sepc = (uint64)__builtin_return_address(0);
        tf->s0 = ((uint64 *)__builtin_frame_address(0))[-2];
        c->panic_tf = tf;
    }
    // the report's hart reads panic_tf once it sees `stopped`
    __atomic_store_n(&c->stopped, true, __ATOMIC_RELEASE);
    for (;;)
        asm volatile("wfi");
}
