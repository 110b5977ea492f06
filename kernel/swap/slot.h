// Swap slots: one page each on the swap disk (docs/swap.md).
//
// A slot's references are the swapped PTEs that name it, and one more while a frame holds the same bytes: its
// cache. The two point at each other (slot's frame, frame.slot). A frame that caches a slot is clean: the
// disk holds, or will hold before the slot is read, the same bytes (invariant 3). A slot with no reference is
// free.
//
// Slot 0 is the disk's header page: as a number it means "none".
//
// Locks: pages_lock held for every function here but slot_init, slot_get_stats and slot_audit_*.
#ifndef KERNEL_SWAP_SLOT_H
#define KERNEL_SWAP_SLOT_H
#include <stdbool.h>
#include "kernel/riscv.h"
#include "kernel/types.h"

struct frame;

// A swapped PTE has V = 0, this bit (one of the two that hardware leaves to us, privileged spec 4.4.1) and
// the slot's number in the field of the page number. Zero is "none".
#define PTE_SWAP (1UL << 8)
static inline pte_t swap_pte(uint slot)
{
    return (pte_t)slot << 10 | PTE_SWAP;
}
static inline uint pte_slot(pte_t pte) // pte is neither present nor 0
{
    return (uint)(pte >> 10);
}

// Slots 1 .. n - 1 become free. 0, or -ENOMEM. Once, at boot.
int slot_init(uint64 n);

// Prepares for `want` calls of slot_alloc in a row: they give neighbours, when there are so many free.
void slot_seek(uint want);
// A free slot, whose first user is slot_attach or slot_get; 0 when all are in use.
uint slot_alloc(void);
bool slot_full(void); // there is none
// What slot_alloc gave is not wanted.
void slot_unalloc(uint s);

// frame becomes the cache of s.
void slot_attach(uint s, struct frame *frame);
// frame is no cache any more; its slot is freed if nothing else refers to it.
void slot_detach(struct frame *frame);
// The frame that caches s, or 0.
struct frame *slot_frame(uint s);

// One more PTE names s.
void slot_get(uint s);
// One PTE less names s. The last one frees the slot. When its cache was mapped by nobody either, that frame
// is detached and returned, for the caller to free.
struct frame *slot_put(uint s);

// References there are.
uint slot_refs(uint s);
// Whether s is in use and only on the disk: it may be read ahead. Any number will do.
bool slot_readable(uint s);
// s was written in vain: when its last reference goes it is not used again.
void slot_mark_bad(uint s);

struct slot_stats {
    uint64 total; // slots that can be used, bad ones included
    uint64 used;
    uint64 bad;
};
void slot_get_stats(struct slot_stats *st); // takes pages_lock itself

// Audit, invariant 2: slot_audit_begin forgets, slot_audit_pte counts a PTE that names s (false: no such
// slot), slot_audit_end panics when a slot's references differ from what was counted. They take pages_lock
// themselves.
void slot_audit_begin(void);
bool slot_audit_pte(uint s);
void slot_audit_end(void);

#endif
