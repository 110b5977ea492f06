// Locks that a process may hold while it sleeps. Never taken with a spinlock held. Taking a free one is a
// single compare-and-swap of the holder.
#ifndef KERNEL_PROC_SLEEPLOCK_H
#define KERNEL_PROC_SLEEPLOCK_H
#include "kernel/lib/spinlock.h"

struct proc;

struct sleeplock {
    struct proc *holder; // 0 = free; atomic
    uint waiters;        // processes in sleep_lock's slow path; atomic
    struct spinlock lk;  // what they sleep with
    const char *name;
};

void sleep_init(struct sleeplock *lk, const char *name);
void sleep_lock(struct sleeplock *lk);          // may sleep
bool sleep_lock_killable(struct sleeplock *lk); // the same; false, without the lock, when killed meanwhile
bool sleep_trylock(struct sleeplock *lk);       // never sleeps
void sleep_unlock(struct sleeplock *lk);
bool sleep_held(struct sleeplock *lk); // by this process

#endif
