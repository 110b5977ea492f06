// Memory runs out: the process that takes it all dies, with a line that says why; the ones with little live
// on, with their data, and memory is there again.
#include "user/t_lib.h"

#define SMALL 16 // pages of a bystander
#define LIVES 3

static void hog(void *arg)
{
    (void)arg;
    char *p = sbrk(GIB);
    t_expect_like("store fault at *: out of memory; pc *; nearest: heap *");
    for (uint64 i = 0; i < GIB; i += PGSIZE)
        p[i] = 1;
}

// read() into more memory than there is.
static void hog_by_read(void *arg)
{
    int *fd = arg;
    char *p = sbrk(GIB);
    for (uint64 i = 0; i < GIB; i += PGSIZE) {
        write(fd[1], "x", 1);
        T_EQ(read(fd[0], p + i, 1), 1);
    }
}

static void bystander(struct gate *g, int ready, int seed)
{
    char *p = t_heap(SMALL);
    t_fill(p, SMALL * PGSIZE, seed);
    t_send(ready, seed);
    t_gate_wait(g);
    T_CHECK(t_filled(p, SMALL * PGSIZE, seed));
    t_fill(p, SMALL * PGSIZE, seed + 1);
    exit(0);
}

int main(int argc, char **argv)
{
    (void)argc;
    int fd[2];
    struct gate g;
    t_begin(argv);
    t_pipe(fd);
    t_gate_make(&g);
    for (int i = 0; i < LIVES; i++)
        if (t_fork() == 0)
            bystander(&g, fd[1], 10 * i);
    for (int i = 0; i < LIVES; i++)
        t_recv(fd[0]);
    uint64 before = t_user_free();
    t_step("a hog that stores is killed");
    T_EQ(t_status(hog, 0), T_KILLED);
    T_CHECK(t_user_free() + 8 >= before);
    t_step("and one that lets the kernel store for it: killed, or its read fails");
    if (t_fork() == 0) {
        hog_by_read(fd);
        exit(0);
    }
    int status;
    T_CHECK(wait(&status) > 0);
    T_CHECK(status == T_KILLED || status == T_FAILED);
    T_CHECK(t_user_free() + 8 >= before);
    t_step("all the others still have what they had");
    t_gate_open(&g);
    t_reap(LIVES);
    t_ok();
}
