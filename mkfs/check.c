// The checks. An image is consistent when
//   - superblock and log header make sense,
//   - each inode in use has a known type, a size that it can have, and blocks inside the data area,
//   - no block belongs to two inodes, none lies past its file's end, and the bitmap marks exactly those in
//   use,
//   - each directory starts with "." and "..", is named once, from the directory that ".." says, and has only
//   good
//     names, none twice, of inodes in use,
//   - everything in use can be reached from the root, and link counts are the numbers of names; a directory's
//   count
//     is 1 and one more for each directory in it.
// Every number is checked before it is used as an index, and nothing recurses, so no image makes it crash or
// hang.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mkfs/check.h"
#include "kernel/stat.h"

static void violation(struct check *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void violation(struct check *c, const char *fmt, ...)
{
    char line[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    c->violations++;
    c->report(line);
}

static uchar *block(struct check *c, uint b)
{
    return c->image + (uint64)b * BSIZE;
}

static struct dinode *inode(struct check *c, uint inum)
{
    return (struct dinode *)block(c, IBLOCK(inum, c->sb)) + inum % IPB;
}

bool check_open(struct check *c)
{
    if (c->bytes < 2 * BSIZE)
        return false;
    memcpy(&c->sb, block(c, 1), sizeof(c->sb));
    const struct superblock *sb = &c->sb;
    uint64 inodeblocks = ((uint64)sb->ninodes + IPB - 1) / IPB;
    uint64 datastart = sb->bmapstart + ((uint64)sb->size + BPB - 1) / BPB;
    bool ok = sb->magic == FSMAGIC && sb->size <= c->bytes / BSIZE && sb->logstart >= 2 &&
              sb->nlog >= 1 + LOGBLOCKS && (uint64)sb->logstart + sb->nlog <= sb->inodestart &&
              sb->ninodes > ROOTINO && sb->ninodes <= 65536 &&
              sb->inodestart + inodeblocks <= sb->bmapstart && datastart < sb->size &&
              sb->nblocks == sb->size - datastart;
    if (!ok)
        return false;
    c->datastart = datastart;
    c->violations = 0;
    c->used = calloc(sb->size, sizeof(*c->used));
    c->links = calloc(sb->ninodes, sizeof(*c->links));
    c->subdirs = calloc(sb->ninodes, sizeof(*c->subdirs));
    c->parent = calloc(sb->ninodes, sizeof(*c->parent));
    if (c->used && c->links && c->subdirs && c->parent)
        return true;
    check_close(c);
    return false;
}

void check_close(struct check *c)
{
    free(c->used);
    free(c->links);
    free(c->subdirs);
    free(c->parent);
}

static uint64 sum_add(uint64 sum, const void *data, uint64 n)
{
    for (uint64 i = 0; i < n; i += sizeof(uint64)) {
        uint64 word;
        memcpy(&word, (const char *)data + i, sizeof(word));
        sum = (sum ^ word) * 0x9e3779b97f4a7c15UL;
        sum ^= sum >> 32;
    }
    return sum;
}

uint check_replay(struct check *c)
{
    struct logheader h;
    memcpy(&h, block(c, c->sb.logstart), sizeof(h));
    if (h.n == 0 || h.n > LOGBLOCKS)
        return 0;
    uint64 sum = sum_add(1, &h.seq, sizeof(h) - offsetof(struct logheader, seq));
    for (uint i = 0; i < h.n; i++)
        sum = sum_add(sum, block(c, c->sb.logstart + 1 + i), BSIZE);
    if (sum != h.sum)
        return 0;
    for (uint i = 0; i < h.n; i++) {
        if (h.block[i] < c->sb.inodestart || h.block[i] >= c->sb.size)
            violation(c, "log: transaction %lu writes to block %u", h.seq, h.block[i]);
        else
            memcpy(block(c, h.block[i]), block(c, c->sb.logstart + 1 + i), BSIZE);
    }
    return h.n;
}

// Notes that inode inum has block b. False: it must not be looked into.
static bool claim(struct check *c, uint inum, uint b)
{
    if (b < c->datastart || b >= c->sb.size) {
        violation(c, "inode %u: block number %u is outside the data area", inum, b);
        return false;
    }
    if (c->used[b]) {
        violation(c, "inode %u: block %u belongs to a file already", inum, b);
        return false;
    }
    c->used[b] = 1;
    return true;
}

static void check_entries(struct check *c, uint inum, const uint *entry, uint n, uint bn)
{
    uint blocks = ((uint64)inode(c, inum)->size + BSIZE - 1) / BSIZE;
    for (uint i = 0; i < n; i++) {
        if (entry[i] != 0 && claim(c, inum, entry[i]) && bn + i >= blocks)
            violation(c, "inode %u: block %u is past the file's end", inum, entry[i]);
    }
}

static void check_blocks(struct check *c, uint inum)
{
    const struct dinode *di = inode(c, inum);
    check_entries(c, inum, di->addrs, NDIRECT, 0);
    uint single = di->addrs[NDIRECT], twofold = di->addrs[NDIRECT + 1];
    if (single && claim(c, inum, single))
        check_entries(c, inum, (uint *)block(c, single), NINDIRECT, NDIRECT);
    if (twofold == 0 || !claim(c, inum, twofold))
        return;
    const uint *table = (uint *)block(c, twofold);
    for (uint i = 0; i < NINDIRECT; i++)
        if (table[i] && claim(c, inum, table[i]))
            check_entries(c, inum, (uint *)block(c, table[i]), NINDIRECT, NDIRECT + (i + 1) * NINDIRECT);
}

static void check_inode(struct check *c, uint inum)
{
    const struct dinode *di = inode(c, inum);
    if (di->type == 0)
        return;
    if (di->type != T_DIR && di->type != T_FILE && di->type != T_DEVICE)
        violation(c, "inode %u: unknown type %d", inum, di->type);
    if (di->size > MAXFILE * BSIZE)
        violation(c, "inode %u: size %u is more than an inode can hold", inum, di->size);
    if (di->type == T_DIR && di->size % sizeof(struct dirent) != 0)
        violation(c, "inode %u: directory with size %u", inum, di->size);
    if (di->nlink < 0 || (di->nlink == 0 && c->mounted))
        violation(c, "inode %u: in use with %d links", inum, di->nlink);
    check_blocks(c, inum);
}

static void check_bitmap(struct check *c)
{
    for (uint b = 0; b < c->sb.size; b++) {
        bool marked = block(c, BBLOCK(b, c->sb))[b % BPB / 8] >> (b % 8) & 1;
        if (marked && b >= c->datastart && !c->used[b])
            violation(c, "bitmap: block %u is marked in use and belongs to nobody", b);
        if (!marked && (b < c->datastart || c->used[b]))
            violation(c, "bitmap: block %u is in use and not marked", b);
    }
}

// The block of a file, or 0 for a hole or a number that was reported before.
static uint file_block(struct check *c, const struct dinode *di, uint bn)
{
    uint b = 0, tables = 0, idx[2] = {0, 0};
    if (bn < NDIRECT) {
        b = di->addrs[bn];
    } else if (bn - NDIRECT < NINDIRECT) {
        b = di->addrs[NDIRECT];
        idx[tables++] = bn - NDIRECT;
    } else if (bn < MAXFILE) {
        b = di->addrs[NDIRECT + 1];
        idx[tables++] = (bn - NDIRECT - NINDIRECT) / NINDIRECT;
        idx[tables++] = (bn - NDIRECT - NINDIRECT) % NINDIRECT;
    }
    for (uint i = 0; i <= tables; i++) {
        if (b < c->datastart || b >= c->sb.size)
            return 0;
        if (i < tables)
            b = ((uint *)block(c, b))[idx[i]];
    }
    return b;
}

// Entry i of a directory; a free one where there is no block.
static struct dirent entry(struct check *c, uint dir, uint i)
{
    struct dirent de = {0};
    uint b = file_block(c, inode(c, dir), i * sizeof(de) / BSIZE);
    if (b)
        memcpy(&de, block(c, b) + i * sizeof(de) % BSIZE, sizeof(de));
    return de;
}

static bool is_named(const struct dirent *de, const char *name)
{
    return strncmp(de->name, name, DIRSIZ) == 0;
}

static bool name_good(const struct dirent *de)
{
    size_t n = strnlen(de->name, DIRSIZ);
    return n > 0 && memchr(de->name, '/', n) == 0;
}

static int by_name(const void *a, const void *b)
{
    return strncmp(((const struct dirent *)a)->name, ((const struct dirent *)b)->name, DIRSIZ);
}

// The entries in use, "." and ".." left out, sorted by name; *n of them. To be freed. 0: out of memory, or
// none.
static struct dirent *entries(struct check *c, uint dir, uint *n)
{
    uint size = inode(c, dir)->size <= MAXFILE * BSIZE ? inode(c, dir)->size / sizeof(struct dirent) : 0;
    struct dirent *list = calloc(size + 1, sizeof(*list));
    *n = 0;
    for (uint i = 2; list && i < size; i++) {
        list[*n] = entry(c, dir, i);
        if (list[*n].inum != 0)
            ++*n;
    }
    if (list)
        qsort(list, *n, sizeof(*list), by_name);
    return list;
}

// One entry of directory dir. Returns the inode number of a directory seen for the first time, or 0.
static uint check_entry(struct check *c, uint dir, const struct dirent *de)
{
    if (!name_good(de) || is_named(de, ".") || is_named(de, ".."))
        violation(c, "directory %u: bad name `%.14s'", dir, de->name);
    if (de->inum >= c->sb.ninodes || inode(c, de->inum)->type == 0) {
        violation(c, "directory %u: `%.14s' names inode %u, which is not in use", dir, de->name, de->inum);
        return 0;
    }
    c->links[de->inum]++;
    if (inode(c, de->inum)->type != T_DIR)
        return 0;
    c->subdirs[dir]++;
    if (de->inum == ROOTINO || c->parent[de->inum] != 0) {
        violation(c, "directory %u: `%.14s' is a second name of directory %u", dir, de->name, de->inum);
        return 0;
    }
    c->parent[de->inum] = dir;
    return de->inum;
}

// One directory. Adds those in it to the queue, which has room for every inode once.
static void check_dir(struct check *c, uint dir, uint *queue, uint *queued)
{
    struct dirent dot = entry(c, dir, 0), dotdot = entry(c, dir, 1);
    if (inode(c, dir)->size < 2 * sizeof(dot) || !is_named(&dot, ".") || dot.inum != dir)
        violation(c, "directory %u: the first entry is not `.'", dir);
    if (!is_named(&dotdot, "..") || dotdot.inum != c->parent[dir])
        violation(c, "directory %u: `..' is %u, not its parent %u", dir, dotdot.inum, c->parent[dir]);
    uint n;
    struct dirent *list = entries(c, dir, &n);
    for (uint i = 0; i < n; i++) {
        if (i > 0 && by_name(&list[i - 1], &list[i]) == 0)
            violation(c, "directory %u: `%.14s' twice", dir, list[i].name);
        uint sub = check_entry(c, dir, &list[i]);
        if (sub)
            queue[(*queued)++] = sub;
    }
    free(list);
}

static void check_tree(struct check *c)
{
    uint *queue = calloc(c->sb.ninodes, sizeof(*queue));
    uint queued = 0;
    if (queue == 0 || inode(c, ROOTINO)->type != T_DIR) {
        violation(c, "the root is not a directory");
        free(queue);
        return;
    }
    c->parent[ROOTINO] = ROOTINO;
    c->links[ROOTINO] = 1;
    queue[queued++] = ROOTINO;
    for (uint i = 0; i < queued; i++)
        check_dir(c, queue[i], queue, &queued);
    free(queue);
}

static void check_links(struct check *c)
{
    for (uint inum = ROOTINO; inum < c->sb.ninodes; inum++) {
        const struct dinode *di = inode(c, inum);
        uint want = di->type == T_DIR && c->links[inum] ? 1 + c->subdirs[inum] : c->links[inum];
        if (di->type != 0 && di->nlink > 0 && c->links[inum] == 0)
            violation(c, "inode %u: in use, but no directory names it", inum);
        else if (di->type != 0 && (uint)di->nlink != want)
            violation(c, "inode %u: %d links, but %u names", inum, di->nlink, want);
    }
}

uint check_all(struct check *c)
{
    for (uint inum = ROOTINO; inum < c->sb.ninodes; inum++)
        check_inode(c, inum);
    check_bitmap(c);
    check_tree(c);
    check_links(c);
    return c->violations;
}

static void list_file(struct check *c, uint inum, const char *path)
{
    static const uchar zeros[BSIZE];
    const struct dinode *di = inode(c, inum);
    uint64 hash = 1;
    for (uint bn = 0; di->type == T_FILE && (uint64)bn * BSIZE < di->size; bn++) {
        uint b = file_block(c, di, bn);
        uchar data[BSIZE] = {0};
        uint n = di->size - bn * BSIZE < BSIZE ? di->size - bn * BSIZE : BSIZE;
        memcpy(data, b ? block(c, b) : zeros, n);
        hash = sum_add(hash, data, BSIZE);
    }
    printf("%c %3d %8u %016lx %s\n", "?dfc"[di->type], di -> nlink, di -> type == T_DIR ? 0 : di -> size,
           di -> type == T_FILE ? hash : 0, path);
}

static void list_dir(struct check *c, uint dir, const char *path)
{
    uint n;
    struct dirent *list = entries(c, dir, &n);
    for (uint i = 0; i < n; i++) {
        char *name = malloc(strlen(path) + 1 + DIRSIZ + 1);
        if (name == 0)
            break;
        sprintf(name, "%s/%.*s", path, DIRSIZ, list[i].name);
        list_file(c, list[i].inum, name);
        if (inode(c, list[i].inum)->type == T_DIR)
            list_dir(c, list[i].inum, name);
        free(name);
    }
    free(list);
}

void check_list(struct check *c)
{
    list_file(c, ROOTINO, "/");
    list_dir(c, ROOTINO, "");
}
