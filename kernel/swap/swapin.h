// Pages that come back from swap: fault_swapin under as->lock, and what it may have to wait for.
#ifndef KERNEL_SWAP_SWAPIN_H
#define KERNEL_SWAP_SWAPIN_H
#include "kernel/vm/fault.h"

// The PTE names a slot: maps the slot's cache, or says FAULT_RETRY with f->want_slot. Locks: as->lock.
enum fault_reason fault_swapin(struct fault *f);

// Reads f->want_slot into the spare frame, and neighbours that are likely to be wanted next, or waits for who
// reads it already. FAULT_RETRY when that is done, or FAULT_DISK. Nothing locked; sleeps.
enum fault_reason swapin_fetch(struct fault *f);

// Lets go of f->held. Nothing locked, or as->lock.
void swapin_unhold(struct fault *f);

#endif
