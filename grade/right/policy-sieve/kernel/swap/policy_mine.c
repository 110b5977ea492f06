// A line that nobody moves in: new pages join at its end, a hand goes along it from the front and stays where
// it was. Pages that were used since its last visit are spared. What was never used again goes soon after the
// hand has come to the end.
#include "kernel/swap/policy.h"

static struct framelist line; // oldest first
static struct frame *at;      // looked at next; 0: start from the newest
static uint count;

static void start(void)
{
    framelist_init(&line);
    at = 0;
    count = 0;
}

static void enter(struct frame *f)
{
    policy_accessed(f); // it came because it was used: that is no news
    framelist_insert(f, framelist_first(&line) ? framelist_first(&line) : line.head);
    count++;
}

// Towards the newest, which is in front; behind it comes the oldest again.
static struct frame *step(struct frame *f)
{
    struct frame *prev = f ? frame_at(f->prev) : line.head;
    return prev == line.head ? frame_at(line.head->prev) : prev;
}

static void leave(struct frame *f)
{
    if (f == at)
        at = count > 1 ? step(f) : 0;
    framelist_del(f);
    count--;
}

static struct frame *choose(void)
{
    if (count == 0)
        return 0;
    if (!at)
        at = step(0);
    for (uint left = count; left > 0 && policy_accessed(at); left--)
        at = step(at);
    return at;
}

const struct policy policy_mine = {
    .name = "mine",
    .init = start,
    .add = enter,
    .del = leave,
    .victim = choose,
};
