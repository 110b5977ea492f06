// fork fails for lack of memory, at each of its allocations in turn, until it succeeds. The parent goes on
// with its memory after each attempt.
//
//   g_cow_nofork SEED PAGES SPREAD
#include "kernel/syscall.h"
#include "grade/user/grade_cow.h"

#define MOST 200

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), pages = grade_arg(argc, argv, 2),
           spread = grade_arg(argc, argv, 3);
    cow_begin(seed);
    char *p = heap(pages * spread); // every `spread`-th page is used: several page tables
    for (uint64 i = 0; i < pages; i++)
        fill_page(p + i * spread * PAGE, seed, i);
    stop("filled", p);
    for (int n = 1; n < MOST; n++) {
        debug(DEBUG_ALLOCFAIL, n);
        int pid = fork();
        if (pid == 0) {
            stop("child", p);
            exit(0);
        }
        debug(DEBUG_ALLOCFAIL, 0);
        if (pid > 0) {
            wait_status();
            stop("forked", p, n);
            return 0;
        }
        stop("failed", p, n);
        for (uint64 i = 0; i < pages; i++)
            fill_page(p + i * spread * PAGE, seed + n, i);
        stop("wrote", p, n);
    }
    return 1;
}
