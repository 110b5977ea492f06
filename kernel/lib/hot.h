// Marks for functions on the hottest paths (a system call, a page fault).
#ifndef KERNEL_LIB_HOT_H
#define KERNEL_LIB_HOT_H

// A leaf that makes no frame of its own: while it runs, s0 is still its caller's frame pointer, so a
// backtrace misses only the leaf itself, which the program counter names. Its slow part is a COLD function
// that it ends in.
#define HOT  __attribute__((optimize("omit-frame-pointer")))
#define COLD __attribute__((noinline, cold))

#endif
