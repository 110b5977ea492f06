// Workers fork children without end, while both go on writing the pages they share; children fork too. A
// child has what its parent had at the moment of the fork.
#include "user/t_lib.h"

#define WORKERS 4
#define PAGES   8
#define DEPTH   3

static uint64 *pages[PAGES];

static void write_all(uint64 value)
{
    for (int i = 0; i < PAGES; i++)
        *pages[i] = value;
}

static void all_are(uint64 value)
{
    for (int i = 0; i < PAGES; i++)
        T_EQ(*pages[i], value);
}

static void tree(uint64 value, int depth)
{
    int children = 0;
    all_are(value);
    for (uint64 i = 0; depth > 0 && i < 2; i++) {
        if (t_fork() == 0) {
            tree(value, depth - 1);
            exit(0);
        }
        children++;
        value = t_cookie(value, i);
        write_all(value);
    }
    all_are(value);
    t_reap(children);
    all_are(value);
}

static void worker(int me)
{
    char *p = t_heap(PAGES);
    for (int i = 0; i < PAGES; i++)
        pages[i] = (uint64 *)(p + i * PGSIZE + 8 * i);
    t_race_seed(me);
    for (uint64 round = 0; t_race_more(round); round++) {
        uint64 value = t_cookie(round, me);
        write_all(value);
        tree(value, 1 + t_race_rand(DEPTH));
    }
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
