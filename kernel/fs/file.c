// Open files: what a descriptor points at. An inode with an offset, a device, or one end of a pipe.
//
// Locks: reference counts and the number of open files are atomic. f->lock (sleep) guards the offset of a
// file on the disk and is held for a whole read or write, so that processes which share a descriptor never
// mix their records or lose their place. It is the outermost lock here and no page fault takes it; inode and
// buffer locks, which a fault may need, are never held during a user copy: data goes through a kernel buffer,
// a page at a time.
#include "kernel/fs/file.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/log.h"
#include "kernel/fs/openfile.h"
#include "kernel/fs/pipe.h"
#include "kernel/lib/err.h"
#include "kernel/lib/panic.h"
#include "kernel/proc/sched.h"
#include "kernel/riscv.h"
#include "kernel/stat.h"
#include "kernel/trap/uaccess.h"
#include "kernel/vm/frame.h"
#include "kernel/vm/kmem.h"

#define SMALL_IO 1024 // bytes that go through the stack; more take a page, which comes zeroed

struct devsw devsw[NDEV];

static uint nfiles; // open ones; atomic

// The place among NFILE is taken first: two processes cannot both get the last one.
struct file *file_alloc(void)
{
    bool room = __atomic_fetch_add(&nfiles, 1, __ATOMIC_RELAXED) < NFILE;
    struct file *f = room ? kmem_alloc(sizeof(*f)) : 0;
    if (!f) {
        __atomic_fetch_sub(&nfiles, 1, __ATOMIC_RELAXED);
        return 0;
    }
    f->ref = 1;
    sleep_init(&f->lock, "file");
    return f;
}

struct file *file_dup(struct file *f)
{
    int ref = __atomic_fetch_add(&f->ref, 1, __ATOMIC_RELAXED); // the caller's own keeps f here
    assert(ref > 0, "only an open file can be shared");
    return f;
}

// The last reference closes. What an unfinished open has put into f so far is given back too, so sys_open
// undoes itself by closing.
// Sleeps: freeing an unlinked file takes transactions.
void file_close(struct file *f)
{
    int ref = __atomic_fetch_sub(&f->ref, 1, __ATOMIC_ACQ_REL);
    assert(ref > 0, "a file is closed more often than it was opened");
    if (ref > 1)
        return;
    __atomic_fetch_sub(&nfiles, 1, __ATOMIC_RELAXED);
    if (f->pipe)
        pipe_close(f->pipe, f->writable);
    if (f->claimed)
        inode_write_put(f->ip);
    if (f->ip)
        inode_put(f->ip);
    kmem_free(f);
}

uint64 file_count(void)
{
    return __atomic_load_n(&nfiles, __ATOMIC_RELAXED);
}

// The copy comes after the unlock.
// Returns: 0, -EBADF for a pipe, -EFAULT.
int file_stat(struct file *f, uint64 user_stat)
{
    struct stat st;
    if (f->ip == 0)
        return -EBADF;
    inode_lock(f->ip);
    inode_stat(f->ip, &st);
    inode_unlock(f->ip);
    return copy_to_user(user_stat, &st, sizeof(st)) == sizeof(st) ? 0 : -EFAULT;
}

// Kernel memory that a transfer goes through.
struct bounce {
    char small[SMALL_IO];
    void *page; // 0 while small is enough
    char *buf;
    uint64 size;
};

// Memory for a transfer of n bytes in all.
// Returns: 0 or -ENOMEM.
static int bounce_get(struct bounce *t, uint64 n)
{
    t->page = n > SMALL_IO ? kpage_alloc() : 0;
    if (n > SMALL_IO && t->page == 0)
        return -ENOMEM;
    t->buf = t->page ? t->page : t->small;
    t->size = t->page ? PGSIZE : SMALL_IO;
    return 0;
}

static void bounce_put(struct bounce *t)
{
    if (t->page)
        kpage_free(t->page);
}

// The offset moves by what has reached the program, no more: a copy that comes up short loses nothing. An
// error after some data is reported by the next call, which meets it again.
// Locks: f's.
// Returns: bytes, 0 at the end, or negative.
static int64 read_inode(struct file *f, uint64 dst, uint64 n, struct bounce *t)
{
    uint64 done = 0;
    while (done < n && !killed()) {
        uint64 m = n - done < t->size ? n - done : t->size;
        inode_lock(f->ip);
        int64 got = inode_read(f->ip, t->buf, f->off, m);
        inode_unlock(f->ip);
        if (got <= 0)
            return done ? (int64)done : got;
        uint64 copied = copy_to_user(dst + done, t->buf, got);
        f->off += copied;
        done += copied;
        if (copied < (uint64)got)
            return done ? (int64)done : -EFAULT;
        if ((uint64)got < m)
            break;
    }
    return done;
}

// One transaction: the n bytes in buf, at the offset or, with O_APPEND, wherever the end is once the
// inode is locked. So pieces of up to a page stay whole, whoever else writes.
// Returns: bytes, fewer when the disk is full, or negative.
static int64 write_chunk(struct file *f, const char *buf, uint64 n)
{
    int64 put = log_begin();
    if (put < 0)
        return put;
    inode_lock(f->ip);
    uint64 off = f->append ? f->ip->size : f->off;
    put = inode_write(f->ip, buf, off, n);
    if (put > 0)
        f->off = off + put;
    inode_unlock(f->ip);
    log_end();
    return put;
}

// Locks: f's.
// Returns: bytes, fewer when the disk is full or a page of the program cannot be read, or negative.
static int64 write_inode(struct file *f, uint64 src, uint64 n, struct bounce *t)
{
    uint64 done = 0;
    while (done < n && !killed()) {
        uint64 m = n - done < t->size ? n - done : t->size;
        uint64 copied = copy_from_user(t->buf, src + done, m);
        int64 put = copied ? write_chunk(f, t->buf, copied) : -EFAULT;
        if (put < 0)
            return done ? (int64)done : put;
        done += put;
        if ((uint64)put < m)
            break;
    }
    return done;
}

// A whole transfer of a file on the disk. The address range is checked first, so that a bad one moves
// neither data nor offset; memory comes before the lock, so that nobody waits for it. The wait for the lock
// ends with a kill: its holder may be in a page fault that waits for the memory of whoever waits here.
static int64 move_inode(struct file *f, uint64 user, int64 n, bool write)
{
    struct bounce t;
    if (!user_range_ok(user, n, !write))
        return -EFAULT;
    int err = bounce_get(&t, n);
    if (err)
        return err;
    int64 done = -EINTR;
    if (sleep_lock_killable(&f->lock)) {
        done = write ? write_inode(f, user, n, &t) : read_inode(f, user, n, &t);
        sleep_unlock(&f->lock);
    }
    bounce_put(&t);
    return done;
}

// The driver of a device file; an empty one when there is none of that number.
static const struct devsw *device(const struct file *f)
{
    static const struct devsw none;
    return f->major >= 0 && f->major < NDEV ? &devsw[f->major] : &none;
}

int64 file_read(struct file *f, uint64 user_dst, int64 n)
{
    if (!f->readable)
        return -EBADF;
    if (n < 0)
        return -EINVAL;
    if (f->pipe)
        return pipe_read(f->pipe, user_dst, n);
    if (f->ip->type != T_DEVICE)
        return n == 0 ? 0 : move_inode(f, user_dst, n, false);
    return device(f)->read ? device(f)->read(user_dst, n) : -ENODEV;
}

int64 file_write(struct file *f, uint64 user_src, int64 n)
{
    if (!f->writable)
        return -EBADF;
    if (n < 0)
        return -EINVAL;
    if (f->pipe)
        return pipe_write(f->pipe, user_src, n);
    if (f->ip->type != T_DEVICE)
        return n == 0 ? 0 : move_inode(f, user_src, n, true);
    return device(f)->write ? device(f)->write(user_src, n) : -ENODEV;
}
