// Reading: a child reads pages that its parent filled, itself and by system calls, and pages that nobody ever
// wrote to; then both write to the latter.
//
//   g_cow_read SEED PAGES ZEROS
#include "grade/user/grade_cow.h"

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), pages = grade_arg(argc, argv, 2),
           zeros = grade_arg(argc, argv, 3);
    struct gate child, parent;
    char bytes[64];
    cow_begin(seed);
    gate_make(&child);
    gate_make(&parent);
    char *p = heap(pages), *z = heap(2 * zeros); // the second half of z is read after the fork only
    fill(p, pages, seed);
    stop("filled", p, z, not_zero(z, zeros));
    if (must_fork() == 0) {
        stop("child", p, z);
        uint64 bad = wrong(p, pages, seed) + not_zero(z, 2 * zeros);
        for (uint64 i = 1; i < pages; i++) {
            write(child.fd[1], p + i * PAGE - 32, sizeof(bytes));
            read(child.fd[0], bytes, sizeof(bytes));
        }
        stop("read", p, z, bad);
        for (uint64 i = 0; i < 2 * zeros; i++)
            poke(z + i * PAGE + (mix(seed, i) & (PAGE - 1)), i + 1);
        stop("wrote", p, z);
        gate_open(&parent, 1);
        gate_pass(&child);
        exit(0);
    }
    gate_pass(&parent);
    uint64 bad = not_zero(z, 2 * zeros);
    for (uint64 i = 0; i < 2 * zeros; i++)
        poke(z + i * PAGE + (mix(seed + 1, i) & (PAGE - 1)), i + 2);
    stop("parent", p, z, bad, not_zero(heap(2), 2));
    gate_open(&child, 1);
    wait_status();
    return 0;
}
