// The swapctl system call: what programs may see of swap and change while it runs. Nothing here can lose a
// byte: it decides when pages move, never what is in them.
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"
#include "kernel/proc/proc.h"
#include "kernel/proc/syscall.h"
#include "kernel/riscv.h"
#include "kernel/swap/evict.h"
#include "kernel/swap/managed.h"
#include "kernel/swap/slot.h"
#include "kernel/swap/swapaudit.h"
#include "kernel/swap/swapdev.h"
#include "kernel/syscall.h"
#include "kernel/trap/uaccess.h"
#include "kernel/vm/as.h"
#include "kernel/vm/frame.h"
#include "kernel/vmstat.h"

static int64 give_info(uint64 user)
{
    struct swapinfo info;
    struct slot_stats slots;
    struct frame_stats frames;
    memset(&info, 0, sizeof(info));
    slot_get_stats(&slots);
    frame_get_stats(&frames);
    info.slots = slots.total;
    info.used = slots.used;
    info.bad = slots.bad;
    info.reads = swapdev_stats.reads;
    info.writes = swapdev_stats.writes;
    info.read_requests = swapdev_stats.read_requests;
    info.write_requests = swapdev_stats.write_requests;
    info.read_errors = swapdev_stats.read_errors;
    info.write_errors = swapdev_stats.write_errors;
    info.evicted = evict_stats.evicted;
    info.dropped = evict_stats.dropped;
    info.refaulted = evict_stats.refaulted;
    info.ahead = evict_stats.ahead;
    info.limit = frames.user_limit;
    info.batch = swap_batch;
    info.readahead = swap_readahead;
    safestrcpy(info.policy, swap_policy_name(), sizeof(info.policy));
    return copy_to_user(user, &info, sizeof(info)) == sizeof(info) ? 0 : -EFAULT;
}

static int64 set_policy(uint64 user)
{
    char name[sizeof(((struct swapinfo *)0)->policy)];
    int64 n = strncpy_from_user(name, user, sizeof(name));
    return n < 0 ? n : swap_set_policy(name);
}

static int64 set_knob(uint *knob, uint64 value)
{
    if (value < 1 || value > EVICT_BATCH_MAX)
        return -EINVAL;
    *knob = (uint)value;
    return 0;
}

static bool range_ok(uint64 start, uint64 len)
{
    return start < MAXVA && len <= MAXVA - start;
}

static int64 only(uint64 start, uint64 len)
{
    if (!range_ok(start, len))
        return -EINVAL;
    swap_only(PGROUNDDOWN(start), len ? PGROUNDUP(start + len) : PGROUNDDOWN(start), my_proc()->as->family);
    return 0;
}

static int64 pageout(uint64 start, uint64 len)
{
    return range_ok(start, len)
               ? (int64)evict_range(my_proc()->as, PGROUNDDOWN(start), PGROUNDUP(start + len))
               : -EINVAL;
}

int64 sys_swapctl(const uint64 *arg)
{
    switch (arg[0]) {
    case SWAPCTL_INFO:
        return give_info(arg[1]);
    case SWAPCTL_POLICY:
        return set_policy(arg[1]);
    case SWAPCTL_BATCH:
        return set_knob(&swap_batch, arg[1]);
    case SWAPCTL_READAHEAD:
        return set_knob(&swap_readahead, arg[1]);
    case SWAPCTL_LIMIT:
        return (int64)swap_set_limit(arg[1]);
    case SWAPCTL_PAGEOUT:
        return pageout(arg[1], arg[2]);
    case SWAPCTL_ONLY:
        return only(arg[1], arg[2]);
    case SWAPCTL_TICK:
        swap_tick();
        return 0;
    case SWAPCTL_AUDIT:
        return swap_audit();
    default:
        return -EINVAL;
    }
}
