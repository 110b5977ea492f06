// regs_save(struct trapframe *tf): the registers as they are, for a report. The trap registers become 0.
#include "kernel/trap/trapframe.h"

    .section .text
    .globl regs_save
    .type regs_save, @function
regs_save:
    sd ra, TF_RA(a0)
    sd sp, TF_SP(a0)
    sd gp, TF_GP(a0)
    sd tp, TF_TP(a0)
    sd t0, TF_T0(a0)
    sd t1, TF_T1(a0)
    sd t2, TF_T2(a0)
    sd s0, TF_S0(a0)
    sd s1, TF_S1(a0)
    sd a0, TF_A0(a0)
    sd a1, TF_A1(a0)
    sd a2, TF_A2(a0)
    sd a3, TF_A3(a0)
    sd a4, TF_A4(a0)
    sd a5, TF_A5(a0)
    sd a6, TF_A6(a0)
    sd a7, TF_A7(a0)
    sd s2, TF_S2(a0)
    sd s3, TF_S2+8(a0)
    sd s4, TF_S2+16(a0)
    sd s5, TF_S2+24(a0)
    sd s6, TF_S2+32(a0)
    sd s7, TF_S2+40(a0)
    sd s8, TF_S2+48(a0)
    sd s9, TF_S2+56(a0)
    sd s10, TF_S2+64(a0)
    sd s11, TF_S2+72(a0)
    sd t3, TF_T3(a0)
    sd t4, TF_T4(a0)
    sd t5, TF_T5(a0)
    sd t6, TF_T6(a0)
    sd zero, TF_SEPC(a0)
    sd zero, TF_SSTATUS(a0)
    sd zero, TF_SCAUSE(a0)
    sd zero, TF_STVAL(a0)
    ret
    .size regs_save, . - regs_save
