// Two pages of its own, for the grader to work with: from outside it calls functions of the kernel, with
// these pages as their arguments, while the program waits here.
//
//   g_fault_call SEED
#include "grade/user/grade_fault.h"

__attribute__((aligned(4096))) static char untouched[128 * PAGE];

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1);
    char *p = heap(3);
    attempt(STORE_8, main);
    fill(p, 3, seed); // behind the fork: so they are its own
    stop("pages", p, untouched + 64 * PAGE);
    stop("after");
    return 0;
}
