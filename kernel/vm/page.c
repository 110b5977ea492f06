// References that end, and the cache of file pages: a hash table of (inode, offset, length). See vm/page.h.
//
// Lock: filecache.lock (spin), outside pages.lock. References to a shared frame drop under it, so that a
// frame whose last user leaves cannot be found at the same moment.
#include "kernel/vm/page.h"
#include <stdbool.h>
#include "kernel/lib/panic.h"
#include "kernel/lib/spinlock.h"
#include "kernel/riscv.h"
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
    page_get(frame);
    spin_unlock(&filecache.lock);
    return frame;
}

// Drops a reference to a shared frame; the last one takes it out of the cache. True when it did.
static bool put_shared(struct frame *frame)
{
    spin_lock(&filecache.lock);
    struct filepage *p = frame->page;
    uint before = __atomic_fetch_sub(&frame->ref, 1, __ATOMIC_ACQ_REL);
    assert(before > 0, "reference count of a frame below zero");
    if (before == 1) {
        struct filepage **at = bucket_of(p->ip, p->off);
        while (*at != p)
            at = &(*at)->next;
        *at = p->next;
        frame->kind = FRAME_USER;
        frame->page = 0;
    }
    spin_unlock(&filecache.lock);
    if (before == 1)
        kmem_free(p);
    return before == 1;
}

// A reference is gone that was the last one, or is to go from a shared frame. We hold it: the kind cannot
// have changed under us.
void page_last_put(struct frame *f, struct frame **batch)
{
    if (f->kind == FRAME_FILE && !put_shared(f))
        return;
    assert(f->ref == 0, "reference count of a frame below zero");
    assert(f->kind == FRAME_USER, "last reference to a frame that is no user frame");
    f->next = *batch;
    *batch = f;
}
