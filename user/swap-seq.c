// Four times the memory that there is, used from one end to the other: written, read, written again, read
// backwards. Every byte is checked, and that pages did go and come.
#include "user/swap_lib.h"

#define TIMES 4

int main(int argc, char **argv)
{
    (void)argc;
    uint64 pool = swap_begin(argv, TIMES), pages = TIMES * pool, out = pages - pool;
    char *p = t_heap(pages);
    struct swapinfo start = swap_info();
    t_step("write all pages: most of them must be out");
    swap_fill(p, pages, 1);
    struct swapinfo written = swap_info();
    T_CHECK(written.writes - start.writes >= out && written.used >= out);
    t_step("read all pages");
    SWAP_RIGHT(p, pages, 1);
    struct swapinfo read = swap_info();
    T_CHECK(read.reads - written.reads >= out);
    t_step("write all once more");
    swap_fill(p, pages, 2);
    T_CHECK(swap_info().writes - read.writes >= out);
    t_step("read them backwards");
    for (uint64 i = pages; i-- > 0;)
        SWAP_RIGHT(p + i * PGSIZE, 1, 2);
    T_CHECK(swap_count(p, pages) >= out);
    t_step("give the memory back: its slots are free");
    T_CHECK(sbrk(-(pages * PGSIZE)) != SBRK_ERROR);
    T_CHECK(swap_used() <= pages_held());
    t_ok();
}
