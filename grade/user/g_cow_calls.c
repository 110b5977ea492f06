// System calls that write to shared pages: read() from a pipe and from a file, pipe(), fstat(), wait(); by a
// child, then by the parent of another.
//
//   g_cow_calls SEED
#include "kernel/fcntl.h"
#include "kernel/stat.h"
#include "grade/user/grade_cow.h"

#define PAGES 32 // the calls write to the first seven

static uint64 seed;
static const char *name;

// Two of the calls write to two pages each.
static void calls(char *p)
{
    int fd[2];
    uint64 data[40];
    for (int i = 0; i < 40; i++)
        data[i] = mix(seed + 5, i);
    pipe(fd);
    write(fd[1], data, sizeof(data));
    read(fd[0], p + PAGE - 160, sizeof(data));
    pipe((int *)(p + 2 * PAGE + 8));
    int file = open(name, O_RDONLY);
    fstat(file, (struct stat *)(p + 3 * PAGE + 64));
    read(file, p + 5 * PAGE - 32, 64);
    if (must_fork() == 0)
        exit(seed % 100 + 3);
    wait((int *)(p + 6 * PAGE + 20));
}

int main(int argc, char **argv)
{
    struct gate go, there;
    seed = grade_arg(argc, argv, 1);
    name = argv[0];
    cow_begin(seed);
    gate_make(&go);
    gate_make(&there);
    char *p = heap(PAGES);
    fill(p, PAGES, seed);
    stop("filled", p);
    if (must_fork() == 0) {
        stop("before", p);
        calls(p);
        stop("child", p);
        exit(0);
    }
    wait_status();
    if (must_fork() == 0) {
        stop("looker", p);
        gate_open(&there, 1);
        gate_pass(&go);
        exit(0);
    }
    gate_pass(&there);
    stop("before", p);
    calls(p);
    stop("parent", p);
    gate_open(&go, 1);
    wait_status();
    return 0;
}
