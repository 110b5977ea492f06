// The mounted file system (fs/mount.c). There is one.
#ifndef KERNEL_FS_MOUNT_H
#define KERNEL_FS_MOUNT_H
#include <stdbool.h>
#include "kernel/fs.h"

struct disk;

struct fs {
    struct disk *disk;
    struct superblock sb;
    uint datastart; // first block after the bitmap: everything from here on belongs to files
};

extern struct fs fs; // constant once mounted

// Whether b may be a file's block. What the disk says is never used as a block number before this said yes.
static inline bool block_valid(uint b)
{
    return b >= fs.datastart && b < fs.sb.size;
}
static inline bool inum_valid(uint inum)
{
    return inum >= ROOTINO && inum < fs.sb.ninodes;
}

// Checks a superblock against a disk of that many blocks; sets fs.sb and fs.datastart. False: not a file
// system.
bool fs_accept(const struct superblock *sb, uint64 blocks);

// Mounts the file system on a disk: recovery included. 0, -ENODEV when there is none on it, -EIO or -ENOMEM.
int fs_mount(struct disk *disk);

// The disk holds nonsense: says so (not for ever) and returns -EIO.
int fs_damaged(const char *what, uint where);

#endif
