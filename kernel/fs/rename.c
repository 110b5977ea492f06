// rename: moves a name, in one transaction, replacing what the new name stood for.
//
// It is the only operation that locks two directories, and directories have to be locked from the root
// downwards (as directory-then-entry does everywhere else). So renames run one at a time: no directory
// can move while rename_lock is held, and "is an ancestor of" stays true until the locks are taken.
// Order: rename_lock, log_begin, the directory nearer to the root, the other one, the inode that moves,
// the inode that is replaced.
#include "kernel/fs/dir.h"
#include "kernel/fs/log.h"
#include "kernel/fs/mount.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"
#include "kernel/stat.h"

#define MAXDEPTH 65535 // of a directory: there are no more inodes. A longer way up is a damaged disk's circle

static struct sleeplock rename_lock = {.lk = SPINLOCK("rename"), .name = "rename"};

struct side {
    struct inode *dp; // the directory
    struct inode *ip; // what the name stands for; for the new name maybe 0
    struct dirslot slot;
    char name[DIRSIZ];
};

// The number of directory inum's parent, or negative. Only one inode is locked at a time, and none is on
// return: the answer stays true because rename_lock is held, and a directory with something in it cannot
// be removed.
static int64 parent_of(uint inum)
{
    struct dirslot slot;
    int err;
    struct inode *dp = inode_get(inum, &err);
    if (dp == 0)
        return err;
    err = inode_load(dp);
    if (err == 0) {
        inode_lock(dp);
        err = dp->type == T_DIR ? dir_find(dp, "..", &slot) : -EIO;
        inode_unlock(dp);
    }
    inode_put(dp);
    return err ? err : (int64)slot.inum;
}

// Whether directory `above` is on the way from directory `inum` to the root, inum itself included: 1, 0
// or negative.
static int is_above(uint above, uint inum)
{
    for (int depth = 0; depth < MAXDEPTH; depth++) {
        if (inum == above)
            return 1;
        if (inum == ROOTINO)
            return 0;
        int64 up = parent_of(inum);
        if (up < 0)
            return up;
        inum = up;
    }
    return fs_damaged("directories form a circle", inum);
}

// The two may be one. `first` is nearer to the root, or neither is above the other.
static void lock_pair(struct inode *first, struct inode *second)
{
    inode_lock(first);
    if (second != first)
        inode_lock(second);
}

static void unlock_pair(struct inode *a, struct inode *b)
{
    inode_unlock(a);
    if (b != a)
        inode_unlock(b);
}

// What the name stands for, with nothing locked. The reference in side->ip keeps its number from being
// used for another inode, so that side_same can tell whether it is still the one.
// Returns: 0, -ENOENT or another error.
static int side_look(struct side *s)
{
    int err;
    inode_lock(s->dp);
    err = s->dp->type != T_DIR ? -ENOTDIR : s->dp->nlink == 0 ? -ENOENT : dir_find(s->dp, s->name, &s->slot);
    s->ip = err == 0 ? inode_get(s->slot.inum, &err) : 0;
    inode_unlock(s->dp);
    if (s->ip)
        err = inode_load(s->ip);
    return err;
}

// Whether the name, its directory locked now, stands for what side_look saw; slot is brought up to date.
// Returns: 0, -EAGAIN when somebody was faster, or an error.
static int side_same(struct side *s)
{
    if (s->dp->nlink == 0)
        return -ENOENT;
    int err = dir_find(s->dp, s->name, &s->slot);
    if (err == -ENOENT)
        return s->ip ? -EAGAIN : 0;
    return err ? err : s->ip && s->ip->inum == s->slot.inum ? 0 : -EAGAIN;
}

// Whether the two may take part at all. A directory cannot go into itself or below; and what is replaced
// may not be on the way to what moves: it could not be empty, and locking it after its descendant would
// be the wrong way round. Types of inodes in use do not change, so no lock is needed to read them.
// Returns: 0 or negative.
static int rename_check(struct side *from, struct side *to)
{
    bool dir = from->ip->type == T_DIR;
    if (to->ip && dir != (to->ip->type == T_DIR))
        return dir ? -ENOTDIR : -EISDIR;
    int bad = dir ? is_above(from->ip->inum, to->dp->inum) : 0;
    if (bad)
        return bad < 0 ? bad : -EINVAL; // into itself
    bad = dir && to->ip ? is_above(to->ip->inum, from->dp->inum) : 0;
    return bad > 0 ? -ENOTEMPTY : bad;
}

// The changes. The new name comes first: it alone can fail for want of space, with nothing changed yet.
// After it only a disk error can stop the rest, and then the whole transaction is given up.
// Locks: both directories and both inodes; dotdot is where the moving directory names its parent.
static int rename_move(struct side *from, struct side *to, uint dotdot)
{
    int err = dir_set(to->dp, to->slot.off, to->name, from->ip->inum);
    if (err)
        return err;
    err = dir_set(from->dp, from->slot.off, 0, 0);
    if (to->ip)
        name_drop(to->dp, to->ip);
    if (from->ip->type == T_DIR && from->dp != to->dp) {
        if (err == 0)
            err = dir_set(from->ip, dotdot, "..", to->dp->inum);
        from->dp->nlink--;
        inode_update(from->dp);
        to->dp->nlink++;
        inode_update(to->dp);
    }
    if (err)
        log_abort(); // one file with two names, or a directory with two parents
    return err;
}

// Everything inside the transaction: 12 blocks at most, 7 of them for a new name in a directory that has
// to grow.
// Locks: both directories.
static int rename_in(struct side *from, struct side *to)
{
    struct dirslot dotdot = {0};
    int err = side_same(from);
    if (err == 0)
        err = side_same(to);
    if (err)
        return err;
    inode_lock(from->ip);
    if (to->ip)
        inode_lock(to->ip);
    int empty = to->ip && to->ip->type == T_DIR ? dir_empty(to->ip) : 1;
    if (empty <= 0)
        err = empty < 0 ? empty : -ENOTEMPTY;
    else if (from->ip->type == T_DIR && to->dp->nlink == MAXLINK)
        err = -EMLINK;
    else if (from->ip->type == T_DIR)
        err = dir_find(from->ip, "..", &dotdot);
    if (err == 0)
        err = rename_move(from, to, dotdot.off);
    if (to->ip)
        inode_unlock(to->ip);
    inode_unlock(from->ip);
    return err;
}

// One attempt: look, check, lock, look again, change. Two names of one file: nothing to do, says POSIX.
// Locks: rename_lock.
// Returns: 0, -EAGAIN when a name changed between looking and locking, or an error.
static int rename_try(struct side *from, struct side *to)
{
    int err = side_look(from);
    if (err == 0) {
        err = side_look(to);
        err = err == -ENOENT && to->dp->nlink > 0 ? 0 : err;
    }
    bool same = err == 0 && from->ip == to->ip;
    if (err == 0 && !same)
        err = rename_check(from, to);
    int swap = from->dp != to->dp && err == 0 ? is_above(to->dp->inum, from->dp->inum) : 0;
    if (swap < 0)
        err = swap;
    if (err == 0 && !same)
        err = log_begin();
    if (err == 0 && !same) {
        lock_pair(swap ? to->dp : from->dp, swap ? from->dp : to->dp);
        err = rename_in(from, to);
        unlock_pair(from->dp, to->dp);
        log_end();
    }
    return err;
}

static void side_forget(struct side *s)
{
    if (s->ip)
        inode_put(s->ip);
    s->ip = 0;
}

// Sleeps.
// Returns: 0, -EINVAL, -ENOTEMPTY, -EISDIR, -ENOTDIR, -EMLINK or what a path walk may give.
int name_rename(const char *old, const char *new)
{
    struct side from = {0}, to = {0};
    int err;
    from.dp = path_parent(old, from.name, &err);
    if (from.dp == 0)
        return err;
    to.dp = path_parent(new, to.name, &err);
    if (to.dp) {
        sleep_lock(&rename_lock);
        do {
            err = name_dots(from.name) || name_dots(to.name) ? -EINVAL : rename_try(&from, &to);
            side_forget(&from);
            side_forget(&to);
        } while (err == -EAGAIN);
        sleep_unlock(&rename_lock);
        inode_put(to.dp);
    }
    inode_put(from.dp);
    return err;
}
