// First instructions of every hart. OpenSBI enters in S-mode with translation off, a0 = hart id and a1 = the device
// tree (boot hart) or the word given to sbi_hart_start (others: physical address of the hart's struct cpu).
//
// boot_root maps the first BOOT_GIB gibibytes twice, where they are and in the direct map, with 1 GiB leaves: enough to
// jump to the upper half and to read a device tree below 16 GiB. kmap_init() builds the real tables; afterwards only
// harts on their way in pass through boot_root.
#include "kernel/lib/cpu.h"
#include "kernel/memlayout.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "kernel/vm/kstack.h"

#define BOOT_GIB   16
#define BOOT_LEAF  (PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D)
#define DIRECT_IDX 256 // root index of DIRECT_BASE

    .section .text.entry, "ax"
    .globl entry
entry:
    csrw    sie, zero
    csrw    sscratch, zero
    la      t0, booting
    li      t1, 1
    amoswap.w t1, t1, (t0)
    bnez    t1, entry_again
    mv      s0, a0
    mv      s1, a1

    la      t0, bss_start
    la      t1, bss_end
1:  sd      zero, 0(t0)
    addi    t0, t0, 8
    bltu    t0, t1, 1b

    la      t0, boot_root
    li      t1, BOOT_LEAF
    li      t2, BOOT_GIB
    li      t3, DIRECT_IDX * 8
    add     t3, t3, t0
    li      t4, 1 << 28 // one GiB in a PTE's page-number field
2:  sd      t1, 0(t0)
    sd      t1, 0(t3)
    addi    t0, t0, 8
    addi    t3, t3, 8
    add     t1, t1, t4
    addi    t2, t2, -1
    bnez    t2, 2b

    jal     to_upper_half
    la      sp, boot_stack_top
    la      tp, cpus
    la      t0, trap_vector
    csrw    stvec, t0
    mv      a0, s0
    mv      a1, s1
    li      s0, 0
    call    kmain

// OpenSBI up to 1.2 marks a hart as to be started before it notes where and with what: a hart that comes out of reset
// just then, late, arrives at `entry` like the boot hart. The kernel has asked for it, so its struct cpu is filled in.
entry_again:
    la      a1, cpus
    li      t0, NCPU
1:  ld      t1, CPU_HARTID(a1)
    beq     t1, a0, entry_secondary
    addi    a1, a1, CPU_SIZE
    addi    t0, t0, -1
    bnez    t0, 1b
2:  wfi
    j       2b

    .globl entry_secondary
entry_secondary:
    csrw    sie, zero
    csrw    sscratch, zero
    mv      s1, a1
    jal     to_upper_half
    la      t0, kernel_satp
    ld      t0, 0(t0)
    csrw    satp, t0
    sfence.vma
    li      t0, DIRECT_BASE
    add     tp, s1, t0
    ld      sp, CPU_KSP(tp)
    la      t0, trap_vector
    csrw    stvec, t0
    li      s0, 0
    call    kmain_secondary

// Turns translation on and returns at the caller's upper-half address.
to_upper_half:
    li      t0, DIRECT_BASE
    add     ra, ra, t0
    la      t1, boot_root
    srli    t1, t1, PGSHIFT
    li      t2, SATP_SV39
    or      t1, t1, t2
    sfence.vma
    csrw    satp, t1
    sfence.vma
    ret

    .data
    .balign 4
booting: // not in .bss, which the boot hart clears
    .word   0

    .bss
    .balign PGSIZE
    .globl boot_root
boot_root:
    .space  PGSIZE

// The boot hart's stack has the geometry of all kernel stacks, so that the vector's overflow test holds for it too.
    .balign KSTACK_STRIDE
    .space  KSTACK_STRIDE
boot_stack_top:
