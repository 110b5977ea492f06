// References to pages of a region for which there are a few frames, and no others: which pages are in memory
// after each. First all of it is filled in order, so that no page comes in but from the disk.
//
//   g_swap_order SEED PAGES FRAMES COUNT
#include "grade/user/grade_swap.h"

static volatile uint64 *word_of(char *p, uint64 i)
{
    return (volatile uint64 *)(p + i * PAGE);
}

// Reference number k: page i, read or written.
static void refer(char *p, uint64 seed, uint64 k, uint64 pages)
{
    uint64 r = mix(seed, k), i = r % pages;
    if (r >> 40 & 1)
        *word_of(p, i) = seed + i;
    stop("used", p, i, *word_of(p, i) == seed + i);
}

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), pages = grade_arg(argc, argv, 2),
           frames = grade_arg(argc, argv, 3), count = grade_arg(argc, argv, 4);
    char *p = heap(pages);
    *word_of(p, mix(seed, 0) % pages) = seed + mix(seed, 0) % pages;
    refer(p, seed, 0, pages); // everything but the region is in memory behind this
    first_out(p + mix(seed, 0) % pages * PAGE, 1);
    if (sbrk(-(int)(pages * PAGE)) == SBRK_ERROR)
        exit(11);
    p = heap(pages);
    limit(0);
    only(p, pages);
    for (uint64 i = 0; i < pages; i++)
        *word_of(p, i) = seed + i;
    limit(frames_in_use() - pages + frames);
    stop("filled", p);
    for (uint64 k = 0; k < count; k++)
        refer(p, seed, k, pages);
    limit(0);
    only(p, 0);
    return 0;
}
