// leakcheck HEX..: looks for secrets wherever a program can get at memory or disk blocks that others had
// before.
//
// The secrets are 8-byte values; tests/inspect fills RAM and the free blocks of the disk with them before the
// machine starts. They are kept inverted here, so that a copy that is found comes from the kernel. Fresh
// memory must be zero, and what a system call does not fill must be left as it was.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/stat.h"
#include "kernel/vmstat.h"
#include "user/user.h"

#define MAXSECRETS 4
#define HEAP       (8 << 20)
#define BSS        (256 << 10)
#define STACK      (512 << 10)
#define BUF        8192
#define FILES      40
#define LONG_FILE  (5 * BUF)
#define CHILDREN   8
#define PAGE       4096
#define FILL       0x5a // what buffers hold before the kernel writes to them

static uint64 inverted[MAXSECRETS];
static int nsecrets;
static char bss[BSS];
static char buf[BUF];
static uint64 looked;
static int failures;

static void fail(const char *what, uint64 where)
{
    printf("leakcheck: %s: leak at 0x%lx\n", what, where);
    failures++;
}

// Whether a secret lies at p, whatever its alignment.
static int secret_at(const char *p)
{
    uint64 value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | (uchar)p[i];
    for (int i = 0; i < nsecrets; i++)
        if (~value == inverted[i])
            return 1;
    return 0;
}

static void no_secret(const char *what, const char *p, uint64 n)
{
    looked += n;
    for (uint64 i = 0; i + 8 <= n; i++)
        if (secret_at(p + i)) {
            fail(what, (uint64)(p + i));
            return;
        }
}

// Fresh memory: zero throughout.
static void all_zero(const char *what, const char *p, uint64 n)
{
    looked += n;
    for (uint64 i = 0; i < n; i++)
        if (p[i]) {
            fail(what, (uint64)(p + i));
            return;
        }
}

// Fresh memory. Each page is written first: a mere read would only see the page of zeros that all untouched
// memory shares, and not the frame that a write gets.
static void fresh_zero(const char *what, char *p, uint64 n)
{
    for (uint64 at = 0; at < n; at += PAGE)
        *(volatile char *)(p + at) = 0;
    all_zero(what, p, n);
}

// From p[from] on nothing has been written.
static void untouched(const char *what, const char *p, uint64 from, uint64 n)
{
    looked += n;
    for (uint64 i = from; i < n; i++)
        if (p[i] != FILL) {
            fail(what, i);
            return;
        }
}

// Bytes [from, to) of a structure that belong to no field.
static void padding(const char *what, const void *p, uint64 from, uint64 to)
{
    const char *s = p;
    for (uint64 i = from; i < to; i++)
        if (s[i] != 0 && s[i] != FILL)
            fail(what, i);
}

static void check_memory(void)
{
    fresh_zero("bss", bss, sizeof(bss));
    char *heap = sbrk(HEAP);
    if (heap == SBRK_ERROR) {
        printf("leakcheck: no memory for the heap\n");
        failures++;
        return;
    }
    fresh_zero("heap", heap, HEAP);
    memset(heap, FILL, HEAP);
    sbrk(-HEAP);
    heap = sbrk(HEAP);
    fresh_zero("heap given back and taken again", heap, HEAP);
    sbrk(-HEAP);
}

// Untouched stack, far below what any call has used so far.
static void __attribute__((noinline)) check_stack(void)
{
    volatile char fresh[STACK];
    asm volatile("" : : "r"(fresh) : "memory");
    fresh_zero("stack", (char *)fresh, STACK - PAGE);
}

static void check_pipe(void)
{
    int fd[2];
    if (pipe(fd) < 0) {
        fail("no pipe", 0);
        return;
    }
    for (int n = 1; n < 600; n = n * 3 + 1) {
        memset(buf, 'p', n);
        n = write(fd[1], buf, n < 512 ? n : 512);
        memset(buf, FILL, BUF);
        int got = read(fd[0], buf, BUF);
        untouched("pipe", buf, got, BUF);
    }
    close(fd[0]);
    close(fd[1]);
}

// Leaves recognisable bytes on the kernel stack, where the next system call builds its structures.
static void dirty_kernel_stack(void)
{
    char path[120];
    memset(path, 'k', sizeof(path));
    path[sizeof(path) - 1] = 0;
    open(path, O_RDONLY);
    link(path, path);
}

// Long enough to need an indirect block.
static void check_long_file(void)
{
    int fd = open("leak.tmp", O_CREATE | O_RDWR | O_TRUNC);
    for (int i = 0; i < LONG_FILE; i += BUF) {
        memset(buf, 'a' + i / BUF, BUF);
        write(fd, buf, BUF);
    }
    close(fd);
    fd = open("leak.tmp", O_RDONLY);
    for (int i = 0; i < LONG_FILE; i += BUF) {
        int got = read(fd, buf, BUF);
        for (int k = 0; k < BUF; k++)
            if (got != BUF || buf[k] != 'a' + i / BUF) {
                fail("long file", i + k);
                break;
            }
    }
    close(fd);
    unlink("leak.tmp");
}

// A file's bytes are those written, also when it is truncated and grows again.
static void check_file(void)
{
    for (int round = 0; round < 3; round++) {
        int fd = open("leak.tmp", O_CREATE | O_RDWR | O_TRUNC);
        memset(buf, 'f', BUF);
        int size = round == 1 ? 10 : 5000;
        write(fd, buf, size);
        close(fd);
        fd = open("leak.tmp", O_RDONLY);
        memset(buf, FILL, BUF);
        int got = read(fd, buf, BUF);
        untouched("file", buf, got, BUF);
        if (got != size)
            fail("file size", got);
        struct stat st;
        memset(&st, FILL, sizeof(st));
        dirty_kernel_stack();
        fstat(fd, &st);
        padding("struct stat", &st, 12, 16);
        close(fd);
    }
    unlink("leak.tmp");
}

// A directory is readable as a file: its blocks hold entries and zeros.
static void check_directory(void)
{
    char name[] = "leakdir/f00";
    mkdir("leakdir");
    for (int i = 0; i < FILES; i++) {
        name[9] = '0' + i / 10;
        name[10] = '0' + i % 10;
        close(open(name, O_CREATE | O_WRONLY));
    }
    int fd = open("leakdir", O_RDONLY), n;
    while ((n = read(fd, buf, BUF)) > 0)
        no_secret("directory", buf, n);
    close(fd);
    for (int i = 0; i < FILES; i++) {
        name[9] = '0' + i / 10;
        name[10] = '0' + i % 10;
        unlink(name);
    }
    unlink("leakdir");
}

static void check_structs(void)
{
    struct vmstat vs;
    memset(&vs, FILL, sizeof(vs));
    dirty_kernel_stack();
    vmstat(&vs);
    no_secret("struct vmstat", (char *)&vs, sizeof(vs));

    struct procinfo pi;
    memset(&pi, FILL, sizeof(pi));
    dirty_kernel_stack();
    procinfo(getpid(), &pi);
    all_zero("procinfo.name", pi.name + strlen(pi.name), sizeof(pi.name) - strlen(pi.name));
    no_secret("struct procinfo", (char *)&pi, sizeof(pi));

    struct pageinfo page[2];
    memset(page, FILL, sizeof(page));
    dirty_kernel_stack();
    pageinfo(buf, 1, page);
    untouched("pageinfo past its count", (char *)page, sizeof(page[0]), sizeof(page));
    no_secret("struct pageinfo", (char *)page, sizeof(page));

    memset(buf, FILL, BUF);
    bootarg("mark", buf, BUF);
    untouched("bootarg", buf, strlen(buf) + 1, BUF);
}

// Every page of this program, whatever it is for.
static void check_areas(void)
{
    struct vmainfo v;
    for (int i = 0; vmainfo(getpid(), i, &v) >= 0; i++)
        if ((v.perm & VMA_R) && v.kind != VMA_STACK)
            no_secret("area", (const char *)v.start, v.end - v.start);
}

// Dirty memory of programs that have ended must not reach the next one.
static void churn(void)
{
    for (int i = 0; i < CHILDREN; i++) {
        int pid = fork();
        if (pid == 0) {
            char *p = sbrk(1 << 20);
            memset(p, 'x', 1 << 20);
            exit(0);
        }
        if (pid > 0)
            wait(0);
    }
}

static uint64 parse_hex(const char *s)
{
    uint64 value = 0;
    for (; *s; s++)
        value = value << 4 | (uint64)(*s <= '9' ? *s - '0' : (*s | 0x20) - 'a' + 10);
    return value;
}

int main(int argc, char *argv[])
{
    if (argc < 2 || argc - 1 > MAXSECRETS) {
        fprintf(2, "usage: leakcheck HEX..   (at most %d)\n", MAXSECRETS);
        exit(2);
    }
    for (int i = 1; i < argc; i++)
        inverted[nsecrets++] = ~parse_hex(argv[i]);
    check_stack();
    for (int round = 0; round < 2; round++) {
        check_memory();
        check_pipe();
        check_file();
        check_long_file();
        check_directory();
        check_structs();
        check_areas();
        churn();
        memset(bss, 0, sizeof(bss));
    }
    printf("leakcheck: %lu KiB looked at, %d leaks\n", looked >> 10, failures);
    exit(failures ? 1 : 0);
}
