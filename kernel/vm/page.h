// User pages: references to frames, and the cache that lets processes share the pages of a file.
//
// frame.ref counts the PTEs that map a frame (invariant 1 of docs/memory.md). It changes by atomic
// operations: a frame with ref == 1 can gain a reference only through its one mapper, which holds that
// space's lock, or from the cache.
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

void page_last_put(struct frame *f, struct frame **batch); // page_put_batch's rare part

// Takes one reference away; when it was the last, the frame joins *batch instead of the free list: nobody may
// reuse it until the caller has flushed the TLBs and calls frame_free_batch().
static inline void page_put_batch(struct frame *f, struct frame **batch)
{
    if (f->kind == FRAME_FILE || __atomic_fetch_sub(&f->ref, 1, __ATOMIC_ACQ_REL) <= 1)
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

// Offers a frame just filled, ref 0, for sharing. Returns the frame to map, with one reference: this one, or
// another that was entered meanwhile (the caller keeps its own).
struct frame *page_share(struct inode *ip, uint64 off, uint64 len, struct frame *frame);

#endif
