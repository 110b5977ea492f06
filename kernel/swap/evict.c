// Eviction (swap/evict.h): a process that needs a frame, and finds none, takes some from address spaces.
//
//   choose   the policy names victims; each is held (one reference, FRAME_HELD) and leaves its lists; a
//            private page that the disk lacks gets a slot and is its cache from now on
//   unmap    in every space that maps one: PTE present -> swapped (file pages: none), one flush a space
//   write    pages that the disk lacks, neighbouring slots in one request
//   settle   the hold is dropped: a frame that nobody mapped again meanwhile is free
//
// as_list_lock is held for the first two steps, so no space comes or goes and one process at a time chooses.
// The disk is waited for with nothing locked: a stuck request stops only who waits for it. The bytes stand
// still while they are written, since a held frame has a slot, so no PTE may write to it (invariant 4): a
// fault maps it again from the slot's cache read-only, and a write copies it.
//
// A write error maps the page back (swap/rmap.c), and its slot is not used again: nothing is lost but a slot.
#include "kernel/swap/evict.h"
#include "kernel/lib/panic.h"
#include "kernel/proc/proc.h"
#include "kernel/proc/sched.h"
#include "kernel/riscv.h"
#include "kernel/swap/managed.h"
#include "kernel/swap/rmap.h"
#include "kernel/swap/slot.h"
#include "kernel/swap/swapdev.h"
#include "kernel/vm/as.h"
#include "kernel/vm/page.h"

#define BATCH_DIVISOR  8   // a batch is at most this part of the user pool
#define FRAMES_AT_ONCE 256 // frames looked at while pages_lock is held
#define LOOKS_AT_ONCE  64  // accessed bits that a policy asks for while pages_lock is held
#define SCARCE         8   // clean pages: with fewer of them, and no slot for others, memory is full

_Static_assert(EVICT_BATCH_MAX <= SWAPDEV_MAX, "a batch is written by one request");

struct evict_stats evict_stats;
uint swap_batch = EVICT_BATCH_MAX;

static uint busy;   // pages_lock: how many hold frames (evict_busy)
static uint64 done; // pages_lock: how often one has let them go

// What one eviction holds. Dirty frames have consecutive slots as far as possible.
struct batch {
    struct frame *frame[EVICT_BATCH_MAX]; // dirty ones from the front, clean ones from the back
    uint ndirty;
    uint nclean;
};

static uint batch_size(const struct batch *b)
{
    return b->ndirty + b->nclean;
}

static struct frame **batch_clean(struct batch *b)
{
    return &b->frame[EVICT_BATCH_MAX - b->nclean];
}

void evict_busy(void)
{
    busy++;
}

// Before as_list_lock is given back: who chooses next and finds nothing must see it. Locks: as_list_lock.
static void begin_busy(void)
{
    spin_lock(&pages_lock);
    evict_busy();
    spin_unlock(&pages_lock);
}

// Takes a reference and, for a private page that the disk lacks, a slot. False when the page cannot go: it is
// on its way in, or out, or swap is full. Locks: pages_lock.
static bool hold(struct batch *b, struct frame *f)
{
    uint slot = 0;
    if (f->state & (FRAME_HELD | FRAME_READING))
        return false;
    if (f->kind == FRAME_USER && frame_slot(f)) {
        page_get(f); // a cached one may be at 0; its last reference goes under pages_lock
    } else {
        if (f->kind == FRAME_USER && !(swap_on && (slot = slot_alloc())))
            return false;
        if (!page_get_live(f)) {
            if (slot)
                slot_unalloc(slot);
            return false;
        }
    }
    f->state = FRAME_HELD; // it is on no list
    if (slot) {
        slot_attach(slot, f);
        b->frame[b->ndirty++] = f;
    } else {
        b->frame[EVICT_BATCH_MAX - ++b->nclean] = f;
    }
    return true;
}

// Drops the holds of n frames; those that nobody has come for join *free. Returns how many.
static uint settle(struct frame **frame, uint n, struct frame **free)
{
    uint gone = 0;
    for (uint i = 0; i < n; i++) {
        struct frame *before = *free;
        page_unhold(frame[i], free);
        gone += *free != before;
    }
    return gone;
}

static bool no_slots(void)
{
    return swap_on && slot_full();
}

// Lets go of pages_lock for a moment each time the policy has looked at so many pages, so that interrupts
// come and others may have it; for a victim it may look at all. It stays once a victim was refused: that is
// aside, where it must not be freed. Locks: as_list_lock, pages_lock.
static void hold_victims(struct batch *b, uint want)
{
    bool again = false;
    slot_seek(want);
    rmap_pause_after = LOOKS_AT_ONCE;
    while (batch_size(b) < want && !no_slots()) {
        struct frame *f = managed_seek(&again);
        if (again) {
            spin_unlock(&pages_lock);
            spin_lock(&pages_lock);
            rmap_pause_after = LOOKS_AT_ONCE;
        } else if (!f) {
            break;
        } else if (!hold(b, f)) {
            managed_refuse(f);
            rmap_pause_after = ~0U;
        }
    }
    rmap_pause_after = ~0U;
    managed_take_back();
}

// Swap is full: only clean pages can go. The policy would have to be asked for every dirty one before, so
// they are looked for in the table, going on where the last search ended. Locks: as_list_lock.
static void hold_clean(struct batch *b, uint want)
{
    static uint64 next;
    for (uint64 looked = 0; looked < frame_count && batch_size(b) < want;) {
        spin_lock(&pages_lock);
        for (uint i = 0; i < FRAMES_AT_ONCE && looked < frame_count && batch_size(b) < want; i++, looked++) {
            struct frame *f = &frame_table[next];
            next = next + 1 < frame_count ? next + 1 : 0;
            bool clean = f->kind == FRAME_FILE || (f->kind == FRAME_USER && frame_slot(f));
            if (!clean || !(f->state & FRAME_MANAGED))
                continue;
            managed_remove(f);
            if (!hold(b, f))
                managed_return(f);
        }
        spin_unlock(&pages_lock);
    }
}

// Holds up to `want` victims. Returns how many.
//
// When swap is full, clean pages can still go. But a program needs several pages at once (an instruction
// alone its own and those it reads and writes), and if all but a few frames were stuck, programs would take
// these few from each other for ever. So then there must be at least SCARCE of them. Locks: as_list_lock.
static uint choose(struct batch *b, uint want)
{
    struct frame *free = 0;
    managed_update();
    spin_lock(&pages_lock);
    bool full = no_slots(), scarce = full || !swap_on;
    if (scarce && want < SCARCE)
        want = SCARCE;
    if (!full)
        hold_victims(b, want);
    spin_unlock(&pages_lock);
    if (full)
        hold_clean(b, want);
    if (batch_size(b) > 0 && (!scarce || b->nclean >= SCARCE))
        return batch_size(b);
    settle(batch_clean(b), b->nclean, &free);
    frame_free_batch(free);
    return 0;
}

static void unmap(struct batch *b)
{
    rmap_unmap(b->frame, b->ndirty);
    if (b->nclean)
        rmap_unmap(batch_clean(b), b->nclean);
}

// Page by page after a request of several has failed: most of them may be written all the same.
static void write_run(struct frame **frame, uint n)
{
    if (swapdev_write(frame[0]->slot, frame, n) == 0)
        return;
    for (uint i = 0; i < n; i++) {
        if (n > 1 && swapdev_write(frame[i]->slot, &frame[i], 1) == 0)
            continue;
        sleep_lock(&as_list_lock);
        rmap_restore(frame[i]);
        sleep_unlock(&as_list_lock);
    }
}

static void write_dirty(struct batch *b)
{
    for (uint i = 0, n; i < b->ndirty; i += n) {
        uint64 slot = b->frame[i]->slot;
        for (n = 1; i + n < b->ndirty && b->frame[i + n]->slot == slot + n;)
            n++;
        write_run(&b->frame[i], n);
    }
}

// Writes, and lets go. Returns the frames that are free now, linked by next. Nothing locked; sleeps.
static struct frame *finish(struct batch *b)
{
    struct frame *free = 0;
    write_dirty(b);
    uint dropped = settle(batch_clean(b), b->nclean, &free);
    uint evicted = settle(b->frame, b->ndirty, &free) + dropped;
    __atomic_fetch_add(&evict_stats.evicted, evicted, __ATOMIC_RELAXED);
    __atomic_fetch_add(&evict_stats.dropped, dropped, __ATOMIC_RELAXED);
    __atomic_fetch_add(&evict_stats.refaulted, batch_size(b) - evicted, __ATOMIC_RELAXED);
    return free;
}

void evict_done(void)
{
    spin_lock(&pages_lock);
    busy--;
    done++;
    spin_unlock(&pages_lock);
    if (frame_waiters)
        wakeup(&frame_waiters);
}

static uint64 times_done(void)
{
    spin_lock(&pages_lock);
    uint64 n = done;
    spin_unlock(&pages_lock);
    return n;
}

// Nothing could be evicted. True when that may be otherwise now, or was until now: somebody holds frames, or
// fills one, or has let some go since `before`. Waits for those who hold them, or for any frame to be freed.
static bool wait_for_others(uint64 before)
{
    spin_lock(&pages_lock);
    bool ended = done != before, held = busy > 0, filling = managed_filling();
    if (held && !ended) {
        frame_waiters++;
        sleep_on(&frame_waiters, &pages_lock);
        frame_waiters--;
    }
    spin_unlock(&pages_lock);
    if (filling && !held)
        yield();
    return ended || held || filling;
}

// Pages to evict at a time: the batch, and what the pool has too many.
static uint pages_wanted(void)
{
    struct frame_stats st;
    frame_get_stats(&st);
    uint64 want = swap_batch, most = st.user_limit / BATCH_DIVISOR;
    if (want > most)
        want = most ? most : 1;
    want += frame_excess();
    return want < EVICT_BATCH_MAX ? want : EVICT_BATCH_MAX;
}

// evict_round with as_list_lock held, which it gives back.
static bool round_locked(struct frame **free)
{
    struct batch b;
    b.ndirty = b.nclean = 0;
    *free = 0;
    managed_end_only();
    if (choose(&b, pages_wanted()) == 0) {
        sleep_unlock(&as_list_lock);
        return false;
    }
    begin_busy();
    unmap(&b);
    sleep_unlock(&as_list_lock);
    *free = finish(&b);
    return true;
}

bool evict_round(struct frame **free)
{
    sleep_lock(&as_list_lock);
    return round_locked(free);
}

struct frame *evict_frame(uint64 va, uint family)
{
    struct frame *f, *free;
    while (!(f = frame_alloc(va, family)) && !killed()) {
        uint64 before = times_done();
        sleep_lock(&as_list_lock);
        f = frame_alloc(va, family); // others may have evicted while we waited for the lock
        if (f) {
            sleep_unlock(&as_list_lock);
            return f;
        }
        if (!round_locked(&free)) {
            if (!wait_for_others(before))
                return frame_alloc(va, family);
            continue;
        }
        if (free && !frame_excess()) {
            f = free;
            free = free->next;
            frame_reuse(f, va, family);
        }
        frame_free_batch(free);
        evict_done();
        if (f)
            return f;
    }
    return f;
}

// Holds pages of [*va, end) that can go, as many as a batch takes. Locks: as_list_lock, as->lock.
static void hold_range(struct batch *b, struct as *as, uint64 *va, uint64 end)
{
    pte_t *pte = mmu_next(&as->mmu, va, end);
    while (pte && batch_size(b) < EVICT_BATCH_MAX) {
        spin_lock(&pages_lock);
        slot_seek(EVICT_BATCH_MAX - batch_size(b));
        for (uint i = 0; i < FRAMES_AT_ONCE && pte && batch_size(b) < EVICT_BATCH_MAX; i++) {
            struct frame *f = *pte & PTE_V ? pa2frame(PTE2PA(*pte)) : zero_frame;
            if (f != zero_frame) {
                managed_remove(f);
                if (!hold(b, f))
                    managed_return(f);
            }
            *va += PGSIZE;
            pte = mmu_next(&as->mmu, va, end);
        }
        spin_unlock(&pages_lock);
    }
}

uint64 evict_range(struct as *as, uint64 start, uint64 end)
{
    struct batch b;
    uint64 gone = 0;
    do {
        b.ndirty = b.nclean = 0;
        sleep_lock(&as_list_lock);
        as_lock(as);
        hold_range(&b, as, &start, end);
        as_unlock(as);
        if (batch_size(&b))
            begin_busy();
        unmap(&b);
        sleep_unlock(&as_list_lock);
        if (batch_size(&b) == 0)
            break;
        struct frame *free = finish(&b);
        for (struct frame *f = free; f; f = f->next)
            gone++;
        frame_free_batch(free);
        evict_done();
    } while (start < end);
    return gone;
}
