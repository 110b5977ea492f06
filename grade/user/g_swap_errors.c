// A disk that fails for a while: the grader lets it between two stops. Only pages of one region leave memory.
//
//   g_swap_errors SEED PAGES
#include "grade/user/grade_swap.h"

#define FIRST 6 // pages that the process reads while it can

static struct bell ready, go;

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), pages = grade_arg(argc, argv, 2);
    char *p = heap(pages);
    bell_make(&ready);
    bell_make(&go);
    fill(p, pages, seed);
    only(p, pages);
    stop("writes", p); // now writes fail
    page_out(p, pages);
    stop("failed", p, wrong(p, pages, seed));
    page_out(p, pages); // now they do not
    stop("out", p);
    if (must_fork() == 0) {
        tell(&ready);
        await(&go);
        uint64 bad = wrong(p, FIRST, seed);
        stop("reads", p, bad); // now reads fail: it goes on where it was
        stop("saw", p, wrong(p, pages, seed));
        exit(0);
    }
    await(&ready);
    tell(&go);
    int status = wait_status();
    stop("died", p, status); // now they do not
    stop("back", p, wrong(p, pages, seed));
    fill(p, pages, seed + 1);
    page_out(p, pages);
    stop("end", p, wrong(p, pages, seed + 1));
    only(p, 0);
    return 0;
}
