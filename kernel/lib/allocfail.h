// Allocations that fail on purpose, to see that what follows is an error return or the death of one process.
//
// `alloc.fail=N` on the kernel command line fails the N-th allocation since boot; debug(DEBUG_ALLOCFAIL, n)
// the n-th that the caller and its descendants make from then on. What counts as one: a page (kernel, table
// or user), a small object, a kernel stack. Something made of several counts several times, as each may fail.
#ifndef KERNEL_LIB_ALLOCFAIL_H
#define KERNEL_LIB_ALLOCFAIL_H
#include <stdbool.h>
#include "kernel/types.h"

struct proc;

extern bool allocfail_armed;

void allocfail_init(void);  // reads the command line
bool allocfail_count(void); // counts an allocation that is about to be made; true: it has to fail

// Every allocator asks this first. Any context.
static inline bool alloc_fails(void)
{
    return __builtin_expect(allocfail_armed, false) && allocfail_count();
}

// Starts to count; the n-th allocation fails, with `lasting` all after it too. n = 0: no more. Only processes
// of which owner() says so count, all when it is null. Returns how many were counted since the last time.
uint64 allocfail_arm(uint64 n, bool lasting, bool (*owner)(const struct proc *p));

#endif
