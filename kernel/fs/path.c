// Path names: from the root or the current directory, one component after the other.
//
// The walk holds one inode at a time: the next one is referenced while its directory is locked, so it
// cannot go away, and read in after the directory is unlocked, so that `..` never makes a process wait
// for a lock the wrong way round.
#include "kernel/fs/dir.h"
#include "kernel/fs/fs.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"
#include "kernel/proc/proc.h"
#include "kernel/stat.h"

// Copies the first component of path to name[DIRSIZ], cut or padded with zeros. Returns what follows,
// without leading slashes, so that an empty rest means "this was the last one"; 0 when there is no
// component.
//   "/a//bc/" -> "a", rest "bc/"      "bc/" -> "bc", rest ""      "" or "///" -> 0
static const char *path_next(const char *path, char *name)
{
    while (*path == '/')
        path++;
    if (*path == 0)
        return 0;
    int n = 0;
    memset(name, 0, DIRSIZ);
    for (; *path != 0 && *path != '/'; path++)
        if (n < DIRSIZ)
            name[n++] = *path;
    while (*path == '/')
        path++;
    return path;
}

// inum's inode, read in; 0 and *err.
static struct inode *inode_open(uint inum, int *err)
{
    struct inode *ip = inode_get(inum, err);
    if (ip == 0)
        return 0;
    *err = inode_load(ip);
    if (*err == 0)
        return ip;
    inode_put(ip);
    return 0;
}

// The root for absolute paths and for kernel threads, which have no current directory.
static struct inode *path_start(const char *path, int *err)
{
    struct inode *cwd = my_proc()->cwd;
    return *path == '/' || cwd == 0 ? inode_open(ROOTINO, err) : inode_dup(cwd);
}

// The inode called name in directory dp, whose reference it takes over. A removed directory may still be
// somebody's current one, but leads nowhere, not even by its "..": the parent may have been removed and
// its inode used again. 0 and *err.
static struct inode *path_step(struct inode *dp, const char *name, int *err)
{
    struct dirslot slot;
    struct inode *ip = 0;
    inode_lock(dp);
    *err = dp->type != T_DIR ? -ENOTDIR : dp->nlink == 0 ? -ENOENT : dir_find(dp, name, &slot);
    if (*err == 0)
        ip = inode_get(slot.inum, err);
    inode_unlock_put(dp);
    if (ip) {
        *err = inode_load(ip);
        if (*err == 0)
            return ip;
        inode_put(ip);
    }
    return 0;
}

struct inode *path_lookup(const char *path, int *err)
{
    char name[DIRSIZ];
    if (*path == 0) {
        *err = -ENOENT;
        return 0;
    }
    struct inode *ip = path_start(path, err);
    while (ip && (path = path_next(path, name)) != 0)
        ip = path_step(ip, name, err);
    return ip;
}

// Stops one component early. That the result is a directory is left for the caller to see, who has to
// lock it anyway.
struct inode *path_parent(const char *path, char *name, int *err)
{
    struct inode *ip = path_start(path, err);
    while (ip && (path = path_next(path, name)) != 0) {
        if (*path == 0)
            return ip;
        ip = path_step(ip, name, err);
    }
    if (ip) {
        *err = -ENOENT; // a path without a last component: empty, or only slashes
        inode_put(ip);
    }
    return 0;
}
