// Checking a file system image in memory: what fsck and the crash tests share. Works on any bytes: everything
// the image says is checked before it is used.
#ifndef MKFS_CHECK_H
#define MKFS_CHECK_H
#include <stdbool.h>
#include <stddef.h>
#include "kernel/types.h"
#include "kernel/fs.h"

struct check {
    uchar *image;
    uint64 bytes;
    bool mounted;                        // a mount has just recovered it: no unlinked inode may be left
    void (*report)(const char *message); // one line for each violation
    // the rest belongs to check.c
    struct superblock sb;
    uint datastart;
    uint violations;
    uchar *used;   // by block: 1 when a file has it
    uint *links;   // by inode: entries that name it, "." and ".." left out
    uint *subdirs; // by directory: directories in it
    uint *parent;  // by directory: where it was found, 0 = not yet
};

// Looks at the superblock. False: this is no file system, nothing else may be called. check_close after true.
bool check_open(struct check *c);
void check_close(struct check *c);

// Does in memory what recovery would: copies the blocks of a complete transaction to their places. Blocks
// copied.
uint check_replay(struct check *c);

// Number of violations, each reported.
uint check_all(struct check *c);

// Prints one line for each file, sorted by name within a directory: type, links, size, a hash of the
// contents, path. Only for images without violations.
void check_list(struct check *c);

#endif
