// Random: any page may go, each as likely as the other.
//
// It needs no accessed bits, knows no bad case, and beats FIFO and LRU where these are at their worst, in
// loops a little larger than memory. A yardstick: a policy that does not beat it on a string learns nothing
// from the accessed bits there. (Studied by Belady, "A study of replacement algorithms for a virtual-storage
// computer", 1966.) The numbers follow from a seed and begin anew with init, so a run can be repeated.
//
// Cost: a few instructions. All pages stand in an array without holes, in any order; frame.prev is a page's
// place in it.
#include "kernel/swap/policy.h"

static uint npages;

static void random_init(void)
{
    policy_seed(0);
    npages = 0;
}

static void random_add(struct frame *f)
{
    policy_word[npages] = f - frame_table;
    f->prev = npages++;
}

// The last one moves into the hole.
static void random_del(struct frame *f)
{
    uint last = policy_word[--npages];
    policy_word[f->prev] = last;
    frame_at(last)->prev = f->prev;
}

static struct frame *random_victim(void)
{
    return npages ? frame_at(policy_word[policy_random(npages)]) : 0;
}

const struct policy policy_random_choice = {
    .name = "random",
    .init = random_init,
    .add = random_add,
    .del = random_del,
    .victim = random_victim,
};
