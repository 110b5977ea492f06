// Directories and names. Names have at most DIRSIZ bytes: longer ones are cut, as xv6 does.
#ifndef KERNEL_FS_DIR_H
#define KERNEL_FS_DIR_H
#include "kernel/fs/fs.h"

#define MAXLINK 32767 // dinode.nlink is a short

// Where a name is in a directory, or where it could go.
struct dirslot {
    uint inum; // what the name stands for
    uint off;  // of its entry; for a name that is not there, of a free entry (maybe the directory's end)
};

// fs/dir.c. dp locked.
int dir_find(struct inode *dp, const char *name, struct dirslot *slot); // 0, -ENOENT (slot->off set), -EIO
int dir_set(struct inode *dp, uint off, const char *name, uint inum);   // writes one entry; inum 0 frees it
int dir_empty(struct inode *dp);                                        // 1, 0 or -EIO

// fs/path.c. The directory that holds path's last component, referenced and unlocked, and that component in
// name[DIRSIZ]; 0 and *err when there is none. No transaction open.
struct inode *path_parent(const char *path, char *name, int *err);

struct nodetype { // of a new inode
    short type;   // T_*
    short major;  // T_DEVICE only
    short minor;
};

// fs/name.c and fs/rename.c: operations on names, each one transaction (none open when called). 0 or
// negative, but: name_create returns the inode, referenced and unlocked, or 0 and *err. For T_FILE one that
// exists will do.
struct inode *name_create(const char *path, const struct nodetype *new, int *err);
int name_link(const char *old, const char *new);
int name_unlink(const char *path);
int name_rename(const char *old, const char *new);

// Their common parts. dp locked, in a transaction.
bool name_dots(const char *name); // "." or ".."
struct inode *name_open(struct inode *dp, const char *name, struct dirslot *slot,
                        int *err);                  // referenced, read in
void name_drop(struct inode *dp, struct inode *ip); // counts: ip, locked, lost its entry in dp

#endif
