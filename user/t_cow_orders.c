// Three generations share pages and end in every order; whoever is left sees what it had, and the last one
// owns the frames alone.
#include "user/t_lib.h"

#define PAGES       8
#define GENERATIONS 3

static char *heap;
static int done[2];                 // each tells here when it has checked, before it ends
static struct gate go[GENERATIONS]; // each waits here until it may end

static void wait_turn(int me)
{
    char c;
    T_EQ(read(go[me].fd[0], &c, 1), 1);
}

// Generation `me` forks the next, then writes a page of its own, and checks all when its turn has come.
static void generation(int me)
{
    bool last = me == GENERATIONS - 1;
    if (!last && t_fork() == 0) {
        generation(me + 1);
        exit(0);
    }
    heap[me * PGSIZE] = 100 + me;
    t_send(done[1], me);
    wait_turn(me);
    for (int i = 0; i < PAGES; i++) {
        char want = i == me ? 100 + me : i; // what ancestors wrote after the fork is theirs
        T_EQ(heap[i * PGSIZE], want);
        T_CHECK(t_is_all(heap + i * PGSIZE + 1, PGSIZE - 1, i));
    }
}

// Generation 0 is a child of the main process; those whose parent has gone are init's.
static void one_order(const int *order)
{
    for (int i = 0; i < GENERATIONS; i++)
        t_pipe(go[i].fd);
    for (int i = 0; i < PAGES; i++)
        memset(heap + i * PGSIZE, i, PGSIZE);
    int count[2];
    t_pipe(count); // its writers are the generations: end of file when all have gone
    if (t_fork() == 0) {
        close(count[0]);
        generation(0);
        exit(0);
    }
    close(count[1]);
    for (int i = 0; i < GENERATIONS; i++)
        t_recv(done[0]);
    for (int i = 0; i < GENERATIONS; i++) {
        T_EQ(write(go[order[i]].fd[1], "!", 1), 1);
        if (order[i] == 0)
            t_reap(1);
        else
            sleep(1); // no child of ours: give it time to go
    }
    char c;
    T_EQ(read(count[0], &c, 1), 0);
    close(count[0]);
    for (int i = 0; i < GENERATIONS; i++)
        t_gate_open(&go[i]);
}

int main(int argc, char **argv)
{
    static const int orders[][GENERATIONS] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                              {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    (void)argc;
    t_begin(argv);
    heap = t_heap(PAGES);
    t_pipe(done);
    for (int i = 0; i < NELEM(orders); i++) {
        printf("%s: they end in the order %d %d %d\n", t_name, orders[i][0], orders[i][1], orders[i][2]);
        one_order(orders[i]);
        uint64 tries = 0;
        while (t_page(heap).shared != 1 && tries++ < 20)
            sleep(1);
        T_EQ(t_page(heap).shared, 1);
        T_CHECK(t_is_all(heap + 3 * PGSIZE, PGSIZE, 3));
    }
    t_ok();
}
