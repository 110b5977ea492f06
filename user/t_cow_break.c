// A write to a shared page copies that page and no other, for the writer alone; one fault each.
#include "user/t_lib.h"

#define PAGES 8

static void break_all(char *p, char c)
{
    for (int i = 0; i < PAGES; i++)
        p[i * PGSIZE + 9] = c;
}

int main(int argc, char **argv)
{
    (void)argc;
    t_begin(argv);
    char *p = t_heap(PAGES);
    struct gate g;
    memset(p, 1, PAGES * PGSIZE);
    t_gate_make(&g);
    if (t_fork() == 0) {
        t_gate_wait(&g);
        T_CHECK(t_is_all(p, PAGES * PGSIZE, 1));
        exit(0);
    }
    t_step("a write copies its page: another frame, the rest of the page as it was");
    uint64 frame = t_page(p + PGSIZE).frame, before = t_free();
    p[PGSIZE + 9] = 2;
    T_EQ(before - t_free(), 1);
    struct pageinfo pi = t_page(p + PGSIZE);
    T_CHECK(pi.frame != frame && pi.writable && pi.shared == 1);
    T_CHECK(t_is_all(p + PGSIZE, 9, 1) && t_is_all(p + PGSIZE + 10, PGSIZE - 10, 1));
    t_step("its neighbours stay shared");
    T_CHECK(t_page(p).shared == 2 && t_page(p + 2 * PGSIZE).shared == 2);
    t_step("7 more pages, 7 cow faults, 7 frames");
    before = t_free();
    struct faultcount count = t_faults();
    break_all(p, 2);
    count = t_faults_since(count);
    T_EQ(before - t_free(), PAGES - 1);
    t_faults_say(count);
    T_EQ(count.cow, PAGES - 1);
    t_gate_open(&g);
    t_reap(1);
    t_ok();
}
