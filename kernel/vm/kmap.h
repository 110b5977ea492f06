// The kernel's half of every address space (kernel/memlayout.h): direct map, device windows, kernel stacks,
// vmalloc.
#ifndef KERNEL_VM_KMAP_H
#define KERNEL_VM_KMAP_H
#include <stdbool.h>
#include "kernel/types.h"

struct machine;

// Builds the kernel's tables and moves the boot hart to them. Text is RX, constants R, everything else RW
// (W^X).
void kmap_init(const struct machine *m);

// Maps one page in the kernel's tables / takes it away again (no flush; returns the page's physical address).
bool kmap_page(uint64 va, uint64 pa); // RW; false when there is no memory for tables
uint64 kmap_unmap_page(uint64 va);
bool kmap_mapped(uint64 va);

// Kernel memory of any size at consecutive addresses, page by page from the kernel pool, with an unmapped
// page after it. Zeroed. 0 when memory is short. Sleeps not, but no spinlock held (it flushes other harts).
void *vmalloc(uint64 size);
void vfree(void *p);

// A kernel access to the vmalloc area trapped: copies the kernel's root entry into the root in satp if that
// lacks it. True when the access may be tried again. Takes no lock: the fault may be anywhere.
bool vmalloc_fault(uint64 va);

#endif
