// The reverse map: from a frame to the PTEs that map it, without a list to keep.
//
// A private page is mapped only at frame.vpn, in spaces of frame.family: those that come from one exec by
// forks. A file page is mapped wherever an area maps that part of its file. So all PTEs are found by a walk
// over the list of spaces, which stands still while as_list_lock is held.
#ifndef KERNEL_SWAP_RMAP_H
#define KERNEL_SWAP_RMAP_H
#include "kernel/types.h"

struct frame;

// For each of n frames, all held by the caller (FRAME_HELD), every PTE that maps it: a private page's becomes
// swapped and names the frame's slot, a file page's becomes none. References move with them. One flush for
// each space that lost something, or whose A bits were cleared. Locks: as_list_lock; takes as->locks. Sleeps.
void rmap_unmap(struct frame *const *frame, uint n);

// The way back for one private frame: every PTE that names its slot maps it again, read-only, and the slot is
// given up as bad. Locks: as_list_lock; takes as->locks. Sleeps.
void rmap_restore(struct frame *frame);

// How many more times policy_accessed looks; then every page counts as not used. A policy that goes round all
// frames of a large machine for one victim would keep interrupts off for too long.
extern uint rmap_looks_left;

// How many times it looks before policy_pause is true; ~0: it never is.
extern uint rmap_pause_after;

#endif
