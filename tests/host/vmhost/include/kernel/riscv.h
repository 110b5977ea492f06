// Found before the kernel's own header when vm/ is compiled for the host: the same geometry and PTE bits, but
// every instruction of the processor that vm/ uses goes to the model in tests/host/vmhost/hart.c.
#ifndef VMHOST_RISCV_H
#define VMHOST_RISCV_H
#include_next "kernel/riscv.h"

void host_csr_write(const char *name, uint64 value);
void host_sfence_vma(void);
void host_sfence_vma_page(uint64 va);
void host_fence_i(void);
uint64 host_intr_save(void);
void host_intr_restore(uint64 was_on);
uint64 host_time(void);

#undef CSR_WRITE
#define CSR_WRITE(name, value) host_csr_write(#name, value)
#define sfence_vma             host_sfence_vma
#define sfence_vma_page        host_sfence_vma_page
#define fence_i                host_fence_i
#define intr_save              host_intr_save
#define intr_restore           host_intr_restore
#define r_time                 host_time

#endif
