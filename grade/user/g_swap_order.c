// References to pages of a region for which there are a few frames, and no others: which pages are in memory
// after each.
//
//   g_swap_order SEED PAGES FRAMES COUNT
#include "grade/user/grade_swap.h"

// Reference number k: page i, read or written; the first one writes, for reading would show zeros.
static void refer(char *p, uint64 seed, uint64 k, uint64 pages, uint64 *written)
{
    uint64 r = mix(seed, k), i = r % pages;
    volatile uint64 *word = (volatile uint64 *)(p + i * PAGE);
    if (!(*written >> i & 1) || r >> 40 & 1)
        *word = seed + i;
    *written |= 1UL << i;
    stop("used", p, i, *word == seed + i);
}

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), pages = grade_arg(argc, argv, 2),
           frames = grade_arg(argc, argv, 3), count = grade_arg(argc, argv, 4), written = 0;
    char *p = heap(pages);
    refer(p, seed, 0, pages, &written); // everything but the region is in memory behind this
    first_out(p + mix(seed, 0) % pages * PAGE, 1);
    if (sbrk(-(int)(pages * PAGE)) == SBRK_ERROR)
        exit(11);
    p = heap(pages);
    written = 0;
    limit(0);
    only(p, pages);
    limit(frames_in_use() + frames);
    for (uint64 k = 0; k < count; k++)
        refer(p, seed, k, pages, &written);
    limit(0);
    only(p, 0);
    return 0;
}
