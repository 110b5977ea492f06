// Assertions and panic. An assertion guards an invariant and says in words what broke; it is always on. Bad
// user input is never a reason to panic.
#ifndef KERNEL_LIB_PANIC_H
#define KERNEL_LIB_PANIC_H
#include <stdbool.h>
#include "kernel/types.h"

struct proc;
struct spinlock;
struct trapframe;

// Stops every hart, prints the message, registers, a backtrace with function names and each hart's state, and
// ends the machine with exit status PANIC_STATUS.
void panic(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

// The same for a trap that the kernel has no answer to: tf's registers and backtrace instead of the caller's.
// At a user page fault s1 to s11 in the frame are older: they are saved only on the way to trap().
void panic_trap(struct trapframe *tf, const char *fmt, ...) __attribute__((noreturn, format(printf, 2, 3)));

#define PANIC_STATUS 100

#define assert(cond, words)                                                                                  \
    do {                                                                                                     \
        if (!(cond))                                                                                         \
            panic("%s:%d: %s (%s)", __FILE__, __LINE__, words, #cond);                                       \
    } while (0)

// Call chain, one line a frame: from a return address and the frame pointer of the function that it lies in
// ..
void backtrace(uint64 pc, uint64 fp);
// .. or from the registers at any instruction.
void backtrace_regs(const struct trapframe *tf);

// Return addresses of the caller's callers, innermost first, n at most. Returns how many.
int backtrace_callers(uint64 *pc, int n);

// Function that holds pc, with *off bytes into it; 0 when none does.
const char *symbol_find(uint64 pc, uint64 *off);

// An exception or interrupt in words: "store page fault". Never null.
const char *trap_cause_name(uint64 scause);

extern volatile bool panicking; // some hart has panicked: spin loops give up

// Stops this hart because another one panics. cpu->panic_tf may already point at the registers to report.
void panic_stop_self(void) __attribute__((noreturn));

// What panic asks of higher layers; each may be null.
struct panic_hooks {
    void (*stop_others)(void);              // make every other online hart call panic_stop_self() soon
    void (*show_proc)(const struct proc *); // prints "pid NAME", no newline, without taking locks
    void (*end)(int status);                // ends the machine
};
extern struct panic_hooks panic_hooks;

// Lock whose holder's backtrace the report shows too; set just before panic().
extern struct spinlock *panic_holder;

#endif
