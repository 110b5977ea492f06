// TLB and instruction-cache fences on every hart that needs them (SBI RFENCE for the others).
//
// Which fence: taking a right away or changing the frame needs tlb_flush() before the old translation may be
// believed gone. Giving a right, or making an empty PTE valid, needs none: a stale stricter entry takes one
// spurious fault.
#ifndef KERNEL_VM_TLB_H
#define KERNEL_VM_TLB_H
#include <stdbool.h>
#include "kernel/types.h"

struct mmu;

// With `tlbcheck` on the kernel command line a forgotten fence is found at once instead of once a year: every
// PTE that loses a right or its frame goes through pte_clear, pte_replace or pte_protect (vm/mmu.h), which
// note the address in the struct mmu; tlb_flush takes it off again when its range covers it; releasing
// as->lock with one left panics. (A space that no hart has loaded any more needs neither: as_destroy.)
extern bool tlbcheck;
void tlb_check_init(void);
void tlb_note(struct mmu *m, uint64 va);
void tlb_assert_flushed(const struct mmu *m);

void tlb_flush(struct mmu *m, uint64 va, uint64 npages); // a user range of m, on every hart in m->cpus
void tlb_flush_kernel(uint64 va, uint64 npages);         // a kernel range, on every hart
void icache_flush(struct mmu *m);                        // m has got executable content

#endif
