// Three processes map the same frames, read-only; one of them sends the pages out. Then all read, and write.
//
//   g_swap_sharers SEED PAGES
#include "grade/user/grade_swap.h"

#define CHILDREN 2

static struct bell go[CHILDREN], ready;

static void child(int me, char *p, uint64 pages, uint64 seed)
{
    tell(&ready);
    await(&go[me]);
    stop("reads", me, p, wrong(p, pages, seed));
    tell(&ready);
    await(&go[me]);
    for (uint64 i = me; i < pages; i += 3)
        fill_page(p + i * PAGE, seed + 1 + me, i);
    tell(&ready);
    await(&go[me]);
    uint64 bad = 0;
    for (uint64 i = 0; i < pages; i++)
        bad += wrong_words(p + i * PAGE, seed + (i % 3 == (uint64)me ? 1 + me : 0), i);
    stop("wrote", me, p, bad);
    exit(0);
}

static void each_once(void)
{
    for (int i = 0; i < CHILDREN; i++) {
        tell(&go[i]);
        await(&ready);
    }
}

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), pages = grade_arg(argc, argv, 2);
    char *p = heap(pages);
    bell_make(&ready);
    fill(p, pages, seed);
    for (int i = 0; i < CHILDREN; i++) {
        bell_make(&go[i]);
        if (must_fork() == 0)
            child(i, p, pages, seed);
        await(&ready);
    }
    stop("shared", p, wrong(p, pages, seed));
    page_out(p, pages);
    stop("out", p);
    for (int i = 0; i < CHILDREN; i++) // all three at the same time: one reads, the others wait for it
        tell(&go[i]);
    stop("reads", 9, p, wrong(p, pages, seed));
    for (int i = 0; i < CHILDREN; i++)
        await(&ready);
    page_out(p, pages);
    stop("again", p);
    each_once();
    page_out(p, pages);
    for (int i = 0; i < CHILDREN; i++) {
        tell(&go[i]);
        all_well(1);
    }
    stop("alone", p, wrong(p, pages, seed));
    return 0;
}
