// Three ways to become the last owner of a page: the other ends, copies it, or gives its memory back.
//
//   g_cow_owner SEED PAGES
#include "grade/user/grade_cow.h"

static uint64 seed, pages;
static char *p;

static void write_alone(int way)
{
    stop("alone", p, way);
    fill(p, pages, seed + 1 + way);
    stop("took", p, way);
}

// The heir's parent ends first; its grandparent, in main, then gives the pages back.
static void make_heir(struct gate *heir, struct gate *done)
{
    if (must_fork() == 0) {
        if (must_fork() == 0) {
            gate_pass(heir);
            write_alone(2);
            gate_open(done, 1);
        }
        exit(0);
    }
    wait_status();
}

int main(int argc, char **argv)
{
    struct gate go, done;
    seed = grade_arg(argc, argv, 1);
    pages = grade_arg(argc, argv, 2);
    cow_begin(seed);
    gate_make(&go);
    gate_make(&done);
    p = heap(pages);
    fill(p, pages, seed);
    stop("filled", p);
    if (must_fork() == 0) {
        stop("child", p);
        exit(0);
    }
    wait_status();
    write_alone(0);
    if (must_fork() == 0) {
        fill(p, pages, seed + 8);
        gate_open(&done, 1);
        gate_pass(&go);
        exit(0);
    }
    gate_pass(&done);
    write_alone(1);
    gate_open(&go, 1);
    wait_status();
    make_heir(&go, &done);
    sbrk(-(int)(pages * PAGE));
    gate_open(&go, 1);
    gate_pass(&done);
    return 0;
}
