// Three programs with the same addresses and other contents, together more than there is: the parent, a child
// by fork, and one that has run exec.
//
//   g_swap_spaces SEED PAGES        the parent
//   g_swap_spaces SEED PAGES A B C  the one by exec; descriptors: it waits at A, has told B, waits at C
#include "grade/user/grade_swap.h"

static struct bell start[2], ready, done[2];

static void work(const char *name, uint64 seed, uint64 pages, struct bell *first, struct bell *then,
                 struct bell *last)
{
    await(first);
    char *p = large_heap(pages);
    fill(p, pages, seed);
    stop("filled", p, seed);
    tell(then);
    await(last);
    stop(name, p, wrong(p, pages, seed));
    tell(then);
    await(last); // it lives until all have been looked at
    exit(0);
}

static char *digits(char *end, uint64 n)
{
    *--end = 0;
    do
        *--end = '0' + n % 10;
    while ((n /= 10) > 0);
    return end;
}

static void become(char *name, uint64 seed, uint64 pages)
{
    static char text[5][24];
    uint64 number[] = {seed, pages, start[1].fd[0], ready.fd[1], done[1].fd[0]};
    char *vector[7] = {name};
    for (int i = 0; i < 5; i++)
        vector[i + 1] = digits(text[i] + sizeof(text[i]), number[i]);
    exec(name, vector);
    exit(9);
}

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), pages = grade_arg(argc, argv, 2);
    if (argc > 3) {
        struct bell a = {{grade_arg(argc, argv, 3), 0}}, b = {{0, grade_arg(argc, argv, 4)}},
                    c = {{grade_arg(argc, argv, 5), 0}};
        work("exec", seed, pages, &a, &b, &c);
    }
    bell_make(&ready);
    for (int i = 0; i < 2; i++) {
        bell_make(&start[i]);
        bell_make(&done[i]);
    }
    if (must_fork() == 0)
        work("fork", seed + 1, pages, &start[0], &ready, &done[0]);
    if (must_fork() == 0)
        become(argv[0], seed + 2, pages);
    char *p = heap(pages);
    fill(p, pages, seed);
    first_out(p, pages);
    stop("filled", p, seed);
    for (int i = 0; i < 2; i++) { // one after the other
        tell(&start[i]);
        await(&ready);
    }
    stop("all", p, wrong(p, pages, seed));
    for (int i = 0; i < 2; i++) {
        tell(&done[i]);
        await(&ready);
    }
    stop("parent", p, wrong(p, pages, seed));
    for (int i = 0; i < 2; i++)
        tell(&done[i]);
    all_well(2);
    return 0;
}
