// Kernel memory by the byte: small objects from pages cut into power-of-two pieces, large ones (over PGSIZE /
// 2) as whole pages, in the vmalloc area when more than one.
#ifndef KERNEL_VM_KMEM_H
#define KERNEL_VM_KMEM_H
#include "kernel/types.h"

// Zeroed and aligned to 16; 0 when memory is short. Up to PGSIZE: any context, physically contiguous (in the
// direct map, so a device may use it). Larger: no spinlock held, not for devices.
void *kmem_alloc(uint64 size);
void kmem_free(void *p); // null is allowed

uint64 kmem_used(void); // bytes in use, for leak checks

#endif
