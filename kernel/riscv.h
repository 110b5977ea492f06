// Sv39 page geometry and PTE bits, and one-line accessors of control and status registers.
// Privileged specification: 4.1 (supervisor CSRs), 4.4 (Sv39).
#ifndef KERNEL_RISCV_H
#define KERNEL_RISCV_H

#define PGSIZE  4096
#define PGSHIFT 12
#define MAXVA   (1L << 38) // end of the lower (user) half

#define SSTATUS_SIE        (1UL << 1)
#define SSTATUS_SPIE       (1UL << 5)
#define SSTATUS_SPP        (1UL << 8)
#define SSTATUS_FS         (3UL << 13) // floating-point state: 0 off, 1 initial, 2 clean, 3 dirty
#define SSTATUS_FS_INITIAL (1UL << 13)
#define SSTATUS_FS_CLEAN   (2UL << 13)
#define SSTATUS_FS_DIRTY   (3UL << 13)
#define SSTATUS_SUM        (1UL << 18)
#define SSTATUS_MXR        (1UL << 19)

#define SIE_SSIE (1UL << 1)
#define SIE_STIE (1UL << 5)
#define SIE_SEIE (1UL << 9)

#define SATP_SV39 (8UL << 60)

#define PTE_V (1UL << 0)
#define PTE_R (1UL << 1)
#define PTE_W (1UL << 2)
#define PTE_X (1UL << 3)
#define PTE_U (1UL << 4)
#define PTE_G (1UL << 5)
#define PTE_A (1UL << 6)
#define PTE_D (1UL << 7)

#ifndef __ASSEMBLER__
#include "kernel/types.h"

#define PGROUNDUP(sz)  (((uint64)(sz) + PGSIZE - 1) & ~(uint64)(PGSIZE - 1))
#define PGROUNDDOWN(a) ((uint64)(a) & ~(uint64)(PGSIZE - 1))

#define PA2PTE(pa)      (((uint64)(pa)) >> 2)           // of a page: bits 11:0 are 0
#define PTE2PA(pte)     ((((uint64)(pte)) >> 10) << 12) // bits 63:54 are 0 in all our PTEs
#define PTE_FLAGS(pte)  ((pte)&0x3ff)
#define PXSHIFT(level)  (PGSHIFT + 9 * (level))
#define PX(level, va)   ((((uint64)(va)) >> PXSHIFT(level)) & 0x1ff)
#define MAKE_SATP(root) (SATP_SV39 | ((uint64)(root) >> 12))

#define CSR_READ(name)                                                                                       \
    ({                                                                                                       \
        uint64 csr_value_;                                                                                   \
        asm volatile("csrr %0, " #name : "=r"(csr_value_));                                                  \
        csr_value_;                                                                                          \
    })
#define CSR_WRITE(name, value) asm volatile("csrw " #name ", %0" : : "r"((uint64)(value)) : "memory")
#define CSR_SET(name, bits)    asm volatile("csrs " #name ", %0" : : "r"((uint64)(bits)) : "memory")
#define CSR_CLEAR(name, bits)  asm volatile("csrc " #name ", %0" : : "r"((uint64)(bits)) : "memory")

static inline uint64 r_sstatus(void)
{
    return CSR_READ(sstatus);
}
static inline uint64 r_time(void)
{
    return CSR_READ(time);
}

static inline uint64 r_sp(void)
{
    uint64 x;
    asm volatile("mv %0, sp" : "=r"(x));
    return x;
}

static inline uint64 r_tp(void)
{
    uint64 x;
    asm volatile("mv %0, tp" : "=r"(x));
    return x;
}

static inline uint64 r_ra(void)
{
    uint64 x;
    asm volatile("mv %0, ra" : "=r"(x));
    return x;
}

static inline uint64 r_fp(void)
{
    uint64 x;
    asm volatile("mv %0, s0" : "=r"(x));
    return x;
}

static inline void intr_on(void)
{
    asm volatile("csrsi sstatus, 2" : : : "memory");
}
static inline void intr_off(void)
{
    asm volatile("csrci sstatus, 2" : : : "memory");
}
static inline int intr_get(void)
{
    return (r_sstatus() & SSTATUS_SIE) != 0;
}

static inline void fence_i(void)
{
    asm volatile("fence.i" : : : "memory");
}
// For short stretches that take no lock: interrupts off, and back to what they were.
static inline uint64 intr_save(void)
{
    uint64 old;
    asm volatile("csrrci %0, sstatus, 2" : "=r"(old) : : "memory");
    return old & SSTATUS_SIE;
}
static inline void intr_restore(uint64 was_on)
{
    CSR_SET(sstatus, was_on);
}

static inline void sfence_vma(void)
{
    asm volatile("sfence.vma zero, zero" : : : "memory");
}
static inline void sfence_vma_page(uint64 va)
{
    asm volatile("sfence.vma %0, zero" : : "r"(va) : "memory");
}

#endif
#endif
