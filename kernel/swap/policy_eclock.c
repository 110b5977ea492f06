// Enhanced clock: like clock, but among the pages that were not used the clean ones go first, since they cost
// no write. The hand goes round in search of
//
//   1. a page neither used nor dirty, among the next AHEAD: it goes
//   2. a page not used, dirty: it goes; used pages lose their mark on the way
//
// and once more if all had been used. Textbooks have the classes as "not recently used" (Tanenbaum) and the
// sweep as the "enhanced second-chance algorithm" (Silberschatz, Galvin). What it saves is writes; where
// nearly all pages are dirty it takes about clock's victims.
//
// Cost: as clock, and up to AHEAD pages that are looked at in vain where all are dirty. The textbook's sweep
// looks at all pages for a clean one, which is slow and, since the hand then jumps far ahead, costs more
// faults, too. Reading an accessed bit clears it, so what was read is kept in frame.age.
#include "kernel/swap/policy.h"

#define AHEAD 32 // pages from the hand on among which a clean one is looked for
#define USED  1  // frame.age: used, and the hand has not taken it off yet

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

static struct frame *after(const struct frame *f)
{
    struct frame *next = framelist_next(&pages, f);
    return next ? next : framelist_first(&pages);
}

static bool used(struct frame *f)
{
    if (policy_accessed(f))
        f->age = USED;
    return f->age == USED;
}

// Moves the hand to a clean page that was not used. False when there is none ahead.
static bool find_clean(void)
{
    struct frame *f = hand;
    for (uint i = 0; i < npages && i < AHEAD; i++, f = after(f))
        if (!used(f) && !policy_dirty(f)) {
            hand = f;
            return true;
        }
    return false;
}

// Moves the hand to a page that was not used; marks behind it are off. False when it has turned once.
static bool find_unused(void)
{
    for (uint i = 0; i < npages; i++, hand = after(hand)) {
        if (!used(hand))
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
