// Lab 4, second file: pages that come back from swap (swap/swapin.h is the contract).
//
// What is here knows that no page is out. lab/swap/README.md has the task.
//
// Your task:
//
//   fault_swapin    The PTE names a slot; as->lock is held. If some frame caches the slot, map it, read-only
//                   (fault_install): a PTE more for the frame, one less for the slot. For a write go on with
//                   fault_write, which knows when it may grant the right. If no frame does, or one is still
//                   being read, set f->want_slot and say FAULT_RETRY: nothing may wait for a disk with a lock
//                   held.
//   swapin_fetch    Nothing is locked. Somebody reads the slot already: sleep until that has ended. Else
//   enter an
//                   empty frame (f->spare, or evict_frame) as the slot's cache, FRAME_READING | FRAME_HELD
//                   with one reference, and read (swapdev_read). Whoever wants the page meanwhile finds this
//                   frame, so no slot is read twice. f->held is the frame until fault_swapin maps it; the
//                   reference becomes the PTE's then. f->waited: the fault counts as major.
//   swapin_unhold   the fault ended otherwise: let go of f->held (page_unhold).
//
// A read that failed: the frame must never be mapped. Take it out of the cache in the same moment in which
// FRAME_READING ends, and say FAULT_DISK. Between evict_busy() and evict_done() others know that a frame will
// soon be had. as->swapped and as->resident count PTEs. Read-ahead (as->ahead, swap_readahead) is the last
// part of the task.
//
// Lock: pages_lock for slots and frame->state.
#include "kernel/swap/swapin.h"

enum fault_reason fault_swapin(struct fault *f)
{
    (void)f;
    return FAULT_DISK;
}

enum fault_reason swapin_fetch(struct fault *f)
{
    (void)f;
    return FAULT_DISK;
}

void swapin_unhold(struct fault *f)
{
    f->held = 0;
}
