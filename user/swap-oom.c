// Memory and swap are both full: the largest process ends, with one line that says so; the others go on and
// have what they had; all slots come back. Wants a small swap disk, which fills soon.
#include "user/swap_lib.h"

#define SMALL 16 // pages of a bystander
#define LIVES 3
#define HOGS  3
#define LEFT  32 // pages that a quiet hog leaves to the others

static void hog(void *arg)
{
    (void)arg;
    char *p = sbrk(GIB);
    for (uint64 i = 0; i < GIB; i += PGSIZE)
        p[i] = 1;
}

static void bystander(struct gate *g, int ready, int version)
{
    char *p = t_heap(SMALL);
    swap_fill(p, SMALL, version);
    t_send(ready, version);
    t_gate_wait(g);
    SWAP_RIGHT(p, SMALL, version);
    swap_fill(p, SMALL, version + 1);
    SWAP_RIGHT(p, SMALL, version + 1);
    exit(0);
}

// Takes nearly all that is left, and then does nothing.
static int quiet_hog(int ready)
{
    struct gate never;
    t_gate_make(&never);
    int pid = t_fork();
    if (pid == 0) {
        struct swapinfo si = swap_info();
        uint64 pages = si.slots - si.used - LEFT;
        swap_fill(t_heap(pages), pages, 1);
        t_send(ready, pages);
        t_gate_wait(&never);
    }
    return pid;
}

// Each takes its pages anew, so that it needs frames while there are none.
static void small(uint64 version)
{
    for (uint64 i = 0; i < 50; i++) {
        char *p = t_heap(SMALL);
        swap_fill(p, SMALL, version + i);
        SWAP_RIGHT(p, SMALL, version + i);
        T_CHECK(sbrk(-SMALL * PGSIZE) == p + SMALL * PGSIZE);
    }
}

static void loud_hog_dies(void)
{
    t_step("a process that takes all there is ends");
    if (t_fork() == 0) {
        t_expect_like("store fault at *: out of memory; pc *; nearest: heap *");
        hog(0);
        exit(0);
    }
    T_EQ(t_wait(), T_KILLED);
    T_CHECK(swap_used() <= pages_held());
}

static void quiet_hog_dies(void)
{
    t_step("a small process needs what the largest has, which only sleeps");
    int status, fd[2];
    t_pipe(fd);
    int pid = quiet_hog(fd[1]);
    close(fd[1]);
    uint64 pages = t_recv(fd[0]);
    close(fd[0]);
    printf("expect like: out of memory: killed %d %s, the largest process (* KiB)*\n", pid, t_name);
    if (t_fork() == 0) {
        uint64 mine = MIN(pages / 2, swap_info().limit + 2 * LEFT);
        char *p = t_heap(mine);
        swap_fill(p, mine, 7);
        SWAP_RIGHT(p, mine, 7);
        exit(0);
    }
    for (int i = 0; i < 2; i++) {
        int got = wait(&status);
        T_EQ(status, got == pid ? T_KILLED : 0);
    }
    T_CHECK(swap_used() <= pages_held());
}

static void many_hogs_die(void)
{
    t_step("many at once, and small ones that do not notice");
    int pid[HOGS + LIVES];
    for (int i = 0; i < HOGS + LIVES; i++) {
        if ((pid[i] = t_fork()) == 0) {
            if (i < HOGS)
                hog(0);
            else
                small(100 * i);
            exit(0);
        }
    }
    for (int i = 0; i < HOGS + LIVES; i++) {
        int status, got = wait(&status);
        bool is_hog = false;
        for (int k = 0; k < HOGS; k++)
            is_hog |= pid[k] == got;
        T_EQ(status, is_hog ? T_KILLED : 0);
    }
    T_CHECK(swap_used() <= pages_held());
}

int main(int argc, char **argv)
{
    (void)argc;
    int fd[2];
    struct gate g;
    swap_begin(argv, 2);
    if (swap_info().slots > 16 * SWAP_POOL_MAX)
        t_skip("the swap disk is too large to be filled");
    t_pipe(fd);
    t_gate_make(&g);
    for (int i = 0; i < LIVES; i++)
        if (t_fork() == 0)
            bystander(&g, fd[1], 10 * i);
    for (int i = 0; i < LIVES; i++)
        t_recv(fd[0]);
    loud_hog_dies();
    quiet_hog_dies();
    many_hogs_die();
    t_step("all the others still have what they had");
    t_gate_open(&g);
    t_reap(LIVES);
    T_CHECK(swap_used() <= pages_held());
    t_ok();
}
