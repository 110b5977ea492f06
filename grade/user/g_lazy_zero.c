// New memory is zero: at first, when it was dirty in this process, when it was dirty in another one.
//
//   g_lazy_zero SEED DIRTY
#include "grade/user/grade_lazy.h"

#define FRESH 6

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), dirty = grade_arg(argc, argv, 2), n = dirty / 32;
    char *p = heap(span(FRESH));
    stop("grown", p);
    put_marks(p, seed, 0, FRESH);
    stop("fresh", p);
    p = heap(dirty);
    fill(p, dirty, seed);
    stop("dirty", p);
    sbrk(-(int)(dirty * PAGE));
    p = heap(span(2 * n));
    stop("again", p);
    put_marks(p, seed, 0, n);
    stop("reused", p);
    if (must_fork() == 0) {
        char *q = heap(dirty);
        fill(q, dirty, seed + 1);
        exit(0);
    }
    wait_status();
    put_marks(p, seed, n, 2 * n);
    stop("others", p);
    return 0;
}
