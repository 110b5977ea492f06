// Trap dispatch: every interrupt and exception of every hart, from user and kernel mode, comes here from
// trap/vector.S with interrupts off and sstatus.SUM clear. Page faults alone go to trap/pagefault.c at once.
//
// Preemption: a timer interrupt that finds other processes waiting switches, in user mode and in the kernel.
// Kernel code that must not lose its hart holds a spinlock or has interrupts off, and then no interrupt gets
// here.
#include "kernel/trap/trap.h"
#include "kernel/boot/machine.h"
#include "kernel/boot/sbi.h"
#include "kernel/dev/dev.h"
#include "kernel/lib/hot.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/printf.h"
#include "kernel/proc/proc.h"
#include "kernel/proc/sched.h"
#include "kernel/proc/syscall.h"
#include "kernel/riscv.h"
#include "kernel/trap/extable.h"

// scause (privileged spec 4.1.8, table 4.2)
#define CAUSE_INTERRUPT (1UL << 63)
#define CAUSE_SOFTWARE  (CAUSE_INTERRUPT | 1)
#define CAUSE_TIMER     (CAUSE_INTERRUPT | 5)
#define CAUSE_EXTERNAL  (CAUSE_INTERRUPT | 9)
#define CAUSE_ILLEGAL   2
#define CAUSE_ECALL_U   8

#define ECALL_SIZE       4
#define TICK_US          10000 // time slice
#define US_PER_S         1000000
#define SPIN_LIMIT_S     10
#define HASH_FACTOR      0xbf58476d1ce4e5b9UL // odd, with no pattern in its bits
#define COUNTERS_IN_USER 7                    // scounteren: cycle, time, instret

static uint64 tick; // `time` units

// `races=SEED` on the command line: see timer_next.
static struct {
    bool on;
    uint64 seed;
} races;

uint64 trap_user_sstatus(void)
{
    return (r_sstatus() & ~(SSTATUS_SPP | SSTATUS_FS | SSTATUS_SUM | SSTATUS_SIE)) | SSTATUS_SPIE;
}

// When the next tick is due; a late one is not made up for. Ticks stand on a grid, so that what follows an
// idle moment does not depend on what was before it. With `races`, the tick of each cell of the grid comes at
// a pseudo-random place in it, another on each hart; the places repeat every second (docs/races.md).
static uint64 timer_next(uint64 now)
{
    uint64 cell = now / tick + 1;
    uint64 at = 0;
    if (races.on) {
        at = (races.seed << 32 | cell % (machine.timebase / tick)) * NCPU + my_cpu()->index;
        at = (at ^ at >> 29) * HASH_FACTOR;
        at = (at ^ at >> 32) % tick;
    }
    return cell * tick + at;
}

// Lets an emulator that runs all harts in one thread (QEMU's -icount) go on with another one: the software
// interrupt ends the wfi at once, and is then taken and forgotten.
static void yield_hart(void)
{
    CSR_SET(sip, SIE_SSIE);
    asm volatile("wfi");
}

static void timer_interrupt(void)
{
    uint64 now = r_time();
    sbi_set_timer(timer_next(now));
    sched_tick(now);
    if (races.on)
        yield_hart();
    if (my_proc())
        sched_preempt();
}

static void software_interrupt(struct trapframe *tf)
{
    CSR_CLEAR(sip, SIE_SSIE);
    if (panicking) {
        my_cpu()->panic_tf = tf;
        panic_stop_self();
    }
}

static __attribute__((noinline)) void interrupt(struct trapframe *tf)
{
    my_cpu()->interrupts++;
    switch (tf->scause) {
    case CAUSE_TIMER:
        timer_interrupt();
        break;
    case CAUSE_EXTERNAL:
        plic_handle();
        break;
    case CAUSE_SOFTWARE:
        software_interrupt(tf);
        break;
    default:
        panic_trap(tf, "interrupt that nobody asked for");
    }
}

// Floating point is off until a program uses it; then its first instruction is illegal (privileged
// spec 3.1.6.6).
COLD static void user_exception(struct trapframe *tf)
{
    struct proc *p = my_proc();
    bool starts_fp = tf->scause == CAUSE_ILLEGAL && (tf->sstatus & SSTATUS_FS) == 0;
    if (starts_fp && fp_enable(p))
        return;
    printf("%d %s: %s; pc 0x%lx, stval 0x%lx\n", p->pid, p->name,
           starts_fp ? "out of memory for floating-point registers" : trap_cause_name(tf->scause), tf->sepc,
           tf->stval);
    p->killed = true;
}

COLD static void kernel_exception(struct trapframe *tf)
{
    const struct extable_entry *e = extable_find(tf->sepc);
    if (!e || e->kind != EX_ANY)
        panic_trap(tf, "%s in the kernel, stval 0x%lx", trap_cause_name(tf->scause), tf->stval);
    tf->a0 = tf->scause;
    tf->sepc = e->fixup;
}

static __attribute__((noinline)) void system_call(struct trapframe *tf)
{
    my_cpu()->syscalls++;
    tf->sepc += ECALL_SIZE;
    intr_on();
    syscall(tf);
    intr_off();
}

// The commonest cause first: this is on the way of every system call.
HOT void trap(struct trapframe *tf)
{
    uint64 cause = tf->scause;
    if (cause == CAUSE_ECALL_U)
        system_call(tf);
    else if (cause & CAUSE_INTERRUPT)
        interrupt(tf);
    else if (trap_from_user(tf))
        user_exception(tf);
    else
        kernel_exception(tf);
}

// The vector comes here instead of going back to the program of a killed process.
void trap_killed(void)
{
    intr_on();
    proc_exit(-1);
}

void trap_stack_overflow(struct trapframe *tf)
{
    panic_trap(tf, "kernel stack overflow: sp 0x%lx is in the guard below the stack", tf->sp);
}

static void stop_others(void)
{
    for (int i = 0; i < ncpu; i++)
        if (cpus[i].online && &cpus[i] != my_cpu())
            sbi_send_ipi(1, cpus[i].hartid);
}

static void show_proc(const struct proc *p)
{
    printf("%d %s", p->pid, p->name);
}

void trap_init(void)
{
    tick = bootarg_uint("tick_us", TICK_US) * machine.timebase / US_PER_S;
    if (tick == 0)
        tick = 1;
    races.seed = bootarg_uint("races", 0);
    races.on = races.seed != 0 && tick <= machine.timebase;
    spin_limit_ticks = SPIN_LIMIT_S * machine.timebase;
    panic_hooks.stop_others = stop_others;
    panic_hooks.show_proc = show_proc;
}

void trap_init_hart(void)
{
    CSR_WRITE(scounteren, COUNTERS_IN_USER);
    plic_init_hart();
    sbi_set_timer(timer_next(r_time()));
    CSR_WRITE(sie, SIE_SSIE | SIE_STIE | SIE_SEIE);
}
