// Mine: clock with a count of uses, the reference solution of lab 5.
//
// Each page has a count from 0 to MOST in frame.age. When the hand finds a page used it counts it up, when
// not, down; the first page found unused at 0 goes.
#include "kernel/swap/policy.h"

#define MOST 3

static struct framelist pages;
static struct frame *hand; // looked at next; 0: the first of the list
static uint npages;

static void mine_init(void)
{
    framelist_init(&pages);
    hand = 0;
    npages = 0;
}

static void mine_add(struct frame *f)
{
    f->age = 0;
    policy_accessed(f);
    framelist_insert(f, hand ? hand : pages.head);
    npages++;
}

static void mine_del(struct frame *f)
{
    if (f == hand)
        hand = framelist_next(&pages, f);
    framelist_del(f);
    npages--;
}

static bool spare(struct frame *f)
{
    if (policy_accessed(f)) {
        if (f->age < MOST)
            f->age++;
        return true;
    }
    return f->age > 0 && f->age-- > 0;
}

static struct frame *mine_victim(void)
{
    for (uint left = npages * (MOST + 1); left > 0; left--) {
        if (!hand)
            hand = framelist_first(&pages);
        if (!spare(hand))
            break;
        hand = framelist_next(&pages, hand);
    }
    return hand ? hand : framelist_first(&pages);
}

const struct policy policy_mine = {
    .name = "mine",
    .init = mine_init,
    .add = mine_add,
    .del = mine_del,
    .victim = mine_victim,
};
