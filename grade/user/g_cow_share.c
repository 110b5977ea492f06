// fork shares pages: several children, all alive at once, look at the memory that their parent filled.
//
//   g_cow_share SEED PAGES CHILDREN
#include "grade/user/grade_cow.h"

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), pages = grade_arg(argc, argv, 2),
           children = grade_arg(argc, argv, 3);
    struct gate done, go;
    cow_begin(seed);
    gate_make(&done);
    gate_make(&go);
    char *p = heap(pages);
    fill(p, pages, seed);
    stop("filled", p);
    for (uint64 i = 0; i < children; i++) {
        if (must_fork() == 0) {
            stop("child", p, wrong(p, pages, seed));
            gate_open(&done, 1);
            gate_pass(&go);
            exit(0);
        }
        gate_pass(&done);
    }
    gate_open(&go, children);
    for (uint64 i = 0; i < children; i++)
        wait_status();
    stop("over", p, wrong(p, pages, seed));
    return 0;
}
