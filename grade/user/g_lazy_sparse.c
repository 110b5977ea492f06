// A heap larger than memory, of which a few pages are touched; then a small one, of which one page is.
//
//   g_lazy_sparse SEED PAGES TOUCH SMALL
#include "grade/user/grade_lazy.h"

// Page i of n that are touched among `pages`.
static char *far_spot(char *p, uint64 seed, uint64 i, uint64 n, uint64 pages)
{
    uint64 part = pages / n;
    return p + (i * part + 17 + mix(seed, i) % (part - 34)) * PAGE;
}

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), pages = grade_arg(argc, argv, 2), n = grade_arg(argc, argv, 3);
    uint64 small = grade_arg(argc, argv, 4), lost = 0;
    heap(1);
    stop("before", sbrk(0));
    char *p = heap(pages);
    stop("grown", p);
    for (uint64 i = 0; i < n; i++) {
        put_mark(far_spot(p, seed, i, n, pages), seed, i);
        if (i == 0)
            stop("one", p);
    }
    for (uint64 i = 0; i < n; i++)
        lost += get_mark(far_spot(p, seed, i, n, pages), seed, i) != mark(seed, i);
    uint64 rest = stop("all", p, lost);
    if (must_fork() == 0) { // what was not touched is there for others
        char *q = heap(rest);
        for (uint64 i = 0; i < rest; i++)
            *(volatile uint64 *)(q + i * PAGE) = mark(seed, i);
        stop("rest", q);
        exit(0);
    }
    wait_status();
    sbrk(-(int)(pages * PAGE));
    p = heap(small);
    stop("small", p);
    put_mark(p + 20 * PAGE, seed, n);
    stop("touched", p);
    return 0;
}
