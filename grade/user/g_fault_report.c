// Five deaths, of which the kernel writes a line each.
//
//   g_fault_report SEED PAGES
#include "grade/user/grade_fault.h"

extern char BASE[], etext[];

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), pages = grade_arg(argc, argv, 2);
    char *p = heap(pages), *end = p + pages * PAGE;
    stop("memory", argv[0], BASE, etext, p, end);
    attempt(LOAD_1, end);
    attempt(LOAD_8, end + mix(seed, 1) % 100000 * 8);
    attempt(STORE_1, (char *)((uint64)BASE - 1 - mix(seed, 2) % 1000000));
    attempt(STORE_8, BASE + mix(seed, 3) % 100 * 8);
    attempt(JUMP, p + mix(seed, 4) % pages * PAGE);
    attempt(LOAD_1, (char *)(mix(seed, 5) % PAGE));
    stop("end");
    return 0;
}
