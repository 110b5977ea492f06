// Stand-ins for the two kernel headers that name registers, for tests of the drivers on the host (gcc
// -include). A physical address is the pointer itself; the test says whether a process runs.
#ifndef TESTS_HOST_FAKE_DEV_H
#define TESTS_HOST_FAKE_DEV_H
#define KERNEL_VM_FRAME_H
#define KERNEL_LIB_CPU_H
#include "kernel/types.h"

struct proc;

struct context {
    uint64 unused;
};

static inline void *pa2kva(uint64 pa)
{
    return (void *)pa;
}
static inline uint64 kva2pa(const void *kva)
{
    return (uint64)kva;
}

struct proc *my_proc(void);
void *kpage_alloc(void);

#endif
