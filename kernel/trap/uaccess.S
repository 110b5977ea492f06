// The copy routines: the only code that runs with sstatus.SUM set, all of it between copy_routines_start and
// copy_routines_end of the linker script. trap/uaccess.c checks the range first.
//
// When an access cannot be resolved, the trap resumes at the fixup label of its exception-table entry. In the word loops
// that is the byte loop, which goes on from the last position known good, so that the count is exact to the byte.
#include "kernel/riscv.h"
#include "kernel/trap/extable.h"

    .section .text.uaccess, "ax"

// uint64 user_copy(void *dst, const void *src, uint64 n): bytes that were not copied. One side is user memory.
    .globl user_copy
user_copy:
    li      t6, SSTATUS_SUM
    csrs    sstatus, t6
    add     a2, a0, a2      // end of dst
    xor     t0, a0, a1
    andi    t0, t0, 7
    bnez    t0, bytes       // never aligned together
head:
    andi    t0, a0, 7
    beqz    t0, blocks
    bgeu    a0, a2, done
    may_fault done
    lbu     t0, 0(a1)
    may_fault done
    sb      t0, 0(a0)
    addi    a0, a0, 1
    addi    a1, a1, 1
    j       head

blocks:
    addi    a3, a2, -64
    bltu    a3, a0, words
1:  .irp    off, 0, 32
    may_fault bytes
    ld      t0, (\off + 0)(a1)
    may_fault bytes
    ld      t1, (\off + 8)(a1)
    may_fault bytes
    ld      t2, (\off + 16)(a1)
    may_fault bytes
    ld      t3, (\off + 24)(a1)
    may_fault bytes
    sd      t0, (\off + 0)(a0)
    may_fault bytes
    sd      t1, (\off + 8)(a0)
    may_fault bytes
    sd      t2, (\off + 16)(a0)
    may_fault bytes
    sd      t3, (\off + 24)(a0)
    .endr
    addi    a0, a0, 64
    addi    a1, a1, 64
    bleu    a0, a3, 1b

words:
    addi    a3, a2, -8
1:  bltu    a3, a0, bytes
    may_fault bytes
    ld      t0, 0(a1)
    may_fault bytes
    sd      t0, 0(a0)
    addi    a0, a0, 8
    addi    a1, a1, 8
    j       1b

bytes:
    bgeu    a0, a2, done
    may_fault done
    lbu     t0, 0(a1)
    may_fault done
    sb      t0, 0(a0)
    addi    a0, a0, 1
    addi    a1, a1, 1
    j       bytes

done:
    csrc    sstatus, t6
    sub     a0, a2, a0
    ret

// int64 user_strncpy(char *dst, const char *src, uint64 n): length copied before the zero; n when there is no zero in n
// bytes; -1 for a bad address.
    .globl user_strncpy
user_strncpy:
    li      t6, SSTATUS_SUM
    csrs    sstatus, t6
    mv      t1, a1
    add     a2, a1, a2
1:  bgeu    a1, a2, 2f
    may_fault string_fault
    lbu     t0, 0(a1)
    sb      t0, 0(a0)
    beqz    t0, 2f
    addi    a0, a0, 1
    addi    a1, a1, 1
    j       1b
2:  csrc    sstatus, t6
    sub     a0, a1, t1
    ret
string_fault:
    csrc    sstatus, t6
    li      a0, -1
    ret

// uint64 probe_read(uint64 va, uint64 *value), uint64 probe_illegal(void): see extable.h. They run with SUM clear. The
// trap leaves scause in a0 when it takes an EX_ANY fixup.
    .text
    .globl probe_read
probe_read:
    may_fault probe_end, EX_ANY
    ld      t0, 0(a0)
    sd      t0, 0(a1)
    li      a0, 0
probe_end:
    ret

    .globl probe_illegal
probe_illegal:
    li      a0, 0
    may_fault probe_end, EX_ANY
    .4byte  0 // defined to be illegal (unprivileged spec 1.5)
    ret
