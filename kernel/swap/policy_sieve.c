// SIEVE: pages stand in the order they came, a hand goes from the oldest to the newest and starts again. A
// page that was used since the hand's last visit loses its accessed bit and stays where it is; the first one
// without the bit goes (Zhang, Yang, Yue, Vigfusson, Rashmi, "SIEVE is simpler than LRU", NSDI 2024).
//
// There are two differences to clock. New pages join behind the newest, not behind the hand: between the hand
// and the end of the line they are looked at soon, while those that have survived wait for a whole turn. And
// a page comes in with its bit off: the reference that brought it in does not count, it must be used again to
// stay. So a page that is used once goes quickly, and a scan cannot push out what is used all the time.
//
// In a kernel the bit is taken off when the policy first sees the page, which is at the next eviction: uses
// before that do not count either. Cost: as clock, and one bit to read for each page that comes in.
#include "kernel/swap/policy.h"

static struct framelist pages; // oldest first
static struct frame *hand;     // looked at next; 0: the oldest
static uint npages;
static uint passed; // by the hand, in search of the victim that is wanted

static void sieve_init(void)
{
    framelist_init(&pages);
    hand = 0;
    npages = passed = 0;
}

static void sieve_add(struct frame *f)
{
    policy_accessed(f);
    framelist_push_back(&pages, f);
    npages++;
}

static void sieve_del(struct frame *f)
{
    if (f == hand)
        hand = framelist_next(&pages, f);
    framelist_del(f);
    npages--;
}

// One turn at most: other harts may set bits as fast as we clear them.
static struct frame *sieve_victim(void)
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

const struct policy policy_sieve = {
    .name = "sieve",
    .init = sieve_init,
    .add = sieve_add,
    .del = sieve_del,
    .victim = sieve_victim,
};
