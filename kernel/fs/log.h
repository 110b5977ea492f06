// Transactions: changes that reach the disk together or not at all (fs/log.c).
#ifndef KERNEL_FS_LOG_H
#define KERNEL_FS_LOG_H
#include "kernel/types.h"

struct buf;

void log_init(void);   // at mount, after buf_init
int log_recover(void); // at mount: finishes what a crash interrupted. 0 or -EIO
void log_start(void);  // at mount: starts the thread that commits in the background

// Around one operation that logs at most MAXOPBLOCKS different blocks. Not nested; before any inode is
// locked, since a commit waits for all operations to end. Sleeps. -EROFS after a disk error: nothing may
// change any more.
int log_begin(void);
void log_end(void);

// b, locked by the caller, was changed: it belongs to the running transaction.
void log_write(struct buf *b);

// The operation failed after it had changed something: half of it must never reach the disk, so nothing of
// this transaction does, and the file system becomes read-only.
void log_abort(void);

// Commits everything that ended so far. Sleeps. 0 when it is durable, or -EIO. Not inside log_begin/log_end.
int log_sync(void);

// For the end: the same, and marks the log on the disk as empty.
void log_close(void);

#endif
