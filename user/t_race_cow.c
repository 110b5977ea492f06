// Many processes share pages after fork and write them at the same time, in orders of their own: each sees
// its own bytes and those that nobody wrote.
#include "user/t_lib.h"

#define WORKERS 6
#define PAGES   24

static uint64 *word(char *p, int page)
{
    return (uint64 *)(p + page * PGSIZE);
}

// Writes a random half of the pages and checks all of them.
static void write_half(char *p, uint64 round, int me)
{
    bool mine[PAGES] = {0};
    for (int i = 0; i < PAGES / 2; i++) {
        int page = t_race_rand(PAGES);
        *word(p, page) = t_cookie(round, 1000 + me);
        mine[page] = true;
        T_EQ(*word(p, page), t_cookie(round, 1000 + me));
    }
    for (int i = 0; i < PAGES; i++)
        T_EQ(*word(p, i), t_cookie(round, mine[i] ? 1000 + me : i));
}

int main(int argc, char **argv)
{
    t_race_begin(argc, argv);
    char *p = t_heap(PAGES);
    for (uint64 round = 0; t_race_more(round); round++) {
        struct gate g;
        for (int i = 0; i < PAGES; i++)
            *word(p, i) = t_cookie(round, i);
        t_gate_make(&g);
        for (int me = 1; me <= WORKERS; me++) {
            if (t_fork() == 0) {
                t_race_seed(round * WORKERS + me);
                t_gate_wait(&g);
                write_half(p, round, me);
                exit(0);
            }
        }
        t_gate_open(&g);
        write_half(p, round, 0);
        t_reap(WORKERS);
        for (int i = 0; i < PAGES; i++)
            T_EQ(t_page(p + i * PGSIZE).shared, 1);
    }
    t_ok();
}
