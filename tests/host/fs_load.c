// See fs_load.h.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/fcntl.h"
#include "kernel/fs/file.h"
#include "kernel/fs/log.h"
#include "kernel/fs/mount.h"
#include "kernel/dev/blk.h"
#include "kernel/lib/err.h"
#include "kernel/proc/syscall.h"
#include "mkfs/check.h"
#include "tests/host/fake_fs.h"
#include "tests/host/fs_load.h"

#define USER_SIZE (64 * 1024)
#define PATHS     512 // user memory for a path

bool load_mount_recorded(uchar *disk, uint64 bytes, void (*on_write)(uint64, const void *, uint),
                         void (*on_flush)(void))
{
    fake_boot(disk, bytes);
    fake_disk.on_write = on_write;
    fake_disk.on_flush = on_flush;
    if (fake_user == 0)
        fake_user = malloc(USER_SIZE);
    fake_user_size = USER_SIZE;
    return fs_mount(disk_get(0)) == 0;
}

bool load_mount(uchar *disk, uint64 bytes)
{
    return load_mount_recorded(disk, bytes, 0, 0);
}

// A string at the start of user memory, or PATHS later.
static uint64 user_string(const char *s, int which)
{
    char *p = (char *)fake_user + which * PATHS;
    snprintf(p, PATHS, "%s", s);
    return (uint64)p;
}

static int64 call_path(int64 (*sys)(const uint64 *), const char *path, uint64 a1)
{
    uint64 arg[6] = {user_string(path, 0), a1};
    return sys(arg);
}

static int64 call_paths(int64 (*sys)(const uint64 *), const char *a, const char *b)
{
    uint64 arg[6] = {user_string(a, 0), user_string(b, 1)};
    return sys(arg);
}

int64 fs_open(const char *path, int mode)
{
    return call_path(sys_open, path, mode);
}

int64 fs_mkdir(const char *path)
{
    return call_path(sys_mkdir, path, 0);
}

int64 fs_mknod(const char *path, int major)
{
    return call_path(sys_mknod, path, major);
}

int64 fs_unlink(const char *path)
{
    return call_path(sys_unlink, path, 0);
}

int64 fs_chdir(const char *path)
{
    return call_path(sys_chdir, path, 0);
}

int64 fs_link(const char *old, const char *new)
{
    return call_paths(sys_link, old, new);
}

int64 fs_rename(const char *old, const char *new)
{
    return call_paths(sys_rename, old, new);
}

int64 fs_close(int fd)
{
    uint64 arg[6] = {fd};
    return sys_close(arg);
}

int64 fs_read(int fd, void *buf, uint64 n)
{
    uchar *mine = fake_user;
    uint64 size = fake_user_size;
    uint64 arg[6] = {fd, (uint64)buf, n};
    fake_user = buf;
    fake_user_size = n;
    int64 got = sys_read(arg);
    fake_user = mine;
    fake_user_size = size;
    return got;
}

int64 fs_write(int fd, const void *buf, uint64 n)
{
    uchar *mine = fake_user;
    uint64 size = fake_user_size;
    uint64 arg[6] = {fd, (uint64)buf, n};
    fake_user = (uchar *)buf;
    fake_user_size = n;
    int64 put = sys_write(arg);
    fake_user = mine;
    fake_user_size = size;
    return put;
}

int64 fs_put(const char *path, const void *data, uint64 n)
{
    int64 fd = fs_open(path, O_CREATE | O_TRUNC | O_WRONLY);
    if (fd < 0)
        return fd;
    int64 put = fs_write(fd, data, n);
    fs_close(fd);
    return put;
}

int64 fs_get(const char *path, void *data, uint64 max)
{
    int64 fd = fs_open(path, O_RDONLY);
    if (fd < 0)
        return fd;
    int64 got = fs_read(fd, data, max);
    fs_close(fd);
    return got;
}

int64 fs_exists(const char *path)
{
    int64 fd = fs_open(path, O_RDONLY);
    if (fd >= 0)
        fs_close(fd);
    return fd >= 0 ? 1 : fd == -ENOENT ? 0 : fd;
}

uchar load_byte(uint seed, uint64 i)
{
    uint64 x = (seed + 1) * 0x9e3779b97f4a7c15UL + i * 0xbf58476d1ce4e5b9UL;
    return x >> 56;
}

void load_fill(void *buf, uint seed, uint64 off, uint64 n)
{
    for (uint64 i = 0; i < n; i++)
        ((uchar *)buf)[i] = load_byte(seed, off + i);
}

static int lines_left = 10; // a test that provokes violations must not fill the log with them

static void print_line(const char *message)
{
    if (lines_left > 0 && lines_left-- > 0)
        printf("fsck: %s\n", message);
}

int load_check(const uchar *disk, uint64 bytes, bool mounted)
{
    struct check c = {.bytes = bytes, .mounted = mounted, .report = print_line};
    static uchar *copy; // used again: thousands of states are checked
    static uint64 copy_size;
    int violations = -1;
    if (copy_size < bytes) {
        free(copy);
        copy = malloc(copy_size = bytes);
    }
    c.image = copy;
    memcpy(c.image, disk, bytes);
    if (check_open(&c)) {
        check_replay(&c);
        violations = check_all(&c);
        check_close(&c);
    }
    return violations;
}

static uint load_random(uint *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

// A path of the load: few of them, so that operations meet.
static const char *load_path(uint *state, char *path)
{
    static const char *const dirs[] = {"", "/d0", "/d1", "/d0/e"};
    sprintf(path, "%s/f%u", dirs[load_random(state) % 4], load_random(state) % 6);
    return path;
}

static int64 load_step(uint *state)
{
    char a[64], b[64], dir[8];
    static uchar data[20000];
    uint n = load_random(state) % 8 == 0 ? sizeof(data) : load_random(state) % 3000;
    load_path(state, a);
    load_path(state, b);
    sprintf(dir, "/d%u", load_random(state) % 2);
    switch (load_random(state) % 10) {
    case 0:
    case 1:
    case 2:
        load_fill(data, load_random(state), 0, n);
        return fs_put(a, data, n);
    case 3: {
        int64 fd = fs_open(a, O_WRONLY | O_APPEND);
        int64 put = fd < 0 ? fd : fs_write(fd, data, n);
        if (fd >= 0)
            fs_close(fd);
        return put;
    }
    case 4:
        return fs_get(a, data, sizeof(data));
    case 5:
        return fs_unlink(a);
    case 6:
        return fs_link(a, b);
    case 7:
        return fs_rename(a, b);
    case 8:
        return load_random(state) % 2   ? fs_mkdir(dir)
               : load_random(state) % 2 ? fs_mkdir("/d0/e")
                                        : fs_unlink(dir);
    default:
        return load_random(state) % 4 ? fs_rename("/d0/e", "/d1/e") : log_sync();
    }
}

int load_run(uint seed, int steps)
{
    uint state = seed;
    int failed = 0;
    for (int i = 0; i < steps; i++)
        failed += load_step(&state) < 0;
    return failed;
}
