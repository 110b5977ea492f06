// Block buffers: the one copy in memory of each disk block in use (fs/bio.c).
#ifndef KERNEL_FS_BUF_H
#define KERNEL_FS_BUF_H
#include "kernel/fs.h"
#include "kernel/lib/list.h"
#include "kernel/proc/sleeplock.h"

struct disk;

// Fields: I immutable, C the cache's spinlock, L the buffer's sleep lock.
struct buf {
    struct sleeplock lock;
    uint block;       // C; constant while refs > 0
    uint refs;        // C
    bool valid;       // L: data is the block's contents
    bool logged;      // the log's lock: part of the running transaction
    struct list hash; // C: bucket of its block number
    struct list lru;  // C: linked only while refs == 0, oldest first
    uchar *data;      // I: BSIZE bytes; the bytes themselves L
};

// Once, at mount. 0 or -ENOMEM.
int buf_init(struct disk *disk, uint nblocks);

// The buffer of a block, locked and referenced. Sleeps. buf_get leaves the contents undefined unless valid:
// for a caller that overwrites all of it. buf_read gives 0 for a block that cannot be read or lies outside
// the disk.
struct buf *buf_get(uint block);
struct buf *buf_read(uint block);
void buf_put(struct buf *b);

// One more reference, that keeps the buffer in memory without its lock; and its end. For the log.
void buf_pin(struct buf *b);
void buf_unpin(struct buf *b);

bool buf_cached(uint block); // in memory or on its way: a hint
void buf_read_ahead(uint block,
                    uint n); // reads n neighbours that are not cached, in one request; errors ignored

// Writes b[0..n) to their own blocks (at == 0), or to the n blocks from `at` on; one request for each run of
// neighbours, several in flight. Returns when all are done: 0 or -EIO. Contents must not change meanwhile.
int buf_write_many(struct buf *const *b, uint n, uint at);
int buf_flush(void); // makes all finished writes durable: 0 or -EIO

#endif
