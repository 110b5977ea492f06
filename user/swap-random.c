// Four times the memory that there is, used at random: a page is checked, every byte of it, and written anew
// every other time.
#include "user/swap_lib.h"

#define TIMES 4
#define STEPS 8 // for each page

int main(int argc, char **argv)
{
    uint64 seed = argc > 1 ? atoi(argv[1]) : 1;
    uint64 pool = swap_begin(argv, TIMES), pages = TIMES * pool;
    struct swapinfo start = swap_info();
    swap_load(pages, STEPS * pages, seed, 0, -1);
    struct swapinfo end = swap_info();
    // Three of four steps meet a page that is out; one of two would do.
    t_step("most steps had to wait for the disk");
    T_CHECK(end.reads - start.reads >= STEPS * pages / 2);
    T_CHECK(end.evicted - start.evicted >= STEPS * pages / 2);
    t_ok();
}
