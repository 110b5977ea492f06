// What the replacement policy knows: the frames in its hands (FRAME_MANAGED), and which policy that is.
//
// Locks: as_list_lock and pages_lock for managed_*, where nothing else is said; the swap_* functions take
// them.
#ifndef KERNEL_SWAP_MANAGED_H
#define KERNEL_SWAP_MANAGED_H
#include <stdbool.h>
#include "kernel/types.h"

struct frame;

// Shows the policy what has come into memory since the last call, in that order, and its tick if it is due.
// Takes pages_lock itself, now and then. Locks: as_list_lock.
void managed_update(void);
// Whether there are frames that somebody is about to map: they can be evicted soon. Locks: pages_lock alone.
bool managed_filling(void);
// The policy's victim, which it forgets: the frame is on no list. 0: there is none, or, with *again, not
// found yet: after rmap_pause_after looks at pages the caller gives pages_lock away for a moment before it
// goes on. *again is false at first.
struct frame *managed_seek(bool *again);
// The same in one step: simpler, and pages_lock may be held for a whole turn of the clock (lab swap).
struct frame *managed_victim(void);
// A victim cannot go: it is kept aside until managed_take_back, so that the next victim is another one.
void managed_refuse(struct frame *f);
void managed_take_back(void);
// The frame leaves the policy, or the list of those it has not seen. managed_return: it comes back as if new.
void managed_remove(struct frame *f);
void managed_return(struct frame *f);

// At boot, in process context, before the first user frame: finds the swap disk, reads the knobs swap.batch,
// swap.readahead and policy. Sleeps.
void swap_init(void);
extern bool swap_on;        // there is a swap disk
extern uint swap_readahead; // pages read at a time, 1: just the one

// Changes the policy while everything runs. 0 or -ENOENT. Sleeps.
int swap_set_policy(const char *name);
const char *swap_policy_name(void);
// The user pool gets `frames` (0: what it had at boot); what is over goes. Returns the size it has now.
// Sleeps.
uint64 swap_set_limit(uint64 frames);
// From now on only pages of [start, end) in spaces of that family are shown to the policy, the others stay in
// memory, and ticks come from swap_tick alone; start == end: all pages again. For tests that need to know
// every reference. Sleeps.
void swap_only(uint64 start, uint64 end, uint family);
void swap_tick(void);
// Ends swap_only when no space of its family is left. Locks: as_list_lock.
void managed_end_only(void);
// For self-tests: between the two no policy is at work, and as_list_lock is held.
void swap_borrow(void);
void swap_give_back(void);

#endif
