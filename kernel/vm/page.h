// User pages: references to frames, and the cache that lets processes share the pages of a file.
//
// frame.ref counts the PTEs that map a frame, and one holder (invariant 1 of docs/memory.md). It changes by
// atomic operations: a frame with ref == 1 can gain a reference only through its one mapper, which holds that
// space's lock, from a cache, or by the evictor, which takes none that has come down to 0. Where somebody
// else may find the frame (a file page, the cache of a swap slot), the last reference goes under that cache's
// lock.
//
// The cache is weak: an entry lives as long as some PTE maps its frame. Its inode is referenced by those
// areas and refuses writers meanwhile, so an entry is never stale.
#ifndef KERNEL_VM_PAGE_H
#define KERNEL_VM_PAGE_H
#include "kernel/vm/frame.h"

struct inode;

static inline void page_get(struct frame *f)
{
    __atomic_fetch_add(&f->ref, 1, __ATOMIC_RELAXED);
}

static inline uint page_refs(const struct frame *f)
{
    return __atomic_load_n(&f->ref, __ATOMIC_ACQUIRE);
}

// page_put_batch's rare parts: the frame is in a cache; its last reference has gone.
void page_cached_put(struct frame *f, struct frame **batch);
void page_last_put(struct frame *f, struct frame **batch);

// Takes one reference away; when it was the last, the frame joins *batch instead of the free list: nobody may
// reuse it until the caller has flushed the TLBs and calls frame_free_batch().
static inline void page_put_batch(struct frame *f, struct frame **batch)
{
    if (f->page) // or slot: the same word
        page_cached_put(f, batch);
    else if (__atomic_fetch_sub(&f->ref, 1, __ATOMIC_ACQ_REL) <= 1)
        page_last_put(f, batch);
}

// The last reference frees the frame.
static inline void page_put(struct frame *f)
{
    struct frame *batch = 0;
    page_put_batch(f, &batch);
    if (batch)
        frame_free_batch(batch);
}

// The frame with `len` bytes of a file from off (zeros behind them), with one more reference; 0 when there is
// none.
struct frame *page_cached(struct inode *ip, uint64 off, uint64 len);

// The file of a FRAME_FILE frame that the caller has a reference to, and where in it the page starts.
const struct inode *page_file(const struct frame *f, uint64 *off);

// One more reference, unless the last one has gone. For those who come upon a frame in a list.
bool page_get_live(struct frame *f);

// Ends FRAME_HELD together with the holder's reference. A frame that stays is shown to the replacement policy
// like a new one; one that nobody has joins *batch.
void page_unhold(struct frame *f, struct frame **batch);

// Offers a frame just filled, ref 0, for sharing. Returns the frame to map, with one reference: this one, or
// another that was entered meanwhile (the caller keeps its own).
struct frame *page_share(struct inode *ip, uint64 off, uint64 len, struct frame *frame);

#endif
