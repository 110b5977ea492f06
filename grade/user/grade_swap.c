// The library of lab 4's test programs (grade/user/grade_swap.h).
#include "grade/user/grade_swap.h"
#include "kernel/syscall.h"
#include "kernel/vmstat.h"

uint64 page_out(void *p, uint64 n)
{
    int64 gone = swapctl(SWAPCTL_PAGEOUT, (uint64)p, n * PAGE);
    return gone < 0 ? 0 : gone;
}

void first_out(void *p, uint64 n)
{
    page_out(p, n);
    stop("leave", p, n);
}

char *large_heap(uint64 n)
{
    heap(0); // page-aligned
    char *p = sbrklazy(n * PAGE);
    if (p == SBRK_ERROR)
        exit(3);
    return p;
}

void only(void *p, uint64 n)
{
    swapctl(SWAPCTL_ONLY, (uint64)p, n * PAGE);
}

void limit(uint64 frames)
{
    swapctl(SWAPCTL_LIMIT, frames, 0);
}

uint64 frames_in_use(void)
{
    struct vmstat v;
    vmstat(&v);
    return v.user;
}

void bell_make(struct bell *b)
{
    if (pipe(b->fd) < 0) {
        fprintf(2, "pipe failed\n");
        exit(5);
    }
}

void tell(struct bell *b)
{
    if (write(b->fd[1], "!", 1) != 1)
        exit(6);
}

void await(struct bell *b)
{
    char c;
    if (read(b->fd[0], &c, 1) != 1)
        exit(7);
}

void all_well(int n)
{
    while (n-- > 0) {
        int status = wait_status();
        if (status != 0) {
            fprintf(2, "a child ended with status %d\n", status);
            exit(8);
        }
    }
}
