// A bomb of 200 children, all alive at the same time, sharing pages of which each writes a few: everybody
// sees its own, and counts come back.
#include "user/t_lib.h"

#define CHILDREN 200
#define PAGES    16
#define WRITES   2 // pages that a child writes

int main(int argc, char **argv)
{
    (void)argc;
    struct gate g;
    int fd[2], children = 0;
    t_begin(argv);
    // a process takes 6 pages of tables and stacks, and as many of its own; the smallest machines hold fewer
    int most = MIN(CHILDREN, t_free() / 24);
    char *p = t_heap(PAGES);
    memset(p, 1, PAGES * PGSIZE);
    t_gate_make(&g);
    t_pipe(fd);
    printf("%s: %d children\n", t_name, most);
    for (; children < most; children++) {
        if (t_fork() == 0) {
            for (int i = 0; i < WRITES; i++)
                p[(children + i) % PAGES * PGSIZE] = children;
            t_send(fd[1], children);
            t_gate_wait(&g);
            for (int i = 0; i < PAGES; i++) {
                bool mine = (i - children % PAGES + PAGES) % PAGES < WRITES;
                T_EQ(p[i * PGSIZE], mine ? (char)children : 1);
            }
            exit(0);
        }
    }
    uint64 sum = 0;
    for (int i = 0; i < children; i++)
        sum += t_recv(fd[0]);
    T_EQ(sum, (uint64)children * (children - 1) / 2);
    t_step("all are there; every page is shared by those that have not written it");
    for (int i = 0; i < PAGES; i++) {
        int writers = 0;
        for (int c = 0; c < children; c++)
            writers += (i - c % PAGES + PAGES) % PAGES < WRITES;
        T_EQ(t_page(p + i * PGSIZE).shared, 1 + children - writers);
    }
    t_gate_open(&g);
    t_reap(children);
    t_step("all gone: every page is the parent's alone");
    for (int i = 0; i < PAGES; i++)
        T_EQ(t_page(p + i * PGSIZE).shared, 1);
    T_CHECK(t_is_all(p, PAGES * PGSIZE, 1));
    t_ok();
}
