// Page frames: one struct frame for each page of RAM, a free list for each hart, two
// pools.
//
// A pool is a quota, not a place: user pages may use at most the user pool's frames, so that programs can
// never starve the kernel; the kernel may take any free frame. `uframes=N` on the kernel command line shrinks
// the user pool alone.
//
// References to user frames are vm/page.h's.
#ifndef KERNEL_VM_FRAME_H
#define KERNEL_VM_FRAME_H
#include <stdbool.h>
#include "kernel/lib/spinlock.h"
#include "kernel/memlayout.h"
#include "kernel/types.h"

enum frame_kind {
    FRAME_NONE,   // not the allocator's: firmware, kernel image
    FRAME_FREE,   // on a free list
    FRAME_KERNEL, // kernel memory
    FRAME_TABLE,  // page table of a user space
    FRAME_USER,   // mapped into user spaces
    FRAME_FILE,   // the same, and in the cache of file pages
    FRAME_ZERO,   // the shared page of zeros: one reference of its own
};

// 32 bytes for each 4 KiB page of RAM. L: guarded by pages_lock.
struct frame {
    uint ref;    // PTEs that map it, and 1 while FRAME_HELD; atomic
    uchar kind;  // enum frame_kind
    uchar state; // L: FRAME_NEW ..
    uchar age;   // L: the replacement policy's own
    union {
        struct frame *next;    // link of a free list, of a batch on its way there, of a space's tables
        struct filepage *page; // FRAME_FILE: its cache entry (vm/page.c)
        uint64 slot;           // FRAME_USER: swap slot with the same content, 0 = none; L (swap/slot.h)
    };
    uint vpn;        // user frames: number of the page that every mapper of the family maps it at
    uint family;     // the address spaces that may map it: those with this number (vm/as.h)
    uint prev, succ; // L: links of the list it is on (struct framelist), by number in the table
};
_Static_assert(sizeof(struct frame) == 32, "frame numbers are found by a shift");

// frame.state
#define FRAME_NEW     1 // on the list frames_new: not shown to the replacement policy yet
#define FRAME_MANAGED 2 // the replacement policy has it
#define FRAME_HELD    4 // the evictor, or who reads it from swap, has one of the references
#define FRAME_READING 8 // its content is on the way from swap

struct filepage;
struct range;

// Guards the free lists and the pools' counts, frame.state and links, swap slots, and what a replacement
// policy keeps. Spin; near the end of the order (docs/locks.md).
extern struct spinlock pages_lock;

// The frame's slot, as those may read it who have come upon a USER frame in a list, pages_lock held: it may
// be on its way to the free list, with another's address in that word.
static inline uint frame_slot(const struct frame *f)
{
    uint64 slot = __atomic_load_n(&f->slot, __ATOMIC_RELAXED);
    return slot >> 32 ? 0 : (uint)slot;
}

static inline uint64 frame_va(const struct frame *f)
{
    return (uint64)f->vpn << 12;
}

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

// Sets up the frame table and this hart's free list from the RAM range less the `nused` ranges in use.
void frame_init(struct range ram, const struct range *used, int nused);

// A user frame that nothing maps yet (ref 0), with the content of whoever had it before: the caller fills all
// of it and maps it at va in a space of that family. 0 when the pool is exhausted. Any context; never sleeps.
struct frame *frame_alloc(uint64 va, uint family);
void frame_free(struct frame *f); // one that was never mapped
// The same for a frame that has just lost its last user: it changes hands without a visit to the free list,
// where somebody else could take it.
void frame_reuse(struct frame *f, uint64 va, uint family);
// A zeroed page-table page. 0 when there is no memory.
void *frame_alloc_table(void);
void frame_free_tables(struct frame *list); // linked by `next`

// Frees a batch of frames with ref 0, linked by `next`, at one go.
void frame_free_batch(struct frame *batch);

extern struct frame *frame_table; // of the page at frame_base
extern uint64 frame_base;
extern uint64 frame_count;
extern uint *frame_audit;        // one word a frame: scratch of vm/audit.c
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

// Lists of frames, by number. A list's head is an entry of its own behind the table's last frame. Locks:
// pages_lock.
struct framelist {
    struct frame *head;
};
#define FRAMELISTS 12                     // heads there are
void framelist_init(struct framelist *l); // empty; takes a head the first time
static inline struct frame *frame_at(uint i)
{
    return frame_table + i;
}
static inline void framelist_insert(struct frame *f, struct frame *before) // before: a member, or the head
{
    f->succ = before - frame_table;
    f->prev = before->prev;
    frame_at(f->prev)->succ = before->prev = f - frame_table;
}
static inline void framelist_push_back(struct framelist *l, struct frame *f)
{
    struct frame *head = l->head, *last = frame_at(head->prev);
    f->prev = head->prev;
    f->succ = last->succ; // the head's number
    last->succ = head->prev = f - frame_table;
}
static inline void framelist_del(struct frame *f)
{
    frame_at(f->prev)->succ = f->succ;
    frame_at(f->succ)->prev = f->prev;
}
// First member; the one behind f; 0 at the end.
static inline struct frame *framelist_next(const struct framelist *l, const struct frame *f)
{
    struct frame *next = frame_at(f->succ);
    return next == l->head ? 0 : next;
}
static inline struct frame *framelist_first(const struct framelist *l)
{
    return framelist_next(l, l->head);
}

// Frames that came from frame_alloc since the evictor last looked, oldest first.
extern struct framelist frames_new;
// How many processes sleep on &frame_waiters until frames are freed; pages_lock. frame_wake wakes them.
extern uint frame_waiters;
extern void (*frame_wake)(const void *chan);
// Told of a FRAME_MANAGED frame that is freed; pages_lock held.
extern void (*frame_forget)(struct frame *f);
// Size of the user pool, at most what the kernel leaves; 0: as at boot. Returns the size it has now.
uint64 frame_set_limit(uint64 frames);
uint64 frame_excess(void); // user frames above that

struct frame_stats {
    uint64 total; // frames that the allocator manages
    uint64 free;  // on the free list
    uint64 user;  // in user spaces
    uint64 user_limit;
    uint64 user_most; // that the limit can be
    uint64 tables;    // user page tables
};
void frame_get_stats(struct frame_stats *st);

#endif
