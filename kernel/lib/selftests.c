// Self-tests of kernel/lib: what the host tests (tests/host/) cannot see, because it depends on the
// compiler's RISC-V code, on interrupts, or on several harts.
#include "kernel/lib/cpu.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/selftest.h"
#include "kernel/lib/spinlock.h"
#include "kernel/lib/string.h"
#include "kernel/riscv.h"

#define AREA      160 // longer than two turns of the unrolled loops
#define MAX_SHIFT 8

static uchar area_a[AREA + 2 * MAX_SHIFT], area_b[AREA + 2 * MAX_SHIFT];

// All n bytes at p are c.
static bool region_is(const uchar *p, uint64 n, uchar c)
{
    for (uint64 i = 0; i < n; i++)
        if (p[i] != c)
            return false;
    return true;
}

// Every alignment and length, with a look at what lies on both sides.
SELFTEST(string_memset)
{
    bool inside = true, outside = true;

    for (uint64 at = 0; at < MAX_SHIFT; at++) {
        for (uint64 n = 0; n < AREA; n++) {
            memset(area_a, 0x11, sizeof(area_a));
            memset(area_a + at, 0xee, n);
            inside = inside && region_is(area_a + at, n, 0xee);
            outside = outside && region_is(area_a, at, 0x11) &&
                      region_is(area_a + at + n, sizeof(area_a) - at - n, 0x11);
        }
    }
    CHECK(inside, "memset fills its region");
    CHECK(outside, "memset leaves alone what is around it");
}

// Every pair of alignments: the word loops where both agree, the byte loop elsewhere.
SELFTEST(string_copies)
{
    bool same = true, outside = true;

    for (uint64 i = 0; i < sizeof(area_a); i++)
        area_a[i] = (uchar)(i * 37 + 11);
    for (uint64 from = 0; from < MAX_SHIFT; from++) {
        for (uint64 to = 0; to < MAX_SHIFT; to++) {
            memset(area_b, 0, sizeof(area_b));
            memcpy(area_b + to, area_a + from, AREA);
            same = same && memcmp(area_b + to, area_a + from, AREA) == 0;
            outside = outside && region_is(area_b, to, 0) && region_is(area_b + to + AREA, MAX_SHIFT, 0);
        }
    }
    CHECK(same, "memcpy copies");
    CHECK(outside, "memcpy leaves alone what is around its destination");
    memmove(area_a + 3, area_a, AREA);
    memmove(area_a, area_a + 3, AREA);
    bool back = true;
    for (uint64 i = 0; i < AREA; i++)
        back = back && area_a[i] == (uchar)(i * 37 + 11);
    CHECK(back, "memmove there and back over itself");
}

// The host tests cover the rest; this is about the kernel's compiler flags (no floating point, no libc).
SELFTEST(printf_formats)
{
    char buf[64];

    int n = snprintf(buf, sizeof(buf), "%d|%5u|%-4x|%016lx|%s|%c%%", -1, 42, 0xab, ~0UL, "str", 'c');
    CHECK(strcmp(buf, "-1|   42|ab  |ffffffffffffffff|str|c%") == 0, "conversions");
    CHECK(n == (int)strlen(buf), "length");
    CHECK(snprintf(buf, 4, "%d", 123456) == 6 && strcmp(buf, "123") == 0, "cut off at the limit");
}

// Whatever the state of the interrupts was before.
SELFTEST(irq_nesting)
{
    int64 depth = irq_depth();
    bool on = intr_get();

    irq_push();
    CHECK(!intr_get(), "irq_push turns interrupts off");
    irq_push();
    CHECK(irq_depth() == depth + 2, "the depth is counted");
    irq_pop();
    CHECK(!intr_get(), "interrupts stay off until the outermost irq_pop");
    irq_pop();
    CHECK(intr_get() == on && irq_depth() == depth, "then everything is as before");
}

// Locks let go in another order than they were taken in.
SELFTEST(spinlock_nesting)
{
    struct spinlock a = SPINLOCK("selftest a"), b = SPINLOCK("selftest b");
    bool on = intr_get();

    spin_lock(&a);
    CHECK(spin_held(&a) && !spin_held(&b), "the taker holds it");
    CHECK(!intr_get(), "interrupts are off while a spinlock is held");
    CHECK(!spin_trylock(&a), "a second taker does not get it");
    CHECK(spin_trylock(&b) && spin_held(&b), "trylock takes a free lock");
    spin_unlock(&a);
    CHECK(!spin_held(&a) && spin_held(&b), "each lock is its own");
    CHECK(!intr_get(), "interrupts stay off while one is held");
    spin_unlock(&b);
    CHECK(intr_get() == on, "interrupts come back after the last one");
}

static void __attribute__((noipa)) take(struct spinlock *lk)
{
    spin_lock(lk);
    asm volatile(""); // keeps this function's call from being its last act
}

// What a report on a lock that is held for too long prints.
SELFTEST(spinlock_holder)
{
    struct spinlock lk = SPINLOCK("selftest");
    uint64 off;

    take(&lk);
    const char *name = symbol_find(lk.pc, &off);
    CHECK(lk.holder == my_cpu(), "holder");
    CHECK(name && strcmp(name, "take") == 0, "place where it was taken, by name");
    CHECK(lk.fp > r_sp() - PGSIZE && lk.fp <= r_sp(), "frame of the taker");
    spin_unlock(&lk);
    CHECK(!lk.holder, "no holder after it is let go");
}

// The table that the build links in belongs to this very kernel.
SELFTEST(symbols)
{
    uint64 off = 0;
    const char *name = symbol_find((uint64)spin_lock, &off);

    CHECK(name && strcmp(name, "spin_lock") == 0 && off == 0, "a function's first byte");
    name = symbol_find((uint64)spin_lock + 4, &off);
    CHECK(name && strcmp(name, "spin_lock") == 0 && off == 4, "a byte inside it");
    CHECK(!symbol_find(0, &off) && !symbol_find(~0UL, &off), "addresses outside the kernel have no name");
}

SELFTEST(trap_causes)
{
    CHECK(strcmp(trap_cause_name(15), "store page fault") == 0, "an exception");
    CHECK(strcmp(trap_cause_name(1UL << 63 | 5), "timer interrupt") == 0, "an interrupt");
    CHECK(strcmp(trap_cause_name(1234), "unknown exception") == 0, "a number without a meaning");
}
