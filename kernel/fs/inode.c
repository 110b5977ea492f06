// Inodes in memory: each at most once, found by its number through a hash table.
//
// An inode with references stays what it is. One without keeps its contents, on an LRU list, until its
// place is needed for another; so programs that are opened again and again cost no reads. The table grows
// to NINODE entries.
//
// An inode is freed on the disk when its last reference goes and no directory names it any more (nlink ==
// 0). A crash may come in between: inode_reclaim finds such inodes at the next mount.
//
// Locks: itable.lock (spin) guards numbers, reference counts and the text and writers counts; each
// inode's sleep lock guards the rest. Order: log_begin, directory, inode, buffer, itable.lock. Contents
// are in fs/bmap.c.
#include "kernel/fs/alloc.h"
#include "kernel/fs/buf.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/log.h"
#include "kernel/fs/mount.h"
#include "kernel/lib/err.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/string.h"
#include "kernel/stat.h"
#include "kernel/vm/kmem.h"

#define NBUCKET      128
#define RECLAIM_READ 16 // inode blocks that a mount reads at a time

static struct {
    struct spinlock lock;
    struct list hash[NBUCKET];
    struct list lru; // inodes without references, oldest first
    uint count;      // entries there are
    uint used;       // of them, with references
} itable;

void inode_init(void)
{
    memset(&itable, 0, sizeof(itable));
    spin_init(&itable.lock, "inode table");
    list_init(&itable.lru);
    for (int i = 0; i < NBUCKET; i++)
        list_init(&itable.hash[i]);
}

// The entry of an inode, read in or not; 0 when it has none.
// Locks: itable.lock.
static struct inode *itable_find(uint inum)
{
    list_for_each(l, &itable.hash[inum % NBUCKET])
    {
        struct inode *ip = container_of(l, struct inode, hash);
        if (ip->inum == inum)
            return ip;
    }
    return 0;
}

// Gives an entry to inode inum: a new one as long as there are fewer than NINODE, else the one that has
// been unused for longest. In the hash table, without references, on no LRU list, not read in. 0 when all
// are referenced.
// Locks: itable.lock.
static struct inode *itable_take(uint inum)
{
    struct inode *ip = itable.count < NINODE ? kmem_alloc(sizeof(*ip)) : 0;
    if (ip) {
        sleep_init(&ip->lock, "inode");
        itable.count++;
    } else {
        if (list_empty(&itable.lru))
            return 0;
        ip = container_of(list_pop_front(&itable.lru), struct inode, lru);
        assert(ip->text == 0, "a running program has references to its inode");
        list_del(&ip->hash);
    }
    ip->inum = inum;
    ip->valid = false;
    list_push_front(&itable.hash[inum % NBUCKET], &ip->hash);
    return ip;
}

// A reference without a disk access, so that the holder of a directory's lock can take one: as long as
// the lock is held the entry that names the inode cannot go away, and afterwards the reference keeps the
// inode. The caller then reads it in with inode_load, the directory unlocked. 0 and *err: -EIO for an
// impossible number, -ENFILE.
struct inode *inode_get(uint inum, int *err)
{
    if (!inum_valid(inum)) {
        *err = fs_damaged("a directory names an impossible inode", inum);
        return 0;
    }
    spin_lock(&itable.lock);
    struct inode *ip = itable_find(inum);
    if (ip && ip->ref == 0)
        list_del(&ip->lru);
    if (ip == 0)
        ip = itable_take(inum);
    if (ip && ip->ref++ == 0)
        itable.used++;
    spin_unlock(&itable.lock);
    if (ip == 0)
        *err = -ENFILE;
    return ip;
}

// Whether an inode that a directory names can be one. All that is used later without a further check is
// checked here; block numbers are checked when they are used.
static bool dinode_sane(const struct dinode *di, uint inum)
{
    bool dir = di->type == T_DIR;
    return (dir || di->type == T_FILE || di->type == T_DEVICE) && di->size <= MAXFILE * BSIZE &&
           di->nlink >= 0 && (inum != ROOTINO || (dir && di->nlink > 0));
}

// Fills ip from the disk. The buffer is let go before anything is judged: one lock at a time.
// Locks: ip's.
// Returns: 0 or -EIO, and then ip stays invalid for the next one to try.
static int inode_fill(struct inode *ip)
{
    struct buf *b = buf_read(IBLOCK(ip->inum, fs.sb));
    if (b == 0)
        return -EIO;
    struct dinode di = ((struct dinode *)b->data)[ip->inum % IPB];
    buf_put(b);
    if (!dinode_sane(&di, ip->inum))
        return fs_damaged("an inode in use makes no sense", ip->inum);
    ip->type = di.type;
    ip->major = di.major;
    ip->minor = di.minor;
    ip->nlink = di.nlink;
    ip->size = di.size;
    memcpy(ip->addrs, di.addrs, sizeof(ip->addrs));
    ip->valid = true;
    return 0;
}

// From here on, and as long as the reference is held, ip is valid and its type does not change.
int inode_load(struct inode *ip)
{
    sleep_lock(&ip->lock);
    int err = ip->valid ? 0 : inode_fill(ip);
    sleep_unlock(&ip->lock);
    return err;
}

// Copies ip to its block, in the running transaction. It comes after the other changes of an operation,
// so an error here leaves a half-done change behind: then nothing of the transaction may reach the disk.
// Locks: ip's.
// Sleeps.
void inode_update(struct inode *ip)
{
    struct buf *b = buf_read(IBLOCK(ip->inum, fs.sb));
    if (b == 0) {
        log_abort();
        return;
    }
    struct dinode *di = (struct dinode *)b->data + ip->inum % IPB;
    di->type = ip->type;
    di->major = ip->major;
    di->minor = ip->minor;
    di->nlink = ip->nlink;
    di->size = ip->size;
    memcpy(di->addrs, ip->addrs, sizeof(di->addrs));
    log_write(b);
    buf_put(b);
}

struct inode *inode_dup(struct inode *ip)
{
    spin_lock(&itable.lock);
    assert(ip->ref > 0, "only an inode in use can be shared");
    ip->ref++;
    spin_unlock(&itable.lock);
    return ip;
}

// The last reference to an unlinked inode frees it: no directory names it and nobody else has it, so its
// fields may be read without its lock, and the table's lock may be let go meanwhile. It takes
// transactions, as many as the file is large. When that fails (a disk error) the inode stays on the disk
// for the next mount to reclaim.
// Locks: no inode.
// Sleeps. No transaction is open.
void inode_put(struct inode *ip)
{
    spin_lock(&itable.lock);
    assert(ip->ref > 0, "an inode is put more often than it was got");
    if (ip->ref == 1 && ip->valid && ip->nlink == 0) {
        spin_unlock(&itable.lock);
        inode_truncate(ip, true);
        spin_lock(&itable.lock);
    }
    if (--ip->ref == 0) {
        itable.used--;
        list_push_back(&itable.lru, &ip->lru);
    }
    spin_unlock(&itable.lock);
}

void inode_lock(struct inode *ip)
{
    sleep_lock(&ip->lock);
}

void inode_unlock(struct inode *ip)
{
    sleep_unlock(&ip->lock);
}

// In this order: putting may take transactions, which must not begin with an inode locked.
void inode_unlock_put(struct inode *ip)
{
    inode_unlock(ip);
    inode_put(ip);
}

uint64 inode_count(void)
{
    return itable.used;
}

// Locks: ip's.
void inode_stat(struct inode *ip, struct stat *st)
{
    memset(st, 0, sizeof(*st)); // the padding goes to user programs too
    st->dev = ROOTDEV;
    st->ino = ip->inum;
    st->type = ip->type;
    st->nlink = ip->nlink;
    st->size = ip->size;
}

// Running a program and writing to it exclude each other: writers and text, only one of the two counts
// may be above 0. Adds `by` to *mine unless *other says that somebody uses the inode the other way.
// Returns: 0 or
// -ETXTBSY.
static int claim(const int *other, int *mine, int by)
{
    spin_lock(&itable.lock);
    int err = *other > 0 ? -ETXTBSY : 0;
    if (err == 0)
        *mine += by;
    assert(*mine >= 0, "a claim on an inode is given back more often than it was taken");
    spin_unlock(&itable.lock);
    return err;
}

static const int nobody; // releasing is never refused

int inode_text_get(struct inode *ip)
{
    return claim(&ip->writers, &ip->text, 1);
}

void inode_text_put(struct inode *ip)
{
    claim(&nobody, &ip->text, -1);
}

int inode_write_get(struct inode *ip)
{
    return claim(&ip->text, &ip->writers, 1);
}

void inode_write_put(struct inode *ip)
{
    claim(&nobody, &ip->writers, -1);
}

// The first unlinked inode >= inum in inum's block of the table, or the first inode of the next block. A
// block that cannot be read has none.
static uint orphan_find(uint inum)
{
    struct buf *b = buf_read(IBLOCK(inum, fs.sb));
    if (b == 0)
        return (inum / IPB + 1) * IPB;
    const struct dinode *di = (const struct dinode *)b->data;
    do {
        if (di[inum % IPB].type != 0 && di[inum % IPB].nlink == 0)
            break;
    } while (++inum % IPB != 0);
    buf_put(b);
    return inum;
}

// Files that were unlinked while open, or were being freed, when the machine went down. Taking and
// putting a reference frees them, as if their last user had just gone. What cannot be read stays for a
// later mount.
void inode_reclaim(void)
{
    int err;
    uint inum = ROOTINO;
    while (inum < fs.sb.ninodes) {
        if (!buf_cached(IBLOCK(inum, fs.sb)))
            buf_read_ahead(IBLOCK(inum, fs.sb), RECLAIM_READ);
        uint found = orphan_find(inum);
        bool orphan = found / IPB == inum / IPB && found < fs.sb.ninodes;
        struct inode *ip = orphan ? inode_get(found, &err) : 0;
        if (ip) {
            inode_load(ip);
            inode_put(ip);
        }
        inum = orphan ? found + 1 : found;
    }
}
