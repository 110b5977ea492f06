// fork of a heap with holes: the child fills some of them, then the parent the same ones.
//
//   g_lazy_fork SEED PLACES
#include "grade/user/grade_lazy.h"

// Of every three places one is written before the fork, one read; the third is filled behind it.
static void fill_holes(char *p, uint64 seed, uint64 n, uint64 marks)
{
    for (uint64 i = 2; i < n; i += 3)
        put_mark(spot(p, seed, i), marks, i);
}

static uint64 wrong_holes(char *p, uint64 seed, uint64 n)
{
    uint64 bad = 0;
    for (uint64 i = 2; i < n; i += 6) // half of them
        bad += not_zero(spot(p, seed, i), 1);
    return bad;
}

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), n = grade_arg(argc, argv, 2), bad = 0;
    char *p = heap(span(n));
    stop("grown", p);
    for (uint64 i = 0; i < n; i += 3) {
        put_mark(spot(p, seed, i), seed, i);
        bad += not_zero(spot(p, seed, i + 1), 1);
    }
    stop("sparse", p, bad);
    if (must_fork() == 0) {
        stop("child", p);
        bad = wrong_holes(p, seed, n);
        fill_holes(p, seed, n, seed + 1);
        stop("filled", p, bad);
        put_mark(spot(p, seed, 0), seed + 2, 0);
        put_mark(spot(p, seed, 1), seed + 2, 1);
        exit(0);
    }
    int status = wait_status();
    stop("parent", p, status);
    bad = wrong_holes(p, seed, n);
    fill_holes(p, seed, n, seed + 3);
    put_mark(spot(p, seed, 1), seed, 1);
    stop("own", p, bad);
    return 0;
}
