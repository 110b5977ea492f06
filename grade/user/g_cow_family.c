// Three generations share four groups of pages; the middle one writes to two of them and ends first.
//
//   g_cow_family SEED GROUP
#include "grade/user/grade_cow.h"

static uint64 seed, group;
static char *p;

// Between the groups lie pages that nobody touches: a fault may bring or copy neighbours.
#define GAP 16

static void fill_group(int g, uint64 s)
{
    fill(p + g * (group + GAP) * PAGE, group, s);
}

static void youngest(struct gate *young, struct gate *old)
{
    gate_pass(young); // its parent has ended
    stop("young", p);
    fill_group(0, seed + 2);
    fill_group(1, seed + 3);
    stop("wrote", p);
    gate_open(old, 1);
    gate_pass(young);
    gate_open(old, 1);
}

int main(int argc, char **argv)
{
    struct gate young, old;
    seed = grade_arg(argc, argv, 1);
    group = grade_arg(argc, argv, 2);
    cow_begin(seed);
    gate_make(&young);
    gate_make(&old);
    p = heap(4 * (group + GAP));
    for (int g = 0; g < 4; g++)
        fill_group(g, seed);
    stop("eldest", p);
    if (must_fork() == 0) {
        fill_group(1, seed + 1);
        if (must_fork() == 0)
            youngest(&young, &old);
        else {
            fill_group(2, seed + 4);
            stop("middle", p);
        }
        exit(0);
    }
    wait_status();
    gate_open(&young, 1);
    gate_pass(&old);
    fill_group(0, seed + 6);
    fill_group(3, seed + 5);
    stop("elder", p);
    gate_open(&young, 1);
    gate_pass(&old);
    return 0;
}
