// The one trap vector (privileged spec 4.1.2: stvec, direct mode). It saves the interrupted registers as a struct
// trapframe on the kernel stack, clears sstatus.SUM so that no handler runs with user memory open (sret restores it from
// the frame), calls trap_fault() for a page fault and trap() for all else, and returns.
//
// sscratch says where the trap came from: in user mode it holds the hart's struct cpu, in the kernel it is 0. A trap from
// the kernel that would not fit on its stack goes to trap_stack_overflow() on the hart's emergency stack.
#include "kernel/lib/cpu.h"
#include "kernel/riscv.h"
#include "kernel/trap/pagefault.h"
#include "kernel/trap/trapframe.h"
#include "kernel/vm/kstack.h"

// The registers that C functions preserve, and switch_to() too.
    .macro  save_preserved
    sd      s1, TF_S1(sp)
    .set    n, 2
    .irp    r, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11
    sd      \r, (TF_S2 + (n - 2) * 8)(sp)
    .set    n, n + 1
    .endr
    .endm

// The others. The frame at sp has t0 and s0 already; t0 holds the interrupted tp, CPU_SCRATCH the interrupted sp. t2 is
// scause afterwards.
    .macro  save_registers
    sd      t0, TF_TP(sp)
    ld      t0, CPU_SCRATCH(tp)
    sd      t0, TF_SP(sp)
    sd      ra, TF_RA(sp)
    sd      gp, TF_GP(sp)
    sd      t1, TF_T1(sp)
    sd      t2, TF_T2(sp)
    sd      a0, TF_A0(sp)
    sd      a1, TF_A1(sp)
    sd      a2, TF_A2(sp)
    sd      a3, TF_A3(sp)
    sd      a4, TF_A4(sp)
    sd      a5, TF_A5(sp)
    sd      a6, TF_A6(sp)
    sd      a7, TF_A7(sp)
    sd      t3, TF_T3(sp)
    sd      t4, TF_T4(sp)
    sd      t5, TF_T5(sp)
    sd      t6, TF_T6(sp)
    li      t0, SSTATUS_SUM
    csrrc   t0, sstatus, t0
    csrr    t1, sepc
    csrr    t2, scause
    csrr    t3, stval
    sd      t0, TF_SSTATUS(sp)
    sd      t1, TF_SEPC(sp)
    sd      t2, TF_SCAUSE(sp)
    sd      t3, TF_STVAL(sp)
    .endm

    .text
    .balign 4
    .globl trap_vector
trap_vector:
    csrrw   tp, sscratch, tp
    bnez    tp, from_user

from_kernel:
    csrrw   tp, sscratch, zero
    sd      sp, CPU_SCRATCH(tp)
    addi    sp, sp, -TF_SIZE
    srli    sp, sp, KSTACK_SHIFT
    andi    sp, sp, 1
    beqz    sp, stack_overflow
    ld      sp, CPU_SCRATCH(tp)
    addi    sp, sp, -TF_SIZE
    sd      t0, TF_T0(sp)
    sd      s0, TF_S0(sp)
    save_preserved // whatever it is: a panic shows them
    mv      t0, tp
    j       save

// CPU_SCRATCH has the stack pointer that ran over.
stack_overflow:
    ld      sp, CPU_EMERGENCY(tp)
    addi    sp, sp, -TF_SIZE
    sd      t0, TF_T0(sp)
    sd      s0, TF_S0(sp)
    mv      t0, tp
    save_preserved
    save_registers
    mv      a0, sp
    li      s0, 0
    call    trap_stack_overflow

from_user:
    sd      sp, CPU_SCRATCH(tp)
    ld      sp, CPU_KSP(tp)
    addi    sp, sp, -TF_SIZE
    sd      t0, TF_T0(sp)
    sd      s0, TF_S0(sp)
    csrrw   t0, sscratch, zero // the program's tp
    li      s0, 0              // backtraces end here

save:
    save_registers
    mv      a0, sp
    addi    t1, t2, -CAUSE_FETCH_FAULT
    li      t2, CAUSE_STORE_FAULT - CAUSE_FETCH_FAULT
    bgtu    t1, t2, not_a_page_fault // (14 is reserved)
    call    trap_fault

// Restores the frame at sp and leaves. s1 to s11 are as they were. A killed process does not get back to its
// program. Interrupts are off.
    .globl trap_return
trap_return:
    ld      t0, TF_SSTATUS(sp)
    andi    t1, t0, SSTATUS_SPP
    bnez    t1, 1f // to the kernel: tp stays, this may be another hart than the one that trapped
    ld      t1, CPU_PROC(tp)
    lbu     t1, PROC_KILLED(t1)
    bnez    t1, to_exit
    csrw    sscratch, tp
    ld      tp, TF_TP(sp)
1:  ld      t1, TF_SEPC(sp)
    csrw    sstatus, t0
    csrw    sepc, t1
    ld      ra, TF_RA(sp)
    ld      gp, TF_GP(sp)
    ld      t0, TF_T0(sp)
    ld      t1, TF_T1(sp)
    ld      t2, TF_T2(sp)
    ld      s0, TF_S0(sp)
    ld      a0, TF_A0(sp)
    ld      a1, TF_A1(sp)
    ld      a2, TF_A2(sp)
    ld      a3, TF_A3(sp)
    ld      a4, TF_A4(sp)
    ld      a5, TF_A5(sp)
    ld      a6, TF_A6(sp)
    ld      a7, TF_A7(sp)
    ld      t3, TF_T3(sp)
    ld      t4, TF_T4(sp)
    ld      t5, TF_T5(sp)
    ld      t6, TF_T6(sp)
    ld      sp, TF_SP(sp)
    sret

// Not a page fault: the handler may want all registers (fork copies them).
not_a_page_fault:
    save_preserved
    call    trap
    j       trap_return

to_exit:
    call    trap_killed

// trap_return_user(struct trapframe *): starts a program with all registers from the frame.
    .globl trap_return_user
trap_return_user:
    csrci   sstatus, 2
    mv      sp, a0
    li      s0, 0
    ld      s1, TF_S1(sp)
    .set    n, 2
    .irp    r, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11
    ld      \r, (TF_S2 + (n - 2) * 8)(sp)
    .set    n, n + 1
    .endr
    j       trap_return
