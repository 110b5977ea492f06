// Page faults of user addresses: from {address, access} to a PTE that allows it, or to the reason why not.
// The handlers (vm/anon.c, vm/cow.c, vm/file.c) and the loop around them (vm/fault.c) share struct fault.
#ifndef KERNEL_VM_FAULT_H
#define KERNEL_VM_FAULT_H
#include "kernel/lib/panic.h"
#include "kernel/types.h"
#include "kernel/vm/as.h"
#include "kernel/vm/page.h"
#include "kernel/vm/vma.h"

// Why a process has no right to an address. FAULT_OK is 0.
enum fault_reason {
    FAULT_OK,
    FAULT_UNMAPPED,
    FAULT_NULL, // the page at 0
    FAULT_READONLY,
    FAULT_NOEXEC,
    FAULT_NOREAD,
    FAULT_KERNEL, // not in the lower half
    FAULT_STACK,  // the stack has reached its limit
    FAULT_GUARD,  // in the gap below the stack's limit
    FAULT_NOMEM,  // no frame left
    FAULT_DISK,   // a disk failed
    FAULT_RETRY,  // internal: something is to be fetched with nothing locked (struct fault says what)
};

const char *fault_reason_name(enum fault_reason r);

// What a fault counts as (kernel/vmstat.h).
enum fault_class { FAULT_MINOR, FAULT_MAJOR, FAULT_COW, FAULT_SPURIOUS, FAULT_VMALLOC, FAULT_INVALID };

struct fault {
    // the question
    struct as *as;
    uint64 va;   // page-aligned
    uint64 addr; // exact
    uint64 sp;   // the program's stack pointer
    enum access access;
    // found by fault_lookup, good while as->lock is held
    struct vma *vma;
    pte_t *pte;
    // kept over a restart
    struct frame *spare; // a frame fetched for the handler, ref 0
    struct inode *want;  // with FAULT_RETRY: read this file's bytes into the spare frame ...
    uint64 want_off;     // ... from here ...
    uint64 want_len;     // ... so many, zeros behind them
    uint want_slot;      // with FAULT_RETRY: read this swap slot, 0 = none
    bool filled;         // the spare holds what was wanted of the file
    bool waited;         // for the swap disk
    struct frame *held;  // what swapin_fetch read, with a reference of ours, until it is mapped
    enum fault_class class;
};

// Resolves a fault of the current or another space. 0, or the reason. Sleeps; no spinlock and no as->lock
// held.
enum fault_reason vm_fault(struct as *as, uint64 addr, enum access access, uint64 sp);

// For handlers, as->lock held. A frame to fill, ref 0, the caller's to install: the spare, or a fresh one. 0:
// return FAULT_RETRY and come back.
static inline struct frame *fault_frame(struct fault *f)
{
    struct frame *spare = f->spare;
    if (!spare)
        return frame_alloc(f->va, f->as->family);
    f->spare = 0;
    return spare;
}

// For handlers, as->lock held. Makes the empty PTE map frame, which takes the caller's reference over; write
// says whether W is granted now.
static inline void fault_install(struct fault *f, struct frame *frame, bool write)
{
    uint perm = write ? f->vma->perm : f->vma->perm & ~VMA_W;
    assert(!write || frame->ref == 1, "write access to a shared frame");
    *f->pte = pte_make(frame2pa(frame), perm);
    f->as->resident++;
}

// Handlers, by what the PTE is.
enum fault_reason fault_zero(struct fault *f);  // vm/anon.c: none, area of zeros
enum fault_reason fault_file(struct fault *f);  // vm/file.c: none, area of a file
enum fault_reason fault_write(struct fault *f); // vm/cow.c: present, written, not W

// vm/anon.c: grows the stack area down to addr when the rules allow. FAULT_OK or the reason. as->lock held.
enum fault_reason anon_grow_stack(struct as *as, uint64 addr, uint64 sp);
// vm/anon.c: gives the frames of [start, end) back. as->lock held.
void anon_release(struct as *as, uint64 start, uint64 end);
// vm/cow.c: shares every page of parent with the empty child. 0 or -ENOMEM (the child may have some). Both
// locked.
int cow_share(struct as *parent, struct as *child);
// vm/file.c: reads what f wants into its spare frame. Nothing locked; sleeps.
enum fault_reason file_fetch(struct fault *f);

// A space's faults are its one process's, which counts them alone: no atomics on the way. They outlive the
// space.
static inline void fault_count(struct as *as, enum fault_class class)
{
    ((uint64 *)&as->faults)[class]++;
}
void fault_count_nobody(enum fault_class class); // on a hart that runs no space
void fault_retire(const struct as *as);          // the space is going; as_list_lock held
void fault_totals(struct faultcount *out);       // system-wide; sleeps

#endif
