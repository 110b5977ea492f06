// Faults of fresh memory, counted exactly: one for each page's first access, none for the second, wherever it
// lies and whoever makes it, the program or the kernel for it.
#include "kernel/fcntl.h"
#include "user/t_lib.h"

#define PAGES 16

int main(int argc, char **argv)
{
    (void)argc;
    t_begin(argv);
    char *p = t_heap(PAGES), *q = t_heap(PAGES), *r = t_heap(PAGES);
    int fd[2];
    t_pipe(fd);
    t_step("16 written, 16 read, 16 filled by read() of a pipe: 48 minor faults");
    struct faultcount before = t_faults();
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < PAGES; i++)
            p[i * PGSIZE] = 1;
        for (int i = 0; i < PAGES; i++)
            t_peek(q + i * PGSIZE);
        for (int i = 0; i < PAGES; i++) {
            write(fd[1], p, 1);
            read(fd[0], r + i * PGSIZE, 1);
        }
    }
    struct faultcount n = t_faults_since(before);
    t_faults_say(n);
    T_EQ(n.minor, 3 * PAGES);
    T_EQ(n.major + n.cow + n.spurious + n.vmalloc + n.invalid, 0);
    t_ok();
}
