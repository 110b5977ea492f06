// Zeros and slots: the zero page never goes; what was written comes back, zeros too; shrink, exit, exec and a
// kill free slots at once; what grows again is zero.
#include "user/swap_lib.h"

#define PAGES 16
#define TIMES 4

static char *p;
static uint64 before;

static void grow(void)
{
    p = t_heap(PAGES);
    before = swap_used();
}

static void shrink(uint64 pages)
{
    T_CHECK(sbrk(-(pages * PGSIZE)) != SBRK_ERROR);
}

static void untouched(void)
{
    t_step("pages that were never written do not go");
    grow();
    T_EQ(swapctl(SWAPCTL_PAGEOUT, (uint64)p, PAGES * PGSIZE), 0);
    for (int i = 0; i < PAGES; i++)
        T_EQ(t_peek(p + i * PGSIZE), 0);
    uint64 zero = t_page(p).frame;
    T_EQ(swapctl(SWAPCTL_PAGEOUT, (uint64)p, PAGES * PGSIZE), 0);
    T_EQ(swap_used(), before);
    T_EQ(swap_count(p, PAGES), 0);
    T_EQ(t_page(p).frame, zero);
    T_CHECK(t_is_all(p, PAGES * PGSIZE, 0));
    shrink(PAGES);
}

static void written_zeros(void)
{
    t_step("pages that were written go and come back, zeros too");
    grow();
    swap_fill(p, PAGES / 2, 1);
    memset(p + PAGES / 2 * PGSIZE, 1, PAGES / 2 * PGSIZE);
    memset(p + PAGES / 2 * PGSIZE, 0, PAGES / 2 * PGSIZE);
    T_EQ(swapctl(SWAPCTL_PAGEOUT, (uint64)p, PAGES * PGSIZE), PAGES);
    T_EQ(swap_used(), before + PAGES);
    T_EQ(swapctl(SWAPCTL_PAGEOUT, (uint64)p, PAGES * PGSIZE), 0);
    SWAP_RIGHT(p, PAGES / 2, 1);
    T_CHECK(t_is_all(p + PAGES / 2 * PGSIZE, PAGES / 2 * PGSIZE, 0));
    shrink(PAGES);
    T_EQ(swap_used(), before);
}

static void shrink_and_grow(void)
{
    t_step("shrink frees slots, of pages that are out and of pages that are back; what grows again is zero");
    grow();
    swap_fill(p, PAGES, 1);
    swap_out(p, PAGES);
    shrink(PAGES / 2);
    T_EQ(swap_used(), before + PAGES / 2);
    T_CHECK(sbrk(PAGES / 2 * PGSIZE) == p + PAGES / 2 * PGSIZE);
    T_EQ(swap_count(p, PAGES), PAGES / 2);
    T_CHECK(t_is_all(p + PAGES / 2 * PGSIZE, PAGES / 2 * PGSIZE, 0));
    SWAP_RIGHT(p, PAGES / 4, 1); // back, with their slots
    shrink(PAGES);
    T_EQ(swap_used(), before);
    T_CHECK(sbrk(PAGES * PGSIZE) == p);
    T_CHECK(t_is_all(p, PAGES * PGSIZE, 0));
    shrink(PAGES);
}

static void part_of_a_page(void)
{
    t_step("a page that is only half given back keeps its slot, and that half");
    grow();
    swap_fill(p, PAGES, 1);
    swap_out(p, PAGES);
    T_CHECK(sbrk(-PGSIZE / 2) != SBRK_ERROR);
    T_EQ(swap_used(), before + PAGES);
    T_CHECK(sbrk(PGSIZE / 2) != SBRK_ERROR);
    SWAP_RIGHT(p, PAGES - 1, 1);
    uint64 half = PGSIZE / 2;
    char *last = p + (PAGES - 1) * PGSIZE, *copy = t_heap(1);
    memmove(copy, last, half);
    swap_fill(last, 1, 1);
    T_EQ(memcmp(copy, last, half), 0);
    shrink(PAGES + 1);
    T_EQ(swap_used(), before);
}

enum way { EXIT, EXEC, KILL, SHRINK, WAYS };

// Ends, or lives on without the pages.
static void child(enum way way, int ready)
{
    char *vector[] = {"swap-zero", "@exit", 0};
    char *mine = t_heap(PAGES);
    swap_fill(mine, PAGES, 2);
    swap_out(mine, PAGES);
    swap_out(p, PAGES);
    SWAP_RIGHT(mine, PAGES / 2, 2);
    if (way == EXEC)
        exec("/swap-zero", vector);
    if (way == SHRINK)
        shrink(2 * PAGES);
    t_send(ready, 1);
    while (way == KILL)
        sleep(100);
    exit(way == EXEC);
}

static void ends(void)
{
    int ready[2];
    t_step("exit, exec, a kill and a shrink free what was theirs alone, and leave what is shared");
    t_pipe(ready);
    grow();
    swap_fill(p, PAGES, 1);
    swap_out(p, PAGES);
    for (int way = 0; way < WAYS; way++) {
        int pid = t_fork();
        if (pid == 0)
            child(way, ready[1]);
        if (way == KILL) {
            t_recv(ready[0]);
            T_EQ(swap_used(), before + 2 * PAGES);
            kill(pid);
        }
        T_EQ(t_wait(), way == KILL ? T_KILLED : 0);
        T_EQ(swap_used(), before + PAGES);
        T_EQ(swap_count(p, PAGES), PAGES);
        if (way == EXIT || way == SHRINK)
            t_recv(ready[0]);
    }
    SWAP_RIGHT(p, PAGES, 1);
    shrink(PAGES);
    T_EQ(swap_used(), before);
}

static void tight(uint64 pool)
{
    t_step("with hardly any memory: shrink, and what grows again is zero");
    uint64 pages = TIMES * pool;
    char *q = t_heap(pages);
    swap_fill(q, pages, 1);
    T_CHECK(swap_used() >= pages - pool);
    shrink(pages);
    T_CHECK(swap_used() <= pages_held());
    T_CHECK(sbrk(pages * PGSIZE) == q);
    T_CHECK(t_is_all(q, pages * PGSIZE, 0));
    T_EQ(swap_count(q, pages), 0);
    shrink(pages);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "@exit") == 0)
        exit(0);
    uint64 pool = swap_begin(argv, TIMES);
    swap_roomy();
    untouched();
    written_zeros();
    shrink_and_grow();
    part_of_a_page();
    ends();
    swap_tight();
    tight(pool);
    t_ok();
}
