// Getting frames back from address spaces: choose pages by the policy, unmap them everywhere, write those
// that the disk lacks, free the frames (docs/swap.md follows one page out and in again).
#ifndef KERNEL_SWAP_EVICT_H
#define KERNEL_SWAP_EVICT_H
#include <stdbool.h>
#include "kernel/types.h"

struct frame;
struct as;

#define EVICT_BATCH_MAX 32

// A frame as from frame_alloc, evicting pages if it must. 0 when nothing can go: RAM and swap are full, or
// the caller was killed. Sleeps; nothing locked.
struct frame *evict_frame(uint64 va, uint family);

// Evicts the pages of [start, end) of `as` that can go, whatever the policy thinks. Returns how many went.
// Sleeps; nothing locked.
uint64 evict_range(struct as *as, uint64 start, uint64 end);

// One round: evicts a batch, and what the pool has too many. False when there is nothing to evict; else *free
// are the frames that are free now, linked by next (none when all were used again), and evict_done() is due
// when they have been given back. Sleeps; nothing locked.
bool evict_round(struct frame **free);
void evict_done(void);

struct evict_stats {
    uint64 evicted;   // pages that went
    uint64 dropped;   // of them, without a write: clean
    uint64 refaulted; // chosen, but used again before they went
    uint64 ahead;     // pages read ahead
};
extern struct evict_stats evict_stats; // atomic counters

extern uint swap_batch; // pages evicted at a time, 1 .. EVICT_BATCH_MAX

// Somebody holds frames (FRAME_HELD, FRAME_READING) that will soon be free or can be evicted then: who finds
// nothing to evict waits until evict_done(). Locks: pages_lock.
void evict_busy(void);

#endif
