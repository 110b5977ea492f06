// A program with many pages of text runs all of them, then needs all memory for data, then runs them again,
// and another program with the same text.
//
//   g_swap_text SEED PAGES          pages of data
//   g_swap_text run                 runs the text
#include "grade/user/grade_swap.h"

#define FUNCTIONS 48 // each fills a page

// Function i returns its argument plus i.
asm(".text\n"
    ".balign 4096\n"
    ".globl many_functions\n"
    "many_functions:\n"
    ".set i, 0\n"
    ".rept 48\n"
    "    addi a0, a0, i\n"
    "    ret\n"
    "    .balign 4096\n"
    "    .set i, i + 1\n"
    ".endr\n");
extern char many_functions[];

static uint64 run_all(uint64 x)
{
    for (int i = 0; i < FUNCTIONS; i++)
        x = ((uint64(*)(uint64))(many_functions + i * PAGE))(x);
    return x;
}

#define SUM (FUNCTIONS * (FUNCTIONS - 1) / 2)

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "run") == 0)
        return run_all(1) != 1 + SUM;
    uint64 seed = grade_arg(argc, argv, 1), pages = grade_arg(argc, argv, 2), x = run_all(seed);
    char *p = large_heap(pages);
    stop("ran", many_functions, FUNCTIONS, x == seed + SUM);
    fill(p, pages, seed);
    stop("filled", p, pages);
    x = run_all(seed);
    stop("again", many_functions, FUNCTIONS, x == seed + SUM);
    uint64 bad = wrong(p, pages, seed);
    if (must_fork() == 0) {
        char *vector[] = {argv[0], "run", 0};
        exec(argv[0], vector);
        exit(1);
    }
    bad += wrong(p, pages, seed);
    stop("exec", p, bad, wait_status());
    return 0;
}
