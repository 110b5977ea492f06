// System calls read and write memory that is out, while another process pushes pages out all the time: a file
// is written and read, a pipe carries pages, exec gets arguments.
//
//   g_swap_calls SEED PAGES HOG     pages of a buffer, of the other process
//   g_swap_calls exec WORD          what a child becomes: it ends with 0 if WORD is good
#include "grade/user/grade_swap.h"
#include "kernel/fcntl.h"

#define WORD "a word in a page that is out"

static struct bell ready;

// Goes round its memory until it is killed.
static void hog(uint64 pages, uint64 seed)
{
    char *p = large_heap(pages);
    for (uint64 round = 0;; round++) {
        fill(p, pages, seed + round);
        if (round == 0)
            tell(&ready);
        if (wrong(p, pages, seed + round))
            exit(12);
    }
}

// All of it, in several calls if need be. Returns 0 when that went well.
static int move(int writing, int fd, char *p, uint64 n)
{
    for (uint64 done = 0; done < n;) {
        int k = writing ? write(fd, p + done, n - done) : read(fd, p + done, n - done);
        if (k <= 0)
            return 1;
        done += k;
    }
    return 0;
}

static void through_file(char *from, char *to, uint64 n)
{
    int fd = open("f", O_CREATE | O_RDWR);
    page_out(from, n / PAGE);
    stop("calls", from);
    int bad = move(1, fd, from + 9, n - 9); // not aligned: each piece lies in two pages
    close(fd);
    fd = open("f", O_RDONLY);
    page_out(to, n / PAGE);
    bad += move(0, fd, to + 9, n - 9);
    close(fd);
    unlink("f");
    stop("file", to, bad);
}

static void through_pipe(char *from, char *to, uint64 n)
{
    int fd[2];
    if (pipe(fd) < 0)
        exit(5);
    page_out(from, n / PAGE);
    int child = must_fork();
    if (child == 0)
        exit(move(1, fd[1], from, n));
    close(fd[1]);
    page_out(to, n / PAGE);
    int bad = move(0, fd[0], to, n);
    close(fd[0]);
    stop("pipe", to, bad + (wait_status() != 0));
}

static void through_exec(char *name, char *page)
{
    memmove(page, WORD, sizeof(WORD));
    char **vector = (char **)(page + 2 * PAGE);
    vector[0] = name;
    vector[1] = "exec";
    vector[2] = page;
    vector[3] = 0;
    int *status = (int *)(page + PAGE);
    if (must_fork() == 0) {
        page_out(page, 3);
        exec(name, vector);
        exit(1);
    }
    page_out(page, 3);
    int bad = wait(status) < 0;
    stop("exec", bad + (*status != 0));
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "exec") == 0)
        return strcmp(argv[2], WORD) != 0;
    uint64 seed = grade_arg(argc, argv, 1), pages = grade_arg(argc, argv, 2), many = grade_arg(argc, argv, 3);
    char *from = heap(pages), *to = heap(pages);
    bell_make(&ready);
    fill(from, pages, seed);
    first_out(from, pages);
    fill(to, pages, seed + 1);
    int other = must_fork();
    if (other == 0)
        hog(many, seed + 2);
    await(&ready);
    stop("thrash", from, to);
    through_file(from, to, pages * PAGE);
    fill(to, pages, seed + 1);
    through_pipe(from, to, pages * PAGE);
    kill(other);
    wait(0);
    through_exec(argv[0], from);
    return 0;
}
