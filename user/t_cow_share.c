// Fork shares every page: the same frames, read-only on both sides, and no frame copied.
#include "user/t_lib.h"

#define PAGES 64

static char data[PGSIZE] __attribute__((aligned(PGSIZE))) = {1};
static char bss[PGSIZE] __attribute__((aligned(PGSIZE)));

static void both_read_only(const void *p, int from_child)
{
    struct pageinfo mine = t_page(p);
    T_CHECK(mine.present && !mine.writable);
    T_EQ(mine.shared, 2);
    T_EQ(mine.frame, t_recv(from_child));
}

int main(int argc, char **argv)
{
    (void)argc;
    t_begin(argv);
    char *heap = t_heap(PAGES);
    int fd[2];
    struct gate g;
    memset(heap, 3, PAGES * PGSIZE);
    data[0] = bss[0] = 5;
    t_pipe(fd);
    t_gate_make(&g);
    t_step("fork of 64 pages takes tables and the child's own stack page, not 64 frames");
    uint64 before = t_free();
    if (t_fork() == 0) {
        for (int i = 0; i < PAGES; i++)
            t_send(fd[1], t_page(heap + i * PGSIZE).frame);
        t_send(fd[1], t_page(data).frame);
        t_send(fd[1], t_page(bss).frame);
        t_gate_wait(&g);
        T_CHECK(t_is_all(heap, PAGES * PGSIZE, 3) && data[0] == 5 && bss[0] == 5);
        exit(0);
    }
    t_step("each page is the same frame in parent and child, and neither may write it");
    for (int i = 0; i < PAGES; i++)
        both_read_only(heap + i * PGSIZE, fd[0]);
    both_read_only(data, fd[0]);
    both_read_only(bss, fd[0]);
    T_CHECK(before - t_free() < PAGES / 2);
    t_gate_open(&g);
    t_reap(1);
    t_ok();
}
