// Run states, sleep and wakeup, the run queue. Knows nothing of fork, exit or address spaces beyond struct
// mmu.
#ifndef KERNEL_PROC_SCHED_H
#define KERNEL_PROC_SCHED_H
#include "kernel/lib/cpu.h"
#include "kernel/lib/spinlock.h"

struct proc;

// Waits until wakeup(chan). lk guards the condition waited for: held on entry, released while asleep, held
// again on return. The caller loops: another waker may have been first. kill() also ends the wait: check
// killed().
void sleep_on(const void *chan, struct spinlock *lk);

// Makes every process that sleeps on chan runnable. Any context, also interrupts; no process lock held.
void wakeup(const void *chan);

// Ends p's sleep, whatever it waits for (kill). p stays allocated meanwhile: wait_lock held.
void wakeup_proc(struct proc *p);

// Lets others run.
void yield(void);

// Sleeps for that many 100 ms ticks (xv6's unit) of the `time` register. -EINTR when killed.
int sleep_ticks(uint64 ticks);
uint64 uptime_ticks(void);

// The running process has been killed and should get out of the kernel.
bool killed(void);

// For proc.c. sched_ready: a new process may run; its lock is held. sched: gives the hart up for good or
// until made ready; only the process's own lock is held, and its state is no longer RUNNING.
void sched_init(void);
void sched_ready(struct proc *p);
void sched(void);
void scheduler(void) __attribute__((noreturn)); // each hart's loop

// A time slice is over: lets others run, if there are any. Interrupts off, in a process.
void sched_preempt(void);

// Timer interrupt: wakes the sleepers whose time has come.
void sched_tick(uint64 now);

// Floating-point registers of the running process, interrupts off.
void fp_save_current(void);
bool fp_enable(struct proc *p); // first use: clean registers; false when there is no memory

#endif
