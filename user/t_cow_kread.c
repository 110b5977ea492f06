// The kernel reads shared pages for one of their owners: nothing is copied, no fault, and each owner's own
// bytes are read.
#include "kernel/fcntl.h"
#include "user/t_lib.h"

#define PAGES 4

int main(int argc, char **argv)
{
    (void)argc;
    char got[8];
    int fd[2];
    struct gate g;
    t_begin(argv);
    t_pipe(fd);
    t_gate_make(&g);
    char *p = t_heap(PAGES);
    memset(p, 'r', PAGES * PGSIZE);
    strcpy(p + 2 * PGSIZE, "/README");
    if (t_fork() == 0) {
        t_gate_wait(&g);
        exit(0);
    }
    t_step("write and open from shared pages: still shared, no fault");
    struct faultcount n = t_faults();
    write(fd[1], p + PGSIZE - 4, 8);
    int file = open(p + 2 * PGSIZE, O_RDONLY);
    n = t_faults_since(n);
    t_faults_say(n);
    T_EQ(read(fd[0], got, 8), 8);
    T_CHECK(t_is_all(got, 8, 'r') && file >= 0);
    for (int i = 0; i < PAGES; i++)
        T_CHECK(t_page(p + i * PGSIZE).shared == 2 && !t_page(p + i * PGSIZE).writable);
    t_gate_open(&g);
    t_reap(1);
    t_step("after a write each owner's own bytes are read");
    if (t_fork() == 0) {
        memset(p, 'c', 8);
        T_EQ(write(fd[1], p, 8), 8);
        exit(0);
    }
    t_reap(1);
    T_EQ(write(fd[1], p, 8), 8);
    T_EQ(read(fd[0], got, 8), 8);
    T_CHECK(t_is_all(got, 8, 'c'));
    T_EQ(read(fd[0], got, 8), 8);
    T_CHECK(t_is_all(got, 8, 'r'));
    t_ok();
}
