// Registers of the interrupted code, as trap/vector.S saves them on the kernel stack. For a trap from user
// mode it lies at the very top of the process's kernel stack; page faults from there leave s1 to s11 out.
#ifndef KERNEL_TRAP_TRAPFRAME_H
#define KERNEL_TRAP_TRAPFRAME_H

#define TF_RA      0
#define TF_SP      8
#define TF_GP      16
#define TF_TP      24
#define TF_T0      32
#define TF_T1      40
#define TF_T2      48
#define TF_S0      56
#define TF_S1      64
#define TF_A0      72
#define TF_A1      80
#define TF_A2      88
#define TF_A3      96
#define TF_A4      104
#define TF_A5      112
#define TF_A6      120
#define TF_A7      128
#define TF_S2      136
#define TF_T3      216
#define TF_T4      224
#define TF_T5      232
#define TF_T6      240
#define TF_SEPC    248
#define TF_SSTATUS 256
#define TF_SCAUSE  264
#define TF_STVAL   272
#define TF_SIZE    288 // a multiple of 16, the ABI's stack alignment

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include "kernel/riscv.h"
#include "kernel/types.h"

struct trapframe {
    uint64 ra, sp, gp, tp;
    uint64 t0, t1, t2;
    uint64 s0, s1;
    uint64 a0, a1, a2, a3, a4, a5, a6, a7; // consecutive: system-call arguments
    uint64 s2, s3, s4, s5, s6, s7, s8, s9, s10, s11;
    uint64 t3, t4, t5, t6;
    uint64 sepc, sstatus, scause, stval;
    uint64 pad;
};

static inline bool trap_from_user(const struct trapframe *tf)
{
    return (tf->sstatus & SSTATUS_SPP) == 0;
}

#endif
#endif
