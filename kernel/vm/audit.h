// Recounts every frame from the page tables and compares with what the kernel believes (invariants 1, 4 and
// 5).
#ifndef KERNEL_VM_AUDIT_H
#define KERNEL_VM_AUDIT_H

// 0, or panics at the first mismatch, saying which. Stops every address space while it counts; sleeps,
// nothing locked.
int vm_audit(void);

#endif
