// Spinlocks and panic for tests in one thread. Taking a lock that is held, or letting go of one that is not,
// ends the test program.
#include <stdio.h>
#include <stdlib.h>
#include "kernel/lib/spinlock.h"
#include "tests/host/fake_lock.h"

int fake_locks_held;
volatile bool panicking;

static void require(bool ok, const char *what, const struct spinlock *lk)
{
    if (ok)
        return;
    fputs(what, stderr);
    fputs(lk->name ? lk->name : "a lock without a name", stderr);
    abort();
}

void spin_init(struct spinlock *lk, const char *name)
{
    *lk = (struct spinlock)SPINLOCK(name);
}

void spin_lock(struct spinlock *lk)
{
    require(!lk->locked, "taken twice: ", lk);
    lk->locked = 1;
    fake_locks_held++;
}

void spin_unlock(struct spinlock *lk)
{
    require(lk->locked, "let go, but not held: ", lk);
    lk->locked = 0;
    fake_locks_held--;
}

bool spin_trylock(struct spinlock *lk)
{
    if (lk->locked)
        return false;
    spin_lock(lk);
    return true;
}

bool spin_held(struct spinlock *lk)
{
    return lk->locked;
}
