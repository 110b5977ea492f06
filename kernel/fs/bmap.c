// Contents of inodes: which disk block holds which block of a file, reading, writing and truncating.
//
//   addrs[0 .. NDIRECT)    blocks of the file
//   addrs[NDIRECT]         a table of NINDIRECT blocks
//   addrs[NDIRECT + 1]     a table of NINDIRECT tables
//
// 0 anywhere means a hole, which reads as zeros. A number is believed only after block_valid. Tables are
// looked at one at a time, never two buffers locked, so a table that names itself does no harm.
//
// A write of up to a page is one transaction: 5 data blocks, 3 tables, the inode and up to 7 bitmap
// blocks at worst are MAXOPBLOCKS. Truncation takes as many transactions as it needs, from the end of the
// file to its start; between any two the file is a shorter, whole file.
// Locks: the inode's, throughout.
#include "kernel/fs/alloc.h"
#include "kernel/fs/buf.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/log.h"
#include "kernel/fs/mount.h"
#include "kernel/lib/err.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/string.h"
#include "kernel/riscv.h"

#define READ_AHEAD  16  // blocks that a read of an uncached one brings along
#define TRUNC_BATCH 128 // blocks that one transaction frees at most
#define TRUNC_MAPS  8 // bitmap blocks that it may touch: with table, inode and parent table under MAXOPBLOCKS
#define MAXBYTES    ((uint64)MAXFILE * BSIZE)

// Entry i of a table of block numbers.
// Returns: 0, or -EIO, also for a number that no file may have.
static int table_get(uint table, uint i, uint *entry)
{
    struct buf *b = buf_read(table);
    if (b == 0)
        return -EIO;
    *entry = ((uint *)b->data)[i];
    buf_put(b);
    return *entry == 0 || block_valid(*entry) ? 0 : fs_damaged("block number out of range", *entry);
}

// The same block once more, to change it.
// Returns: 0 or -EIO, and then nothing has changed.
static int table_set(uint table, uint i, uint entry)
{
    struct buf *b = buf_read(table);
    if (b == 0)
        return -EIO;
    ((uint *)b->data)[i] = entry;
    log_write(b);
    buf_put(b);
    return 0;
}

// Where the way to block bn starts: a slot of the inode; and how it goes on: through `depth` tables, with
// these indices.
static uint *bmap_path(struct inode *ip, uint bn, uint idx[2], int *depth)
{
    if (bn < NDIRECT) {
        *depth = 0;
        return &ip->addrs[bn];
    }
    bn -= NDIRECT;
    if (bn < NINDIRECT) {
        *depth = 1;
        idx[0] = bn;
        return &ip->addrs[NDIRECT];
    }
    bn -= NINDIRECT;
    *depth = 2;
    idx[0] = bn / NINDIRECT;
    idx[1] = bn % NINDIRECT;
    return &ip->addrs[NDIRECT + 1];
}

// The disk block of file block bn < MAXFILE; 0 for a hole. With alloc, holes on the way are filled; then
// the caller must inode_update, whatever the result, for a table may have been added before the disk
// turned out to be full.
//
// A table is read, let go, and read again to be changed: in between block_alloc locks buffers of its own.
// Nobody else can have changed it, as the inode is locked.
// Returns: 0, -EIO or -ENOSPC.
static int bmap(struct inode *ip, uint bn, bool alloc, uint *block)
{
    uint idx[2];
    int depth, err = 0;
    uint *slot = bmap_path(ip, bn, idx, &depth);
    if (*slot == 0 && alloc)
        err = block_alloc(slot);
    else if (*slot != 0 && !block_valid(*slot))
        err = fs_damaged("block number out of range", *slot);
    *block = *slot;
    for (int d = 0; d < depth && err == 0 && *block != 0; d++) {
        uint table = *block;
        err = table_get(table, idx[d], block);
        if (err || *block != 0 || !alloc)
            continue;
        err = block_alloc(block);
        if (err == 0 && table_set(table, idx[d], *block) < 0) {
            log_abort(); // a block that belongs to nobody
            err = -EIO;
        }
    }
    return err;
}

// Brings block `b` of the file, which is block bn, and those of its successors that follow on the disk
// too, into memory with one request.
static void read_cluster(struct inode *ip, uint bn, uint b)
{
    uint blocks = (ip->size + BSIZE - 1) / BSIZE;
    uint n = 1, next;
    while (n < READ_AHEAD && bn + n < blocks && bmap(ip, bn + n, false, &next) == 0 && next == b + n)
        n++;
    buf_read_ahead(b, n);
}

// For those who look into a file block by block: inode_read, and directories.
struct buf *inode_buf(struct inode *ip, uint bn, int *err)
{
    uint block;
    *err = bmap(ip, bn, false, &block);
    if (*err || block == 0)
        return 0;
    if (!buf_cached(block))
        read_cluster(ip, bn, block);
    struct buf *b = buf_read(block);
    if (b == 0)
        *err = -EIO;
    return b;
}

// An error anywhere makes the whole read fail: a short count would look like the end of the file, and a
// page fault would take what is missing for zeros.
int64 inode_read(struct inode *ip, void *dst, uint64 off, uint64 n)
{
    if (off >= ip->size)
        return 0;
    if (n > ip->size - off)
        n = ip->size - off;
    uint64 done = 0;
    while (done < n) {
        uint64 at = (off + done) % BSIZE;
        uint64 m = n - done < BSIZE - at ? n - done : BSIZE - at;
        int err;
        struct buf *b = inode_buf(ip, (off + done) / BSIZE, &err);
        if (err)
            return err; // a short count would look like the file's end
        if (b) {
            memcpy((char *)dst + done, b->data + at, m);
            buf_put(b);
        } else {
            memset((char *)dst + done, 0, m);
        }
        done += m;
    }
    return n;
}

// Writes within one block of the file. A block that is overwritten as a whole need not be read first.
// Returns: 0, -EIO or -ENOSPC.
static int write_block(struct inode *ip, const void *src, uint64 off, uint64 n)
{
    uint block;
    int err = bmap(ip, off / BSIZE, true, &block);
    if (err)
        return err;
    struct buf *b = n == BSIZE ? buf_get(block) : buf_read(block);
    if (b == 0)
        return -EIO;
    memcpy(b->data + off % BSIZE, src, n);
    b->valid = true;
    log_write(b);
    buf_put(b);
    return 0;
}

// Block after block until all is written or something fails; what was written stays. The size grows in
// the same transaction as the blocks are added, so no block ever lies past the end of its file.
int64 inode_write(struct inode *ip, const void *src, uint64 off, uint64 n)
{
    assert(n <= PGSIZE, "one transaction takes a page of data");
    if (off > ip->size) // as in xv6: only a file cut short under an open descriptor gets here
        return -EINVAL;
    if (off > ip->size)
        return -EINVAL; // the file was cut meanwhile; xv6 makes no holes
    if (off >= MAXBYTES)
        return -EFBIG;
    if (n > MAXBYTES - off)
        n = MAXBYTES - off;
    uint64 done = 0;
    int err = 0;
    while (done < n) {
        uint64 at = (off + done) % BSIZE;
        uint64 m = n - done < BSIZE - at ? n - done : BSIZE - at;
        err = write_block(ip, (const char *)src + done, off + done, m);
        if (err)
            break;
        done += m;
    }
    if (off + done > ip->size)
        ip->size = off + done;
    inode_update(ip);
    return done ? (int64)done : err;
}

// What one transaction of a truncation frees.
struct trunc {
    uint block[TRUNC_BATCH];
    int n;
    uint map[TRUNC_MAPS]; // the bitmap blocks that say so
    int nmaps;
    uint end; // lowest file block among them
};

// Notes a block to be freed. False: this transaction is full, either of blocks or of bitmap blocks that
// it would have to log.
static bool trunc_add(struct trunc *t, uint b)
{
    int i = 0;
    while (i < t->nmaps && t->map[i] != BBLOCK(b, fs.sb))
        i++;
    if (t->n == TRUNC_BATCH || i == TRUNC_MAPS)
        return false;
    t->map[i] = BBLOCK(b, fs.sb);
    if (i == t->nmaps)
        t->nmaps++;
    t->block[t->n++] = b;
    return true;
}

// Takes entries off, last first; entry i is file block bn + i. The blocks are only noted: the bitmap is
// changed when the table's buffer has been let go. True: all are gone.
static bool trunc_entries(struct trunc *t, uint *entry, uint n, uint bn)
{
    for (uint i = n; i-- > 0;) {
        if (entry[i] == 0)
            continue;
        if (!block_valid(entry[i]))
            fs_damaged("block number out of range", entry[i]);
        else if (!trunc_add(t, entry[i]))
            return false;
        entry[i] = 0;
        t->end = bn + i;
    }
    return true;
}

// The same for the table in *slot, and the table itself. 1: all gone, *slot is 0. 0: this transaction is
// full. -EIO.
static int trunc_table(struct trunc *t, uint *slot, uint bn)
{
    if (!block_valid(*slot)) {
        fs_damaged("block number out of range", *slot);
        *slot = 0;
        return 1;
    }
    struct buf *b = buf_read(*slot);
    if (b == 0)
        return -EIO;
    bool gone = trunc_entries(t, (uint *)b->data, NINDIRECT, bn);
    log_write(b);
    buf_put(b);
    if (!gone || !trunc_add(t, *slot))
        return 0;
    *slot = 0;
    return 1;
}

// Takes blocks off the last table of the double table, one table a transaction, so that no more than two
// tables need to be logged. Each is looked at on its own, never inside the other. Returns as trunc_table.
static int trunc_double(struct trunc *t, uint *slot)
{
    uint i = NINDIRECT, leaf = 0;
    while (block_valid(*slot) && i > 0 && leaf == 0) {
        struct buf *b = buf_read(*slot);
        if (b == 0)
            return -EIO;
        while (i > 0 && leaf == 0)
            leaf = ((uint *)b->data)[--i];
        buf_put(b);
    }
    if (leaf == 0)
        return trunc_table(t, slot, 0); // empty, or nonsense
    uint entry = leaf;
    int gone = trunc_table(t, &entry, NDIRECT + NINDIRECT + i * NINDIRECT);
    if (gone > 0 && table_set(*slot, i, 0) < 0) {
        log_abort(); // the table is about to be freed and still named
        return -EIO;
    }
    return gone < 0 ? gone : 0;
}

// Takes off as much of the end of the file as one transaction may: double table, then table, then direct
// blocks. Returns as trunc_table.
static int trunc_some(struct inode *ip, struct trunc *t)
{
    if (ip->addrs[NDIRECT + 1])
        return trunc_double(t, &ip->addrs[NDIRECT + 1]) < 0 ? -EIO : 0;
    int gone = ip->addrs[NDIRECT] ? trunc_table(t, &ip->addrs[NDIRECT], NDIRECT) : 1;
    if (gone <= 0)
        return gone;
    return trunc_entries(t, ip->addrs, NDIRECT, 0);
}

// One transaction of a truncation. Blocks leave the file, the bitmap and the size together, so after a
// crash the file is shorter, and whole.
// Locks: ip's.
// Returns: 1 when the file is empty, 0 when more is to come,
// -EIO.
static int trunc_step(struct inode *ip)
{
    struct trunc t = {.end = MAXFILE};
    int gone = trunc_some(ip, &t);
    if (gone > 0)
        t.end = 0;
    if (ip->size > (uint64)t.end * BSIZE)
        ip->size = t.end * BSIZE;
    if (t.n > 0 && block_free_many(t.block, t.n) < 0) {
        log_abort(); // taken from the file and not free
        gone = -EIO;
    }
    inode_update(ip);
    return gone;
}

// The inode is locked for each step only: a transaction must not begin with an inode locked. Somebody who
// writes in between adds to the file's end, which the next step takes off.
int inode_truncate(struct inode *ip, bool all)
{
    int gone = 0;
    while (gone == 0) {
        int err = log_begin();
        if (err)
            return err;
        inode_lock(ip);
        gone = trunc_step(ip);
        if (gone > 0 && all && inum_free(ip->inum) == 0)
            ip->valid = false;
        inode_unlock(ip);
        log_end();
    }
    return gone < 0 ? gone : 0;
}
