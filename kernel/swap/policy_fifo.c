// FIFO: the page that has been in memory longest goes next, used or not.
//
// The cheapest policy there is, a few instructions for each page that comes or goes, and it never looks at an
// accessed bit. It pays with faults: the oldest page is often the busiest. More memory can even mean more
// faults: Belady's anomaly (Belady, Nelson, Shedler, "An anomaly in space-time characteristics of certain
// programs running in a paging machine", 1969); docs/policies.md plays their string.
#include "kernel/swap/policy.h"

static struct framelist pages; // oldest first

static void fifo_init(void)
{
    framelist_init(&pages);
}

static void fifo_add(struct frame *f)
{
    framelist_push_back(&pages, f);
}

static struct frame *fifo_victim(void)
{
    return framelist_first(&pages);
}

const struct policy policy_fifo = {
    .name = "fifo",
    .init = fifo_init,
    .add = fifo_add,
    .del = framelist_del,
    .victim = fifo_victim,
};
