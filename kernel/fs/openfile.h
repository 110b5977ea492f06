// What is behind a descriptor. For fs/file.c and fs/sysfile.c; everybody else goes through fs/file.h.
#ifndef KERNEL_FS_OPENFILE_H
#define KERNEL_FS_OPENFILE_H
#include "kernel/fs/file.h"
#include "kernel/proc/sleeplock.h"

struct pipe;

// Fields: O f->lock, the others constant once the file is open. Either pipe or ip is set.
struct file {
    int ref; // atomic
    bool readable;
    bool writable;
    bool append;  // every write goes to the end
    bool claimed; // counts as a writer of ip: no program may run from it
    struct pipe *pipe;
    struct inode *ip;
    short major; // of a device
    struct sleeplock lock;
    uint64 off; // O: where the next read or write starts
};

struct file *file_alloc(void); // blank, one reference; 0 when there are too many or memory is short

#endif
