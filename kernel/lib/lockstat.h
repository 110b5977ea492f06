// Lock statistics: for each spinlock name, how often it was taken, how often somebody had to wait for it and
// how long, and the longest time that it was held. `lockstat` on the kernel command line turns them on.
#ifndef KERNEL_LIB_LOCKSTAT_H
#define KERNEL_LIB_LOCKSTAT_H
#include <stdbool.h>
#include "kernel/types.h"

struct spinlock;
struct lockstat;

// Puts the counting routines in place of the plain ones, if the command line asks for it. While kernel text
// can still be written, and before another hart runs.
void lockstat_init(void);

// Fills *to in for the i-th lock name. False when there is none, or nothing is counted.
bool lockstat_read(uint i, struct lockstat *to);
void lockstat_clear(void);

// From lib/spinlock.c. This hart has just taken lk (lk->pc says where) after waiting so long, in ticks of
// `time`; it is about to let go of lk.
void lockstat_taken(struct spinlock *lk, bool contended, uint64 waited);
void lockstat_released(struct spinlock *lk);

#endif
