// mkfs: builds a file system image from host files.
//
//   mkfs IMAGE [-b blocks] [-i inodes] FILE...
//
// The image has one directory, the root, with one regular file for each FILE. Its name is the file's last
// path component without a leading `_` (built programs are called _NAME so that they do not hide host
// commands), and README.md becomes README. The same arguments give the same bytes: no times, no addresses,
// nothing random.
//
// The layout is kernel/fs.h's. Blocks are handed out in ascending order, each file's data in one run with its
// indirect blocks between, so the kernel reads programs in long requests. Blocks that nobody uses are never
// written: the image is sparse. On any error the image is removed and the exit status is 1.
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#define stat xstat // kernel/stat.h has a struct stat of its own
#include "kernel/types.h"
#include "kernel/fs.h"
#include "kernel/param.h"
#include "kernel/stat.h"
#undef stat

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the on-disk format is little-endian and mkfs writes it as it lies in memory"
#endif

#define DEFAULT_INODES 2048
#define MIN_INODES     16
#define MAX_INODES     65535    // a directory entry has 16 bits for the number
#define MAX_BLOCKS     16777216 // 16 GiB: far more than a test needs, and no product overflows
#define LOGSTART       2        // after the boot block and the superblock

struct image {
    const char *path;
    int fd;
    struct superblock sb;
    struct dinode *inodes; // sb.ninodes of them, written at the end
    uint next_inum;
    uint next_block;
};

static struct image img = {.fd = -1};

static void fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

// Prints the reason, removes the half-made image and ends with status 1.
static void fail(const char *fmt, ...)
{
    va_list ap;
    fputs("mkfs: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    if (img.fd >= 0)
        unlink(img.path);
    exit(1);
}

static void block_read(uint b, void *buf)
{
    if (pread(img.fd, buf, BSIZE, (off_t)b * BSIZE) != BSIZE)
        fail("%s: reading block %u: %s", img.path, b, strerror(errno));
}

static void block_write(uint b, const void *buf)
{
    if (pwrite(img.fd, buf, BSIZE, (off_t)b * BSIZE) != BSIZE)
        fail("%s: writing block %u: %s", img.path, b, strerror(errno));
}

static uint block_alloc(void)
{
    if (img.next_block >= img.sb.size)
        fail("%s: the files do not fit into %u blocks (use -b)", img.path, img.sb.size);
    return img.next_block++;
}

// The block that entry i of indirect block *table names, allocated if there is none; likewise *table itself.
static uint block_indirect(uint *table, uint i)
{
    uint entries[NINDIRECT] = {0};
    if (*table == 0)
        *table = block_alloc();
    else
        block_read(*table, entries);
    if (entries[i] == 0) {
        entries[i] = block_alloc();
        block_write(*table, entries);
    }
    return entries[i];
}

// Block n of a file, allocated if need be.
static uint inode_block(struct dinode *di, uint n)
{
    if (n < NDIRECT) {
        if (di->addrs[n] == 0)
            di->addrs[n] = block_alloc();
        return di->addrs[n];
    }
    n -= NDIRECT;
    if (n < NINDIRECT)
        return block_indirect(&di->addrs[NDIRECT], n);
    n -= NINDIRECT;
    uint table = block_indirect(&di->addrs[NDIRECT + 1], n / NINDIRECT);
    return block_indirect(&table, n % NINDIRECT);
}

// Adds n bytes at the end of a file.
static void inode_append(struct dinode *di, const void *data, uint n)
{
    const char *p = data;
    while (n > 0) {
        char block[BSIZE] = {0};
        uint off = di->size % BSIZE;
        uint m = n < BSIZE - off ? n : BSIZE - off;
        if (di->size / BSIZE >= MAXFILE)
            fail("a file is larger than %zu bytes, the most that an inode can hold", (size_t)MAXFILE * BSIZE);
        uint b = inode_block(di, di->size / BSIZE);
        if (off > 0)
            block_read(b, block);
        memcpy(block + off, p, m);
        block_write(b, block);
        di->size += m;
        p += m;
        n -= m;
    }
}

static struct dinode *inode_alloc(short type, ushort *inum)
{
    if (img.next_inum >= img.sb.ninodes)
        fail("more files than %u inodes (use -i)", img.sb.ninodes);
    *inum = img.next_inum++;
    img.inodes[*inum] = (struct dinode){.type = type, .nlink = 1};
    return &img.inodes[*inum];
}

static void dir_add(struct dinode *dir, const char *name, ushort inum)
{
    struct dirent de = {.inum = inum};
    memcpy(de.name, name, strlen(name));
    inode_append(dir, &de, sizeof(de));
}

// The name that a host file gets in the root directory. fail()s when there is none.
static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (strcmp(name, "README.md") == 0)
        return "README";
    if (name[0] == '_')
        name++;
    if (name[0] == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        fail("%s: this gives no file name", path);
    if (strlen(name) > DIRSIZ)
        fail("%s: the name `%s' is longer than %d characters", path, name, DIRSIZ);
    return name;
}

static void file_copy(struct dinode *di, const char *path)
{
    static char buf[64 * BSIZE];
    struct stat st;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &st) < 0)
        fail("%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        fail("%s: not a regular file", path);
    if (st.st_size > (off_t)MAXFILE * BSIZE)
        fail("%s: %lld bytes, an inode holds at most %lld", path, (long long)st.st_size,
             (long long)MAXFILE * BSIZE);
    for (;;) {
        ssize_t n = read(fd, buf, sizeof(buf));
        if (n < 0)
            fail("%s: %s", path, strerror(errno));
        if (n == 0)
            break;
        inode_append(di, buf, n);
    }
    close(fd);
}

// Names must differ; checked before the image is touched.
static void check_names(char *const files[], int nfiles)
{
    for (int i = 0; i < nfiles; i++)
        for (int j = 0; j < i; j++)
            if (strcmp(file_name(files[i]), file_name(files[j])) == 0)
                fail("%s and %s would both be called `%s'", files[j], files[i], file_name(files[i]));
    for (int i = 0; i < nfiles; i++)
        file_name(files[i]);
}

static void layout(uint blocks, uint ninodes)
{
    struct superblock *sb = &img.sb;
    uint inodeblocks = (ninodes + IPB - 1) / IPB;
    uint mapblocks = (blocks + BPB - 1) / BPB;
    sb->magic = FSMAGIC;
    sb->size = blocks;
    sb->ninodes = ninodes;
    sb->nlog = 1 + LOGBLOCKS;
    sb->logstart = LOGSTART;
    sb->inodestart = sb->logstart + sb->nlog;
    sb->bmapstart = sb->inodestart + inodeblocks;
    img.next_block = sb->bmapstart + mapblocks;
    if (img.next_block >= blocks)
        fail("%u blocks are too few: log, inodes and bitmap alone take %u", blocks, img.next_block);
    sb->nblocks = blocks - img.next_block;
    img.next_inum = ROOTINO;
    img.inodes = calloc(inodeblocks, BSIZE);
    if (img.inodes == 0)
        fail("out of memory");
}

static void image_create(void)
{
    img.fd = open(img.path, O_RDWR | O_CREAT | O_TRUNC, 0666);
    if (img.fd < 0 || ftruncate(img.fd, (off_t)img.sb.size * BSIZE) < 0)
        fail("%s: %s", img.path, strerror(errno));
    char block[BSIZE] = {0};
    memcpy(block, &img.sb, sizeof(img.sb));
    block_write(1, block);
}

// Writes what was collected in memory: the inodes and the bitmap of the blocks handed out.
static void image_finish(void)
{
    for (uint i = 0; i < img.next_inum; i += IPB)
        block_write(IBLOCK(i, img.sb), &img.inodes[i]);
    for (uint first = 0; first < img.next_block; first += BPB) {
        uchar map[BSIZE] = {0};
        for (uint b = first; b < img.next_block && b < first + BPB; b++)
            map[b % BPB / 8] |= 1 << (b % 8);
        block_write(BBLOCK(first, img.sb), map);
    }
    if (close(img.fd) < 0)
        fail("%s: %s", img.path, strerror(errno));
}

static uint number(const char *option, const char *s, uint min, uint max)
{
    char *end = 0;
    errno = 0;
    unsigned long n = s ? strtoul(s, &end, 10) : 0;
    if (s == 0 || *s < '0' || *s > '9' || *end != 0 || errno != 0 || n < min || n > max)
        fail("%s wants a number from %u to %u", option, min, max);
    return n;
}

int main(int argc, char *argv[])
{
    uint blocks = FSSIZE, ninodes = DEFAULT_INODES;
    int nfiles = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-b") == 0)
            blocks = number("-b", argv[++i], 1, MAX_BLOCKS);
        else if (strcmp(argv[i], "-i") == 0)
            ninodes = number("-i", argv[++i], MIN_INODES, MAX_INODES);
        else if (argv[i][0] == '-')
            fail("unknown option %s", argv[i]);
        else if (img.path == 0)
            img.path = argv[i];
        else
            argv[1 + nfiles++] = argv[i]; // argv becomes the list of files: never ahead of i
    }
    if (img.path == 0)
        fail("usage: mkfs IMAGE [-b blocks] [-i inodes] FILE...");
    char **files = argv + 1;
    check_names(files, nfiles);
    layout(blocks, ninodes);
    image_create();

    ushort rootino, inum;
    struct dinode *root = inode_alloc(T_DIR, &rootino);
    dir_add(root, ".", rootino);
    dir_add(root, "..", rootino);
    for (int i = 0; i < nfiles; i++) {
        struct dinode *di = inode_alloc(T_FILE, &inum);
        file_copy(di, files[i]);
        dir_add(root, file_name(files[i]), inum);
    }
    image_finish();
    return 0;
}
