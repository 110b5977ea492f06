// Buffers that begin in good memory of every kind and end in none: the call fails as a whole when that could
// be known before, and what lies before the end is as it was.
#include "kernel/fcntl.h"
#include "user/t_lib.h"

static int fd[2];

// The last page of four is given back, so that the third ends in nothing. File data is left as it is: its end
// is not ours.
static void edge(char *p, enum backing kind)
{
    if (kind == B_DATA)
        return;
    char old = t_back_byte(kind), *end = p + 3 * PGSIZE, got[8];
    T_CHECK(sbrk(-PGSIZE) != SBRK_ERROR);
    int file = open("/README", O_RDONLY);
    T_EQ(write(fd[1], "12345678", 8), 8);
    T_EQ(read(fd[0], end - 4, 8), -1);
    T_EQ(read(file, end - 100, 200), -1);
    T_EQ(read(file, end - PGSIZE, PGSIZE), MIN(PGSIZE, read(file, end - 2 * PGSIZE, PGSIZE) + PGSIZE));
    T_EQ(read(fd[0], got, 8), 8);
    T_EQ(memcmp(got, "12345678", 8), 0);
    T_EQ(write(fd[1], end - 4, 8), -1);
    T_CHECK(t_is_all(p, PGSIZE, old));
    int pid = t_fork();
    if (pid == 0)
        exit(3);
    T_EQ(wait((int *)(end - 2)), -1);
    T_EQ(t_wait(), 3);
    T_EQ(pipe((int *)(end - 4)), -1);
    close(file);
}

int main(int argc, char **argv)
{
    (void)argc;
    t_begin(argv);
    t_pipe(fd);
    t_step("read, write, wait and pipe over the end of a heap of every kind");
    t_each_backing(edge);
    t_ok();
}
