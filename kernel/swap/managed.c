// What the replacement policy knows (swap/managed.h), how it is changed, and the start of swapping.
//
// A user frame is in one of these places: frames_new (allocated, not yet shown), the policy's lists
// (FRAME_MANAGED), or on no list (held by the evictor; kept out by swap_only, or for want of a swap disk).
//
// Locks: as_list_lock (sleep) guards the choice of policy, pages_lock (spin) the lists.
#include "kernel/swap/managed.h"
#include "kernel/boot/machine.h"
#include "kernel/lib/err.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/string.h"
#include "kernel/proc/sched.h"
#include "kernel/riscv.h"
#include "kernel/swap/evict.h"
#include "kernel/swap/policy.h"
#include "kernel/swap/rmap.h"
#include "kernel/swap/slot.h"
#include "kernel/swap/swapdev.h"
#include "kernel/vm/as.h"
#include "kernel/vm/kmem.h"
#include "kernel/vm/page.h"

#define LOOKS_FOR_VICTIM  4096 // accessed bits that a policy may ask for before it must choose
#define TICK_SHARE        16
#define AT_ONCE           128 // frames looked at while pages_lock is held
#define DEFAULT_READAHEAD 16

bool swap_on;
uint swap_readahead = DEFAULT_READAHEAD;

static struct {
    const struct policy *policy;
    struct framelist aside; // victims that could not go
    uint64 next_tick;       // time it is due
    uint64 only_start;      // swap_only
    uint64 only_end;        // 0 = all pages
    uint only_family;
} managed;

// Locks: pages_lock.
static void forget(struct frame *f)
{
    managed.policy->del(f);
}

static bool wanted(const struct frame *f)
{
    if (managed.only_end && (f->family != managed.only_family || frame_va(f) < managed.only_start ||
                             frame_va(f) >= managed.only_end))
        return false;
    return f->kind == FRAME_FILE || swap_on;
}

static void manage(struct frame *f)
{
    f->state |= FRAME_MANAGED;
    managed.policy->add(f);
}

static bool is_filling(const struct frame *f)
{
    return (f->state & (FRAME_HELD | FRAME_READING)) || (page_refs(f) == 0 && !frame_slot(f));
}

bool managed_filling(void)
{
    struct frame *f = framelist_first(&frames_new);
    while (f && !is_filling(f))
        f = framelist_next(&frames_new, f);
    return f != 0;
}

// Some of the frames that are new; those that are being filled stay where they are. False when there are no
// more. Locks: as_list_lock, pages_lock.
static bool adopt_some(void)
{
    struct frame *f = framelist_first(&frames_new), *next;
    rmap_looks_left = ~0U;
    for (int n = 0; f; f = next) {
        next = framelist_next(&frames_new, f);
        if (is_filling(f))
            continue;
        if (n++ == AT_ONCE)
            return true;
        framelist_del(f);
        f->state = 0;
        if (wanted(f))
            manage(f);
    }
    return false;
}

static void tick(void)
{
    rmap_looks_left = ~0U;
    managed.policy->tick();
}

// On a machine with gigabytes a look at all pages takes its time: it may be a TICK_SHARE-th of all time.
// Locks: as_list_lock, pages_lock.
static void tick_if_due(void)
{
    uint64 now = r_time();
    if (!managed.policy->tick || managed.only_end || now < managed.next_tick)
        return;
    tick();
    uint64 pause = machine.timebase / 1000 * SWAP_TICK_MS, least = (r_time() - now) * TICK_SHARE;
    managed.next_tick = now + (pause > least ? pause : least);
}

void managed_update(void)
{
    assert(!framelist_first(&managed.aside), "a refused victim was not taken back");
    for (bool more = true; more;) {
        spin_lock(&pages_lock);
        more = adopt_some();
        if (!more)
            tick_if_due();
        spin_unlock(&pages_lock);
    }
}

struct frame *managed_seek(bool *again)
{
    static uint left; // as_list_lock: looks for this victim
    if (!*again)
        left = LOOKS_FOR_VICTIM;
    rmap_looks_left = left;
    struct frame *f = managed.policy->victim();
    *again = !f && policy_pause();
    left = rmap_looks_left;
    if (f)
        managed_remove(f);
    return f;
}

struct frame *managed_victim(void)
{
    bool again = false;
    rmap_pause_after = ~0U;
    return managed_seek(&again);
}

void managed_refuse(struct frame *f)
{
    framelist_push_back(&managed.aside, f);
}

void managed_take_back(void)
{
    struct frame *f;
    while ((f = framelist_first(&managed.aside)) != 0) {
        framelist_del(f);
        manage(f);
    }
}

void managed_remove(struct frame *f)
{
    if (f->state & FRAME_MANAGED)
        managed.policy->del(f);
    else if (f->state & FRAME_NEW)
        framelist_del(f);
    f->state &= ~(FRAME_MANAGED | FRAME_NEW);
}

void managed_return(struct frame *f)
{
    f->state |= FRAME_NEW;
    framelist_push_back(&frames_new, f);
}

// Frames that the policy knows, or that were kept from it, are new again. Locks: as_list_lock.
static void show_all_again(void)
{
    for (uint64 i = 0; i < frame_count;) {
        spin_lock(&pages_lock);
        for (int n = 0; n < AT_ONCE && i < frame_count; n++, i++) {
            struct frame *f = &frame_table[i];
            bool user = f->kind == FRAME_USER || f->kind == FRAME_FILE;
            bool unknown = f->state == 0 && (page_refs(f) > 0 || frame_slot(f));
            if (user && ((f->state & FRAME_MANAGED) || unknown)) {
                managed_remove(f);
                managed_return(f);
            }
        }
        spin_unlock(&pages_lock);
    }
}

// Locks: as_list_lock.
static void start_policy(const struct policy *policy)
{
    spin_lock(&pages_lock);
    managed.policy = policy;
    policy->init();
    spin_unlock(&pages_lock);
}

int swap_set_policy(const char *name)
{
    const struct policy *policy = policy_find(name);
    if (!policy)
        return -ENOENT;
    sleep_lock(&as_list_lock);
    show_all_again();
    start_policy(policy);
    sleep_unlock(&as_list_lock);
    return 0;
}

const char *swap_policy_name(void)
{
    return managed.policy->name;
}

uint64 swap_set_limit(uint64 frames)
{
    uint64 limit = frame_set_limit(frames);
    struct frame *free;
    while (frame_excess() && !killed() && evict_round(&free)) {
        frame_free_batch(free);
        evict_done();
    }
    return limit;
}

void managed_end_only(void)
{
    if (!managed.only_end)
        return;
    list_for_each(pos,
                  &as_list) if (container_of(pos, struct as, link)->family == managed.only_family) return;
    managed.only_end = 0;
    show_all_again();
    start_policy(managed.policy);
}

void swap_only(uint64 start, uint64 end, uint family)
{
    sleep_lock(&as_list_lock);
    managed.only_start = start;
    managed.only_end = start < end ? end : 0;
    managed.only_family = family;
    show_all_again();
    start_policy(managed.policy);
    sleep_unlock(&as_list_lock);
}

void swap_borrow(void)
{
    sleep_lock(&as_list_lock);
    show_all_again();
}

void swap_give_back(void)
{
    start_policy(managed.policy);
    sleep_unlock(&as_list_lock);
}

void swap_tick(void)
{
    sleep_lock(&as_list_lock);
    managed_update();
    spin_lock(&pages_lock);
    if (managed.policy->tick)
        tick();
    spin_unlock(&pages_lock);
    rmap_unmap(0, 0); // the flush that cleared A bits ask for
    sleep_unlock(&as_list_lock);
}

static uint knob(const char *key, uint most, uint fallback)
{
    uint64 n = bootarg_uint(key, fallback);
    return n < 1 ? 1 : n > most ? most : n;
}

static const struct policy *first_policy(void)
{
    char name[16];
    if (bootarg_get("policy", name, sizeof(name)) < 0)
        return policies[0];
    const struct policy *policy = policy_find(name);
    if (policy)
        return policy;
    printf("policy=%s: no such policy, using %s\n", name, policies[0]->name);
    return policies[0];
}

void swap_init(void)
{
    struct frame_stats st;
    frame_get_stats(&st);
    framelist_init(&managed.aside);
    policy_word = kmem_alloc(st.user_most * sizeof(*policy_word));
    policy_words = policy_word ? st.user_most : 0;
    policy_seed(bootarg_uint("policy.seed", 1));
    start_policy(first_policy());
    frame_forget = forget;
    frame_wake = wakeup;
    swap_batch = knob("swap.batch", EVICT_BATCH_MAX, EVICT_BATCH_MAX);
    swap_readahead = knob("swap.readahead", EVICT_BATCH_MAX, DEFAULT_READAHEAD);

    uint64 slots = swapdev_init();
    if (slots && slot_init(slots) < 0) {
        printf("swap: no memory for %lu slots\n", slots);
        slots = 0;
    }
    swap_on = slots > 0;
}
