// Operations on names: create, link, unlink. Each is one transaction; rename has a file of its own
// (fs/rename.c).
//
// The pattern: look up the directory with nothing locked, open a transaction, lock the directory and look
// again, for others may have been there. What can fail comes before the first change, or is undone by
// making the new inode an unlinked one, which the last inode_put frees.
// Locks: directory, then the inode in it.
#include "kernel/fs/alloc.h"
#include "kernel/fs/dir.h"
#include "kernel/fs/log.h"
#include "kernel/fs/mount.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"
#include "kernel/stat.h"

// These two entries are made and removed with their directory only.
bool name_dots(const char *name)
{
    return strncmp(name, ".", DIRSIZ) == 0 || strncmp(name, "..", DIRSIZ) == 0;
}

// Opens a transaction and locks dp, if that is a directory that still has a place in the tree: between
// the path walk and now it may have been removed, and a name in it would never be found again. On
// failure, neither. 0 or negative.
static int dir_begin(struct inode *dp)
{
    int err = log_begin();
    if (err)
        return err;
    inode_lock(dp);
    err = dp->type != T_DIR ? -ENOTDIR : dp->nlink == 0 ? -ENOENT : 0;
    if (err) {
        inode_unlock(dp);
        log_end();
    }
    return err;
}

static void dir_end(struct inode *dp)
{
    inode_unlock(dp);
    log_end();
}

// A new inode with its first link, not yet named anywhere; referenced and locked. The number is taken on
// the disk before there is an entry for it in memory; when there is no room for one, it is given back. 0
// and *err.
static struct inode *inode_new(const struct nodetype *new, int *err)
{
    uint inum;
    *err = inum_alloc(new->type, &inum);
    if (*err)
        return 0;
    struct inode *ip = inode_get(inum, err);
    if (ip == 0 || (*err = inode_load(ip)) < 0) {
        if (ip)
            inode_put(ip);
        if (inum_free(inum) < 0)
            log_abort();
        return 0;
    }
    inode_lock(ip);
    ip->major = new->major;
    ip->minor = new->minor;
    ip->nlink = 1;
    inode_update(ip);
    return ip;
}

// Makes ip, new, the entry `name` of dp. A directory gets its own two entries first, so that it is whole
// before anybody can see it. When something fails, ip becomes an unlinked inode and is freed with its
// blocks by the last inode_put.
// Locks: both.
// Returns: 0 or negative.
static int inode_name(struct inode *dp, const char *name, uint off, struct inode *ip)
{
    int err = 0;
    if (ip->type == T_DIR) {
        err = dir_set(ip, 0, ".", ip->inum);
        if (err == 0)
            err = dir_set(ip, sizeof(struct dirent), "..", dp->inum);
    }
    if (err == 0)
        err = dir_set(dp, off, name, ip->inum);
    if (err) {
        ip->nlink = 0;
        inode_update(ip);
    } else if (ip->type == T_DIR) {
        dp->nlink++; // for the new directory's ".."
        inode_update(dp);
    }
    return err;
}

// What name stands for in dp, made if it is not there; referenced, not locked. Beside *err != 0 there may
// be an inode to be put.
// Locks: dp's.
static struct inode *create_in(struct inode *dp, const char *name, const struct nodetype *new, int *err)
{
    struct dirslot slot;
    *err = dir_find(dp, name, &slot);
    if (*err == 0 && new->type == T_FILE)
        return inode_get(slot.inum, err);
    if (*err == 0)
        *err = -EEXIST;
    else if (*err == -ENOENT)
        *err = new->type == T_DIR && dp->nlink == MAXLINK ? -EMLINK : 0;
    struct inode *ip = *err == 0 ? inode_new(new, err) : 0;
    if (ip) {
        *err = inode_name(dp, name, slot.off, ip);
        inode_unlock(ip);
    }
    return ip;
}

// The new inode is visible as soon as dp is unlocked, so it is complete by then. An existing one is read
// in afterwards: it may be "..", and a parent must not be locked after its child.
// Sleeps. 0 and *err.
struct inode *name_create(const char *path, const struct nodetype *new, int *err)
{
    char name[DIRSIZ];
    struct inode *ip = 0, *dp = path_parent(path, name, err);
    if (dp == 0)
        return 0;
    *err = dir_begin(dp);
    if (*err == 0) {
        ip = create_in(dp, name, new, err);
        dir_end(dp);
    }
    inode_put(dp);
    if (ip && *err == 0)
        *err = inode_load(ip);
    if (*err == 0 && new->type == T_FILE && ip->type == T_DIR)
        *err = -EISDIR;
    if (*err && ip) {
        inode_put(ip);
        ip = 0;
    }
    return ip;
}

// Gives ip, which is not a directory, the name in dp as well.
// Locks: dp's.
static int link_in(struct inode *dp, const char *name, struct inode *ip)
{
    struct dirslot slot;
    int err = dir_find(dp, name, &slot);
    if (err != -ENOENT)
        return err ? err : -EEXIST;
    inode_lock(ip);
    err = ip->nlink == 0 ? -ENOENT : ip->nlink == MAXLINK ? -EMLINK : dir_set(dp, slot.off, name, ip->inum);
    if (err == 0) {
        ip->nlink++;
        inode_update(ip);
    }
    inode_unlock(ip);
    return err;
}

// Directories have one name only: with two, the tree would be none, and ".." would not know its parent.
// Sleeps.
// Returns: 0, -EPERM, -EEXIST, -EMLINK or what a path walk may give.
int name_link(const char *old, const char *new)
{
    char name[DIRSIZ];
    int err;
    struct inode *dp = 0, *ip = path_lookup(old, &err);
    if (ip == 0)
        return err;
    err = ip->type == T_DIR ? -EPERM : 0;
    if (err == 0)
        dp = path_parent(new, name, &err);
    if (dp) {
        err = dir_begin(dp);
        if (err == 0) {
            err = link_in(dp, name, ip);
            dir_end(dp);
        }
        inode_put(dp);
    }
    inode_put(ip);
    return err;
}

// What name stands for in dp, referenced and read in, though dp is locked: that is from parent to child,
// the right order, unless the disk says that a directory is its own child. 0 and *err.
struct inode *name_open(struct inode *dp, const char *name, struct dirslot *slot, int *err)
{
    *err = dir_find(dp, name, slot);
    if (*err == 0 && slot->inum == dp->inum)
        *err = fs_damaged("a directory contains itself", dp->inum);
    struct inode *ip = *err == 0 ? inode_get(slot->inum, err) : 0;
    if (ip)
        *err = inode_load(ip);
    if (ip && *err) {
        inode_put(ip);
        ip = 0;
    }
    return ip;
}

// Counts for a name that is gone. Limits are checked, since a damaged image may have any count.
// Locks: both.
void name_drop(struct inode *dp, struct inode *ip)
{
    if (ip->type == T_DIR && dp->nlink > 1) {
        dp->nlink--;
        inode_update(dp);
    }
    if (ip->nlink > 0)
        ip->nlink--;
    inode_update(ip);
}

// Removes the name from dp. The inode, to be put after the transaction, in *ip.
// Locks: dp's.
static int unlink_in(struct inode *dp, const char *name, struct inode **ip)
{
    struct dirslot slot;
    int err;
    *ip = name_open(dp, name, &slot, &err);
    if (*ip == 0)
        return err;
    inode_lock(*ip);
    int empty = (*ip)->type == T_DIR ? dir_empty(*ip) : 1;
    err = empty < 0 ? empty : empty ? dir_set(dp, slot.off, 0, 0) : -ENOTEMPTY;
    if (err == 0)
        name_drop(dp, *ip);
    inode_unlock(*ip);
    return err;
}

// The blocks are freed by inode_put, outside the transaction: there may be more of them than one takes.
// Sleeps.
// Returns: 0, -EINVAL for "." and "..", -ENOTEMPTY, or what a path walk may give.
int name_unlink(const char *path)
{
    char name[DIRSIZ];
    int err;
    struct inode *ip = 0, *dp = path_parent(path, name, &err);
    if (dp == 0)
        return err;
    err = name_dots(name) ? -EINVAL : dir_begin(dp);
    if (err == 0) {
        err = unlink_in(dp, name, &ip);
        dir_end(dp);
    }
    if (ip)
        inode_put(ip);
    inode_put(dp);
    return err;
}
