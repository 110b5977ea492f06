// Memory runs out while a child copies what it shares with its parent. The child is the largest process.
//
//   g_cow_oom SEED PAGES MORE
#include "grade/user/grade_cow.h"

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), pages = grade_arg(argc, argv, 2), more = grade_arg(argc, argv, 3);
    cow_begin(seed);
    char *p = heap(pages);
    fill(p, pages, seed);
    stop("filled", p);
    for (int round = 0; round < 3; round++) {
        if (must_fork() == 0) {
            stop("child", p);
            fill(heap(more), more, seed + 1);
            stop("large", p);
            fill(p, pages, seed + 2);
            stop("lived", p);
            exit(0);
        }
        int status = wait_status();
        stop("parent", p, status);
    }
    fill(p, pages, seed + 3);
    stop("over", p);
    return 0;
}
