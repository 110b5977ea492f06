// What programs written for xv6-riscv expect of headers and library, name by name: prototypes, macros,
// numbers and structures, with the headers in their order. test_compat.py compiles it with -Werror, so that a
// name that goes away or changes its type is noticed, and runs it: every call is made once, and must do what
// xv6's does.
//
// A name belongs here when an xv6 program uses it; what only Faultline has does not.
#include "kernel/param.h"
#include "kernel/types.h"
#include "kernel/stat.h"
#include "user/user.h"
#include "kernel/fs.h"
#include "kernel/fcntl.h"
#include "kernel/syscall.h"
#include "kernel/memlayout.h"
#include "kernel/riscv.h"

#define TYPE(name, type)                                                                                     \
    _Static_assert(__builtin_types_compatible_p(__typeof__(name), type), #name " has another type")
#define VALUE(name, value) _Static_assert((name) == (value), #name " has another value")
#define FIELD(object, name, type)                                                                            \
    _Static_assert(__builtin_types_compatible_p(__typeof__(((object *)0)->name), type), #object "." #name)

// System calls.
TYPE(fork, int(void));
TYPE(exit, int(int));
TYPE(wait, int(int *));
TYPE(pipe, int(int *));
TYPE(write, int(int, const void *, int));
TYPE(read, int(int, void *, int));
TYPE(close, int(int));
TYPE(kill, int(int));
TYPE(exec, int(const char *, char **));
TYPE(open, int(const char *, int));
TYPE(mknod, int(const char *, short, short));
TYPE(unlink, int(const char *));
TYPE(fstat, int(int, struct stat *));
TYPE(link, int(const char *, const char *));
TYPE(mkdir, int(const char *));
TYPE(chdir, int(const char *));
TYPE(dup, int(int));
TYPE(getpid, int(void));
TYPE(sys_sbrk, char *(int, int));
TYPE(sleep, int(int));
TYPE(pause, int(int));
TYPE(uptime, int(void));

// Library.
TYPE(sbrk, char *(int));
TYPE(sbrklazy, char *(int));
TYPE(stat, int(const char *, struct stat *));
TYPE(strcpy, char *(char *, const char *));
TYPE(memmove, void *(void *, const void *, int));
TYPE(strchr, char *(const char *, char));
TYPE(strcmp, int(const char *, const char *));
TYPE(gets, char *(char *, int));
TYPE(strlen, uint(const char *));
TYPE(memset, void *(void *, int, uint));
TYPE(atoi, int(const char *));
TYPE(memcmp, int(const void *, const void *, uint));
TYPE(memcpy, void *(void *, const void *, uint));
TYPE(fprintf, void(int, const char *, ...));
TYPE(printf, void(const char *, ...));
TYPE(malloc, void *(uint));
TYPE(free, void(void *));
TYPE(SBRK_ERROR, char *);

// Types.
TYPE(uchar, unsigned char);
TYPE(ushort, unsigned short);
TYPE(uint, unsigned int);
TYPE(uint8, unsigned char);
TYPE(uint16, unsigned short);
TYPE(uint32, unsigned int);
TYPE(uint64, unsigned long);
TYPE(pde_t, uint64);
TYPE(pte_t, uint64);
TYPE(pagetable_t, uint64 *);
FIELD(struct stat, dev, int);
FIELD(struct stat, ino, uint);
FIELD(struct stat, type, short);
FIELD(struct stat, nlink, short);
FIELD(struct stat, size, uint64);
FIELD(struct dirent, inum, ushort);
FIELD(struct dirent, name, char[DIRSIZ]);
FIELD(struct dinode, addrs, uint[NDIRECT + 2]);
FIELD(struct superblock, magic, uint);

// Numbers that programs may have built in.
VALUE(O_RDONLY, 0);
VALUE(O_WRONLY, 1);
VALUE(O_RDWR, 2);
VALUE(O_CREATE, 0x200);
VALUE(O_TRUNC, 0x400);
VALUE(T_DIR, 1);
VALUE(T_FILE, 2);
VALUE(T_DEVICE, 3);
VALUE(DIRSIZ, 14);
VALUE(BSIZE, 1024);
VALUE(ROOTINO, 1);
VALUE(FSMAGIC, 0x10203040);
VALUE(IPB, BSIZE / sizeof(struct dinode));
VALUE(BPB, BSIZE * 8);
VALUE(NINDIRECT, BSIZE / 4);
VALUE(MAXFILE, NDIRECT + NINDIRECT + NINDIRECT * NINDIRECT);
VALUE(PGSIZE, 4096);
VALUE(PGSHIFT, 12);
VALUE(MAXVA, 1L << 38);
VALUE(PGROUNDUP(4097), 8192);
VALUE(PGROUNDDOWN(8191), 4096);
VALUE(PX(2, 1L << 30), 1);
VALUE(PTE2PA(PA2PTE(0x80000000L)), 0x80000000L);
VALUE(PTE_FLAGS(PTE_V | PTE_R | PTE_W | PTE_X | PTE_U), 31);
VALUE(KERNBASE, 0x80000000L);
VALUE(PHYSTOP - KERNBASE, 128 << 20);
VALUE(MAXPATH, 128);
VALUE(ROOTDEV, 1);
VALUE(NOFILE, 16);
VALUE(SYS_fork, 1);
VALUE(SYS_exit, 2);
VALUE(SYS_wait, 3);
VALUE(SYS_pipe, 4);
VALUE(SYS_read, 5);
VALUE(SYS_kill, 6);
VALUE(SYS_exec, 7);
VALUE(SYS_fstat, 8);
VALUE(SYS_chdir, 9);
VALUE(SYS_dup, 10);
VALUE(SYS_getpid, 11);
VALUE(SYS_sbrk, 12);
VALUE(SYS_sleep, 13);
VALUE(SYS_pause, 13);
VALUE(SYS_uptime, 14);
VALUE(SYS_open, 15);
VALUE(SYS_write, 16);
VALUE(SYS_mknod, 17);
VALUE(SYS_unlink, 18);
VALUE(SYS_link, 19);
VALUE(SYS_mkdir, 20);
VALUE(SYS_close, 21);

// Limits: at least xv6's.
_Static_assert(NPROC >= 64 && NCPU >= 8 && NFILE >= 100 && NINODE >= 50 && NDEV >= 10 && MAXARG >= 32,
               "processes, files");
_Static_assert(MAXOPBLOCKS >= 10 && LOGBLOCKS >= 30 && FSSIZE >= 2000 && USERSTACK >= 1,
               "file system, stack");
_Static_assert(TRAPFRAME % PGSIZE == 0 && TRAPFRAME < MAXVA, "end of what sbrk gives");

#define CHECK(cond) check(cond, #cond, __LINE__)

static int failures;

static void check(int ok, const char *what, int line)
{
    if (ok)
        return;
    fprintf(2, "compat.c:%d: %s\n", line, what);
    failures++;
}

static void check_strings(void)
{
    char a[16], b[16];
    CHECK(strcpy(a, "abc") == a && strlen(a) == 3 && strcmp(a, "abc") == 0 && strcmp("b", "abc") > 0);
    CHECK(strchr(a, 'b') == a + 1 && strchr(a, 'x') == 0);
    CHECK(memset(b, 'x', sizeof(b)) == b && memcmp(b, "xxx", 3) == 0 && memcmp("a", "b", 1) < 0);
    CHECK(memcpy(b, a, 4) == b && memmove(b + 1, b, 4) == b + 1 && strcmp(b, "aabc") == 0);
    CHECK(atoi("42x") == 42);
    free(malloc(10));
    char *p = malloc(100000);
    CHECK(p != 0 && memset(p, 1, 100000) == p && p[99999] == 1);
    free(p);
}

static void check_files(void)
{
    struct stat st;
    struct dirent de;
    char buf[8];
    CHECK(mkdir("compat.d") == 0 && mkdir("compat.d") == -1 && chdir("compat.d") == 0);
    int fd = open("f", O_CREATE | O_RDWR);
    CHECK(fd >= 3 && write(fd, "hello", 5) == 5 && dup(fd) == fd + 1 && close(fd + 1) == 0);
    CHECK(fstat(fd, &st) == 0 && st.type == T_FILE && st.nlink == 1 && st.size == 5 && st.dev == ROOTDEV);
    CHECK(link("f", "g") == 0 && stat("g", &st) == 0 && st.nlink == 2 && unlink("f") == 0 &&
          open("f", O_RDONLY) == -1);
    close(fd);
    fd = open("g", O_RDONLY);
    CHECK(read(fd, buf, sizeof(buf)) == 5 && read(fd, buf, sizeof(buf)) == 0 && write(fd, "x", 1) == -1);
    close(fd);
    fd = open("g", O_WRONLY | O_TRUNC);
    CHECK(fstat(fd, &st) == 0 && st.size == 0);
    close(fd);
    fd = open(".", O_RDONLY);
    CHECK(fstat(fd, &st) == 0 && st.type == T_DIR);
    CHECK(read(fd, &de, sizeof(de)) == sizeof(de) && de.inum == st.ino && strcmp(de.name, ".") == 0);
    close(fd);
    CHECK(mknod("dev", 1, 0) == 0 && stat("dev", &st) == 0 && st.type == T_DEVICE);
    CHECK(unlink("dev") == 0 && unlink("g") == 0 && chdir("..") == 0 && unlink("compat.d") == 0);
    CHECK(stat("README", &st) == 0 && stat("console", &st) == 0 && st.type == T_DEVICE);
}

// Runs argv with its output in a pipe: the first bytes of it.
static int output_of(char **argv, char *buf, int n)
{
    int fd[2], status, pid;
    CHECK(pipe(fd) == 0);
    pid = fork();
    if (pid == 0) {
        close(1);
        dup(fd[1]);
        exec(argv[0], argv);
        exit(1);
    }
    close(fd[1]);
    int got = read(fd[0], buf, n);
    close(fd[0]);
    CHECK(wait(&status) == pid && status == 0);
    return got;
}

static void check_processes(void)
{
    char buf[8], *echo[] = {"echo", "hi", 0}, *none[] = {"no-such-program", 0};
    int status;
    CHECK(output_of(echo, buf, sizeof(buf)) == 3 && memcmp(buf, "hi\n", 3) == 0);
    CHECK(exec(none[0], none) == -1 && wait(0) == -1 && kill(0x7fffffff) == -1 && getpid() > 1);
    if (fork() == 0)
        exit(7);
    CHECK(wait(&status) > 0 && status == 7);
    int pid = fork();
    if (pid == 0)
        for (;;)
            pause(1000);
    CHECK(kill(pid) == 0 && wait(&status) == pid && status == -1);
    int before = uptime();
    CHECK(sleep(1) == 0 && pause(1) == 0 && uptime() > before && r_sp() < MAXVA);
}

static void check_heap(void)
{
    char *end = sbrk(0);
    CHECK(sbrk(PGSIZE) == end && end[PGSIZE - 1] == 0 && sbrklazy(PGSIZE) == end + PGSIZE);
    CHECK(sys_sbrk(0, 1) == end + 2 * PGSIZE && sbrk(-2 * PGSIZE) == end + 2 * PGSIZE && sbrk(0) == end);
    CHECK(sbrk(-0x7fffffff) == SBRK_ERROR);
}

int main(int argc, char *argv[])
{
    CHECK(argc == 2 && strcmp(argv[1], "word") == 0 && argv[2] == 0);
    check_strings();
    check_files();
    check_processes();
    check_heap();
    printf("%d %i %u %x %c %s %% %ld %lu %lx %lld %llu %llx\n", -1, 2, 3, 0xab, 'c', "s", -4L, 5L, 0xcdL,
           -6LL, 7LL, 0xefLL);
    printf("%p\n", (void *)0x12);
    exit(failures);
}
