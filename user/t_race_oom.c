// Many hogs take all memory at the same time, by faults and by system calls, while small processes write,
// fork and end: the hogs die, the others do not notice.
#include "user/t_lib.h"

#define HOGS   4
#define SMALLS 3
#define PAGES  8

static void hog(void)
{
    char *p = sbrk(GIB);
    for (uint64 i = 0; i < GIB; i += PGSIZE)
        p[i] = 1;
}

// Takes its few pages anew each time, so that it needs frames while there are none.
static void small(int me)
{
    for (uint64 i = 0; i < 200; i++) {
        char *p = t_heap(PAGES);
        t_fill(p, PAGES * PGSIZE, i + me);
        T_CHECK(t_filled(p, PAGES * PGSIZE, i + me));
        T_CHECK(sbrk(-PAGES * PGSIZE) == p + PAGES * PGSIZE);
    }
}

int main(int argc, char **argv)
{
    t_race_begin(argc, argv);
    for (uint64 round = 0; t_race_more(round); round++) {
        int pid[HOGS + SMALLS], killed = 0;
        for (int i = 0; i < HOGS + SMALLS; i++) {
            if ((pid[i] = t_fork()) == 0) {
                if (i < HOGS)
                    hog();
                else
                    small(i);
                exit(0);
            }
        }
        for (int i = 0; i < HOGS + SMALLS; i++) {
            int status, got = wait(&status);
            bool is_hog = false;
            for (int k = 0; k < HOGS; k++)
                is_hog |= pid[k] == got;
            T_EQ(status, is_hog ? T_KILLED : 0);
            killed += is_hog;
        }
        T_EQ(killed, HOGS);
    }
    t_ok();
}
