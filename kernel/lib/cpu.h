// One hart's state. In the kernel `tp` holds the address of the running hart's struct cpu; trap/vector.S sets
// it from sscratch on entry from user mode. Kernel code may be moved to another hart whenever interrupts are
// on, so my_cpu() is for code that has them off; my_proc() is a single load and safe anywhere.
#ifndef KERNEL_LIB_CPU_H
#define KERNEL_LIB_CPU_H

// Offsets that assembly uses; proc/sched.c asserts them.
#define CPU_KSP       0
#define CPU_SCRATCH   8
#define CPU_PROC      16
#define CPU_EMERGENCY 24
#define CPU_NOFF      32
#define CPU_HARTID    40
#define PROC_KILLED   0   // in struct proc
#define CPU_SIZE      256 // of the whole struct
#define CPU_ALIGN     64  // harts do not share cache lines

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include "kernel/types.h"
#include "kernel/param.h"

struct frame;
struct proc;
struct mmu;
struct spinlock;
struct trapframe;

// Registers that a call preserves: what switch_to() saves.
struct context {
    uint64 ra;
    uint64 sp;
    uint64 s[12];
};

struct cpu {
    uint64 ksp;           // top of the running process's kernel stack: where a trap from user mode starts
    uint64 scratch;       // the vector's spare word
    struct proc *proc;    // running process, 0 in the scheduler
    uint64 emergency;     // top of the stack for reporting a kernel-stack overflow
    int noff;             // depth of irq_push; spinlocks count
    int index;            // 0 .. ncpu-1
    uint64 hartid;        // SBI's number
    struct context sched; // the scheduler's context on this hart
    uchar irq_was_on;     // SSTATUS_SIE before the outermost irq_push
    struct mmu *mmu;      // space whose root is in satp, 0 = the kernel's own
    volatile bool online;
    volatile bool idle;         // without work: looks for some, or waits in wfi
    volatile bool stopped;      // by a panic elsewhere
    struct spinlock *waiting;   // lock it spins on, for reports
    struct trapframe *panic_tf; // registers at the moment it stopped
    uint64 switches;
    uint64 syscalls;
    uint64 interrupts;
    uint64 idle_ticks;          // timebase ticks that it has waited for work
    volatile uint64 idle_since; // while idle: the time when that began; for the grader
    uint64 poll;                // ticks that it looks for work before it waits for an interrupt
    struct frame *free;         // free frames that were last used here; pages_lock (vm/frame.c)
} __attribute__((aligned(CPU_ALIGN)));

extern struct cpu cpus[NCPU];
extern int ncpu; // harts found, at most NCPU

static inline struct cpu *my_cpu(void)
{
    struct cpu *c;
    asm volatile("mv %0, tp" : "=r"(c));
    return c;
}

static inline struct proc *my_proc(void)
{
    struct proc *p;
    asm volatile("ld %0, %1(tp)" : "=r"(p) : "i"(CPU_PROC));
    return p;
}

// Spinlocks held and irq_push depth of the running code: one load, so that moving to another hart meanwhile
// is harmless.
static inline int64 irq_depth(void)
{
    int64 n; // as wide as the register, or gcc extends it once more
    asm volatile("lw %0, %1(tp)" : "=r"(n) : "i"(CPU_NOFF));
    return n;
}

// Interrupts off until the matching irq_pop(); they nest.
void irq_push(void);
void irq_pop(void);

#endif
#endif
