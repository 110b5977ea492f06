// Aging: each page has a counter of 8 bits. At every tick it is shifted right, and the accessed bit comes in
// from the left; the page with the smallest counter goes next, of equal ones the one that came first.
//
// So a counter is the history of eight ticks, the youngest weighing most: LRU as far as ticks can tell, and
// then a little of how often. ("Not frequently used" with aging, Tanenbaum, "Modern operating systems".) What
// happens between two ticks is not seen: when a tick is longer than a page's stay, all counters are equal and
// this is FIFO.
//
// Cost: a tick reads every accessed bit, a victim looks at every counter unless one is zero. Where there are
// many frames that is too much for each fault.
#include "kernel/swap/policy.h"

#define AGE_USED 0x80 // used in the youngest tick

static struct framelist pages; // in the order they came

static void aging_init(void)
{
    framelist_init(&pages);
}

static void aging_add(struct frame *f)
{
    f->age = AGE_USED;
    framelist_push_back(&pages, f);
}

static struct frame *aging_victim(void)
{
    struct frame *oldest = framelist_first(&pages);
    for (struct frame *f = oldest; f && oldest->age > 0; f = framelist_next(&pages, f))
        if (f->age < oldest->age)
            oldest = f;
    return oldest;
}

static void aging_tick(void)
{
    for (struct frame *f = framelist_first(&pages); f; f = framelist_next(&pages, f))
        f->age = f->age >> 1 | (policy_accessed(f) ? AGE_USED : 0);
}

const struct policy policy_aging = {
    .name = "aging",
    .init = aging_init,
    .add = aging_add,
    .del = framelist_del,
    .victim = aging_victim,
    .tick = aging_tick,
};
