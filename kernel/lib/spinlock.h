// Spinlocks. Interrupts stay off on this hart while one is held, so a holder is never preempted and must not
// sleep, touch user memory or wait for a device. A lock knows its holder; a hart that waits longer than
// spin_limit_ticks panics with both backtraces instead of hanging.
#ifndef KERNEL_LIB_SPINLOCK_H
#define KERNEL_LIB_SPINLOCK_H
#include <stdbool.h>
#include "kernel/types.h"

struct cpu;

struct spinlock {
    volatile uint locked;
    const char *name;
    struct cpu *holder;
    uint64 pc; // where it was taken
    uint64 fp; // the taker's frame, for its backtrace
};

#define SPINLOCK(n)                                                                                          \
    {                                                                                                        \
        .locked = 0, .name = (n)                                                                             \
    }

void spin_init(struct spinlock *lk, const char *name);
void spin_lock(struct spinlock *lk);
void spin_unlock(struct spinlock *lk);
bool spin_trylock(struct spinlock *lk);
bool spin_held(struct spinlock *lk); // by this hart

// What the three become when lib/lockstat.c counts.
void spin_lock_counted(struct spinlock *lk);
void spin_unlock_counted(struct spinlock *lk);
bool spin_trylock_counted(struct spinlock *lk);

extern uint64 spin_limit_ticks; // longest wait, in ticks of `time`; 0 (until boot sets it): no limit

#endif
