// Pages that come back from swap (swap/swapin.h).
//
// A slot that has a cache costs no I/O: the page was read ahead, or read by another sharer, or is still on
// its way out. Otherwise the reader enters an empty frame as the slot's cache, marked FRAME_READING, and
// reads with nothing locked: whoever wants the page meanwhile finds the frame and waits for it. Our PTE goes
// on naming the slot, so the slot cannot be freed under us; the frame has a reference of ours (FRAME_HELD)
// until it is mapped.
//
// Read-ahead: pages that were evicted one after the other stand in neighbouring slots. If the PTEs behind
// ours name the slots behind ours, one request reads them all. How many is learnt for each space: a fault
// just behind the last pages read doubles the window, any other halves it, so a random reader soon reads
// single pages. Pages read ahead are in the cache only, with reference count 0: a fault maps them, the
// evictor may take them, and when their slot's last PTE goes they go with it.
//
// Locks: pages_lock for slots and frame.state. While a frame is READING nobody else frees it or its slot.
#include "kernel/swap/swapin.h"
#include "kernel/lib/panic.h"
#include "kernel/proc/sched.h"
#include "kernel/riscv.h"
#include "kernel/swap/evict.h"
#include "kernel/swap/managed.h"
#include "kernel/swap/slot.h"
#include "kernel/swap/swapdev.h"

static uint waiters; // for READING to end; pages_lock

enum fault_reason fault_swapin(struct fault *f)
{
    uint s = pte_slot(*f->pte);
    spin_lock(&pages_lock);
    struct frame *cache = slot_frame(s);
    if (!cache || (cache->state & FRAME_READING)) {
        spin_unlock(&pages_lock);
        f->want_slot = s;
        return FAULT_RETRY;
    }
    if (cache == f->held) { // its reference becomes the PTE's
        cache->state &= ~FRAME_HELD;
        f->held = 0;
    } else {
        page_get(cache);
    }
    slot_put(s); // one PTE less names it
    spin_unlock(&pages_lock);

    *f->pte = 0;
    f->as->swapped--;
    fault_install(f, cache, false);
    if (f->vma->perm & VMA_X) // program text that could not be entered in the cache of file pages
        icache_flush(&f->as->mmu);
    enum fault_reason r = f->access == ACCESS_WRITE ? fault_write(f) : FAULT_OK; // take over, or copy
    f->class = FAULT_MINOR; // unless it waited: fault_restart knows
    return r;
}

// Pages to read from slot s on, by what this space did before.
static uint window(struct swapahead *a, uint s)
{
    uint w = a->window ? a->window : 1;
    w = s == a->next ? 2 * w : (w + 1) / 2;
    a->window = w < swap_readahead ? w : swap_readahead;
    return a->window;
}

// How many PTEs from f's on name slots from s on, at most `most`, all in one leaf table.
static uint neighbours(struct fault *f, uint s, uint most)
{
    uint n = 1;
    uint64 left = (LEAF_SPAN - (f->va & (LEAF_SPAN - 1))) / PGSIZE;
    as_lock(f->as);
    pte_t *pte = mmu_walk(&f->as->mmu, f->va, false);
    while (pte && n < most && n < left && pte[n] == swap_pte(s + n))
        n++;
    as_unlock(f->as);
    return n;
}

// Enters frames as caches of slots from s on: the one we need, with a reference, and as many neighbours as
// there are frames to be had for nothing. Returns how many; 0 when somebody else has entered one for s.
static uint enter(struct fault *f, uint s, struct frame **frame, uint want)
{
    uint n = 1;
    while (n < want && (frame[n] = frame_alloc(f->va + n * PGSIZE, f->as->family)) != 0)
        n++;
    spin_lock(&pages_lock);
    uint readable = 0;
    while (readable < n && slot_readable(s + readable))
        readable++;
    for (uint i = 0; i < readable; i++) {
        frame[i]->state |= FRAME_READING;
        slot_attach(s + i, frame[i]);
    }
    if (readable) {
        frame[0]->state |= FRAME_HELD;
        frame[0]->ref = 1;
        f->spare = 0;
        evict_busy();
    }
    spin_unlock(&pages_lock);
    for (uint i = readable ? readable : 1; i < n; i++)
        frame_free(frame[i]);
    return readable;
}

// The read of n pages has ended. A page that failed is no cache of its slot; one read ahead that nobody can
// want any more, since the last PTE that named its slot has gone, is freed.
static void leave(struct frame **frame, uint n, bool failed)
{
    struct frame *free = 0;
    spin_lock(&pages_lock);
    for (uint i = 0; i < n; i++) {
        struct frame *fr = frame[i];
        bool ahead = page_refs(fr) == 0;
        fr->state &= ~FRAME_READING;
        if (failed || (ahead && slot_refs(fr->slot) == 1))
            slot_detach(fr);
        if (ahead && !fr->slot) {
            fr->next = free;
            free = fr;
        }
    }
    bool wake = waiters > 0;
    spin_unlock(&pages_lock);
    if (wake)
        wakeup(&waiters);
    frame_free_batch(free);
}

static enum fault_reason read_slot(struct fault *f, uint s)
{
    struct frame *frame[EVICT_BATCH_MAX];
    uint want = window(&f->as->ahead, s);
    if (want > 1)
        want = neighbours(f, s, want);
    if (!f->spare && !(f->spare = evict_frame(f->va, f->as->family)))
        return FAULT_NOMEM;
    frame[0] = f->spare;
    uint n = enter(f, s, frame, want);
    if (n == 0)
        return FAULT_RETRY;
    f->held = frame[0];
    f->waited = true;
    f->as->ahead.next = s + n;
    int error = swapdev_read(s, frame, n);
    if (error && n > 1) { // perhaps only a neighbour cannot be read
        leave(&frame[1], n - 1, true);
        n = 1;
        error = swapdev_read(s, frame, n);
    }
    __atomic_fetch_add(&evict_stats.ahead, n - 1, __ATOMIC_RELAXED);
    leave(frame, n, error != 0);
    evict_done();
    return error ? FAULT_DISK : FAULT_RETRY;
}

enum fault_reason swapin_fetch(struct fault *f)
{
    uint s = f->want_slot;
    struct frame *cache;
    f->want_slot = 0;
    spin_lock(&pages_lock);
    while ((cache = slot_frame(s)) != 0 && (cache->state & FRAME_READING)) {
        f->waited = true;
        waiters++;
        sleep_on(&waiters, &pages_lock);
        waiters--;
    }
    spin_unlock(&pages_lock);
    return cache ? FAULT_RETRY : read_slot(f, s);
}

void swapin_unhold(struct fault *f)
{
    struct frame *free = 0;
    page_unhold(f->held, &free);
    f->held = 0;
    frame_free_batch(free);
}
