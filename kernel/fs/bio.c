// Block buffers: each disk block in memory at most once, in a struct buf found through a hash table.
//
// A buffer with references stays what it is; one without is on the LRU list and becomes another block's
// when that is needed. The cache starts with BUF_MIN buffers, enough for a full log and some readers, and
// grows page by page up to 1/32 of RAM; after that the oldest unreferenced buffer is reused.
//
// Locks: cache.lock (spin) guards who is which block and the reference counts; each buffer's sleep lock
// guards its contents. Nobody holds two buffers at a time, whatever the disk says, so a damaged image
// that names one block twice cannot make a process wait for itself. Nothing is written here on its own
// account: a changed buffer belongs to the log (fs/log.c), which keeps it referenced until its contents
// are on the disk.
#include "kernel/boot/machine.h"
#include "kernel/dev/blk.h"
#include "kernel/fs/buf.h"
#include "kernel/lib/err.h"
#include "kernel/lib/panic.h"
#include "kernel/proc/sched.h"
#include "kernel/riscv.h"
#include "kernel/vm/frame.h"
#include "kernel/vm/kmem.h"

#define BUF_MIN      600 // the log's LOGBLOCKS, and enough for the operations that run beside it
#define BUF_RAMSHARE 32  // the cache may take this part of RAM
#define BUF_PERPAGE  (PGSIZE / BSIZE)
#define BUF_REQUESTS 16 // disk requests that the file system may have in flight
#define BUF_WRITERS  8  // of them, most that one buf_write_many keeps: the others are for readers
#define BLOCK_SECTOR (BSIZE / SECTOR_SIZE)

static struct {
    struct spinlock lock;
    struct disk *disk;
    uint nblocks;      // of the file system
    uint count;        // buffers there are
    uint max;          // buffers there may be
    struct list *hash; // nhash buckets, a power of two
    uint nhash;
    struct list lru;                  // buffers without references, oldest first
    struct blkreq *req[BUF_REQUESTS]; // free requests: the first nreq
    int nreq;
} cache;

// Neighbouring blocks fall into neighbouring buckets: the low bits of a block number spread well enough.
static struct list *bucket(uint block)
{
    return &cache.hash[block & (cache.nhash - 1)];
}

// Adds one page of buffers, all free. They go to the front of the LRU list, where blank ones are taken
// before any that still holds a block. False: memory is short, or the cache is as large as it may be;
// nothing has happened then.
// Locks: cache.lock, or nobody else knows the cache yet.
static bool cache_grow(void)
{
    uchar *page = cache.count < cache.max ? kpage_alloc() : 0;
    struct buf *b = page ? kmem_alloc(BUF_PERPAGE * sizeof(*b)) : 0;
    if (b == 0) {
        if (page)
            kpage_free(page);
        return false;
    }
    for (uint i = 0; i < BUF_PERPAGE; i++) {
        sleep_init(&b[i].lock, "buffer");
        b[i].data = page + i * BSIZE;
        list_push_front(&cache.lru, &b[i].lru); // blank ones are taken before any that holds a block
    }
    cache.count += BUF_PERPAGE;
    return true;
}

// Sizes the cache by the machine: 1/32 of RAM, but never less than BUF_MIN buffers, and no more than
// there are blocks. Only BUF_MIN are made now; memory for the others is taken when blocks are really
// used.
// Returns: 0 or -ENOMEM.
int buf_init(struct disk *disk, uint nblocks)
{
    spin_init(&cache.lock, "buffer cache");
    list_init(&cache.lru);
    cache.disk = disk;
    cache.nblocks = nblocks;
    cache.count = 0;
    uint64 share = machine.ram.size / BUF_RAMSHARE / BSIZE;
    cache.max = share < BUF_MIN ? BUF_MIN : share > nblocks ? nblocks : share;
    cache.nhash = 1;
    while (cache.nhash < cache.max)
        cache.nhash *= 2;
    cache.hash = kmem_alloc(cache.nhash * sizeof(*cache.hash));
    if (cache.hash == 0)
        return -ENOMEM;
    for (uint i = 0; i < cache.nhash; i++)
        list_init(&cache.hash[i]);
    for (cache.nreq = 0; cache.nreq < BUF_REQUESTS; cache.nreq++) {
        cache.req[cache.nreq] = kmem_alloc(sizeof(struct blkreq));
        if (cache.req[cache.nreq] == 0)
            return -ENOMEM;
    }
    while (cache.count < BUF_MIN)
        if (!cache_grow())
            return -ENOMEM;
    return 0;
}

// The buffer that holds a block, or is being filled with it; 0 when there is none.
// Locks: cache.lock.
static struct buf *cache_find(uint block)
{
    list_for_each(l, bucket(block))
    {
        struct buf *b = container_of(l, struct buf, hash);
        if (b->block == block)
            return b;
    }
    return 0;
}

// Gives a buffer to `block`: a blank one, else one of a new page, else the one that has been unused for
// longest. It leaves the LRU list and enters the hash table, without contents. 0 when all buffers are
// referenced.
// Locks: cache.lock.
static struct buf *cache_take(uint block)
{
    struct buf *oldest = container_of(cache.lru.next, struct buf, lru);
    bool blank = !list_empty(&cache.lru) && !list_linked(&oldest->hash);
    if (!blank && cache_grow())
        oldest = container_of(cache.lru.next, struct buf, lru);
    if (list_empty(&cache.lru))
        return 0;
    list_del(&oldest->lru);
    if (list_linked(&oldest->hash))
        list_del(&oldest->hash);
    oldest->block = block;
    oldest->valid = false;
    list_push_front(bucket(block), &oldest->hash);
    return oldest;
}

// The block's buffer with one more reference, not locked. When every buffer there may be is referenced:
// waits for one, or returns 0.
static struct buf *buf_ref(uint block, bool wait)
{
    struct buf *b;
    spin_lock(&cache.lock);
    for (;;) {
        b = cache_find(block);
        if (b && b->refs == 0)
            list_del(&b->lru);
        if (b == 0)
            b = cache_take(block);
        if (b || !wait)
            break;
        sleep_on(&cache.lru, &cache.lock);
    }
    if (b)
        b->refs++;
    spin_unlock(&cache.lock);
    return b;
}

// Drops a reference. The last one puts the buffer at the young end of the LRU list, contents and all.
// Whoever waits in buf_ref can only be waiting while that list is empty, so only the first buffer on it
// is worth a wakeup.
static void buf_unref(struct buf *b)
{
    spin_lock(&cache.lock);
    assert(b->refs > 0, "a buffer is put more often than it was got");
    if (--b->refs == 0) {
        if (list_empty(&cache.lru))
            wakeup(&cache.lru);
        list_push_back(&cache.lru, &b->lru);
    }
    spin_unlock(&cache.lock);
}

// Reference first, lock second: the reference keeps the buffer the same block's while this process sleeps
// for the lock.
// Sleeps.
struct buf *buf_get(uint block)
{
    struct buf *b = buf_ref(block, true);
    sleep_lock(&b->lock);
    return b;
}

// The reverse order, for the same reason.
void buf_put(struct buf *b)
{
    sleep_unlock(&b->lock);
    buf_unref(b);
}

void buf_pin(struct buf *b)
{
    spin_lock(&cache.lock);
    assert(b->refs > 0, "only a buffer in use can be pinned");
    b->refs++;
    spin_unlock(&cache.lock);
}

void buf_unpin(struct buf *b)
{
    buf_unref(b);
}

// Only a hint: the answer may be out of date as soon as the lock is released.
bool buf_cached(uint block)
{
    spin_lock(&cache.lock);
    bool found = cache_find(block) != 0;
    spin_unlock(&cache.lock);
    return found;
}

// A free request, waiting for one if need be. Requests live in memory of their own, never on a stack: the
// device reads their headers by physical address, and stacks are not in the direct map. Whoever holds one
// never waits for anything but the device, so requests always come back.
// Sleeps.
static struct blkreq *req_get(enum blk_op op, uint block)
{
    spin_lock(&cache.lock);
    while (cache.nreq == 0)
        sleep_on(&cache.nreq, &cache.lock);
    struct blkreq *r = cache.req[--cache.nreq];
    spin_unlock(&cache.lock);
    r->op = op;
    r->sector = (uint64)block * BLOCK_SECTOR;
    r->nseg = 0;
    r->done = false;
    r->on_done = 0;
    return r;
}

// Adds a buffer's memory to a request for the run of blocks that it belongs to.
static void req_add(struct blkreq *r, struct buf *b)
{
    r->seg[r->nseg].buf = b->data;
    r->seg[r->nseg++].len = BSIZE;
}

// Waits for the device and gives the request back.
// Returns: 0 or -EIO.
// Sleeps.
static int req_finish(struct blkreq *r)
{
    int err = disk_wait(r);
    spin_lock(&cache.lock);
    cache.req[cache.nreq++] = r;
    wakeup(&cache.nreq);
    spin_unlock(&cache.lock);
    return err;
}

// The block comes from the cache or from the disk. When the disk fails the buffer stays invalid, so
// nobody mistakes it for the block, and the next reader asks the disk again.
// Sleeps.
struct buf *buf_read(uint block)
{
    if (block >= cache.nblocks)
        return 0;
    struct buf *b = buf_get(block);
    if (b->valid)
        return b;
    struct blkreq *r = req_get(BLK_READ, block);
    req_add(r, b);
    disk_submit(cache.disk, r);
    if (req_finish(r) == 0) {
        b->valid = true;
        return b;
    }
    buf_put(b);
    return 0;
}

// Brings a run of blocks into the cache by one scatter-gather request. It locks several buffers at once,
// against the rule above; harmless because it never waits, neither for a buffer that somebody has nor for
// a free one: the run just ends there. An error is nobody's business yet: who wants one of the blocks
// will ask for it again.
void buf_read_ahead(uint block, uint n)
{
    struct buf *b[BLK_MAXSEG];
    uint got = 0;
    while (got < n && got < BLK_MAXSEG && block + got < cache.nblocks && !buf_cached(block + got)) {
        b[got] = buf_ref(block + got, false);
        if (b[got] == 0)
            break;
        if (!sleep_trylock(&b[got]->lock)) {
            buf_unref(b[got]);
            break;
        }
        got++;
    }
    if (got == 0)
        return;
    struct blkreq *r = req_get(BLK_READ, block);
    for (uint i = 0; i < got; i++)
        req_add(r, b[i]);
    disk_submit(cache.disk, r);
    int err = req_finish(r);
    for (uint i = 0; i < got; i++) {
        if (err == 0)
            b[i]->valid = true;
        buf_put(b[i]);
    }
}

// Writes runs of neighbours, each with one request, and keeps up to BUF_WRITERS requests in flight: the
// disk works on one while the next is prepared. The oldest is waited for first, so a slot is reused only
// when its request has come back. All of them are waited for, also after an error: the buffers are the
// caller's again when this returns.
// Sleeps.
int buf_write_many(struct buf *const *b, uint n, uint at)
{
    struct blkreq *flying[BUF_WRITERS];
    uint started = 0, finished = 0;
    int err = 0;
    for (uint i = 0; i < n;) {
        if (started - finished == BUF_WRITERS)
            err |= req_finish(flying[finished++ % BUF_WRITERS]);
        uint first = at ? at + i : b[i]->block;
        struct blkreq *r = req_get(BLK_WRITE, first);
        for (uint k = 0; i < n && k < BLK_MAXSEG && (at || b[i]->block == first + k); k++)
            req_add(r, b[i++]);
        disk_submit(cache.disk, r);
        flying[started++ % BUF_WRITERS] = r;
    }
    while (finished < started)
        err |= req_finish(flying[finished++ % BUF_WRITERS]);
    return err ? -EIO : 0;
}

// The disk may keep finished writes in a volatile cache and lose them, in any order, when power fails. A
// flush makes all that finished before it durable (virtio 1.2, 5.2.6).
int buf_flush(void)
{
    struct blkreq *r = req_get(BLK_FLUSH, 0);
    disk_submit(cache.disk, r);
    return req_finish(r);
}
