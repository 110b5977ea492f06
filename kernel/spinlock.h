// For programs written for xv6, some of which include this without using it. The kernel's own is
// lib/spinlock.h.
#ifndef KERNEL_XV6_SPINLOCK_H
#define KERNEL_XV6_SPINLOCK_H
#endif
