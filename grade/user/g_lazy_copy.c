// System calls read and write memory that nobody has touched.
//
//   g_lazy_copy SEED OFFSET LENGTH
#include "grade/user/grade_lazy.h"
#include "kernel/fcntl.h"
#include "kernel/stat.h"

#define PLACES 12
#define PAGES  4     // of the pattern
#define BELOW  50000 // bytes below the stack pointer

static char *p, *pattern;
static uint64 seed, offset, length;
static int fd[2];

static char *at(uint64 i)
{
    return spot(p, seed, i);
}

// read(): from a file, and from a pipe, whose buffer is smaller.
static void reads(void)
{
    int file = open("f", O_CREATE | O_RDWR);
    uint64 made = write(file, pattern, PAGES * PAGE);
    close(file);
    file = open("f", O_RDONLY);
    uint64 got = read(file, at(0) + offset, length);
    close(file);
    stop("file", made, got);
    int pid = must_fork();
    if (pid == 0) {
        write(fd[1], pattern, length);
        exit(0);
    }
    for (got = 0; got < length;) {
        int n = read(fd[0], at(1) + offset + got, length - got);
        if (n <= 0)
            break;
        got += n;
    }
    if (got < length) // it waits for a reader
        kill(pid);
    stop("pipe", got, wait_status());
}

// write(): to a file and a pipe; what comes back must be zeros, over the pattern.
static void writes(void)
{
    char *back = pattern;
    int file = open("g", O_CREATE | O_RDWR);
    uint64 put = write(file, at(2) + offset, length);
    close(file);
    file = open("g", O_RDONLY);
    uint64 got = read(file, back, length);
    close(file);
    stop("zeros", put, got);
    put = write(fd[1], at(3) + PAGE - 100, 200);
    fill_page(back, seed, 0);
    got = put == 200 ? read(fd[0], back, 200) : 0;
    stop("piped", put, got);
}

// What calls give back in small pieces: pipe's descriptors, a status and a struct across two pages, a copy
// below the stack pointer.
static void small(void)
{
    int *two = (int *)(at(4) + PAGE - sizeof(int));
    if (pipe(two) < 0)
        two = fd;
    uint64 put = write(two[1], &seed, sizeof(seed));
    stop("pair", put, put == sizeof(seed) ? read(two[0], at(5) + PAGE - 4, sizeof(seed)) : 0);
    if (must_fork() == 0)
        exit(42);
    int ended = wait((int *)(at(6) + PAGE - 2));
    struct stat *st = (struct stat *)(at(7) + PAGE - 12);
    int file = open("f", O_RDONLY), known = fstat(file, st);
    close(file);
    stop("status", ended, known);
    char *sp;
    asm volatile("mv %0, sp" : "=r"(sp));
    put = write(fd[1], &seed, sizeof(seed));
    stop("stack", sp - BELOW, put, put == sizeof(seed) ? read(fd[0], sp - BELOW, sizeof(seed)) : 0);
}

// A path whose end is the first byte of an untouched page.
static void strings(void)
{
    char *path = at(8) + PAGE - 2;
    path[0] = '.';
    path[1] = '/';
    int file = open(path, O_RDONLY);
    char *argv[] = {at(9), 0};
    stop("path", file >= 0, mkdir(at(10)), exec(at(11), argv));
}

int main(int argc, char **argv)
{
    seed = grade_arg(argc, argv, 1);
    offset = grade_arg(argc, argv, 2);
    length = grade_arg(argc, argv, 3);
    pattern = heap(PAGES);
    fill(pattern, PAGES, seed);
    p = heap(span(PLACES));
    if (pipe(fd) < 0)
        exit(5);
    stop("ready", p, pattern);
    reads();
    writes();
    small();
    strings();
    return 0;
}
