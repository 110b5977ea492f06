// Lab 5: a replacement policy of your own. lab/policy/README.md has the task; swap/policy.h says what a
// policy may ask and keep, docs/policies.md what others do.
//
// What is here is FIFO under your name. Your task: choose victims that are not needed soon, so that there are
// fewer page faults than with FIFO, and than with clock. The faults are counted on strings of references that
// you have not seen: some pages used more than others, a set of pages in use that changes, a scan that uses
// each page once.
//
//   mine_init     forget everything: no page is known
//   mine_add      a page has come in. It comes in because it is used, so its accessed bit is on
//   mine_del      a page goes: the victim you named, or one that its program gave back
//   mine_victim   name the page that goes next; it stays known until mine_del. 0 only when no page is known
//   mine_tick     optional, see swap/policy.h
//
// Rules: calls come with pages_lock held, so nothing may sleep or take long: do not look at more than all
// pages once. A frame is on one list at a time. Keep per-page knowledge in frame->age or policy_word[].
#include "kernel/swap/policy.h"

static struct framelist pages; // in the order in which they came

static void mine_init(void)
{
    framelist_init(&pages);
}

static void mine_add(struct frame *f)
{
    framelist_push_back(&pages, f);
}

static void mine_del(struct frame *f)
{
    framelist_del(f);
}

static struct frame *mine_victim(void)
{
    return framelist_first(&pages);
}

const struct policy policy_mine = {
    .name = "mine",
    .init = mine_init,
    .add = mine_add,
    .del = mine_del,
    .victim = mine_victim,
};
