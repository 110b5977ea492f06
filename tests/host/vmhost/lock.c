// Locks that check their rules (docs/locks.md): no sleeping with a spinlock held, one as->lock at a time but
// for fork (parent, then child) and whoever holds as_list_lock, and as_list_lock before any as->lock.
//
// Processes that take turns (sched.c) wait for a sleep lock that another one has; a spinlock is never found
// taken, since nobody is stopped while holding one. In a test of several threads, each of them a hart with a
// process of its own, they spin.
#include <sched.h>
#include <string.h>
#include "kernel/lib/cpu.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/spinlock.h"
#include "kernel/proc/sleeplock.h"
#include "kernel/riscv.h"
#include "kernel/vm/as.h"
#include "tests/host/vmhost/internal.h"
#include "tests/host/vmhost/vmhost.h"

#define MAX_HELD 64

static _Thread_local struct sleeplock *sleeping[MAX_HELD];
static _Thread_local int nsleeping;
static _Thread_local struct spinlock *spinning[MAX_HELD];
static _Thread_local int nspinning;
static _Thread_local bool forking;

void irq_push(void)
{
    my_cpu()->noff++;
}

void irq_pop(void)
{
    assert(my_cpu()->noff > 0, "irq_pop without irq_push");
    my_cpu()->noff--;
}

// The same to the checks here; what the hart's registers hold, nobody looks at.
uint64 host_intr_save(void)
{
    irq_push();
    return 0;
}

void host_intr_restore(uint64 was_on)
{
    (void)was_on;
    irq_pop();
}

void spin_init(struct spinlock *lk, const char *name)
{
    *lk = (struct spinlock)SPINLOCK(name);
}

static bool try_spin(struct spinlock *lk)
{
    uint free = 0;
    return __atomic_compare_exchange_n(&lk->locked, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void spin_lock(struct spinlock *lk)
{
    assert(!spin_held(lk), "spinlock taken twice");
    assert(nspinning < MAX_HELD, "too many spinlocks held");
    if (nspinning == 0 && irq_depth() == 0)
        host_point();
    irq_push();
    while (!try_spin(lk)) {
        assert(host_threads, "a process was stopped with a spinlock held");
        sched_yield();
    }
    spinning[nspinning++] = lk;
}

void host_spin_drop(struct spinlock *lk)
{
    assert(nspinning > 0 && spinning[nspinning - 1] == lk, "not the spinlock taken last");
    nspinning--;
    __atomic_store_n(&lk->locked, 0, __ATOMIC_RELEASE);
    irq_pop();
}

void spin_unlock(struct spinlock *lk)
{
    host_spin_drop(lk);
    if (nspinning == 0 && irq_depth() == 0)
        host_point();
}

bool spin_trylock(struct spinlock *lk)
{
    if (!try_spin(lk))
        return false;
    irq_push();
    spinning[nspinning++] = lk;
    return true;
}

bool spin_held(struct spinlock *lk)
{
    for (int i = 0; i < nspinning; i++)
        if (spinning[i] == lk)
            return true;
    return false;
}

bool sleep_held(struct sleeplock *lk)
{
    for (int i = 0; i < nsleeping; i++)
        if (sleeping[i] == lk)
            return true;
    return false;
}

static bool is_space(const struct sleeplock *lk)
{
    return lk->name && strcmp(lk->name, "as") == 0;
}

static bool before_on_list(const struct sleeplock *a, const struct sleeplock *b)
{
    bool seen = false;
    list_for_each(pos, &as_list)
    {
        struct as *as = container_of(pos, struct as, link);
        seen = seen || &as->lock == a;
        if (&as->lock == b)
            return seen;
    }
    return false;
}

static void check_order(struct sleeplock *lk)
{
    int spaces = 0;
    struct sleeplock *last = 0;
    for (int i = 0; i < nsleeping; i++)
        if (is_space(sleeping[i])) {
            spaces++;
            last = sleeping[i];
        }
    assert(lk != &as_list_lock || spaces == 0, "the list of spaces locked after a space");
    if (!is_space(lk) || spaces == 0)
        return;
    assert(sleep_held(&as_list_lock) || (forking && spaces == 1), "two spaces locked outside fork");
    assert(host_threads || before_on_list(last, lk), "a child locked before its parent");
}

void sleep_init(struct sleeplock *lk, const char *name)
{
    *lk = (struct sleeplock){.lk = SPINLOCK(name), .name = name};
}

bool sleep_trylock(struct sleeplock *lk)
{
    struct proc *nobody = 0;
    assert(nsleeping < MAX_HELD, "too many sleep locks held");
    if (!__atomic_compare_exchange_n(&lk->holder, &nobody, my_proc(), false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED))
        return false;
    sleeping[nsleeping++] = lk;
    return true;
}

void sleep_lock(struct sleeplock *lk)
{
    assert(irq_depth() == 0 && nspinning == 0, "sleep lock taken with a spinlock held");
    assert(!sleep_held(lk), "sleep lock taken twice");
    check_order(lk);
    host_point();
    while (!sleep_trylock(lk))
        host_wait(lk);
}

void sleep_unlock(struct sleeplock *lk)
{
    int i = nsleeping - 1;
    while (i >= 0 && sleeping[i] != lk)
        i--;
    assert(i >= 0, "sleep lock released that is not held");
    memmove(&sleeping[i], &sleeping[i + 1], (nsleeping - i - 1) * sizeof(sleeping[0]));
    nsleeping--;
    __atomic_store_n(&lk->holder, 0, __ATOMIC_RELEASE);
    host_wake(lk);
    host_point();
}

void host_assert_unlocked(const char *where)
{
    if (nsleeping > 0)
        panic("%s with lock \"%s\" held", where, sleeping[nsleeping - 1]->name);
    if (nspinning > 0)
        panic("%s with spinlock \"%s\" held", where, spinning[nspinning - 1]->name);
    if (irq_depth() != 0)
        panic("%s with interrupts off", where);
}

void host_drop_locks(void)
{
    while (nsleeping > 0)
        sleeping[--nsleeping]->holder = 0;
    while (nspinning > 0)
        spinning[--nspinning]->locked = 0;
    my_cpu()->noff = 0;
    forking = false;
}

struct as *__real_as_fork(struct as *parent);
struct as *__wrap_as_fork(struct as *parent)
{
    forking = true;
    struct as *child = __real_as_fork(parent);
    forking = false;
    return child;
}
