// Program text is one frame for everybody who runs the same file, also when they have no ancestor's pages in
// common; data is private from the first write and starts as the file has it.
#include "user/t_lib.h"

#define RUNNERS 3

static char data[PGSIZE] __attribute__((aligned(PGSIZE))) = {1, 2, 3};
static const char constant[PGSIZE] __attribute__((aligned(PGSIZE))) = {4, 5, 6};

// What a runner tells: frames of text, constants, and of data that it has written.
static int runner(char **argv)
{
    int fd = atoi(argv[2]);
    T_CHECK(data[0] == 1 && constant[0] == 4);
    t_send(fd, t_page(runner).frame);
    t_send(fd, t_page(constant).frame);
    data[0] = 9;
    t_send(fd, t_page(data).frame);
    char c;
    read(atoi(argv[3]), &c, 1); // until all have told
    return data[0] == 9 && data[1] == 2 ? 0 : 1;
}

int main(int argc, char **argv)
{
    t_begin(argv);
    if (argc == 4 && strcmp(argv[1], "@run") == 0)
        return runner(argv);
    int fd[2];
    struct gate g;
    uint64 text = t_page(runner).frame, seen[RUNNERS];
    T_CHECK(constant[1] == 5);
    data[0] = 7;
    t_pipe(fd);
    t_gate_make(&g);
    t_step("three more processes run this file: text and constants in the same frames, data each in its own");
    for (int i = 0; i < RUNNERS; i++) {
        if (t_fork() == 0) {
            char out[2] = {'0' + fd[1]}, in[2] = {'0' + g.fd[0]};
            char *vector[] = {"t_exec_text", "@run", out, in, 0};
            close(g.fd[1]);
            exec("/t_exec_text", vector);
            exit(1);
        }
        T_EQ(t_recv(fd[0]), text);
        T_EQ(t_recv(fd[0]), t_page(constant).frame);
        seen[i] = t_recv(fd[0]);
        T_CHECK(seen[i] != t_page(data).frame && (i == 0 || seen[i] != seen[i - 1]));
    }
    T_EQ(t_page(runner).shared, RUNNERS + 1);
    T_EQ(t_page(runner).writable, 0);
    t_gate_open(&g);
    t_reap(RUNNERS);
    t_step("when they have gone, text is this one's alone again");
    T_EQ(t_page(runner).shared, 1);
    T_EQ(t_page(runner).frame, text);
    T_EQ(data[0], 7);
    t_ok();
}
