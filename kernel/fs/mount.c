// Mounting: finds the disk that holds the file system, checks its superblock, recovers the log and frees
// what a crash left half-deleted. Everything the kernel later believes about the layout is checked here,
// once: areas in order, inside the disk, and large enough for what the superblock says.
//
// A disk that fails while mounting is tried again a few times: without a root file system there is nobody
// to report the error to.
#include "kernel/dev/blk.h"
#include "kernel/fs/alloc.h"
#include "kernel/fs/buf.h"
#include "kernel/fs/file.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/log.h"
#include "kernel/fs/mount.h"
#include "kernel/lib/err.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/printf.h"
#include "kernel/vm/kmem.h"

#define SUPERBLOCK      1
#define BLOCK_SECTORS   (BSIZE / SECTOR_SIZE)
#define MOUNT_TRIES     3
#define MAXINODES       65536 // a directory entry has 16 bits for the number
#define DAMAGE_MESSAGES 10    // so many, then silence: a damaged image may have thousands of bad numbers

struct fs fs;

// The areas must follow each other, in order, inside the disk, with room for what the superblock
// promises. Sums are 64 bits wide: a field near 2^32 must not wrap round and look small.
bool fs_accept(const struct superblock *sb, uint64 blocks)
{
    uint64 inodeblocks = ((uint64)sb->ninodes + IPB - 1) / IPB;
    uint64 mapblocks = ((uint64)sb->size + BPB - 1) / BPB;
    uint64 datastart = sb->bmapstart + mapblocks;
    bool ok = sb->magic == FSMAGIC && sb->size <= blocks && sb->logstart > SUPERBLOCK &&
              sb->nlog >= 1 + LOGBLOCKS && (uint64)sb->logstart + sb->nlog <= sb->inodestart &&
              sb->ninodes > ROOTINO && sb->ninodes <= MAXINODES &&
              sb->inodestart + inodeblocks <= sb->bmapstart && datastart < sb->size &&
              sb->nblocks == sb->size - datastart;
    if (ok) {
        fs.sb = *sb;
        fs.datastart = datastart;
    }
    return ok;
}

int fs_damaged(const char *what, uint where)
{
    static uint messages;
    if (__atomic_fetch_add(&messages, 1, __ATOMIC_RELAXED) < DAMAGE_MESSAGES)
        printf("fs: the disk is damaged: %s (%u)\n", what, where);
    return -EIO;
}

// Everything is made anew, so a failed attempt may be repeated; the memory of a failed one is not given
// back, since only booting mounts. Recovery comes before anything else looks at the disk, through the
// same buffers.
int fs_mount(struct disk *disk)
{
    uchar *block = kmem_alloc(BSIZE);
    if (block == 0)
        return -ENOMEM;
    int err = disk_rw(disk, BLK_READ, SUPERBLOCK * BLOCK_SECTORS, block, BSIZE);
    if (err == 0 && !fs_accept((struct superblock *)block, disk_sectors(disk) / BLOCK_SECTORS))
        err = -ENODEV;
    kmem_free(block);
    if (err)
        return err;
    fs.disk = disk;
    err = buf_init(disk, fs.sb.size);
    if (err)
        return err;
    log_init();
    alloc_init();
    inode_init();
    err = log_recover();
    if (err)
        return err;
    inode_reclaim();
    return 0;
}

// The root file system is on the first disk that has one: a swap disk beside it has no superblock. Only a
// disk error is worth another attempt.
void fs_init(void)
{
    int err = -ENODEV;
    for (int i = 0; disk_get(i) && err; i++)
        for (int try = 0; try < MOUNT_TRIES && err && (try == 0 || err == -EIO); try++)
            err = fs_mount(disk_get(i));
    if (err)
        panic("no root file system: %s", err == -ENODEV ? "no disk holds one" : "its disk or memory failed");
    log_start();
}

void fs_sync(void)
{
    log_close();
}
