// The file system on the host, in one thread (gcc -include): a disk in memory that counts, logs and fails
// requests, memory that runs out on demand, locks that notice when they would wait for ever, and one process.
#ifndef TESTS_HOST_FAKE_FS_H
#define TESTS_HOST_FAKE_FS_H
#define KERNEL_LIB_CPU_H
#define KERNEL_VM_FRAME_H
#include <stdbool.h>
#include "kernel/types.h"

struct proc;
struct context {
    uint64 unused;
};

struct proc *my_proc(void);
void *kpage_alloc(void);
void kpage_free(void *page);

// The disk. Its contents belong to the test, a write goes there at once.
struct fake_disk {
    uchar *data;
    uint64 bytes;
    uint64 ops[3];     // requests so far, by enum blk_op
    uint64 fail_at[3]; // this one fails, counted from 1; 0: none does
    bool fail_later;   // and all after it
    void (*on_write)(uint64 sector, const void *data,
                     uint len); // before it is done; len bytes from sector on
    void (*on_flush)(void);
};
extern struct fake_disk fake_disk;

// A new machine: all memory that the kernel code had is freed, fake_disk is blank, the process has no files.
void fake_boot(uchar *disk, uint64 bytes);
extern uint64 fake_alloc_fail; // the allocation, counted down from here, that fails; 0: none does
uint64 fake_allocated(void);   // pieces of kernel memory in use

extern uchar *fake_user; // user memory: addresses outside it cannot be copied to or from
extern uint64 fake_user_size;

// Waiting for something that nobody in this thread will do calls this, if set, to do it; else the test fails.
extern void (*fake_wait)(const void *chan);

// A new image as mkfs makes it, malloc()ed, with nfiles files from the host; 0 when mkfs refuses.
uchar *fake_mkfs(uint blocks, uint inodes, char *const *files, int nfiles);

#endif
