// Enhanced clock: like clock, but among the pages that were not used the clean ones go first, since they cost
// no write. The hand goes round in search of
//
//   1. neither used nor dirty: it goes
//   2. not used but dirty: it goes; used pages lose their mark on the way
//
// and once more if all had been used. Textbooks have the classes as "not recently used" (Tanenbaum) and the
// sweep as the "enhanced second-chance algorithm" (Silberschatz, Galvin). What it saves is writes; where
// nearly all pages are dirty it takes about clock's victims.
//
// Cost: looking for a clean page reads every accessed bit in vain when all are dirty, so a victim can cost
// two turns. Reading a bit clears it, so what was read is kept in frame.age.
#include "kernel/swap/policy.h"

#define USED 1 // frame.age: used, and the hand has not taken it off yet

static struct framelist pages;
static struct frame *hand; // looked at next; 0: the first of the list
static uint npages;

static void eclock_init(void)
{
    framelist_init(&pages);
    hand = 0;
    npages = 0;
}

static void eclock_add(struct frame *f)
{
    f->age = 0;
    framelist_insert(f, hand ? hand : pages.head);
    npages++;
}

static void eclock_del(struct frame *f)
{
    if (f == hand)
        hand = framelist_next(&pages, f);
    framelist_del(f);
    npages--;
}

static void step(void)
{
    hand = framelist_next(&pages, hand);
    if (!hand)
        hand = framelist_first(&pages);
}

// Turns once and stops at a clean page that was not used. False when there is none.
static bool find_clean(void)
{
    for (uint left = npages; left > 0; left--, step()) {
        if (policy_accessed(hand))
            hand->age = USED;
        if (hand->age != USED && !policy_dirty(hand))
            return true;
    }
    return false;
}

// Turns once and stops at a page that was not used; marks behind the hand are off.
static bool find_unused(void)
{
    for (uint left = npages; left > 0; left--, step()) {
        if (hand->age != USED)
            return true;
        hand->age = 0;
    }
    return false;
}

static struct frame *eclock_victim(void)
{
    if (!hand)
        hand = framelist_first(&pages);
    if (!find_clean() && !find_unused() && !find_clean())
        find_unused();
    return hand;
}

const struct policy policy_eclock = {
    .name = "eclock",
    .init = eclock_init,
    .add = eclock_add,
    .del = eclock_del,
    .victim = eclock_victim,
};
