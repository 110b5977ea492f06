// The load, done in memory: the looks of a directory after every single operation, as a number that sums up
// names, links, sizes and contents. A recovered file system must show one of them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/fs/fs.h"
#include "kernel/stat.h"
#include "tests/crash/model.h"
#include "user/crashload.h"

#define MAXDATA (CRASH_MAXFILE + CRASH_CHUNK)

struct mfile {
    uint links; // 0: free
    uint size;
    uchar data[MAXDATA];
};

// A directory with its files, in memory.
struct mdir {
    struct mfile file[CRASH_NAMES];
    struct mfile *name[CRASH_NAMES]; // 0: no such name
};

static struct {
    uint workers, ops;
    uint64 *looks[CRASH_WORKERS]; // [j]: after j operations
} model;

static uint64 mix(uint64 hash, uint64 x)
{
    hash = (hash ^ x) * 0x9e3779b97f4a7c15UL;
    return hash ^ hash >> 29;
}

static uint64 mix_file(uint64 hash, uint links, const uchar *data, uint size)
{
    hash = mix(mix(hash, links), size);
    for (uint i = 0; i < size; i++)
        hash = mix(hash, data[i]);
    return hash;
}

static uint64 looks_of(const struct mdir *d)
{
    uint64 hash = 1;
    for (uint n = 0; n < CRASH_NAMES; n++) {
        const struct mfile *f = d->name[n];
        hash = f ? mix_file(hash, f->links, f->data, f->size) : mix(hash, 0);
    }
    return hash;
}

static void drop(struct mdir *d, uint n)
{
    if (d->name[n])
        d->name[n]->links--;
    d->name[n] = 0;
}

static void create(struct mdir *d, uint n)
{
    struct mfile *f = d->file;
    if (d->name[n])
        return;
    while (f->links > 0)
        f++;
    f->links = 1;
    f->size = 0;
    d->name[n] = f;
}

static void append(struct mfile *f, const struct crash_op *op)
{
    if (f->size >= CRASH_MAXFILE) {
        f->size = 0;
        return;
    }
    for (uint i = 0; i < op->len; i++)
        f->data[f->size++] = crash_byte(op->seed, i);
}

static void operate(struct mdir *d, const struct crash_op *op)
{
    struct mfile *a = d->name[op->a], *b = d->name[op->b];
    if (op->kind == CRASH_CREATE)
        create(d, op->a);
    else if (a == 0)
        return;
    else if (op->kind == CRASH_APPEND)
        append(a, op);
    else if (op->kind == CRASH_CUT)
        a->size = 0;
    else if (op->kind == CRASH_UNLINK)
        drop(d, op->a);
    else if (op->kind == CRASH_LINK && b == 0) {
        d->name[op->b] = a;
        a->links++;
    } else if (op->kind == CRASH_RENAME && a != b) {
        drop(d, op->b);
        d->name[op->b] = a;
        d->name[op->a] = 0;
    }
}

void model_init(uint seed, uint workers, uint ops)
{
    struct mdir *d = malloc(sizeof(*d));
    model.workers = workers;
    model.ops = ops;
    for (uint w = 0; w < workers; w++) {
        memset(d, 0, sizeof(*d));
        model.looks[w] = calloc(ops + 1, sizeof(uint64));
        model.looks[w][0] = looks_of(d);
        for (uint j = 0; j < ops; j++) {
            struct crash_op op = crash_op(seed, w, j);
            operate(d, &op);
            model.looks[w][j + 1] = looks_of(d);
        }
    }
    free(d);
}

// The same number for what the disk shows. 1: a name that the load never makes, or an unreadable file.
static uint64 looks_on_disk(uint worker, const char **reason)
{
    static uchar data[MAXDATA + 1];
    uint64 hash = 1;
    for (uint n = 0; n < CRASH_NAMES; n++) {
        char path[32];
        int err;
        snprintf(path, sizeof(path), "/w%u/%s%c", worker, n >= CRASH_NAMES / 2 ? "sub/" : "", 'a' + n);
        struct inode *ip = path_lookup(path, &err);
        if (ip == 0) {
            hash = mix(hash, 0);
            continue;
        }
        inode_lock(ip);
        int64 size = inode_read(ip, data, 0, sizeof(data));
        if (size < 0 || size > MAXDATA || size != ip->size)
            *reason = "a file cannot be read, or is too long";
        else
            hash = mix_file(hash, ip->nlink, data, size);
        inode_unlock_put(ip);
    }
    return hash;
}

// Entries of a directory, "." and ".." not counted; -1 when there is no such directory.
static int entries(const char *path)
{
    int err, n = 0;
    struct inode *dp = path_lookup(path, &err);
    struct dirent de;
    if (dp == 0)
        return -1;
    inode_lock(dp);
    for (uint off = 2 * sizeof(de); inode_read(dp, &de, off, sizeof(de)) == sizeof(de); off += sizeof(de))
        n += de.inum != 0;
    inode_unlock_put(dp);
    return n;
}

static uint names_on_disk(uint worker)
{
    uint count = 0;
    for (uint n = 0; n < CRASH_NAMES; n++) {
        char path[32];
        int err;
        snprintf(path, sizeof(path), "/w%u/%s%c", worker, n >= CRASH_NAMES / 2 ? "sub/" : "", 'a' + n);
        struct inode *ip = path_lookup(path, &err);
        if (ip) {
            count++;
            inode_put(ip);
        }
    }
    return count;
}

// What is wrong with a worker's directory; 0 when nothing is.
static const char *worker_check(uint worker, uint done)
{
    char dir[16], sub[16];
    const char *reason = 0;
    snprintf(dir, sizeof(dir), "/w%u", worker);
    snprintf(sub, sizeof(sub), "/w%u/sub", worker);
    int ndir = entries(dir), nsub = entries(sub);
    if (nsub < 0)
        return done > 0 ? "synced directories are missing" : ndir > 0 ? "files before their directory" : 0;
    if ((uint)(ndir + nsub) != names_on_disk(worker) + 1)
        return "names that nobody made";
    uint64 looks = looks_on_disk(worker, &reason);
    for (uint j = done; reason == 0 && j <= model.ops; j++)
        if (looks == model.looks[worker][j])
            return 0;
    for (uint j = 0; reason == 0 && j < done; j++)
        if (looks == model.looks[worker][j])
            return "synced operations are lost";
    return reason ? reason : "the files are as after no number of operations";
}

// File /big may have any size, also while it is being truncated, but only its own contents.
static bool big_good(void)
{
    static uchar data[CRASH_BIG * 1024];
    int err;
    struct inode *ip = path_lookup("/big", &err);
    if (ip == 0)
        return true;
    inode_lock(ip);
    int64 size = inode_read(ip, data, 0, sizeof(data));
    bool good = size == ip->size;
    inode_unlock_put(ip);
    for (int64 i = 0; i < size && good; i++)
        good = data[i] == crash_byte(0, i);
    return good;
}

uint model_check(const uint *done)
{
    static int messages = 5;
    uint bad = !big_good();
    if (bad && messages-- > 0)
        printf("/big holds what was never written to it\n");
    for (uint w = 0; w < model.workers; w++) {
        const char *reason = worker_check(w, done[w]);
        if (reason && messages-- > 0)
            printf("worker %u, %u operations synced: %s\n", w, done[w], reason);
        bad += reason != 0;
    }
    return bad;
}
