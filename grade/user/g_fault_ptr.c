// Pointers that a program has no right to, given to system calls: each call fails, and nothing else happens.
//
//   g_fault_ptr SEED WORD      WORD: where in a page of text the kernel is asked to write
#include "kernel/fcntl.h"
#include "kernel/stat.h"
#include "kernel/riscv.h"
#include "grade/user/grade_fault.h"

#define NRESULTS 128

static struct {
    uint64 call, addr, result;
} results[NRESULTS];
static int count;
extern char etext[];
__attribute__((aligned(4096))) static const uint64 constants[WORDS] = {1, 2, 3};

static void result(int call, const void *addr, long value)
{
    results[count].call = call;
    results[count].addr = (uint64)addr;
    results[count++].result = value;
}

// Each call that takes memory, with that address. The numbers: CALLS of grade/labs/fault_calls.py.
static void try_reading(int file, int pipe, char *p, int n)
{
    char *argv[] = {"x", p, 0};
    result(1, p, write(file, p, n));
    result(2, p, write(pipe, p, n));
    result(3, p, open(p, O_RDONLY));
    result(4, p, exec(p, argv));
    result(5, p, exec("sh", (char **)p));
    if (p) // else it ends the arguments
        result(6, p, exec("sh", argv));
}

static void try_writing(int file, int filled, char *p, int n)
{
    result(7, p, read(file, p, n));
    result(8, p, read(filled, p, n));
    result(9, p, fstat(file, (struct stat *)p));
    result(10, p, pipe((int *)p));
    if (p)
        result(11, p, wait((int *)p));
}

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), word = grade_arg(argc, argv, 2);
    int fd[2];
    char *p = heap(3), *end = p + 3 * PAGE, *gap = end + (1 << 20) + mix(seed, 1) % (1UL << 35), c[4];
    char *text = (char *)main + word % 64 * 8, *constant = (char *)constants + word * 8;
    int file = open("file", O_CREATE | O_RDWR);
    fill(p, 3, seed);
    if (pipe(fd) < 0 || write(fd[1], "data", 4) != 4 || write(file, p, 64) != 64)
        exit(5);
    close(file);
    file = open("file", O_RDWR);
    int pid = must_fork();
    if (pid == 0)
        exit(3);
    struct bystander b = make_bystander(seed);
    stop("begin", p, gap, text, constant);

    char *bad[] = {gap,         end,           0,      (char *)8, (char *)(DIRECT_BASE + KERNBASE),
                   (char *)-8L, (char *)MAXVA, end - 2};
    for (uint64 i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        try_reading(file, fd[1], bad[i], 16);
        try_writing(file, fd[0], bad[i], 16);
    }
    try_writing(file, fd[0], text, 16);
    try_writing(file, fd[0], constant, 16);
    stop("tried", results, count, p, etext);

    int status = 0, who = wait(&status);
    int got = read(fd[0], c, 4), still = read(file, p, 64);
    stop("works", who == pid, status, got == 4 && memcmp(c, "data", 4) == 0, still, p);
    release_bystander(&b);
    return 0;
}
