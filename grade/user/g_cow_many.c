// As many processes share a page as there can well be. Two of them write: one when there are 257, which is
// one more than 256, and the last.
//
//   g_cow_many SEED CHILDREN
#include "grade/user/grade_cow.h"

#define PAGES 4

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), children = grade_arg(argc, argv, 2);
    struct gate done, go;
    cow_begin(seed);
    gate_make(&done);
    gate_make(&go);
    char *p = heap(PAGES);
    fill(p, PAGES, seed);
    stop("filled", p);
    for (uint64 i = 1; i <= children; i++) {
        if (must_fork() == 0) {
            if (i == 1 || i == 256 || i == children) {
                stop("child", p, i);
                fill_page(p + (i == children ? PAGE : 0), seed + i, 0);
                stop("wrote", p, i);
            }
            gate_open(&done, 1);
            gate_pass(&go);
            exit(0);
        }
        gate_pass(&done);
    }
    stop("all", p, wrong(p, PAGES, seed));
    gate_open(&go, children);
    for (uint64 i = 0; i < children; i++)
        wait_status();
    stop("gone", p);
    fill(p, PAGES, seed + 1);
    stop("over", p);
    return 0;
}
