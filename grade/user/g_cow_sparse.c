// A huge heap of which a few pages were ever touched.
//
//   g_cow_sparse SEED HEAP TOUCHED
#include "grade/user/grade_cow.h"

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), pages = grade_arg(argc, argv, 2),
           touched = grade_arg(argc, argv, 3);
    struct gate child, parent;
    cow_begin(seed);
    gate_make(&child);
    gate_make(&parent);
    char *p = heap(pages);
    for (uint64 i = 0; i < touched; i++)
        fill_page(p + mix(seed, i) % pages * PAGE, seed, i);
    stop("filled", p);
    if (must_fork() == 0) {
        stop("child", p);
        for (uint64 i = 0; i < touched; i++) // holes, next to none of the others unless by chance
            poke(p + mix(seed + 1, i) % pages * PAGE + 9, i + 1);
        stop("wrote", p);
        gate_open(&parent, 1);
        gate_pass(&child);
        exit(0);
    }
    gate_pass(&parent);
    stop("parent", p);
    gate_open(&child, 1);
    wait_status();
    return 0;
}
