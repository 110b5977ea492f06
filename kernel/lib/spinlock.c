// Spinlocks and the nesting of "interrupts off".
//
// A lock is one word, taken by an atomic swap with acquire ordering and given back with release ordering
// (unprivileged spec, "A" extension: amoswap.aq, amoswap.rl). Beside it stand the holder, and the place where
// it took the lock, for reports only. Every page fault and system call passes through here, so the
// uncontended path is short: no call, no loop, and no check of what cannot be wrong yet. That a hart takes a
// lock twice is noticed when it has to wait for itself. Waiting, complaining and giving up are spin_wait's.
//
// Of the three routines there is a second set that counts (lib/lockstat.c), which takes their place on
// request.
//
// Interrupts: cpu->noff counts the reasons for which they are off on this hart, cpu->irq_was_on is what to go
// back to when the last one is gone. Both belong to the hart and change with interrupts off only.
#include "kernel/lib/cpu.h"
#include "kernel/lib/hot.h"
#include "kernel/lib/lockstat.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/spinlock.h"
#include "kernel/riscv.h"

#define ALWAYS static inline __attribute__((always_inline))

// Turns of the waiting loop between two wfi. An emulator that runs all harts in one thread (QEMU's -icount)
// may run this one for as long as it does not wait, and the holder never; a pending timer interrupt ends the
// wfi.
#define SPIN_TURNS (1UL << 16)

uint64 spin_limit_ticks; // trap/trap.c sets it, once the timebase is known

// Reads SIE and clears it in one step (privileged spec 4.1.1). tp may change until interrupts are off, and so
// is read only afterwards.
ALWAYS struct cpu *irq_off(void)
{
    uint64 old;
    asm volatile("csrrci %0, sstatus, 2" : "=r"(old) : : "memory");
    struct cpu *c = my_cpu();
    if (c->noff++ == 0)
        c->irq_was_on = old & SSTATUS_SIE;
    return c;
}

// Undoes one irq_off. Interrupts come back only where they were on before the outermost one.
ALWAYS void irq_restore(struct cpu *c)
{
    if (--c->noff == 0 && c->irq_was_on)
        intr_on();
}

// Nests. What runs between irq_push and irq_pop stays on its hart.
HOT void irq_push(void)
{
    irq_off();
}

COLD static void irq_unbalanced(void)
{
    panic("irq_pop without irq_push, or interrupts on inside (depth %d)", my_cpu()->noff);
}

// Interrupts that are on at this point mean that somebody has turned them on in between.
HOT void irq_pop(void)
{
    struct cpu *c = my_cpu();

    if (c->noff <= 0 || intr_get()) {
        irq_unbalanced();
        return;
    }
    irq_restore(c);
}

// name is kept, not copied: a string constant.
void spin_init(struct spinlock *lk, const char *name)
{
    *lk = (struct spinlock)SPINLOCK(name);
}

// Only this hart writes its own address into holder, so the answer cannot change under the caller.
bool spin_held(struct spinlock *lk)
{
    return lk->locked && lk->holder == my_cpu();
}

// True when this call has taken the lock.
ALWAYS bool spin_take(struct spinlock *lk)
{
    int64 was; // as wide as the register, or gcc extends it once more
    asm volatile("amoswap.w.aq %0, %2, %1" : "=r"(was), "+A"(lk->locked) : "r"(1) : "memory");
    return was == 0;
}

// After the lock is taken: nobody else writes these. A report on another hart may read them half new.
ALWAYS void spin_record(struct spinlock *lk, struct cpu *c, uint64 pc, uint64 fp)
{
    lk->holder = c;
    lk->pc = pc;
    lk->fp = fp;
}

// The same in a leaf, where the caller's registers still hold both.
ALWAYS void spin_record_caller(struct spinlock *lk, struct cpu *c)
{
    lk->holder = c;
    asm volatile("sd ra, %0" : "=m"(lk->pc));
    asm volatile("sd s0, %0" : "=m"(lk->fp));
}

// The holder may let go while this is printed: what is shown is then a little old, never wild.
COLD static void spin_lockup(struct spinlock *lk)
{
    struct cpu *h = lk->holder;

    if (h) {
        panic_holder = lk;
        panic("spinlock \"%s\" is held for too long, by hart %d", lk->name, h->index);
    }
    panic("spinlock \"%s\" is locked, but nobody holds it", lk->name);
}

// Waits for a lock that somebody holds, and takes it. Reads until the lock looks free, so that the waiting
// harts leave the holder its cache line. Interrupts are off: a hart that waits here learns of a panic by
// polling. Locks: irq_off done by the caller. pc, fp: who asked.
COLD static void spin_wait(struct spinlock *lk, uint64 pc, uint64 fp)
{
    struct cpu *c = my_cpu();
    uint64 start = r_time();

    if (lk->holder == c) {
        panic_holder = lk;
        panic("spinlock \"%s\" taken twice by hart %d", lk->name, c->index);
    }
    c->waiting = lk;
    do {
        for (uint64 turn = 1; lk->locked; turn++) {
            if (turn % SPIN_TURNS == 0)
                asm volatile("wfi");
            if (panicking)
                panic_stop_self();
            if (spin_limit_ticks && r_time() - start > spin_limit_ticks)
                spin_lockup(lk);
        }
    } while (!spin_take(lk));
    c->waiting = 0;
    spin_record(lk, c, pc, fp);
}

// Returns with interrupts off and the lock held. Everything written under the lock before is visible here
// (acquire).
HOT void spin_lock(struct spinlock *lk)
{
    struct cpu *c = irq_off();

    if (spin_take(lk))
        spin_record_caller(lk, c);
    else
        spin_wait(lk, r_ra(), r_fp());
}

// Interrupts are off afterwards only when it got the lock.
HOT bool spin_trylock(struct spinlock *lk)
{
    struct cpu *c = irq_off();

    if (!spin_take(lk)) {
        irq_restore(c);
        return false;
    }
    spin_record_caller(lk, c);
    return true;
}

COLD static void spin_not_holder(struct spinlock *lk)
{
    panic("spinlock \"%s\" let go by hart %d, which does not hold it", lk->name, my_cpu()->index);
}

// The holder is forgotten first: after the swap the lock may be another's. Interrupts come back last.
ALWAYS void spin_give(struct spinlock *lk, struct cpu *c)
{
    lk->holder = 0;
    asm volatile("amoswap.w.rl zero, zero, %0" : "+A"(lk->locked) : : "memory");
    irq_restore(c);
}

HOT void spin_unlock(struct spinlock *lk)
{
    struct cpu *c = my_cpu();

    if (lk->holder != c) {
        spin_not_holder(lk);
        return;
    }
    spin_give(lk, c);
}

// What a lock does while locks are counted: the same, with a note at the start and the end.
HOT void spin_lock_counted(struct spinlock *lk)
{
    struct cpu *c = irq_off();
    uint64 pc = r_ra(), fp = r_fp(), waited = 0;
    bool contended = !spin_take(lk);

    if (contended) {
        waited = r_time();
        spin_wait(lk, pc, fp);
        waited = r_time() - waited;
    } else {
        spin_record(lk, c, pc, fp);
    }
    lockstat_taken(lk, contended, waited);
}

HOT bool spin_trylock_counted(struct spinlock *lk)
{
    struct cpu *c = irq_off();
    uint64 pc = r_ra(), fp = r_fp();

    if (!spin_take(lk)) {
        irq_restore(c);
        return false;
    }
    spin_record(lk, c, pc, fp);
    lockstat_taken(lk, false, 0);
    return true;
}

HOT void spin_unlock_counted(struct spinlock *lk)
{
    struct cpu *c = my_cpu();

    if (lk->holder != c)
        spin_not_holder(lk);
    lockstat_released(lk);
    spin_give(lk, c);
}
