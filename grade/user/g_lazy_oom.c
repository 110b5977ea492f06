// More memory is touched than there is: first by a child that takes all, then by this process while a child
// has nearly all.
//
//   g_lazy_oom SEED KEEP HOG PLACES
#include "grade/user/grade_lazy.h"

// Takes one page after the other, up to `most`.
static void take(char *p, uint64 from, uint64 most)
{
    for (uint64 i = from; i < most; i++)
        *(volatile uint64 *)(p + i * PAGE) = i + 1;
}

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), keep = grade_arg(argc, argv, 2), hog = grade_arg(argc, argv, 3);
    uint64 n = grade_arg(argc, argv, 4);
    int fd[2];
    char *mine = heap(keep), *more = heap(span(n)), c = 0;
    fill(mine, keep, seed);
    stop("kept", mine, more);
    if (must_fork() == 0) {
        char *p = heap(hog);
        take(p, 0, 1);
        stop("hog", p);
        take(p, 1, hog);
        stop("all", p);
        exit(0);
    }
    int status = wait_status();
    stop("killed", mine, status);
    if (pipe(fd) < 0)
        exit(5);
    if (must_fork() == 0) {
        char *p = heap(hog);
        take(p, 0, 1);
        take(p, 1, stop("most", p));
        write(fd[1], "x", 1);
        for (;;)
            sleep(1);
    }
    read(fd[0], &c, 1);
    stop("full", more);
    put_marks(more, seed, 0, n);
    stop("alive", more, lost_marks(more, seed, 0, n));
    status = wait_status();
    stop("end", mine, status, wrong(mine, keep, seed));
    return 0;
}
