// Kernel stacks: KSTACK_BYTES each, in the upper half of an aligned stride whose lower half is never mapped.
// So one bit of the stack pointer tells a stack from its guard, and the trap vector tests it before it saves
// anything.
#ifndef KERNEL_VM_KSTACK_H
#define KERNEL_VM_KSTACK_H

#define KSTACK_SHIFT  13
#define KSTACK_BYTES  (1 << KSTACK_SHIFT)
#define KSTACK_STRIDE (2 * KSTACK_BYTES)

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include "kernel/param.h"
#include "kernel/types.h"

#define KSTACK_MAX (NPROC + 4 * NCPU) // at once

uint64 kstack_alloc(void);       // lowest address of a stack, 0 when there is no memory
void kstack_free(uint64 stack);  // nobody runs on it any more
uint64 kstack_cached(void);      // pages in stacks kept for reuse
bool kstack_is_guard(uint64 va); // va lies in the unmapped half of a stack's stride

#endif
#endif
