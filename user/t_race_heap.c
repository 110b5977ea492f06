// Heaps grow, are touched and shrink at random, while children forked on the way look at what they inherited:
// zeros where nothing was written, cookies where something was.
#include "user/t_lib.h"

#define WORKERS 4
#define MOST    48 // pages of a heap

static char *base;
static int pages;
static uint64 wrote[MOST]; // what the first word of each page must be

static void look(void)
{
    for (int i = 0; i < pages; i++)
        T_EQ(*(uint64 *)(base + i * PGSIZE), wrote[i]);
}

static void grow(int n)
{
    T_CHECK(sbrklazy(n * PGSIZE) != SBRK_ERROR);
    for (; n > 0; n--)
        wrote[pages++] = 0;
}

static void shrink(int n)
{
    T_CHECK(sbrk(-n * PGSIZE) != SBRK_ERROR);
    pages -= n;
}

static void step(uint64 round)
{
    int n;
    switch (t_race_rand(4)) {
    case 0:
        if ((n = t_race_rand(MOST + 1 - pages)) > 0)
            grow(n);
        break;
    case 1:
        if ((n = t_race_rand(pages + 1)) > 0)
            shrink(n);
        break;
    default:
        for (int i = 0; i < pages; i++)
            if (t_race_rand(2)) {
                wrote[i] = t_cookie(round, i);
                *(uint64 *)(base + i * PGSIZE) = wrote[i];
            }
    }
}

static void worker(int me)
{
    int children = 0;
    t_race_seed(me);
    base = t_heap(0);
    for (uint64 round = 0; t_race_more(round); round++) {
        step(round);
        if (t_race_rand(3) == 0) {
            children++;
            if (t_fork() == 0) {
                look();
                step(round + 1000);
                look();
                exit(0);
            }
        }
        look();
        if (children > 6) {
            t_reap(children);
            children = 0;
        }
    }
    t_reap(children);
}

int main(int argc, char **argv)
{
    t_race_begin(argc, argv);
    for (int me = 1; me <= WORKERS; me++) {
        if (t_fork() == 0) {
            worker(me);
            exit(0);
        }
    }
    t_reap(WORKERS);
    t_ok();
}
