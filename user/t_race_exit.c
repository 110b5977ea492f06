// Owners of shared pages end (exit, exec, shrink) at the moment when the last of them writes: copy or take
// over, the bytes are right and every page ends with one owner.
#include "user/t_lib.h"

#define WORKERS 5
#define PAGES   32

static void leave(char **vector)
{
    switch (t_race_rand(3)) {
    case 0:
        exec("/t_race_exit", vector);
        exit(1);
    case 1:
        sbrk(-PAGES * PGSIZE);
        break;
    }
    exit(0);
}

int main(int argc, char **argv)
{
    char *vector[] = {"t_race_exit", "@leave", 0};
    if (argc == 2 && strcmp(argv[1], "@leave") == 0)
        return 0;
    t_race_begin(argc, argv);
    char *p = t_heap(PAGES);
    for (uint64 round = 0; t_race_more(round); round++) {
        struct gate g;
        for (int i = 0; i < PAGES; i++)
            memset(p + i * PGSIZE, round + i, PGSIZE);
        t_gate_make(&g);
        for (int me = 1; me <= WORKERS; me++) {
            if (t_fork() == 0) {
                t_race_seed(round * WORKERS + me);
                t_gate_wait(&g);
                for (uint64 spin = t_race_rand(20000); spin > 0; spin--)
                    asm volatile("");
                leave(vector);
            }
        }
        t_gate_open(&g);
        for (int i = 0; i < PAGES; i++)
            p[i * PGSIZE + 77] = ~(round + i);
        t_reap(WORKERS);
        for (int i = 0; i < PAGES; i++) {
            char old = round + i;
            T_EQ(p[i * PGSIZE + 77], (char)~old);
            T_CHECK(t_is_all(p + i * PGSIZE, 77, old) && t_is_all(p + i * PGSIZE + 78, PGSIZE - 78, old));
            T_EQ(t_page(p + i * PGSIZE).shared, 1);
        }
    }
    t_ok();
}
