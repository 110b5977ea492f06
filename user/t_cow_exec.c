// exec after fork lets go of what was shared: the parent owns its pages alone again, though the child lives.
#include "user/t_lib.h"

#define PAGES 32

int main(int argc, char **argv)
{
    char c;
    t_begin(argv);
    if (argc == 4) { // the child's new program
        t_send(atoi(argv[2]), getpid());
        read(atoi(argv[3]), &c, 1);
        return 0;
    }
    int fd[2];
    struct gate g;
    char *p = t_heap(PAGES);
    memset(p, 8, PAGES * PGSIZE);
    t_pipe(fd);
    t_gate_make(&g);
    uint64 frame = t_page(p).frame;
    t_step("the child runs another program and stays");
    if (t_fork() == 0) {
        char out[2] = {'0' + fd[1]}, in[2] = {'0' + g.fd[0]};
        char *vector[] = {"t_cow_exec", "@stay", out, in, 0};
        close(g.fd[1]);
        exec("/t_cow_exec", vector);
        exit(1);
    }
    t_recv(fd[0]);
    for (int i = 0; i < PAGES; i++)
        T_EQ(t_page(p + i * PGSIZE).shared, 1);
    p[0] = 9;
    T_EQ(t_page(p).frame, frame);
    t_gate_open(&g);
    t_reap(1);
    t_ok();
}
