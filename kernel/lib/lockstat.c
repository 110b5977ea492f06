// Lock statistics (lib/lockstat.h), a switch that costs nothing while it is off: the first instruction of
// spin_lock, spin_trylock and spin_unlock is replaced by a jump to the counting routine of the same
// signature. That is done once at boot, before the kernel's text becomes read-only.
//
// Counts belong to a name and not to a lock, so that all processes' locks are one line. A hart notes what it
// holds, and since when, in an array of its own. Times are ticks of `time`, 100 ns on QEMU's machine; under
// -icount these are exact, otherwise what the host does to the emulator counts as well.
#include "kernel/lib/lockstat.h"
#include "kernel/boot/machine.h"
#include "kernel/lib/cpu.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/spinlock.h"
#include "kernel/lib/string.h"
#include "kernel/riscv.h"
#include "kernel/vmstat.h"

#define NAMES 64 // lock names at most; a power of two
#define HELD  16 // locks that a hart holds at once, at most

static struct entry {
    const char *name;   // set once
    volatile uint busy; // guards the rest
    uint64 acquired, contended;
    uint64 waited, longest_wait;
    uint64 held, longest_hold;
    uint64 pc; // of who held it longest
} entries[NAMES];

static struct held {
    const struct spinlock *lock;
    struct entry *entry;
    uint64 since;
} holds[NCPU][HELD];

static bool on;

// The entry of a name, made when it is new; 0 when the table is full.
static struct entry *find(const char *name)
{
    uint64 hash = (uint64)name >> 3;
    for (uint i = 0; i < NAMES; i++) {
        struct entry *e = &entries[(hash + i) % NAMES];
        const char *none = 0;
        if (e->name == name ||
            __atomic_compare_exchange_n(&e->name, &none, name, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED) ||
            none == name)
            return e;
    }
    return 0;
}

// A spinlock would count itself.
static void enter(struct entry *e)
{
    while (__atomic_exchange_n(&e->busy, 1, __ATOMIC_ACQUIRE))
        ;
}

static void leave(struct entry *e)
{
    __atomic_store_n(&e->busy, 0, __ATOMIC_RELEASE);
}

// Locks: lk, so that interrupts are off.
void lockstat_taken(struct spinlock *lk, bool contended, uint64 waited)
{
    struct held *h = holds[my_cpu()->index];
    struct entry *e = find(lk->name);
    if (!e)
        return;
    enter(e);
    e->acquired++;
    e->contended += contended;
    e->waited += waited;
    if (waited > e->longest_wait)
        e->longest_wait = waited;
    leave(e);
    for (uint i = 0; i < HELD; i++)
        if (!h[i].lock) {
            h[i] = (struct held){.lock = lk, .entry = e, .since = r_time()};
            return;
        }
}

// Locks: lk, still.
void lockstat_released(struct spinlock *lk)
{
    uint64 now = r_time();
    struct held *h = holds[my_cpu()->index], *end = h + HELD;
    while (h < end && h->lock != lk)
        h++;
    if (h == end)
        return;
    struct entry *e = h->entry;
    uint64 held = now - h->since;
    h->lock = 0;
    enter(e);
    e->held += held;
    if (held > e->longest_hold) {
        e->longest_hold = held;
        e->pc = lk->pc;
    }
    leave(e);
}

void lockstat_clear(void)
{
    for (struct entry *e = entries; e < entries + NAMES; e++) {
        irq_push(); // who holds busy must not lose its hart
        enter(e);
        e->acquired = e->contended = e->waited = e->longest_wait = e->held = e->longest_hold = e->pc = 0;
        leave(e);
        irq_pop();
    }
}

bool lockstat_read(uint i, struct lockstat *to)
{
    uint64 off;
    struct entry *e = entries;
    while (e < entries + NAMES && (!e->name || i-- > 0))
        e++;
    if (!on || e == entries + NAMES)
        return false;
    memset(to, 0, sizeof(*to));
    safestrcpy(to->name, e->name, sizeof(to->name));
    irq_push();
    enter(e);
    to->acquired = e->acquired;
    to->contended = e->contended;
    to->waited = e->waited;
    to->longest_wait = e->longest_wait;
    to->held = e->held;
    to->longest_hold = e->longest_hold;
    const char *where = e->pc ? symbol_find(e->pc, &off) : 0;
    leave(e);
    irq_pop();
    if (where)
        safestrcpy(to->where, where, sizeof(to->where));
    return true;
}

// The offset of `jal x0` as it lies in the instruction: bits 20, 10 to 1, 11, 19 to 12 (unprivileged spec
// 2.5).
static uint jump(int64 offset)
{
    uint o = (uint)offset;
    return (o >> 20 & 1) << 31 | (o >> 1 & 0x3ff) << 21 | (o >> 11 & 1) << 20 | (o >> 12 & 0xff) << 12 | 0x6f;
}

// Instructions lie on even addresses, so the four bytes are written as two halves.
static void replace(void *from, void *by)
{
    ushort *at = from;
    uint instruction = jump((char *)by - (char *)from);
    at[0] = (ushort)instruction;
    at[1] = (ushort)(instruction >> 16);
}

void lockstat_init(void)
{
    char buf[8];
    if (bootarg_get("lockstat", buf, sizeof(buf)) < 0)
        return;
    replace(spin_lock, spin_lock_counted);
    replace(spin_trylock, spin_trylock_counted);
    replace(spin_unlock, spin_unlock_counted);
    fence_i();
    on = true;
}
