// The operations of the fuzz target that move pages between memory and the swap disk, and what a sequence
// begins with: a small pool, a small disk. To the reference none of this happens, but for reads that fail.
#include "kernel/swap/evict.h"
#include "kernel/swap/managed.h"
#include "kernel/swap/policy.h"
#include "kernel/swap/slot.h"
#include "tests/fuzz/fuzz.h"

#define LEAST_POOL 8 // frames: several processes need some at the same time

static uint64 slots; // of the disk there is

static void set_knobs(uint which)
{
    static const uchar batch[] = {1, 1, 4, 32, 32, 2, 8, 1}, ahead[] = {1, 8, 4, 8, 1, 32, 1, 2};
    swap_batch = batch[which % 8];
    swap_readahead = ahead[which % 8];
}

static void set_limit(uint which)
{
    static const uchar pool[] = {LEAST_POOL, LEAST_POOL, LEAST_POOL, 10, 12, 14, 20, 0};
    swap_set_limit(pool[which % 8]);
}

static void set_policy(uint which)
{
    uint n = 0;
    while (policies[n])
        n++;
    swap_set_policy(policies[which % n]->name);
}

void swapping_begin(uint mode)
{
    static const uint64 sizes[] = {512, 512, 96, 32};
    struct slot_stats st;
    slot_get_stats(&st);
    if (slots != sizes[mode / 8 % 4] || st.bad > 0)
        host_swap_renew(slots = sizes[mode / 8 % 4]);
    policy_seed(1);
    set_policy(mode % 7);
    set_knobs(mode / 32);
    set_limit(mode);
}

void swapping_end(void)
{
    host_preempt_end();
    host_settle();
    host_disk_mend();
    swap_set_limit(0);
}

// Pages of a process, whatever the policy thinks.
static void op_push_out(void)
{
    int p = next_proc();
    if (p < 0)
        return;
    uint64 va = PGROUNDDOWN(next_address(p)), end = va + (next() % 24 + 1) * PGSIZE;
    if (end < va || end > MAXVA)
        return;
    say("push out %#lx-%#lx", va, end);
    evict_range(procs[p].as, va, end);
}

static void op_disk(void)
{
    uint what = next(), skip = next() % 8, count = next() % 3 + 1;
    say("  swap disk fails %u after %u: %u", what % 4, skip, count);
    if (what % 8 < 4)
        host_disk_fail(what % 4, skip, count);
    else
        host_disk_break(what / 4 % slots, what % 4);
}

static void op_mend(void)
{
    say("  swap disk mended");
    host_disk_mend();
}

static void op_limit(void)
{
    uint which = next();
    say("  limit %u", which % 8);
    set_limit(which);
}

static void op_policy(void)
{
    uint which = next();
    say("  policy %u", which);
    set_policy(which);
}

static void op_knobs(void)
{
    uint which = next();
    say("  knobs %u", which % 8);
    set_knobs(which);
    swap_tick();
    host_pass_time(which << 16);
}

// At some point of what follows, another process does something.
static void op_preempt(void)
{
    uint after = next();
    say("  preempt after %u", after);
    host_preempt(after, operation_meanwhile, 0);
}

void op_swap(void)
{
    static void (*const ops[])(void) = {op_push_out, op_push_out, op_disk,    op_mend,    op_limit,
                                        op_policy,   op_knobs,    op_preempt, op_preempt, op_preempt};
    ops[next() % (sizeof(ops) / sizeof(ops[0]))]();
}
