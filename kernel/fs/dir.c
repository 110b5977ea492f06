// Directories: files of fixed-size entries, searched from front to back. A free entry has inum 0 and is
// used again.
//
// A directory with nlink == 0 has been removed: its entries are not looked at any more and none may be
// added. The callers see to that, in fs/path.c and fs/name.c.
// Locks: the directory's, throughout.
#include "kernel/fs/buf.h"
#include "kernel/fs/dir.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"

#define PERBLOCK (BSIZE / sizeof(struct dirent))

// Looks at every entry until visit returns other than 0, and returns that; 0 at the end, or -EIO. Free
// entries are visited too, and holes count as free entries: only a damaged image has them. Entries past a
// size that is no multiple of an entry's are not there.
static int dir_visit(struct inode *dp, int (*visit)(const struct dirent *de, uint off, void *arg), void *arg)
{
    static const struct dirent hole[PERBLOCK];
    uint n = dp->size / sizeof(struct dirent);
    for (uint i = 0; i < n; i += PERBLOCK) {
        int err, found = 0;
        struct buf *b = inode_buf(dp, i / PERBLOCK, &err);
        if (err)
            return err;
        const struct dirent *de = b ? (const struct dirent *)b->data : hole;
        for (uint k = 0; k < PERBLOCK && i + k < n && found == 0; k++)
            found = visit(&de[k], (i + k) * sizeof(*de), arg);
        if (b)
            buf_put(b);
        if (found)
            return found;
    }
    return 0;
}

struct search {
    const char *name;
    struct dirslot *slot;
    bool room; // slot->off is a free entry
};

// The first byte decides for most entries. A name of DIRSIZ bytes has no terminating zero, so the
// comparison is bounded.
static int search_entry(const struct dirent *de, uint off, void *arg)
{
    struct search *s = arg;
    if (de->inum == 0) {
        if (!s->room)
            s->slot->off = off;
        s->room = true;
        return 0;
    }
    if (de->name[0] != s->name[0] || strncmp(de->name, s->name, DIRSIZ) != 0)
        return 0;
    s->slot->inum = de->inum;
    s->slot->off = off;
    return 1;
}

// One pass finds the name or, for the caller who wants to add it, the first place where it could go.
// Sleeps.
// Returns: 0, -ENOENT or -EIO.
int dir_find(struct inode *dp, const char *name, struct dirslot *slot)
{
    struct search s = {.name = name, .slot = slot};
    slot->inum = 0;
    slot->off = dp->size / sizeof(struct dirent) * sizeof(struct dirent);
    int found = dir_visit(dp, search_entry, &s);
    return found > 0 ? 0 : found < 0 ? found : -ENOENT;
}

// Writes one entry. At the directory's end this makes it longer, which can fail for want of space;
// anywhere else only a disk error can stop it. An entry never crosses a block, so it is never half there.
// Sleeps.
// Returns: 0, -ENOSPC or -EIO, and then nothing has changed.
int dir_set(struct inode *dp, uint off, const char *name, uint inum)
{
    struct dirent de = {.inum = inum};
    if (inum)
        strncpy(de.name, name, DIRSIZ);
    int64 n = inode_write(dp, &de, off, sizeof(de));
    return n < 0 ? n : n == sizeof(de) ? 0 : -ENOSPC;
}

// Anything that rmdir would orphan. "." and ".." go with the directory.
static int occupied(const struct dirent *de, uint off, void *arg)
{
    (void)off, (void)arg;
    return de->inum != 0 && strncmp(de->name, ".", DIRSIZ) != 0 && strncmp(de->name, "..", DIRSIZ) != 0;
}

// Sleeps.
int dir_empty(struct inode *dp)
{
    int found = dir_visit(dp, occupied, 0);
    return found < 0 ? found : !found;
}
