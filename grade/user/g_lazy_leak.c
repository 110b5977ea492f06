// Takes memory and gives it back, again and again, in every way; at last fills all that is free.
//
//   g_lazy_leak SEED ROUNDS
#include "grade/user/grade_lazy.h"

#define PLACES 6
#define DENSE  150

static void sparse(uint64 seed)
{
    char *p = heap(span(PLACES));
    put_marks(p, seed, 0, PLACES / 2);
    for (uint64 i = PLACES / 2; i < PLACES; i++)
        not_zero(spot(p, seed, i), 1);
    put_mark(spot(p, seed, PLACES - 1), seed, 0); // read, then written
    sbrk(-(int)(span(PLACES) * PAGE));
}

static void dense(uint64 n)
{
    char *p = heap(n);
    for (uint64 i = 0; i < n; i++)
        if (i % 3)
            p[i * PAGE] = 1;
        else
            (void)*(volatile char *)(p + i * PAGE);
    sbrk(-(int)(n * PAGE));
}

static void child(uint64 seed)
{
    if (must_fork() == 0) {
        char stack[40000];
        char *p = heap(span(PLACES));
        stack[mix(seed, 1) % sizeof(stack)] = 1;
        put_marks(p, seed, 0, PLACES);
        not_zero(spot(p, seed, PLACES), 1);
        exit(stack[mix(seed, 2) % sizeof(stack)] & 0);
    }
    wait_status();
}

static void round(uint64 seed)
{
    sparse(seed);
    dense(DENSE + mix(seed, 0) % DENSE);
    child(seed);
}

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), rounds = grade_arg(argc, argv, 2);
    char *p = heap(span(2));
    put_mark(spot(p, seed, 0), seed, 0);
    stop("one", p);
    not_zero(spot(p, seed, 1), 1); // stays, so that its references can be counted
    round(seed);
    stop("begin", p);
    for (uint64 i = 1; i <= rounds; i++)
        round(seed + i);
    uint64 n = stop("end", p);
    p = heap(n);
    for (uint64 i = 0; i < n; i++)
        *(volatile uint64 *)(p + i * PAGE) = mark(seed, i);
    stop("full", p);
    return 0;
}
