// Sleep locks: the holder's address is the lock, waiters sleep on it.
//
// No wakeup is lost: a waiter counts itself before it tries once more, and the releaser clears the holder
// before it looks at the count. Whoever of the two comes second sees the other. The spinlock holds the
// releaser's wakeup back until a waiter that has tried in vain is asleep.
#include "kernel/proc/sleeplock.h"
#include "kernel/lib/cpu.h"
#include "kernel/lib/hot.h"
#include "kernel/lib/panic.h"
#include "kernel/proc/sched.h"

void sleep_init(struct sleeplock *lk, const char *name)
{
    *lk = (struct sleeplock){.lk = SPINLOCK(name), .name = name};
}

static inline bool try_take(struct sleeplock *lk, struct proc *p)
{
    struct proc *none = 0;
    return __atomic_compare_exchange_n(&lk->holder, &none, p, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

// False when it was killed while it waited, and may give up. That loses no wakeup: the releaser wakes all.
COLD static bool wait_for(struct sleeplock *lk, struct proc *p, bool may_give_up)
{
    bool taken;
    assert(lk->holder != p, "sleep lock taken twice");
    spin_lock(&lk->lk);
    __atomic_fetch_add(&lk->waiters, 1, __ATOMIC_SEQ_CST);
    while (!(taken = try_take(lk, p)) && !(may_give_up && killed()))
        sleep_on(lk, &lk->lk);
    __atomic_fetch_sub(&lk->waiters, 1, __ATOMIC_SEQ_CST);
    spin_unlock(&lk->lk);
    return taken;
}

COLD static void misuse(struct sleeplock *lk, const char *what)
{
    panic("sleep lock \"%s\" %s", lk->name, what);
}

HOT void sleep_lock(struct sleeplock *lk)
{
    struct proc *p = my_proc();
    if (irq_depth() != 0)
        misuse(lk, "taken with a spinlock held");
    else if (!try_take(lk, p))
        wait_for(lk, p, false);
}

bool sleep_lock_killable(struct sleeplock *lk)
{
    struct proc *p = my_proc();
    assert(irq_depth() == 0, "sleep lock taken with a spinlock held");
    return try_take(lk, p) || wait_for(lk, p, true);
}

bool sleep_trylock(struct sleeplock *lk)
{
    return try_take(lk, my_proc());
}

COLD static void wake_waiters(struct sleeplock *lk)
{
    spin_lock(&lk->lk);
    spin_unlock(&lk->lk);
    wakeup(lk);
}

HOT void sleep_unlock(struct sleeplock *lk)
{
    if (lk->holder != my_proc()) {
        misuse(lk, "released by somebody else");
        return;
    }
    // Ordered with everything before (rl) and with the look at the waiters (aq): no fence is needed.
    asm volatile("amoswap.d.aqrl zero, zero, %0" : "+A"(lk->holder) : : "memory");
    if (__atomic_load_n(&lk->waiters, __ATOMIC_RELAXED))
        wake_waiters(lk);
}

bool sleep_held(struct sleeplock *lk)
{
    return __atomic_load_n(&lk->holder, __ATOMIC_RELAXED) == my_proc();
}
