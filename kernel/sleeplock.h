// For programs written for xv6, some of which include this without using it. The kernel's own is
// proc/sleeplock.h.
#ifndef KERNEL_XV6_SLEEPLOCK_H
#define KERNEL_XV6_SLEEPLOCK_H
#endif
