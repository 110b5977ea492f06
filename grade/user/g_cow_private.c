// A write is private: the child writes single bytes, then the parent whole pages, while the other looks on.
//
//   g_cow_private SEED PAGES BYTES
#include "grade/user/grade_cow.h"

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), pages = grade_arg(argc, argv, 2),
           bytes = grade_arg(argc, argv, 3);
    struct gate child, parent;
    cow_begin(seed);
    gate_make(&child);
    gate_make(&parent);
    char *p = heap(pages);
    fill(p, pages, seed);
    stop("filled", p);
    if (must_fork() == 0) {
        stop("child", p);
        for (uint64 i = 0; i < bytes; i++) {
            uint64 r = mix(seed + 7, i), off = i == 0 ? 0 : i == 1 ? PAGE - 1 : r >> 32 & (PAGE - 1);
            poke(p + r % pages * PAGE + off, i + 1);
        }
        stop("wrote", p);
        gate_open(&parent, 1);
        gate_pass(&child);
        exit(0);
    }
    gate_pass(&parent);
    for (uint64 i = 0; i < pages; i += 2)
        fill_page(p + i * PAGE, seed + 1, i);
    stop("parent", p);
    gate_open(&child, 1);
    wait_status();
    return 0;
}
