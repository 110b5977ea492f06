// Two pages of its own, for the grader to work with: from outside it calls functions of the kernel, with these
// pages as their arguments, while the program waits here.
//
//   g_fault_call SEED
#include "grade/user/grade_fault.h"

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1);
    char *p = heap(2);
    fill(p, 2, seed);
    attempt(STORE_8, main);
    stop("pages", p);
    stop("after", p, heap(1)); // the second: fresh, never touched
    return 0;
}
