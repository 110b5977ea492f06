// Memory and swap are both full: somebody must go, the others keep what they have, and then there is room
// again.
//
//   g_swap_full SEED SMALL MOST     pages of a bystander; more than memory and swap together
#include "grade/user/grade_swap.h"

static struct bell ready, go;

static void bystander(uint64 seed, uint64 pages)
{
    char *p = heap(pages);
    fill(p, pages, seed);
    tell(&ready);
    await(&go);
    uint64 bad = wrong(p, pages, seed);
    fill(p, pages, seed + 1);
    bad += wrong(p, pages, seed + 1);
    stop("stands", p, bad);
    exit(bad != 0);
}

static void glutton(uint64 seed, uint64 most)
{
    char *p = sbrklazy(most * PAGE);
    for (uint64 i = 0; i < most; i++) {
        if (i == most / 2)
            stop("half", p, i);
        fill_page(p + i * PAGE, seed, i);
    }
    exit(0);
}

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), small = grade_arg(argc, argv, 2), most = grade_arg(argc, argv, 3);
    bell_make(&ready);
    bell_make(&go);
    if (must_fork() == 0)
        bystander(seed, small);
    await(&ready);
    char *mine = heap(small);
    fill(mine, small, seed + 9);
    first_out(mine, small);
    for (int round = 0; round < 2; round++) {
        if (must_fork() == 0)
            glutton(seed + 2, most);
        int status = wait_status();
        stop("died", mine, status, wrong(mine, small, seed + 9));
    }
    uint64 pages = most / 2; // room again, for what only both together can hold
    char *p = large_heap(pages);
    fill(p, pages, seed + 3);
    stop("room", p, pages);
    stop("right", p, wrong(p, pages, seed + 3));
    tell(&go);
    all_well(1);
    return 0;
}
