// Page frames: one struct frame for each page of RAM, one free list, two pools.
//
// A pool is a quota, not a place: user pages may use at most the user pool's frames, so that programs can
// never starve the kernel; the kernel may take any free frame. `uframes=N` on the kernel command line shrinks
// the user pool alone.
//
// References to user frames are vm/page.h's.
#ifndef KERNEL_VM_FRAME_H
#define KERNEL_VM_FRAME_H
#include <stdbool.h>
#include "kernel/memlayout.h"
#include "kernel/types.h"

enum frame_kind {
    FRAME_NONE,   // not the allocator's: firmware, kernel image
    FRAME_FREE,   // on the free list
    FRAME_KERNEL, // kernel memory
    FRAME_TABLE,  // page table of a user space
    FRAME_USER,   // mapped into user spaces
    FRAME_FILE,   // the same, and in the cache of file pages
    FRAME_ZERO,   // the shared page of zeros: one reference of its own
};

struct frame {
    uint ref;   // PTEs that map it; atomic
    uchar kind; // enum frame_kind
    union {
        struct frame *next;    // link of the free list, or of a batch on its way there
        struct filepage *page; // FRAME_FILE: its cache entry (vm/page.c)
    };
    uint64 va;  // user frames: address at which every mapper maps it
    uint audit; // scratch of vm/audit.c
};

struct filepage;
struct range;

// Physical address <-> kernel address of it in the direct map.
static inline void *pa2kva(uint64 pa)
{
    return (void *)(pa + DIRECT_BASE);
}
static inline uint64 kva2pa(const void *kva)
{
    return (uint64)kva - DIRECT_BASE;
}

// One page of kernel memory, zeroed. 0 when there is none. Any context; never sleeps.
void *kpage_alloc(void);
void kpage_free(void *page);

// Sets up the frame table and the free list from the RAM range less the `nused` ranges in use.
void frame_init(struct range ram, const struct range *used, int nused);

// A user frame that nothing maps yet (ref 0), with the content of whoever had it before: the caller fills all
// of it. 0 when the pool is exhausted. Any context; never sleeps.
struct frame *frame_alloc(uint64 va);
void frame_free(struct frame *f); // one that was never mapped
// A zeroed page-table page. 0 when there is no memory.
void *frame_alloc_table(void);
void frame_free_table(void *table);

// Frees a batch of frames with ref 0, linked by `next`, at one go.
void frame_free_batch(struct frame *batch);

extern struct frame *frame_table; // of the page at frame_base
extern uint64 frame_base;
extern uint64 frame_count;
extern struct frame *zero_frame; // mapped read-only wherever untouched memory is read

// Where the table would start if it had an entry for every page from physical address 0: a frame's number in
// it is its page number.
extern struct frame *frame_of_page_0;
static inline struct frame *pa2frame(uint64 pa)
{
    return frame_of_page_0 + (pa >> 12);
}
static inline uint64 frame2pa(const struct frame *f)
{
    return (uint64)(f - frame_of_page_0) << 12;
}
static inline void *frame2kva(const struct frame *f)
{
    return pa2kva(frame2pa(f));
}

struct frame_stats {
    uint64 total; // frames that the allocator manages
    uint64 free;  // on the free list
    uint64 user;  // in user spaces
    uint64 user_limit;
    uint64 tables; // user page tables
};
void frame_get_stats(struct frame_stats *st);

#endif
