// Free blocks and free inodes on the disk (fs/alloc.c). All inside log_begin/log_end; all sleep.
#ifndef KERNEL_FS_ALLOC_H
#define KERNEL_FS_ALLOC_H
#include "kernel/types.h"

void alloc_init(void);

int block_alloc(uint *b);                  // a zeroed block: 0, -ENOSPC or -EIO
int block_free_many(const uint *b, int n); // 0 or -EIO
int inum_alloc(short type, uint *inum);    // marks a free inode as used: 0, -ENOSPC or -EIO
int inum_free(uint inum);                  // clears it on the disk: 0 or -EIO

#endif
