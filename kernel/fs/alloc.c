// Free space on the disk: the bitmap of blocks and the table of inodes.
//
// Both searches go round from a hint, the place of the last success or of something freed below it. The
// hints are guesses that cost time when wrong, nothing else: what is free is decided with the block that
// says so locked. A new block is zeroed in the same transaction, so no file ever shows what a deleted one
// left on the disk.
//
// Locks: hint.lock (spin) for the hints; one buffer at a time. Everything runs inside a transaction.
#include "kernel/fs/alloc.h"
#include "kernel/fs/buf.h"
#include "kernel/fs/log.h"
#include "kernel/fs/mount.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"

#define WORD_BITS 64

static struct {
    struct spinlock lock;
    uint block;
    uint inum;
} hint;

void alloc_init(void)
{
    spin_init(&hint.lock, "allocation hints");
    hint.block = fs.datastart;
    hint.inum = ROOTINO;
}

// After a success: the next search starts behind it.
static void hint_set(uint *h, uint value)
{
    spin_lock(&hint.lock);
    *h = value;
    spin_unlock(&hint.lock);
}

// Something was freed: the next search starts there if that is lower, so that files stay at the front of
// the disk.
static void hint_lower(uint *h, uint value)
{
    spin_lock(&hint.lock);
    if (value < *h)
        *h = value;
    spin_unlock(&hint.lock);
}

// First clear bit in [bit, end) of a bitmap block; end when all are set. Full words are skipped at once:
// on a full disk this is all that an allocation does.
static uint map_search(const uchar *map, uint bit, uint end)
{
    const uint64 *words = (const uint64 *)map;
    while (bit < end) {
        if (bit % WORD_BITS == 0 && words[bit / WORD_BITS] == ~0UL)
            bit += WORD_BITS;
        else if (map[bit / 8] & (1 << bit % 8))
            bit++;
        else
            return bit;
    }
    return end;
}

// Takes a free block in [first, end), which lies in one bitmap block. The bit is found and set with the
// bitmap's buffer locked, so no two processes take the same block.
// Returns: 0, -ENOSPC or -EIO.
static int map_take(uint first, uint end, uint *b)
{
    struct buf *map = buf_read(BBLOCK(first, fs.sb));
    if (map == 0)
        return -EIO;
    uint n = end - first / BPB * BPB;
    uint bit = map_search(map->data, first % BPB, n);
    if (bit < n) {
        map->data[bit / 8] |= 1 << bit % 8;
        log_write(map);
        *b = first / BPB * BPB + bit;
    }
    buf_put(map);
    return bit < n ? 0 : -ENOSPC;
}

// The same for any range, one bitmap block after the other.
static int range_take(uint first, uint end, uint *b)
{
    int err = -ENOSPC;
    while (first < end && err == -ENOSPC) {
        uint next = (first / BPB + 1) * BPB;
        err = map_take(first, next < end ? next : end, b);
        first = next;
    }
    return err;
}

// Bitmap and zeroed block are in the same transaction. The block is not read from the disk: whatever is
// there is of no interest, and must never be seen. Its old contents may still be in the cache; they are
// overwritten here.
// Sleeps.
// Returns: 0, -ENOSPC, -EIO; after an error nothing has changed.
int block_alloc(uint *b)
{
    uint start = hint.block;
    int err = range_take(start, fs.sb.size, b);
    if (err == -ENOSPC)
        err = range_take(fs.datastart, start, b);
    if (err)
        return err;
    hint_set(&hint.block, *b + 1 < fs.sb.size ? *b + 1 : fs.datastart);
    struct buf *new = buf_get(*b);
    memset(new->data, 0, BSIZE);
    new->valid = true;
    log_write(new);
    buf_put(new);
    return 0;
}

// Clears the bits of blocks that no file names any more. Blocks of one file mostly lie together, so the
// bitmap's buffer is kept from one to the next. Contents stay; block_alloc zeroes them. A block that is
// free already means that the image is damaged: said, and passed over.
// Sleeps.
// Returns: 0, or -EIO, and then some are freed and some are not: the caller must log_abort.
int block_free_many(const uint *b, int n)
{
    struct buf *map = 0;
    uint at = 0, lowest = fs.sb.size;
    for (int i = 0; i < n; i++) {
        if (map == 0 || BBLOCK(b[i], fs.sb) != at) {
            if (map)
                buf_put(map);
            at = BBLOCK(b[i], fs.sb);
            map = buf_read(at);
            if (map == 0)
                return -EIO;
        }
        uchar bit = 1 << b[i] % 8, *byte = &map->data[b[i] % BPB / 8];
        if ((*byte & bit) == 0)
            fs_damaged("a file's block is marked free", b[i]);
        *byte &= ~bit;
        log_write(map);
        if (b[i] < lowest)
            lowest = b[i];
    }
    if (map)
        buf_put(map);
    hint_lower(&hint.block, lowest);
    return 0;
}

// Marks the first free inode in [first, end) of the table as used, each inode block being looked at once.
// It has no links yet: should the machine crash right after a commit, the next mount takes it for an
// unlinked file and frees it.
// Returns: 0, -ENOSPC or -EIO.
static int inum_take(uint first, uint end, short type, uint *inum)
{
    uint i = first;
    while (i < end) {
        struct buf *b = buf_read(IBLOCK(i, fs.sb));
        if (b == 0)
            return -EIO;
        struct dinode *di = (struct dinode *)b->data;
        do {
            if (di[i % IPB].type == 0) {
                memset(&di[i % IPB], 0, sizeof(*di));
                di[i % IPB].type = type;
                log_write(b);
                buf_put(b);
                *inum = i;
                return 0;
            }
        } while (++i < end && i % IPB != 0);
        buf_put(b);
    }
    return -ENOSPC;
}

int inum_alloc(short type, uint *inum)
{
    uint start = hint.inum;
    int err = inum_take(start, fs.sb.ninodes, type, inum);
    if (err == -ENOSPC)
        err = inum_take(ROOTINO, start, type, inum);
    if (err == 0)
        hint_set(&hint.inum, *inum + 1 < fs.sb.ninodes ? *inum + 1 : ROOTINO);
    return err;
}

// Clears an inode on the disk; its blocks are free already.
// Returns: 0 or -EIO.
int inum_free(uint inum)
{
    struct buf *b = buf_read(IBLOCK(inum, fs.sb));
    if (b == 0)
        return -EIO;
    memset((struct dinode *)b->data + inum % IPB, 0, sizeof(struct dinode));
    log_write(b);
    buf_put(b);
    hint_lower(&hint.inum, inum);
    return 0;
}
