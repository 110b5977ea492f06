// Aging: each page has a counter of 8 bits. At every tick it is shifted right, and the accessed bit comes in
// from the left; the page with the smallest counter goes next, of equal ones the one that came first.
//
// So a counter is the history of eight ticks, the youngest weighing most: LRU as far as ticks can tell, and
// then a little of how often. ("Not frequently used" with aging, Tanenbaum, "Modern operating systems".) What
// happens between two ticks is not seen: when a tick is longer than a page's stay, all counters are equal and
// this is FIFO.
//
// Cost: a tick reads every accessed bit. A victim is looked for among all pages, but where one was found the
// next can be expected: counters change at a tick only, so the search goes on from there while there are
// pages with the same count.
#include "kernel/swap/policy.h"

#define AGE_USED 0x80 // used in the youngest tick

static struct framelist pages; // in the order they came
static struct frame *next; // 0, or: counters are above `least` before it, and not below `least` from it on
static uchar least;

static void aging_init(void)
{
    framelist_init(&pages);
    next = 0;
}

static void aging_add(struct frame *f)
{
    f->age = AGE_USED;
    framelist_push_back(&pages, f);
    if (f->age < least)
        next = 0;
}

static void aging_del(struct frame *f)
{
    if (f == next)
        next = framelist_next(&pages, f);
    framelist_del(f);
}

static struct frame *smallest(void)
{
    struct frame *best = framelist_first(&pages);
    for (struct frame *f = best; f && best->age > 0; f = framelist_next(&pages, f))
        if (f->age < best->age)
            best = f;
    return best;
}

static struct frame *aging_victim(void)
{
    while (next && next->age > least)
        next = framelist_next(&pages, next);
    if (!next && (next = smallest()) != 0)
        least = next->age;
    return next;
}

static void aging_tick(void)
{
    next = 0;
    for (struct frame *f = framelist_first(&pages); f; f = framelist_next(&pages, f))
        f->age = f->age >> 1 | (policy_accessed(f) ? AGE_USED : 0);
}

const struct policy policy_aging = {
    .name = "aging",
    .init = aging_init,
    .add = aging_add,
    .del = aging_del,
    .victim = aging_victim,
    .tick = aging_tick,
};
