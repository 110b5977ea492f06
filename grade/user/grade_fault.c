// Accesses and children of the programs of lab 1 (grade/user/grade_fault.h).
#include "grade/user/grade_fault.h"

uint64 access(int kind, const void *addr, uint64 value)
{
    uint64 found = 0;
    switch (kind) {
    case LOAD_1:
        asm volatile("lbu %0, 0(%1)" : "=r"(found) : "r"(addr) : "memory");
        break;
    case LOAD_8:
        asm volatile("ld %0, 0(%1)" : "=r"(found) : "r"(addr) : "memory");
        break;
    case STORE_1:
        asm volatile("sb %0, 0(%1)" : : "r"(value), "r"(addr) : "memory");
        break;
    case STORE_8:
        asm volatile("sd %0, 0(%1)" : : "r"(value), "r"(addr) : "memory");
        break;
    case AMO:
        asm volatile("amoadd.d %0, %2, (%1)" : "=r"(found) : "r"(addr), "r"(value) : "memory");
        break;
    case JUMP:
        asm volatile("jalr ra, 0(%0)" : : "r"(addr) : "ra", "memory");
        break;
    }
    return found;
}

void attempt(int kind, const void *addr)
{
    int status = 0, pid = must_fork();
    if (pid == 0) {
        stop("try", kind, addr, getpid());
        stop("lived", access(kind, addr, 1));
        exit(0);
    }
    int who = wait(&status);
    stop("reaped", status, who == pid);
}

struct bystander make_bystander(uint64 seed)
{
    struct bystander b;
    int fd[2], ready[2];
    char c;
    if (pipe(fd) < 0 || pipe(ready) < 0)
        exit(5);
    b.pid = must_fork();
    b.fd = fd[1];
    if (b.pid == 0) {
        char *p = heap(1);
        fill_page(p, seed, 0);
        close(fd[1]);
        write(ready[1], "", 1);
        read(fd[0], &c, 1);
        stop("still", p, wrong_words(p, seed, 0));
        exit(0);
    }
    read(ready[0], &c, 1);
    close(ready[0]);
    close(ready[1]);
    close(fd[0]);
    return b;
}

void release_bystander(struct bystander *b)
{
    int status = -2;
    write(b->fd, "", 1);
    if (wait(&status) != b->pid || status != 0)
        exit(6);
}
