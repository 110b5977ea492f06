// What the public test program of xv6's lab on copy-on-write does, with the same interfaces and nothing else:
// fork with two thirds of memory in use, three processes that write parts of a quarter of it, and pipes into
// shared buffers. Memory is taken to be what xv6's headers say.
#include "kernel/types.h"
#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "user/user.h"

#define MEMORY (PHYSTOP - KERNBASE)

static char before_buf[4096], buf[4096], after_buf[4096];
static int fds[2];

static void __attribute__((noreturn)) fail(const char *what)
{
    printf("t_lab_cow: FAILED %s\n", what);
    exit(1);
}

static char *take(uint64 n)
{
    char *p = sbrk(n);
    if (p == (char *)0xffffffffffffffffL)
        fail("sbrk");
    return p;
}

static int forked(void)
{
    int pid = fork();
    if (pid < 0)
        fail("fork");
    return pid;
}

static void mark(char *p, uint64 n)
{
    for (uint64 i = 0; i < n; i += PGSIZE)
        *(int *)(p + i) = getpid();
}

static void marked(char *p, uint64 n)
{
    for (uint64 i = 0; i < n; i += PGSIZE)
        if (*(int *)(p + i) != getpid())
            fail("a page has somebody else's value");
}

// More memory than could be copied: fork must share it.
static void simple(void)
{
    uint64 n = MEMORY / 3 * 2;
    char *p = take(n);
    mark(p, n);
    if (forked() == 0)
        exit(0);
    wait(0);
    if (sbrk(-n) == (char *)0xffffffffffffffffL)
        fail("sbrk down");
}

// Parent, child and grandchild write all, half and four fifths of the same pages.
static void three(void)
{
    uint64 n = MEMORY / 4;
    int status;
    char *p = take(n);
    if (forked() == 0) {
        if (forked() == 0) {
            mark(p, n / 5 * 4);
            marked(p, n / 5 * 4);
            exit(0);
        }
        mark(p, n / 2);
        marked(p, n / 2);
        wait(&status);
        exit(status);
    }
    mark(p, n);
    wait(&status);
    if (status != 0)
        fail("a child");
    pause(1);
    marked(p, n);
    if (sbrk(-n) == (char *)0xffffffffffffffffL)
        fail("sbrk down");
}

// read() of a pipe into a shared page, in four children; the parent's own bytes stay.
static void file(void)
{
    int status, value;
    buf[0] = 99;
    for (int i = 0; i < 4; i++) {
        if (pipe(fds) != 0)
            fail("pipe");
        if (forked() == 0) {
            pause(1);
            if (read(fds[0], buf, sizeof(i)) != sizeof(i))
                fail("read");
            pause(1);
            memmove(&value, buf, sizeof(value));
            if (value != i)
                fail("what was read");
            exit(0);
        }
        if (write(fds[1], &i, sizeof(i)) != sizeof(i))
            fail("write");
    }
    for (int i = 0; i < 4; i++) {
        wait(&status);
        if (status != 0)
            fail("a child");
    }
    if (buf[0] != 99 || before_buf[0] || after_buf[0])
        fail("the child's read reached the parent");
}

// Children of children at once.
static void fork_fork(void)
{
    uint64 n = 256 * 4096;
    char *p = take(n);
    int status;
    memset(p, 27, n);
    for (int child = 0; child < 100; child++) {
        for (int i = 0; i < 3; i++) {
            if (forked() == 0) {
                if (forked() == 0)
                    exit(p[4096 * i] == 27 ? 0 : 1);
                wait(&status);
                exit(status);
            }
        }
        for (int i = 0; i < 3; i++) {
            wait(&status);
            if (status != 0)
                fail("a child");
        }
    }
    for (uint64 i = 0; i < n; i += 4096)
        if (p[i] != 27)
            fail("a value changed");
    sbrk(-n);
}

int main(void)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {{"simple", simple},         {"simple again: nothing was lost", simple},
                 {"three", three},           {"three again", three},
                 {"three once more", three}, {"file", file},
                 {"fork of fork", fork_fork}};
    for (uint64 i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        printf("t_lab_cow: %s\n", tests[i].name);
        tests[i].run();
    }
    // the children of file() left its pipes to us
    printf("t_lab_cow: ok\n");
    exit(0);
}
