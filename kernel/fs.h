// On-disk format of the file system: the same facts for the kernel, mkfs, fsck and user programs.
//
//   block 0       unused (boot block)
//   block 1       superblock
//   logstart ..   log: one header block, then the log's data blocks
//   inodestart .. inodes, IPB to a block
//   bmapstart ..  free bitmap, one bit a block (1 = in use)
//   then          data blocks
#ifndef KERNEL_FS_H
#define KERNEL_FS_H
#include "kernel/param.h"
#include "kernel/types.h"

#define ROOTINO 1    // root directory's inode number
#define BSIZE   1024 // bytes in a block

struct superblock {
    uint magic;      // FSMAGIC
    uint size;       // blocks in the whole image
    uint nblocks;    // data blocks
    uint ninodes;    // inodes
    uint nlog;       // log blocks, the header included
    uint logstart;   // first log block
    uint inodestart; // first inode block
    uint bmapstart;  // first bitmap block
};

#define FSMAGIC 0x10203040

// First block of the log. It is believed only when `sum` matches: see docs/filesystem.md.
struct logheader {
    uint64 sum; // over the rest of the header and the n data blocks that follow it on the disk
    uint64 seq; // number of the transaction
    uint n;     // blocks in it; 0: the log is empty
    uint pad;
    uint block[LOGBLOCKS]; // where data block i belongs
};

#define NDIRECT   11
#define NINDIRECT (BSIZE / sizeof(uint))
#define NDOUBLY   (NINDIRECT * NINDIRECT)
#define MAXFILE   (NDIRECT + NINDIRECT + NDOUBLY) // blocks of the largest file: 64.3 MiB

// addrs[NDIRECT] is the indirect block, addrs[NDIRECT + 1] the doubly indirect one; 0 means a hole.
struct dinode {
    short type;  // T_* of stat.h, 0 = free
    short major; // device numbers, T_DEVICE only
    short minor;
    short nlink;
    uint size; // bytes
    uint addrs[NDIRECT + 2];
};

#define IPB           (BSIZE / sizeof(struct dinode)) // inodes in a block
#define IBLOCK(i, sb) ((i) / IPB + (sb).inodestart)   // block that holds inode i
#define BPB           (BSIZE * 8)                     // bitmap bits in a block
#define BBLOCK(b, sb) ((b) / BPB + (sb).bmapstart)    // bitmap block of block b
#define DIRSIZ        14

// A directory is a file of these. inum 0 is a free entry; a name of DIRSIZ bytes has no terminating zero.
struct dirent {
    ushort inum;
    char name[DIRSIZ];
};

#endif
