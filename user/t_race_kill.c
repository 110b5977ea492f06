// Processes are killed while they fault, fork, run programs and wait: they go, and what they shared stays
// whole.
#include "user/t_lib.h"

#define WORKERS 5
#define PAGES   16

static char *heap;

// Goes on until it is killed.
static void victim(char **vector)
{
    char *p = t_heap(PAGES);
    for (uint64 i = 0;; i++) {
        heap[t_race_rand(PAGES) * PGSIZE] = i;
        p[t_race_rand(PAGES) * PGSIZE] = i;
        if (i % 16 == 0) {
            sbrk(-PAGES * PGSIZE);
            p = t_heap(PAGES);
        }
        if (i % 64 == 0 && t_fork() == 0)
            exit(0);
        if (i % 64 == 32)
            wait(0);
        if (i == 300)
            exec("/t_race_kill", vector);
    }
}

int main(int argc, char **argv)
{
    char *vector[] = {"t_race_kill", "@go", 0};
    if (argc == 2 && strcmp(argv[1], "@go") == 0) {
        t_begin(argv);
        heap = t_heap(PAGES);
        victim(vector);
    }
    t_race_begin(argc, argv);
    heap = t_heap(PAGES);
    memset(heap, 3, PAGES * PGSIZE);
    for (uint64 round = 0; t_race_more(round); round++) {
        int pid[WORKERS];
        for (int me = 0; me < WORKERS; me++) {
            if ((pid[me] = t_fork()) == 0) {
                t_race_seed(round * WORKERS + me);
                victim(vector);
            }
        }
        if (t_race_rand(2))
            sleep(1);
        for (uint64 spin = t_race_rand(100000); spin > 0; spin--)
            asm volatile("");
        for (int me = 0; me < WORKERS; me++)
            T_EQ(kill(pid[me]), 0);
        for (int me = 0; me < WORKERS; me++)
            T_EQ(t_wait(), T_KILLED);
        T_CHECK(t_is_all(heap, PAGES * PGSIZE, 3));
    }
    t_ok();
}
