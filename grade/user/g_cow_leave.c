// Sharers go away: by exit, by exec, by giving the heap back, the parent too. And rounds of all that, after
// which there must be as much free memory as before.
//
//   g_cow_leave SEED PAGES ROUNDS
#include "grade/user/grade_cow.h"

static uint64 seed, pages;
static char *p, *zeros;
static struct gate child, parent;

static void child_leaves(int how)
{
    char *argv[] = {"true", 0};
    if (how == 1)
        exec("true", argv);
    if (how == 2) {
        sbrk(-(int)((pages + 4) * PAGE));
        stop("shrunk", p);
        fill(heap(pages), pages, seed + 9);
        stop("grown", p);
    }
    exit(0);
}

static void parent_leaves(void)
{
    if (must_fork() == 0) {
        gate_pass(&child);
        stop("heir", p);
        gate_open(&parent, 1);
        exit(0);
    }
    sbrk(-(int)((pages + 4) * PAGE));
    fill(heap(pages), pages, seed + 5);
    heap(4);
    gate_open(&child, 1);
    gate_pass(&parent);
    wait_status();
}

// Some pages are copied by the child, some then taken over by the parent, zeros written by either.
static void round(uint64 r)
{
    uint64 bad = not_zero(zeros, 4);
    if (must_fork() == 0) {
        for (uint64 i = 0; i < pages; i++)
            if ((r + i) % 3)
                poke(p + i * PAGE + 11, r);
        poke(zeros + (r & 3) * PAGE, bad);
        exit(0);
    }
    for (uint64 i = 0; i < pages; i++)
        if ((r + i) % 4)
            fill_page(p + i * PAGE, seed + r, i);
    wait_status();
}

int main(int argc, char **argv)
{
    seed = grade_arg(argc, argv, 1);
    pages = grade_arg(argc, argv, 2);
    uint64 rounds = grade_arg(argc, argv, 3);
    cow_begin(seed);
    gate_make(&child);
    gate_make(&parent);
    p = heap(pages);
    zeros = heap(4);
    fill(p, pages, seed);
    stop("filled", p);
    for (int how = 0; how < 3; how++) {
        if (must_fork() == 0) {
            stop("child", p);
            child_leaves(how);
        }
        wait_status();
        stop("left", p, how);
    }
    parent_leaves();
    round(0); // tables and caches are filled now
    stop("before", p);
    for (uint64 r = 0; r < rounds; r++)
        round(r + 1);
    stop("after", p);
    return 0;
}
