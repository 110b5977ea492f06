// Open files, and what the rest of the kernel calls of the file system. fs/fs.h has the inodes' own header.
#ifndef KERNEL_FS_FILE_H
#define KERNEL_FS_FILE_H
#include <stdbool.h>
#include "kernel/param.h"
#include "kernel/types.h"

struct file;
struct inode;
struct stat;

// A process's descriptors. All of these may sleep unless they say otherwise.
struct file *file_dup(struct file *f); // one more reference; never sleeps
void file_close(struct file *f);
int file_stat(struct file *f, uint64 user_stat);
int64 file_read(struct file *f, uint64 user_dst, int64 n);  // bytes read, 0 at the end, or negative
int64 file_write(struct file *f, uint64 user_src, int64 n); // bytes written, or negative
uint64 file_count(void);                                    // open files, for leak checks

// Device switch: read and write of T_DEVICE inodes, by major number. May sleep; return bytes or negative.
struct devsw {
    int64 (*read)(uint64 user_dst, int64 n);
    int64 (*write)(uint64 user_src, int64 n);
};
extern struct devsw devsw[NDEV];
#define CONSOLE 1 // major number of the console

// Mounts the root file system: finds its disk, recovers the log. In process context, once. Panics with a
// clear message when there is none.
void fs_init(void);
void fs_sync(
    void); // before the machine goes down: everything done so far is on the disk, or has failed, on return

#endif
