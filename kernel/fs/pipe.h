// Pipes (fs/pipe.c).
#ifndef KERNEL_FS_PIPE_H
#define KERNEL_FS_PIPE_H
#include <stdbool.h>
#include "kernel/types.h"

struct pipe;

struct pipe *pipe_create(void);               // both ends open; 0 when memory is short
void pipe_close(struct pipe *p, bool writer); // one end; the second close frees it

// As read(2) and write(2): bytes moved, 0 at the end (read), -EPIPE, -EINTR, -EFAULT. Sleep.
int64 pipe_read(struct pipe *p, uint64 user_dst, int64 n);
int64 pipe_write(struct pipe *p, uint64 user_src, int64 n);

#endif
