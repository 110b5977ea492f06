// References that end, and the cache of file pages: a hash table of (inode, offset, length). See vm/page.h.
//
// Lock: filecache.lock (spin), outside pages_lock. References to a shared frame drop under it, so that a
// frame whose last user leaves cannot be found at the same moment; those to the cache of a swap slot, under
// pages_lock.
#include "kernel/vm/page.h"
#include <stdbool.h>
#include "kernel/lib/panic.h"
#include "kernel/lib/spinlock.h"
#include "kernel/riscv.h"
#include "kernel/swap/slot.h"
#include "kernel/vm/kmem.h"

#define BUCKETS 256

struct filepage {
    struct filepage *next;
    struct inode *ip;
    uint64 off;
    uint64 len;
    struct frame *frame;
};

static struct {
    struct spinlock lock;
    struct filepage *bucket[BUCKETS];
} filecache = {.lock = SPINLOCK("file cache")};

static struct filepage **bucket_of(struct inode *ip, uint64 off)
{
    return &filecache.bucket[(((uint64)ip >> 6) + off / PGSIZE) % BUCKETS];
}

// Locks: filecache.lock.
static struct frame *find(struct inode *ip, uint64 off, uint64 len)
{
    for (struct filepage *p = *bucket_of(ip, off); p; p = p->next)
        if (p->ip == ip && p->off == off && p->len == len) {
            page_get(p->frame);
            return p->frame;
        }
    return 0;
}

struct frame *page_cached(struct inode *ip, uint64 off, uint64 len)
{
    spin_lock(&filecache.lock);
    struct frame *frame = find(ip, off, len);
    spin_unlock(&filecache.lock);
    return frame;
}

struct frame *page_share(struct inode *ip, uint64 off, uint64 len, struct frame *frame)
{
    struct filepage *p = kmem_alloc(sizeof(*p));
    spin_lock(&filecache.lock);
    struct frame *shared = find(ip, off, len);
    if (shared || !p) {
        spin_unlock(&filecache.lock);
        kmem_free(p);
        if (shared)
            return shared;
        page_get(frame); // no memory for an entry: not shared, that is all
        return frame;
    }
    struct filepage **head = bucket_of(ip, off);
    *p = (struct filepage){.next = *head, .ip = ip, .off = off, .len = len, .frame = frame};
    *head = p;
    frame->kind = FRAME_FILE;
    frame->page = p;
    __atomic_store_n(&frame->ref, 1,
                     __ATOMIC_RELEASE); // the evictor looks at kind and page once it sees a user
    spin_unlock(&filecache.lock);
    return frame;
}

const struct inode *page_file(const struct frame *f, uint64 *off)
{
    *off = f->page->off;
    return f->page->ip;
}

bool page_get_live(struct frame *f)
{
    uint ref = page_refs(f);
    while (ref > 0)
        if (__atomic_compare_exchange_n(&f->ref, &ref, ref + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            return true;
    return false;
}

// Drops a reference. Returns whether it was the last one.
static bool drop(struct frame *f)
{
    uint before = __atomic_fetch_sub(&f->ref, 1, __ATOMIC_ACQ_REL);
    assert(before > 0, "reference count of a frame below zero");
    return before == 1;
}

// Locks: pages_lock.
static void end_hold(struct frame *f)
{
    f->state &= ~FRAME_HELD;
    if (f->state == 0) {
        f->state = FRAME_NEW;
        framelist_push_back(&frames_new, f);
    }
}

// An audit sees hold and reference change at once.
static bool drop_hold(struct frame *f)
{
    spin_lock(&pages_lock);
    end_hold(f);
    bool last = drop(f);
    spin_unlock(&pages_lock);
    return last;
}

// Takes a frame out of the cache of file pages. Locks: filecache.lock.
static struct filepage *uncache(struct frame *frame)
{
    struct filepage *p = frame->page;
    struct filepage **at = bucket_of(p->ip, p->off);
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    frame->kind = FRAME_USER;
    frame->page = 0;
    return p;
}

// Drops a reference to a file page; the last one takes it out of the cache. True when it did.
static bool put_shared(struct frame *frame, bool held)
{
    struct filepage *p = 0;
    spin_lock(&filecache.lock);
    bool last = held ? drop_hold(frame) : drop(frame);
    if (last)
        p = uncache(frame);
    spin_unlock(&filecache.lock);
    kmem_free(p);
    return last;
}

// Drops a reference to a private frame that may have a slot; the last one gives the slot's cache up. True
// when it did.
static bool put_slotted(struct frame *f, bool held)
{
    spin_lock(&pages_lock);
    if (held)
        end_hold(f);
    bool last = drop(f);
    if (last && f->slot)
        slot_detach(f);
    spin_unlock(&pages_lock);
    return last;
}

// We hold a reference to a frame that was in a cache just now. A file page is one still; of another frame the
// slot may be gone, or have come back, by now.
static void put(struct frame *f, bool held, struct frame **batch)
{
    if (f->kind == FRAME_FILE ? put_shared(f, held) : put_slotted(f, held))
        page_last_put(f, batch);
}

void page_cached_put(struct frame *f, struct frame **batch)
{
    put(f, false, batch);
}

void page_unhold(struct frame *f, struct frame **batch)
{
    put(f, true, batch);
}

void page_last_put(struct frame *f, struct frame **batch)
{
    assert(f->ref == 0, "reference count of a frame below zero");
    assert(f->kind == FRAME_USER && !f->slot, "last reference to a frame that is in use");
    f->next = *batch;
    *batch = f;
}
