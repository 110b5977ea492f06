// Inodes, directories and path names in memory. On-disk format: kernel/fs.h. Locks: an inode's contents are
// guarded by its sleep lock; inode_lock before reading or changing them. No user copy happens with an inode
// or buffer locked (a fault may need this very file): data moves through kernel memory.
#ifndef KERNEL_FS_FS_H
#define KERNEL_FS_FS_H
#include <stdbool.h>
#include "kernel/fs.h"
#include "kernel/lib/list.h"
#include "kernel/proc/sleeplock.h"

struct stat;

// Fields: I immutable, T the inode table's spinlock, L the inode's sleep lock.
struct inode {
    uint inum;        // T; constant while ref > 0
    int ref;          // T
    int text;         // T: VMAs of running programs that map it: opening it for writing is refused
    int writers;      // T: open files that may write to it: running it is refused
    struct list hash; // T: bucket of its number
    struct list lru;  // T: linked only while ref == 0, oldest first
    struct sleeplock lock;
    bool valid; // L: read from the disk
    short type; // L, and so on to the end
    short major;
    short minor;
    short nlink;
    uint size;
    uint addrs[NDIRECT + 2];
};

// Reference counting. inode_dup never sleeps. inode_put may: the last one frees an unlinked file's blocks, in
// transactions of its own, so the caller is in no transaction and has no inode locked.
struct inode *inode_dup(struct inode *ip);
void inode_put(struct inode *ip);
void inode_lock(struct inode *ip);
void inode_unlock(struct inode *ip);
void inode_unlock_put(struct inode *ip);
uint64 inode_count(void); // in use in memory, for leak checks

// Kernel-memory reads and writes at off; ip locked. Return the bytes moved (short at the end of the file, or
// when the disk is full) or a negative error. inode_write is inside log_begin/log_end and takes at most
// PGSIZE bytes.
int64 inode_read(struct inode *ip, void *dst, uint64 off, uint64 n);
int64 inode_write(struct inode *ip, const void *src, uint64 off, uint64 n);
void inode_stat(struct inode *ip, struct stat *st);

// The inode that a path names, referenced and unlocked; 0 and *err when there is none. Relative paths start
// at the process's cwd. No transaction is open: it puts inodes on the way.
struct inode *path_lookup(const char *path, int *err);

// A running program maps ip: -ETXTBSY when it is open for writing. Balanced by inode_text_put.
int inode_text_get(struct inode *ip);
void inode_text_put(struct inode *ip);

// The same for those who want to write: -ETXTBSY while a running program maps ip.
int inode_write_get(struct inode *ip);
void inode_write_put(struct inode *ip);

// For the rest of fs/ only.
void inode_init(void);
struct inode *inode_get(uint inum, int *err); // referenced, maybe not read in yet; never sleeps
int inode_load(struct inode *ip);             // reads it in; sleeps. 0 or -EIO
void inode_update(struct inode *ip);          // writes it to its block; locked, in a transaction
int inode_truncate(struct inode *ip,
                   bool all); // to nothing (all: frees it, too); NOT locked, in no transaction
void inode_reclaim(void);     // at mount: frees the unlinked files that a crash left

// The buffer that holds block bn of a file, to look at; 0 with *err == 0 for a hole. Locks: ip's.
struct buf *inode_buf(struct inode *ip, uint bn, int *err);

#endif
