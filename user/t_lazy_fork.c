// Fork hands untouched memory on as such: neither side pays until it writes, and both read zero.
#include "user/t_lib.h"

#define PAGES 64

int main(int argc, char **argv)
{
    (void)argc;
    t_begin(argv);
    char *p = t_heap(PAGES);
    int fd[2];
    t_pipe(fd);
    p[0] = 1;
    t_step("the child finds no frames behind what the parent did not touch");
    if (t_fork() == 0) {
        for (int i = 1; i < PAGES; i++)
            T_EQ(t_page(p + i * PGSIZE).present, 0);
        struct faultcount before = t_faults();
        for (int i = 1; i < PAGES; i++)
            p[i * PGSIZE] = 2;
        struct faultcount n = t_faults_since(before);
        t_faults_say(n);
        T_EQ(n.minor, PAGES - 1);
        t_send(fd[1], t_page(p + PGSIZE).frame);
        exit(0);
    }
    t_reap(1);
    t_step("the parent still reads zero, and has no frames there either");
    for (int i = 1; i < PAGES; i++) {
        T_EQ(t_page(p + i * PGSIZE).present, 0);
        T_CHECK(t_is_all(p + i * PGSIZE, PGSIZE, 0));
    }
    T_EQ(p[0], 1);
    T_CHECK(t_recv(fd[0]) != t_page(p + PGSIZE).frame);
    t_ok();
}
