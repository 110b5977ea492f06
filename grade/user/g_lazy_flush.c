// Gives much memory back: the grader looks at the frames whenever TLBs are flushed.
//
//   g_lazy_flush SEED PAGES
#include "grade/user/grade_lazy.h"

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), n = grade_arg(argc, argv, 2);
    char *p = heap(span(4));
    put_marks(p, seed, 0, 1);
    stop("one", p);
    sbrk(-(int)(span(4) * PAGE));
    p = heap(n);
    fill(p, n, seed);
    stop("filled", p);
    sbrk(-(int)(n * PAGE));
    stop("gone", p);
    return 0;
}
