// Traps: dispatch, timer and inter-hart interrupts.
#ifndef KERNEL_TRAP_TRAP_H
#define KERNEL_TRAP_TRAP_H
#include "kernel/types.h"

struct trapframe;

void trap_init(void);      // once: hooks for panic, tick length
void trap_init_hart(void); // on each hart: interrupt sources, first tick

// Leaves the kernel for the program whose registers are in tf, at the top of the kernel stack. All of them: a
// trap that just returns leaves to C what C functions keep.
void trap_return_user(struct trapframe *tf) __attribute__((noreturn));

// sstatus of a program that starts: user mode, interrupts on, floating point off.
uint64 trap_user_sstatus(void);

#endif
