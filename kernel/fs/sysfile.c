// The system calls on files: arguments are fetched and checked here, the work is done below. A process's
// descriptor table is its own, so it needs no lock. A call that fails leaves no descriptor, file or inode
// behind.
#include "kernel/fcntl.h"
#include "kernel/fs/dir.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/log.h"
#include "kernel/fs/openfile.h"
#include "kernel/fs/pipe.h"
#include "kernel/lib/err.h"
#include "kernel/proc/proc.h"
#include "kernel/proc/syscall.h"
#include "kernel/stat.h"
#include "kernel/trap/uaccess.h"

// Descriptors are ints: the upper half of the register does not count, negative ones are none.
static struct file *fd_file(uint64 arg)
{
    int fd = arg;
    return fd >= 0 && fd < NOFILE ? my_proc()->ofile[fd] : 0;
}

// Gives f, whose reference it takes over, the lowest free descriptor. -EMFILE: the caller keeps f.
static int fd_alloc(struct file *f)
{
    struct file **ofile = my_proc()->ofile;
    for (int fd = 0; fd < NOFILE; fd++) {
        if (ofile[fd] == 0) {
            ofile[fd] = f;
            return fd;
        }
    }
    return -EMFILE;
}

// Copies a path name from the program.
// Returns: 0, -EFAULT or -ENAMETOOLONG.
static int path_arg(uint64 arg, char path[MAXPATH])
{
    int64 n = strncpy_from_user(path, arg, MAXPATH);
    return n < 0 ? n : 0;
}

// read(fd, buf, n): the count is an int, as the program sees it.
int64 sys_read(const uint64 *arg)
{
    struct file *f = fd_file(arg[0]);
    return f ? file_read(f, arg[1], (int)arg[2]) : -EBADF;
}

int64 sys_write(const uint64 *arg)
{
    struct file *f = fd_file(arg[0]);
    return f ? file_write(f, arg[1], (int)arg[2]) : -EBADF;
}

// close(fd): the descriptor is free before the file is closed, which may sleep.
int64 sys_close(const uint64 *arg)
{
    struct file *f = fd_file(arg[0]);
    if (f == 0)
        return -EBADF;
    my_proc()->ofile[(int)arg[0]] = 0;
    file_close(f);
    return 0;
}

// dup(fd): the same open file, offset included, under the lowest free descriptor.
int64 sys_dup(const uint64 *arg)
{
    struct file *f = fd_file(arg[0]);
    if (f == 0)
        return -EBADF;
    int fd = fd_alloc(f);
    if (fd >= 0)
        file_dup(f);
    return fd;
}

int64 sys_fstat(const uint64 *arg)
{
    struct file *f = fd_file(arg[0]);
    return f ? file_stat(f, arg[1]) : -EBADF;
}

// fsync(fd): commits everything, not only this file; the log knows no files.
int64 sys_fsync(const uint64 *arg)
{
    struct file *f = fd_file(arg[0]);
    return f == 0 ? -EBADF : f->ip == 0 ? -EINVAL : log_sync();
}

int64 sys_sync(const uint64 *arg)
{
    (void)arg;
    return log_sync();
}

// What may be opened how. ip is in use, so its type stands still.
// Returns: 0, -EISDIR or -ENODEV.
static int open_check(struct inode *ip, int mode)
{
    if (ip->type == T_DIR && mode != O_RDONLY)
        return -EISDIR;
    if (ip->type == T_DEVICE && (ip->major < 0 || ip->major >= NDEV))
        return -ENODEV;
    return 0;
}

// Makes f the open file of ip. What f holds is given back by file_close, also after an error. The claim
// as a writer comes before the truncation: a running program must not lose its text.
static int open_inode(struct file *f, struct inode *ip, int mode)
{
    f->ip = ip;
    int err = open_check(ip, mode);
    if (err)
        return err;
    bool writes = (mode & (O_WRONLY | O_RDWR)) != 0;
    if (ip->type == T_FILE && (writes || (mode & O_TRUNC))) {
        err = inode_write_get(ip);
        if (err)
            return err;
        f->claimed = true;
    }
    if (ip->type == T_FILE && (mode & O_TRUNC) && ip->size > 0)
        err = inode_truncate(ip, false);
    f->readable = !(mode & O_WRONLY);
    f->writable = writes;
    f->append = (mode & O_APPEND) != 0;
    f->major = ip->major;
    return err;
}

// open(path, mode). The descriptor comes first: creating a file cannot be undone when there turns out to
// be none. Nobody else sees it half open, as the table is this process's own.
int64 sys_open(const uint64 *arg)
{
    static const struct nodetype plain = {.type = T_FILE};
    char path[MAXPATH];
    int mode = arg[1];
    int err = path_arg(arg[0], path);
    if (err)
        return err;
    struct file *f = file_alloc();
    if (f == 0)
        return -ENFILE;
    int fd = fd_alloc(f);
    struct inode *ip = 0;
    if (fd >= 0)
        ip = (mode & O_CREATE) ? name_create(path, &plain, &err) : path_lookup(path, &err);
    if (ip)
        err = open_inode(f, ip, mode);
    if (fd >= 0 && err == 0)
        return fd;
    if (fd >= 0)
        my_proc()->ofile[fd] = 0;
    file_close(f);
    return fd < 0 ? fd : err;
}

// mkdir and mknod: a new inode of that type, which must not exist yet.
static int64 make_node(uint64 user_path, const struct nodetype *new)
{
    char path[MAXPATH];
    int err = path_arg(user_path, path);
    struct inode *ip = err ? 0 : name_create(path, new, &err);
    if (ip)
        inode_put(ip);
    return err;
}

int64 sys_mkdir(const uint64 *arg)
{
    struct nodetype dir = {.type = T_DIR};
    return make_node(arg[0], &dir);
}

int64 sys_mknod(const uint64 *arg)
{
    struct nodetype device = {.type = T_DEVICE, .major = arg[1], .minor = arg[2]};
    return make_node(arg[0], &device);
}

int64 sys_unlink(const uint64 *arg)
{
    char path[MAXPATH];
    int err = path_arg(arg[0], path);
    return err ? err : name_unlink(path);
}

int64 sys_link(const uint64 *arg)
{
    char old[MAXPATH], new[MAXPATH];
    int err = path_arg(arg[0], old);
    if (err == 0)
        err = path_arg(arg[1], new);
    return err ? err : name_link(old, new);
}

int64 sys_rename(const uint64 *arg)
{
    char old[MAXPATH], new[MAXPATH];
    int err = path_arg(arg[0], old);
    if (err == 0)
        err = path_arg(arg[1], new);
    return err ? err : name_rename(old, new);
}

// chdir(path): the new directory first, then the old one is let go. The type of an inode in use stands
// still.
int64 sys_chdir(const uint64 *arg)
{
    char path[MAXPATH];
    int err = path_arg(arg[0], path);
    struct inode *ip = err ? 0 : path_lookup(path, &err);
    if (ip == 0)
        return err;
    if (ip->type != T_DIR) {
        inode_put(ip);
        return -ENOTDIR;
    }
    struct inode *old = my_proc()->cwd;
    my_proc()->cwd = ip;
    if (old)
        inode_put(old);
    return 0;
}

// Both ends of a new pipe as open files. 0 or negative, and then nothing is left.
static int pipe_files(struct file *end[2])
{
    struct pipe *p = pipe_create();
    end[0] = p ? file_alloc() : 0;
    end[1] = end[0] ? file_alloc() : 0;
    if (end[1]) {
        end[0]->pipe = end[1]->pipe = p;
        end[0]->readable = true;
        end[1]->writable = true;
        return 0;
    }
    if (end[0])
        file_close(end[0]);
    if (p) {
        pipe_close(p, false);
        pipe_close(p, true);
    }
    return -ENFILE;
}

// pipe(fd[2]). The destination is checked before anything is made. Should the copy fail all the same, or
// a descriptor be missing, everything is undone.
int64 sys_pipe(const uint64 *arg)
{
    struct file *end[2];
    int fd[2] = {-1, -1};
    int err = user_range_ok(arg[0], sizeof(fd), true) ? pipe_files(end) : -EFAULT;
    if (err)
        return err;
    fd[0] = fd_alloc(end[0]);
    fd[1] = fd[0] < 0 ? fd[0] : fd_alloc(end[1]);
    if (fd[1] < 0)
        err = fd[1];
    else if (copy_to_user(arg[0], fd, sizeof(fd)) != sizeof(fd))
        err = -EFAULT;
    if (err == 0)
        return 0;
    for (int i = 0; i < 2; i++) {
        if (fd[i] >= 0)
            my_proc()->ofile[fd[i]] = 0;
        file_close(end[i]);
    }
    return err;
}
