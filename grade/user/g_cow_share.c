// fork shares pages: the parent fills memory and forks; both stop before and after each writes to one page.
//
//   g_cow_share SEED PAGES
#include "grade/user/grade.h"

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), pages = grade_arg(argc, argv, 2);
    char *p = heap(pages);
    fill(p, pages, seed);
    stop("filled", p, pages);
    if (must_fork() == 0) {
        stop("child", p, wrong(p, pages, seed));
        fill_page(p, seed + 1, 0);
        stop("wrote", p, wrong(p + PAGE, pages - 1, mix(seed, 0)));
        exit(7);
    }
    int status = wait_status();
    stop("parent", p, wrong(p, pages, seed), status);
    fill_page(p + PAGE, seed + 2, 1);
    stop("owner", p, wrong_words(p, seed, 0));
    return 0;
}
