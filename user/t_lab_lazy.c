// What the public test program of xv6's lab on lazy allocation does, with the same interfaces and nothing
// else: a sparse gigabyte, its pages after it has been given back, and running out of memory in a child.
#include "kernel/types.h"
#include "kernel/riscv.h"
#include "kernel/memlayout.h"
#include "user/user.h"

#define REGION (1024 * 1024 * 1024)
#define STRIDE (64 * PGSIZE)

static void __attribute__((noreturn)) fail(const char *what)
{
    printf("t_lab_lazy: FAILED %s\n", what);
    exit(1);
}

// Each touched page holds its own address.
static void sparse_memory(void)
{
    char *old = sbrk(REGION);
    if (old == (char *)0xffffffffffffffffL)
        fail("sbrk of a gigabyte");
    for (char *p = old + PGSIZE; p < old + REGION; p += STRIDE)
        *(char **)p = p;
    for (char *p = old + PGSIZE; p < old + REGION; p += STRIDE)
        if (*(char **)p != p)
            fail("a page lost its value");
}

// A child that touches memory given back is killed, wherever it does.
static void sparse_memory_unmap(void)
{
    char *old = sbrk(REGION);
    if (old == (char *)0xffffffffffffffffL)
        fail("sbrk of a gigabyte");
    char *end = old + REGION;
    for (char *p = old + PGSIZE; p < end; p += 64L * STRIDE)
        *(char **)p = p;
    for (char *p = old + PGSIZE; p < end; p += 64L * STRIDE) {
        int status, pid = fork();
        if (pid < 0)
            fail("fork");
        if (pid == 0) {
            sbrk(-REGION);
            *(char **)p = p;
            exit(0);
        }
        wait(&status);
        if (status == 0)
            fail("memory that was given back could be written");
    }
}

// A child takes memory until there is none: malloc says no, or the child is killed. The parent lives.
static void out_of_memory(void)
{
    int status, pid = fork();
    if (pid < 0)
        fail("fork");
    if (pid == 0) {
        void *list = 0, *p;
        while ((p = malloc(4096)) != 0) {
            *(void **)p = list;
            list = p;
        }
        exit(0);
    }
    wait(&status);
    if (status != 0 && status != -1)
        fail("the child ended in another way");
}

static void run(void (*test)(void), const char *name)
{
    int status;
    printf("t_lab_lazy: %s\n", name);
    if (fork() == 0) {
        test();
        exit(0);
    }
    wait(&status);
    if (status != 0)
        fail(name);
}

int main(void)
{
    run(sparse_memory, "sparse memory");
    run(sparse_memory_unmap, "sparse memory, unmapped");
    run(out_of_memory, "out of memory");
    printf("t_lab_lazy: ok\n");
    exit(0);
}
