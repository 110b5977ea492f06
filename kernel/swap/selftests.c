// Self-tests of swapping in the running kernel: slots, pages out and in again in address spaces of their own,
// policies on frames of their own. Other processes go on meanwhile, so counts that they change are not looked
// at. Without a swap disk only the policies are tested.
#include "kernel/lib/panic.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/selftest.h"
#include "kernel/lib/string.h"
#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "kernel/swap/evict.h"
#include "kernel/swap/managed.h"
#include "kernel/swap/policy.h"
#include "kernel/swap/slot.h"
#include "kernel/swap/swapaudit.h"
#include "kernel/swap/swapdev.h"
#include "kernel/vm/as.h"
#include "kernel/vm/fault.h"
#include "kernel/vm/kmem.h"

#define BASE  0x100000UL
#define PAGES 8

static bool no_swap(void)
{
    if (!swap_on)
        printf("# no swap disk: nothing tested\n");
    return !swap_on;
}

SELFTEST(swap_slots)
{
    uint s[4];
    if (no_swap())
        return;
    spin_lock(&pages_lock);
    slot_seek(4);
    for (int i = 0; i < 4; i++) {
        s[i] = slot_alloc();
        if (s[i] == 0) { // swap is full
            while (i > 0)
                slot_put(s[--i]);
            spin_unlock(&pages_lock);
            return;
        }
        slot_get(s[i]);
    }
    bool neighbours = s[1] == s[0] + 1 && s[2] == s[0] + 2 && s[3] == s[0] + 3;
    slot_get(s[1]);
    bool counted = slot_refs(s[0]) == 1 && slot_refs(s[1]) == 2;
    slot_put(s[1]);
    bool kept = slot_readable(s[1]);
    for (int i = 0; i < 4; i++)
        slot_put(s[i]);
    bool freed = !slot_readable(s[0]) && !slot_readable(s[1]);
    spin_unlock(&pages_lock);
    CHECK(neighbours, "slots taken in a row are neighbours");
    CHECK(counted, "a slot counts the PTEs that name it");
    CHECK(kept, "it stays while one of two names it");
    CHECK(freed, "and is free when none does");
}

// A space with PAGES pages at BASE, page i full of the byte seed + i. 0 when memory is short.
static struct as *make_space(uchar seed)
{
    struct vma v = {.start = BASE, .end = BASE + PAGES * PGSIZE, .perm = VMA_R | VMA_W, .kind = VMA_ANON};
    struct as *as = as_create();
    uchar *page = kpage_alloc();
    bool ok = as && page && as_map(as, &v) == 0;
    for (uint64 i = 0; ok && i < PAGES; i++) {
        memset(page, seed + (int)i, PGSIZE);
        ok = as_write(as, BASE + i * PGSIZE, page, PGSIZE) == 0;
    }
    if (page)
        kpage_free(page);
    if (ok || !as)
        return as;
    as_put(as);
    return 0;
}

static pte_t look(struct as *as, uint64 i)
{
    as_lock(as);
    pte_t *pte = mmu_walk(&as->mmu, BASE + i * PGSIZE, false);
    pte_t value = pte ? *pte : 0;
    as_unlock(as);
    return value;
}

static bool is_out(pte_t pte)
{
    return pte && !(pte & PTE_V);
}

static bool all_out(struct as *as)
{
    for (uint64 i = 0; i < PAGES; i++)
        if (!is_out(look(as, i)))
            return false;
    return true;
}

// Faults page i in; whether it is full of that byte. It may go again at any moment, so the bytes are read
// with the space locked.
static bool has(struct as *as, uint64 i, uchar byte)
{
    bool present = false, same = true;
    while (!present && vm_fault(as, BASE + i * PGSIZE, ACCESS_READ, 0) == FAULT_OK) {
        as_lock(as);
        pte_t *pte = mmu_walk(&as->mmu, BASE + i * PGSIZE, false);
        present = *pte & PTE_V;
        const uchar *p = present ? pa2kva(PTE2PA(*pte)) : 0;
        for (uint64 at = 0; present && at < PGSIZE; at++)
            same = same && p[at] == byte;
        as_unlock(as);
    }
    return present && same;
}

static bool has_all(struct as *as, uchar seed)
{
    bool ok = true;
    for (uint64 i = 0; i < PAGES; i++)
        ok = ok && has(as, i, (uchar)(seed + i));
    return ok;
}

SELFTEST(swap_out_and_in)
{
    struct as *as = no_swap() ? 0 : make_space(10);
    if (!as)
        return;
    uint64 reads = swapdev_stats.reads;
    evict_range(as, BASE, BASE + PAGES * PGSIZE);
    CHECK(all_out(as), "pages that were asked to go are in slots");
    CHECK(as->swapped == PAGES && as->resident == 0, "and counted there");
    CHECK(has_all(as, 10), "they come back with their bytes");
    CHECK(swapdev_stats.reads - reads >= PAGES, "from the disk");
    CHECK(swap_audit() >= 0, "what is in memory and clean is what the disk has");
    as_put(as);
}

SELFTEST(swap_shared)
{
    struct as *as = no_swap() ? 0 : make_space(20);
    if (!as)
        return;
    evict_range(as, BASE, BASE + PAGES / 2 * PGSIZE);
    struct as *child = as_fork(as);
    uchar byte = 99;
    if (child) {
        pte_t pte = look(as, 0);
        CHECK(is_out(pte) && pte == look(child, 0), "a fork shares the slot of a page that is out");
        evict_range(as, BASE, BASE + PAGES * PGSIZE);
        CHECK(all_out(as) && all_out(child), "a shared page leaves every space that maps it");
        CHECK(as_write(child, BASE, &byte, 1) == 0, "one of the two writes");
        CHECK(has_all(as, 20), "the other one has what it had");
        as_put(as);
        as = child;
        CHECK(!has(as, 0, 20), "the writer has what it wrote");
        CHECK(has(as, 1, 21) && has(as, PAGES - 1, 20 + PAGES - 1), "and else what it inherited");
    }
    as_put(as);
}

// Shows `policy` three frames that nobody maps; each must be its victim once. Locks: as_list_lock,
// pages_lock.
static bool policy_works(const struct policy *policy, struct frame **frame, int n)
{
    bool ok = true;
    policy->init();
    for (int i = 0; i < n; i++)
        policy->add(frame[i]);
    if (policy->tick)
        policy->tick();
    for (int left = n; left > 0; left--) {
        struct frame *victim = policy->victim();
        bool known = false;
        for (int i = 0; i < n; i++)
            if (victim && frame[i] == victim) {
                known = true;
                policy->del(victim);
                frame[i] = 0;
            }
        ok = ok && known;
    }
    return ok && policy->victim() == 0;
}

SELFTEST(swap_policies)
{
    enum { FRAMES = 3 };
    struct frame *frame[FRAMES];
    char name[16];
    safestrcpy(name, swap_policy_name(), sizeof(name));
    for (int i = 0; policies[i]; i++) {
        int got = 0;
        while (got < FRAMES && (frame[got] = frame_alloc(BASE, 0)) != 0)
            got++;
        if (got < FRAMES) { // memory is full: no time for this
            while (got > 0)
                frame_free(frame[--got]);
            return;
        }
        struct frame *mine[FRAMES] = {frame[0], frame[1], frame[2]};
        swap_borrow();
        spin_lock(&pages_lock);
        for (int k = 0; k < FRAMES; k++)
            managed_remove(frame[k]);
        bool ok = policy_works(policies[i], mine, FRAMES);
        spin_unlock(&pages_lock);
        swap_give_back();
        CHECK(ok, policies[i]->name);
        for (int k = 0; k < FRAMES; k++)
            frame_free(frame[k]);
    }
    CHECK(strcmp(name, swap_policy_name()) == 0, "the policy in use is in use again");
}
