// Driving the file system's system calls in host tests: kernel-side paths, checks and comparisons.
#ifndef TESTS_HOST_FS_LOAD_H
#define TESTS_HOST_FS_LOAD_H
#include "kernel/types.h"

// A machine with that disk (see fake_fs.h), mounted. False when mounting fails.
bool load_mount(uchar *disk, uint64 bytes);

// The same, with everything that mounting itself writes reported.
bool load_mount_recorded(uchar *disk, uint64 bytes, void (*on_write)(uint64, const void *, uint),
                         void (*on_flush)(void));

// System calls with kernel strings and buffers as arguments; their results, negative error numbers included.
int64 fs_open(const char *path, int mode);
int64 fs_close(int fd);
int64 fs_read(int fd, void *buf, uint64 n);
int64 fs_write(int fd, const void *buf, uint64 n);
int64 fs_mkdir(const char *path);
int64 fs_mknod(const char *path, int major);
int64 fs_unlink(const char *path);
int64 fs_chdir(const char *path);
int64 fs_link(const char *old, const char *new);
int64 fs_rename(const char *old, const char *new);

// Shorthands. n < 0 or the bytes; the file is opened and closed. put: created or truncated.
int64 fs_put(const char *path, const void *data, uint64 n);
int64 fs_get(const char *path, void *data, uint64 max);
int64 fs_exists(const char *path); // 1 or 0 or negative

uchar load_byte(uint seed, uint64 i); // byte i of test data number `seed`
void load_fill(void *buf, uint seed, uint64 off, uint64 n);

// Violations that fsck finds on an image; each is printed. A transaction in the log is taken as done. -1: no
// file system.
int load_check(const uchar *disk, uint64 bytes, bool mounted);

// A load that goes through all operations, the same for a seed; returns calls that failed. Syncs now and
// then.
int load_run(uint seed, int steps);

#endif
