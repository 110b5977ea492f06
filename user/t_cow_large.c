// Fork of a process that has more than half of the memory: possible, since nothing is copied; both sides read
// all of it, and each writes some.
#include "user/t_lib.h"

#define MOST 64 // MiB, or 5/8 of what is free

int main(int argc, char **argv)
{
    (void)argc;
    t_begin(argv);
    uint64 pages = MIN(MOST * MIB / PGSIZE, t_user_free() / 8 * 5);
    char *p = t_heap(pages);
    printf("%s: fork with %lu MiB of %lu MiB free\n", t_name, pages * PGSIZE / MIB,
           t_user_free() * PGSIZE / MIB);
    for (uint64 i = 0; i < pages; i++)
        *(uint64 *)(p + i * PGSIZE) = t_cookie(i, 1);
    uint64 before = t_free();
    for (int round = 0; round < 3; round++) {
        if (t_fork() == 0) {
            T_CHECK(before - t_free() < pages / 128 + 32);
            for (uint64 i = 0; i < pages; i++)
                T_EQ(*(uint64 *)(p + i * PGSIZE), t_cookie(i, 1));
            for (uint64 i = 0; i < pages; i += 16)
                *(uint64 *)(p + i * PGSIZE) = 0;
            exit(0);
        }
        t_reap(1);
    }
    t_step("the parent has all of it, and nothing was lost");
    for (uint64 i = 0; i < pages; i++)
        T_EQ(*(uint64 *)(p + i * PGSIZE), t_cookie(i, 1));
    T_CHECK(t_free() + 4 >= before);
    t_ok();
}
