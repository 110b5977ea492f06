// Clock, also called second chance: pages stand in a circle, a hand goes round. A page that was used since
// the hand's last visit loses its accessed bit and stays; the first one without the bit goes. A new page
// takes its place behind the hand, so the hand meets all others first.
//
// FIFO with one bit of memory of use, the usual approximation of LRU (Corbato, "A paging experiment with the
// Multics system", 1968). Cost: one accessed bit read for each page the hand passes, which is mostly one or
// two a victim and at worst all of them.
#include "kernel/swap/policy.h"

static struct framelist pages;
static struct frame *hand; // looked at next; 0: the first of the list
static uint npages;
static uint passed; // by the hand, in search of the victim that is wanted

static void clock_init(void)
{
    framelist_init(&pages);
    hand = 0;
    npages = passed = 0;
}

static void clock_add(struct frame *f)
{
    framelist_insert(f, hand ? hand : pages.head);
    npages++;
}

static void clock_del(struct frame *f)
{
    if (f == hand)
        hand = framelist_next(&pages, f);
    framelist_del(f);
    npages--;
}

// One turn at most: other harts may set bits as fast as we clear them.
static struct frame *clock_victim(void)
{
    for (; passed < npages; passed++) {
        if (policy_pause())
            return 0;
        if (!hand)
            hand = framelist_first(&pages);
        if (!policy_accessed(hand))
            break;
        hand = framelist_next(&pages, hand);
    }
    passed = 0;
    return hand ? hand : framelist_first(&pages);
}

const struct policy policy_clock = {
    .name = "clock",
    .init = clock_init,
    .add = clock_add,
    .del = clock_del,
    .victim = clock_victim,
};
