// More memory than there is: filled, read, written again in another order, and read.
//
//   g_swap_out SEED PAGES
#include "grade/user/grade_swap.h"

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), pages = grade_arg(argc, argv, 2), bad = 0;
    char *p = large_heap(pages);
    stop("begin", p);
    fill(p, pages, seed);
    stop("filled", p);
    bad = wrong(p, pages, seed);
    stop("read", p, bad);
    uint64 step = pages / 2 + 1; // pages far from each other, one after the other: every third is written
    while (pages % step == 0 || step % 2 == 0)
        step++;
    for (uint64 k = 0, i = 0; k < pages; k++, i = (i + step) % pages)
        if (i % 3 == 0)
            fill_page(p + i * PAGE, seed + 1, i);
    stop("changed", p);
    bad = 0;
    for (uint64 i = pages; i-- > 0;)
        bad += wrong_words(p + i * PAGE, seed + (i % 3 == 0), i);
    stop("again", p, bad);
    return 0;
}
