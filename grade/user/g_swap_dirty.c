// Pages go, come back, change or not, and go again; several times.
//
//   g_swap_dirty SEED PAGES
#include "grade/user/grade_swap.h"

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), pages = grade_arg(argc, argv, 2);
    char *p = heap(pages);
    fill(p, pages, seed);
    stop("filled", p);
    page_out(p, pages);
    stop("out", p);
    uint64 bad = wrong(p, pages, seed);
    stop("in", p, bad);
    page_out(p, pages);
    stop("clean", p);
    for (uint64 i = 0; i < pages; i++) {
        if (i % 4 == 1 && wrong_words(p + i * PAGE, seed, i)) // read first
            bad++;
        if (i % 4 == 1 || i % 4 == 3)
            fill_page(p + i * PAGE, seed + 1, i);
    }
    page_out(p, pages);
    stop("dirty", p, bad);
    bad = 0;
    for (uint64 i = 0; i < pages; i++) // in, and back, all of them
        bad += wrong_words(p + i * PAGE, seed + i % 2, i);
    page_out(p, pages);
    for (uint64 i = 0; i < pages; i += 2) // one word
        ((volatile uint64 *)(p + i * PAGE))[i % WORDS] = mix(seed + 2, i);
    page_out(p, pages);
    stop("word", p, bad);
    bad = 0;
    for (uint64 i = 0; i < pages; i++)
        if (i % 2)
            bad += wrong_words(p + i * PAGE, seed + 1, i);
        else
            bad += wrong_words(p + i * PAGE, seed, i) != 1;
    stop("end", p, bad);
    return 0;
}
