// sbrk takes memory away: frames go back, the end of a page that stays keeps its bytes, what comes again is
// zero, and who touches what is gone is killed at once.
//
//   g_lazy_shrink SEED PAGES KEEP
#include "grade/user/grade_lazy.h"

#define PLACES 8
#define TRIES  4

// A child that has just used all n pages gives them back and touches page i.
static void touch_gone(uint64 n, uint64 i, int store)
{
    if (must_fork() == 0) {
        char *p = heap(n);
        for (uint64 k = 0; k < n; k++)
            p[k * PAGE] = k;
        stop("used", p, i);
        sbrk(-(int)(n * PAGE));
        if (store)
            *(volatile char *)(p + i * PAGE) = 1;
        else
            (void)*(volatile char *)(p + i * PAGE);
        stop("alive", p + i * PAGE);
        exit(0);
    }
    int status = wait_status();
    stop("gone", status);
}

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), n = grade_arg(argc, argv, 2), keep = grade_arg(argc, argv, 3);
    char *p = heap(span(PLACES)); // sparse
    put_marks(p, seed, 0, 1);
    stop("one", p);
    put_marks(p, seed, 1, PLACES);
    stop("sparse", p);
    sbrk(-(int)(span(PLACES) * PAGE));
    stop("empty", p);
    p = heap(n); // dense: the batches of the kernel are smaller
    fill(p, n, seed);
    stop("dense", p);
    sbrk(-(int)((n - keep) * PAGE) + 100); // page `keep` stays, with 100 bytes
    stop("part", p);
    sbrk((n - keep) * PAGE - 100);
    uint64 bad = not_zero(p + (keep + 1) * PAGE, n - keep - 1);
    put_mark(p + (n - 1) * PAGE, seed, 0);
    stop("grown", p, bad);
    for (int i = 0; i < TRIES; i++)
        touch_gone(n, i == 0 ? 0 : i == 1 ? n - 1 : mix(seed, i) % n, i % 2);
    return 0;
}
