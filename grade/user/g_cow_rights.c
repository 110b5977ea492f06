// Rights survive sharing and copying: children, which have written to some of the shared pages, try to write
// to text and constants and to run code from the heap.
//
//   g_cow_rights SEED PAGES
#include "grade/user/grade_cow.h"

#define TRIES 3

static const uint64 constants[PAGE / 8] __attribute__((aligned(4096))) = {1, 2, 3};

static void attempt(int what, char *p)
{
    char *at = what == 0 ? (char *)attempt : what == 1 ? (char *)&constants[100] : p;
    poke(p, 0x82); // c.jr ra: this page is the process's own now
    poke(p + 1, 0x80);
    volatile uint64 seen = constants[1];
    (void)seen;
    stop("try", at, what, p);
    if (what == 2)
        ((void (*)(void))p)();
    else
        poke(at, 7);
    stop("alive", what);
}

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), pages = grade_arg(argc, argv, 2);
    cow_begin(seed);
    char *p = heap(pages);
    fill(p, pages, seed);
    volatile uint64 seen = constants[1];
    (void)seen;
    stop("filled", p, attempt, constants);
    for (int i = 0; i < TRIES; i++) {
        if (must_fork() == 0) {
            stop("child", p);
            attempt(i, p);
            exit(0);
        }
        stop("died", wait_status());
    }
    return 0;
}
