// Two segments, as in segmented LRU (Karedla, Love, Wherry, 1994). Pages come into the lower one, and go from
// its end. One that was used again meanwhile rises; when the upper segment has more than its share, its
// oldest page falls back and has to show its use once more.
#include "kernel/swap/policy.h"

#define UPPER_PERCENT 80

enum { LOWER, UPPER };

static struct framelist segment[2];
static uint size[2];

static void put(struct frame *f, uint where)
{
    f->age = where;
    size[where]++;
    framelist_push_back(&segment[where], f);
}

static void take(struct frame *f)
{
    size[f->age]--;
    framelist_del(f);
}

static void segments_init(void)
{
    for (uint i = LOWER; i <= UPPER; i++) {
        framelist_init(&segment[i]);
        size[i] = 0;
    }
}

static void segments_add(struct frame *f)
{
    policy_accessed(f);
    put(f, LOWER);
}

static void rise(struct frame *f)
{
    take(f);
    put(f, UPPER);
    if (size[UPPER] * 100 <= (size[LOWER] + size[UPPER]) * UPPER_PERCENT)
        return;
    struct frame *oldest = framelist_first(&segment[UPPER]);
    take(oldest);
    put(oldest, LOWER);
}

static struct frame *segments_victim(void)
{
    for (uint left = size[LOWER] + size[UPPER]; left > 0; left--) {
        struct frame *f = framelist_first(&segment[LOWER]);
        if (!f)
            return framelist_first(&segment[UPPER]);
        if (!policy_accessed(f))
            return f;
        rise(f);
    }
    return framelist_first(&segment[LOWER]);
}

const struct policy policy_mine = {
    .name = "mine",
    .init = segments_init,
    .add = segments_add,
    .del = take,
    .victim = segments_victim,
};
