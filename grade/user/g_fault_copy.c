// System calls to and from memory that nobody has touched yet: the kernel's own accesses fault, and bring it
// in.
//
//   g_fault_copy SEED OFFSET        OFFSET: in a page, where buffers begin
#include "kernel/fcntl.h"
#include "kernel/stat.h"
#include "grade/user/grade_fault.h"

#define APART (64 * PAGE)
#define SIZE  (2 * (int)PAGE + 500)

__attribute__((aligned(4096))) static char area[6][APART], page[3 * PAGE];
__attribute__((aligned(4096))) static char before = 'x', path[2 * PAGE] = {[PAGE - 2] = 'f', 'i', 'l', 'e'};

// The lowest of these pages of the stack is written by the kernel first.
__attribute__((noinline)) static void on_stack(int file)
{
    char local[4 * PAGE];
    asm volatile("" : : "r"(local) : "memory");
    int gave = fstat(file, (struct stat *)local);
    stop("stack", local, gave);
}

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), off = grade_arg(argc, argv, 2);
    int fd[2], pid, file;
    stop("begin", area, path, &before);

    file = open(path + PAGE - 2, O_CREATE | O_RDWR); // "file": the string lies in two pages
    stop("opened", file);
    fill(page, 3, seed);
    int wrote = write(file, page, SIZE);
    close(file);
    file = open("file", O_RDONLY);
    stop("read", wrote, read(file, area[0] + off, SIZE));
    close(file);

    file = open("zeros", O_CREATE | O_RDWR);
    wrote = write(file, area[1] + off, SIZE);
    close(file);
    file = open("zeros", O_RDONLY);
    stop("zeros", page, wrote, read(file, page, SIZE));

    pipe(fd);
    fill(page, 1, seed);
    wrote = write(fd[1], page, 400);
    stop("pipe", wrote, read(fd[0], area[2] + PAGE - 200, 400));
    wrote = write(fd[1], area[5] + off, 300);
    stop("piped", page, wrote, read(fd[0], page, 300));

    if ((pid = must_fork()) == 0)
        exit(0x123456);
    stop("status", wait((int *)(area[3] + PAGE - 2)) == pid);
    stop("stat", fstat(file, (struct stat *)(area[4] + PAGE - 8)));
    on_stack(file);
    return 0;
}
