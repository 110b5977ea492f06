// A process that has only read a great deal of untouched memory owns next to none: when memory runs out, the
// one that has written dies, not the one with the most pages present.
#include "user/t_lib.h"

#define READ (16384UL * PGSIZE) // more pages than the hog can have

static void hog(struct gate *g)
{
    t_gate_wait(g);
    char *p = sbrk(GIB);
    t_expect_like("store fault at *: out of memory; pc *; nearest: heap *");
    for (uint64 i = 0; i < GIB; i += PGSIZE)
        p[i] = 1;
}

int main(int argc, char **argv)
{
    (void)argc;
    struct gate g;
    t_begin(argv);
    t_gate_make(&g);
    if (t_fork() == 0) { // before the reading, which a child would have its share of
        hog(&g);
        exit(0);
    }
    char *p = sbrk(READ);
    T_CHECK(p != SBRK_ERROR);
    t_step("64 MiB of zeros read: no frame taken but for tables");
    uint64 before = t_user_free();
    for (uint64 i = 0; i < READ; i += PGSIZE)
        T_EQ(t_peek(p + i), 0);
    T_CHECK(before - t_user_free() < READ / PGSIZE / 100);
    t_step("a hog dies, and the reader goes on");
    t_gate_open(&g);
    T_EQ(t_wait(), T_KILLED);
    p[0] = 1;
    t_ok();
}
