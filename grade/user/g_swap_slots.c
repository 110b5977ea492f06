// Cycles in which more pages leave memory than the disk has slots, and are given up: by exit, by exec, by a
// smaller heap. Then nearly all slots are needed at once.
//
//   g_swap_slots SEED PAGES CYCLES ALL      the parent: pages of a cycle, of the end
//   g_swap_slots exec                       what a child becomes
#include "grade/user/grade_swap.h"

enum { EXIT, SHRINK, EXEC, WAYS };

// About half of the pages, `back`, come back and are as on the disk, others with them, perhaps; some are
// written; and a child shared them.
static void use(uint64 pages, uint64 seed, uint64 back)
{
    char *p = heap(pages);
    fill(p, pages, seed);
    page_out(p, pages);
    stop("out", p, pages, seed);
    if (must_fork() == 0)
        exit(wrong(p, pages / 4, seed) != 0);
    all_well(1);
    if (wrong(p, back, seed))
        exit(10);
    fill(p, pages / 8, seed + 1);
}

static void cycle(int way, char *name, uint64 pages, uint64 seed, uint64 i)
{
    uint64 back = pages / 2 - 3 * i; // read-ahead ends elsewhere each time
    char *vector[] = {name, "exec", 0};
    if (way == SHRINK) {
        use(pages, seed, back);
        if (sbrk(-(int)(pages * PAGE)) == SBRK_ERROR)
            exit(11);
        return;
    }
    if (must_fork() == 0) {
        use(pages, seed, back);
        if (way == EXEC)
            exec(name, vector);
        exit(way == EXEC);
    }
    all_well(1);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "exec") == 0)
        return 0;
    uint64 seed = grade_arg(argc, argv, 1), pages = grade_arg(argc, argv, 2),
           cycles = grade_arg(argc, argv, 3), all = grade_arg(argc, argv, 4);
    for (int way = 0; way < WAYS; way++)
        for (uint64 i = 0; i < cycles; i++)
            cycle(way, argv[0], pages, seed + 2 * i, i);
    char *p = heap(all);
    fill(p, all, seed);
    page_out(p, all);
    stop("all", p);
    stop("end", p, wrong(p, all, seed));
    return 0;
}
