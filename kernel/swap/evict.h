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

// At boot, in process context: finds the swap disk, reads the knobs swap.batch, swap.readahead and policy.
void swap_init(void);
// Changes the policy while everything runs. 0 or -ENOENT. Sleeps.
int evict_set_policy(const char *name);
const char *evict_policy_name(void);
// The user pool gets `frames` (0: what it had at boot); what is over goes. Returns the size it has now.
// Sleeps.
uint64 evict_set_limit(uint64 frames);
// From now on only pages of [start, end) in the caller's family are shown to the policy, the others stay in
// memory, and ticks come from evict_tick alone; start == end: all pages again. For tests that need to know
// every reference. Sleeps.
void evict_only(uint64 start, uint64 end);
void evict_tick(void);

struct evict_stats {
    uint64 evicted;   // pages that went
    uint64 dropped;   // of them, without a write: clean
    uint64 refaulted; // chosen, but used again before they went
    uint64 ahead;     // pages read ahead
};
extern struct evict_stats evict_stats; // atomic counters

extern uint swap_batch;     // pages evicted at a time, 1 .. EVICT_BATCH_MAX
extern uint swap_readahead; // pages read at a time, 1: just the one
extern bool swap_on;        // there is a swap disk

// Somebody holds frames (FRAME_HELD, FRAME_READING) that will soon be free or can be evicted then: who finds
// nothing to evict waits. Locks: pages_lock.
void evict_busy(void);
void evict_idle(void);

// Audit, invariant 3: reads the slot of every clean page and compares. Returns how many it compared, panics
// at the first difference, -EIO when a read failed. Sleeps; nothing locked.
int64 swap_audit(void);

#endif
