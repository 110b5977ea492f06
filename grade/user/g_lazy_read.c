// Untouched memory is read first, then written, then read again.
//
//   g_lazy_read SEED PLACES
#include "grade/user/grade_lazy.h"

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), n = grade_arg(argc, argv, 2), bad = 0;
    char *p = heap(span(n));
    stop("grown", p);
    bad = not_zero(spot(p, seed, 0), 1);
    stop("one", p, bad);
    for (uint64 i = 1; i < n; i++)
        bad += not_zero(spot(p, seed, i), 1);
    stop("read", p, bad);
    for (uint64 i = 0; i < n; i += 2)
        put_mark(spot(p, seed, i), seed, i);
    stop("wrote", p);
    bad = 0;
    for (uint64 i = 0; i < n; i++) {
        bad += get_mark(spot(p, seed, i), seed, i) != (i % 2 ? 0 : mark(seed, i));
        bad += not_zero(spot(p, seed, i), 1) != !(i % 2);
    }
    stop("again", p, bad);
    return 0;
}
