// Page-fault exceptions: decode scause and stval, classify, report.
#ifndef KERNEL_TRAP_PAGEFAULT_H
#define KERNEL_TRAP_PAGEFAULT_H
// scause of the three page faults (privileged spec 4.1.8, table 4.2)
#define CAUSE_FETCH_FAULT 12
#define CAUSE_LOAD_FAULT  13
#define CAUSE_STORE_FAULT 15

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include "kernel/types.h"

struct trapframe;

// Resolves the fault that tf reports, or kills the process, or takes a fixup, or is an oops. Interrupts off
// on entry and on return; sleeps in between when the fault may.
void trap_fault(struct trapframe *tf);

#endif
#endif
