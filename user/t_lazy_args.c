// System calls whose buffers lie in pages of every kind, across page boundaries: they work as if all were
// resident.
#include "kernel/fcntl.h"
#include "kernel/stat.h"
#include "user/t_lib.h"

#define HALF (PGSIZE - 50) // a buffer from here lies in two pages

static const char text[] = "straddling the boundary of two pages";
static int pfd[2];

// read of a pipe and of a file, wait, pipe, fstat: the kernel writes. Each at a boundary that nobody has
// touched yet.
static void kernel_writes(char *p, enum backing kind)
{
    char old = t_back_byte(kind);
    int *status = (int *)(p + PGSIZE - 2), *fds = (int *)(p + 2 * PGSIZE - 4),
        file = open("/README", O_RDONLY);
    struct stat *st = (struct stat *)(p + 3 * PGSIZE - 12);
    T_CHECK(file >= 0);
    if (t_fork() == 0)
        exit(0x1234);
    T_CHECK(wait(status) > 0);
    T_EQ(*status, 0x1234);
    T_EQ(pipe(fds), 0);
    T_EQ(write(fds[1], text, sizeof(text)), sizeof(text));
    T_EQ(fstat(file, st), 0);
    T_EQ(st->type, T_FILE);
    T_EQ(read(fds[0], p + 100, sizeof(text)), sizeof(text));
    T_EQ(memcmp(p + 100, text, sizeof(text)), 0);
    T_EQ(read(file, p + PGSIZE + 40, 2 * PGSIZE - 100), MIN(2 * PGSIZE - 100, st->size));
    T_CHECK(p[99] == old && p[100 + sizeof(text)] == old && p[4 * PGSIZE - 1] == old);
}

// write to a pipe: the kernel reads what is there, untouched or not.
static void kernel_reads(char *p, enum backing kind)
{
    char got[200];
    T_EQ(write(pfd[1], p + HALF, 100), 100);
    T_EQ(write(pfd[1], p + PGSIZE + HALF, 100), 100);
    T_EQ(read(pfd[0], got, sizeof(got)), sizeof(got));
    T_CHECK(t_is_all(got, sizeof(got), t_back_byte(kind)));
}

// open with a path and exec with path, vector and strings across boundaries.
static void strings(char *p, enum backing kind)
{
    (void)kind;
    char *path = p + PGSIZE - 4, *word = p + 3 * PGSIZE - 2, **argv = (char **)(p + 2 * PGSIZE - 8);
    strcpy(path, "/README");
    T_CHECK(open(path, O_RDONLY) >= 0);
    strcpy(path, "/t_lazy_args");
    strcpy(word, "@echo");
    argv[0] = path + 1;
    argv[1] = word;
    argv[2] = 0;
    if (t_fork() == 0) {
        exec(path, argv);
        exit(1);
    }
    T_EQ(t_wait(), 77);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "@echo") == 0)
        exit(77);
    t_begin(argv);
    t_pipe(pfd);
    t_step("read, wait, pipe and fstat write into the pages");
    t_each_backing(kernel_writes);
    t_step("write reads from them");
    t_each_backing(kernel_reads);
    t_step("open and exec take strings and vectors from them");
    t_each_backing(strings);
    t_ok();
}
