// Audit of invariant 3: a page that counts as clean has the bytes that the disk has.
#ifndef KERNEL_SWAP_SWAPAUDIT_H
#define KERNEL_SWAP_SWAPAUDIT_H
#include "kernel/types.h"

// Reads the slot of every clean page in memory and compares. How many it compared; -ENOMEM or -EIO when it
// could not go on; panics at the first difference. Sleeps; nothing locked.
int64 swap_audit(void);

#endif
