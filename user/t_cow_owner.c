// The last owner of a frame takes it over without a copy: the frame stays, and none is taken from the free
// ones.
#include "user/t_lib.h"

#define PAGES 16

int main(int argc, char **argv)
{
    (void)argc;
    t_begin(argv);
    char *p = t_heap(PAGES);
    uint64 frame[PAGES];
    memset(p, 4, PAGES * PGSIZE);
    for (int i = 0; i < PAGES; i++)
        frame[i] = t_page(p + i * PGSIZE).frame;
    t_step("the child shares the pages and ends");
    if (t_fork() == 0)
        exit(0);
    t_reap(1);
    for (int i = 0; i < PAGES; i++) {
        struct pageinfo pi = t_page(p + i * PGSIZE);
        T_CHECK(pi.frame == frame[i] && pi.shared == 1 && !pi.writable);
    }
    t_step("16 writes: 16 cow faults, no frame taken, every frame where it was");
    uint64 before = t_free();
    struct faultcount n = t_faults();
    for (int i = 0; i < PAGES; i++)
        p[i * PGSIZE] = 5;
    n = t_faults_since(n);
    t_faults_say(n);
    T_EQ(n.cow, PAGES);
    T_EQ(t_free(), before);
    for (int i = 0; i < PAGES; i++) {
        struct pageinfo pi = t_page(p + i * PGSIZE);
        T_CHECK(pi.frame == frame[i] && pi.shared == 1 && pi.writable);
    }
    t_ok();
}
