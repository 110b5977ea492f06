// The parent writes to its pages, forks, and writes to them again at once: nothing comes between that would
// make the processor forget that it was allowed to. Then a child writes to shared pages, one at a time, while
// the grader watches the kernel.
//
//   g_cow_flush SEED PAGES ROUNDS
#include "grade/user/grade_cow.h"

static void write_singly(char *p, uint64 pages)
{
    for (uint64 i = 0; i < pages; i++) {
        stop("shared", p + i * PAGE);
        poke(p + i * PAGE + 5, i);
        stop("copied", p + i * PAGE);
    }
    exit(0);
}

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), pages = grade_arg(argc, argv, 2),
           rounds = grade_arg(argc, argv, 3);
    struct gate go;
    cow_begin(seed);
    gate_make(&go);
    char *p = heap(pages);
    for (uint64 r = 0; r < rounds; r++) {
        fill(p, pages, seed + r);
        int pid = fork();
        if (pid > 0)
            for (uint64 i = 0; i < pages; i++)
                *(volatile uint64 *)(p + i * PAGE) = r;
        if (pid < 0)
            exit(4);
        if (pid == 0) {
            gate_pass(&go);
            stop("child", p);
            exit(0);
        }
        stop("parent", p);
        gate_open(&go, 1);
        wait_status();
    }
    fill(p, pages, seed);
    stop("filled", p);
    if (must_fork() == 0)
        write_singly(p, pages);
    wait_status();
    return 0;
}
