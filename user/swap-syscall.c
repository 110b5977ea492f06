// System calls whose buffers are out at that moment: the kernel's copies bring them in, or break their
// sharing, and what is in them is right. First where pages go only when told, then with hardly any memory.
#include "kernel/fcntl.h"
#include "kernel/stat.h"
#include "user/swap_lib.h"

#define PAGES   4
#define SIZE    (PAGES * PGSIZE)
#define FILE    "swap-syscall.t"
#define AT_EDGE 20 // bytes of a buffer that lie before a page boundary

static char *p;
static uint64 pool;

static void fill_out(uint64 version)
{
    swap_fill(p, PAGES, version);
    swap_out(p, PAGES);
}

static void file(void)
{
    t_step("write and read of a file, whole pages and at their edges, all out and half out");
    fill_out(1);
    int fd = open(FILE, O_CREATE | O_RDWR | O_TRUNC);
    T_CHECK(fd >= 0);
    T_EQ(write(fd, p, SIZE), SIZE);
    close(fd);
    fd = open(FILE, O_RDONLY);
    fill_out(2);
    T_EQ(read(fd, p, SIZE), SIZE);
    SWAP_RIGHT(p, PAGES, 1);
    close(fd);
    fd = open(FILE, O_RDONLY);
    fill_out(2);
    t_peek(p + PGSIZE); // in; the last two stay out
    T_EQ(read(fd, p, 3 * PGSIZE), 3 * PGSIZE);
    SWAP_RIGHT(p, 3, 1);
    SWAP_RIGHT(p + 3 * PGSIZE, 1, 2);
    close(fd);
    fd = open(FILE, O_RDONLY);
    fill_out(2);
    T_EQ(read(fd, p + PGSIZE - AT_EDGE, 2 * AT_EDGE), 2 * AT_EDGE);
    swap_out(p, PAGES);
    close(fd);
    fd = open(FILE, O_CREATE | O_RDWR | O_TRUNC);
    T_EQ(write(fd, p + PGSIZE - AT_EDGE, 2 * AT_EDGE), 2 * AT_EDGE);
    T_EQ(unlink(FILE), 0);
    close(fd);
    swap_fill(p + PGSIZE, 1, 2);
    SWAP_RIGHT(p + 2 * PGSIZE, 2, 2);
}

// A child shares the pages; the file goes into ours only.
static void shared(void)
{
    struct gate g;
    t_step("read of a file into pages that are out and another process's too");
    int fd = open(FILE, O_CREATE | O_RDWR | O_TRUNC);
    swap_fill(p, PAGES, 3);
    T_EQ(write(fd, p, SIZE), SIZE);
    close(fd);
    t_gate_make(&g);
    swap_fill(p, PAGES, 4);
    if (t_fork() == 0) {
        t_gate_wait(&g);
        SWAP_RIGHT(p, PAGES, 4);
        exit(0);
    }
    swap_out(p, PAGES);
    fd = open(FILE, O_RDONLY);
    T_EQ(read(fd, p, 2 * PGSIZE), 2 * PGSIZE);
    swap_out(p, PAGES);
    T_EQ(read(fd, p + 2 * PGSIZE, PGSIZE), PGSIZE);
    SWAP_RIGHT(p, 3, 3);
    SWAP_RIGHT(p + 3 * PGSIZE, 1, 4);
    t_gate_open(&g);
    t_reap(1);
    close(fd);
    T_EQ(unlink(FILE), 0);
}

static void pipes(void)
{
    int fd[2];
    t_step("a pipe from pages that are out into pages that are out");
    t_pipe(fd);
    fill_out(5);
    if (t_fork() == 0) {
        close(fd[0]);
        T_EQ(write(fd[1], p, SIZE), SIZE);
        exit(0);
    }
    close(fd[1]);
    fill_out(6);
    for (uint64 n = 0; n < SIZE;) {
        int got = read(fd[0], p + n, SIZE - n);
        T_CHECK(got > 0);
        n += got;
    }
    close(fd[0]);
    t_reap(1);
    SWAP_RIGHT(p, PAGES, 5);
}

// The pages go while their owner sleeps inside the system call.
static void asleep_inside(void)
{
    int fd[2];
    t_step("a buffer that goes while its owner sleeps in read");
    t_pipe(fd);
    fill_out(7);
    if (t_fork() == 0) {
        close(fd[1]);
        swap_fill(p, PAGES, 8);
        for (uint64 n = 0; n < SIZE;) {
            int got = read(fd[0], p + n, SIZE - n);
            T_CHECK(got > 0);
            n += got;
        }
        SWAP_RIGHT(p, PAGES, 7);
        exit(0);
    }
    close(fd[0]);
    for (uint64 n = 0; n < SIZE; n += PGSIZE / 2) {
        char *other = t_heap(pool);
        swap_fill(other, pool, n);
        T_EQ(write(fd[1], p + n, PGSIZE / 2), PGSIZE / 2);
        SWAP_RIGHT(other, pool, n);
        sbrk(-pool * PGSIZE);
    }
    close(fd[1]);
    t_reap(1);
}

// Small structures, each across a page boundary.
static void structures(void)
{
    t_step("wait, pipe, fstat, vmstat, procinfo, pageinfo, vmainfo, swapctl, bootarg write to pages that are "
           "out");
    char *at = p + PGSIZE - 4;
    fill_out(9);
    if (t_fork() == 0)
        exit(0x1234);
    T_CHECK(wait((int *)(at + 2)) > 0);
    T_EQ(*(int *)(at + 2), 0x1234);
    swap_out(p, PAGES);
    T_EQ(pipe((int *)at), 0);
    int fds[2] = {((int *)at)[0], ((int *)at)[1]};
    swap_out(p, PAGES);
    struct stat *st = (struct stat *)(at - 4);
    int fd = open("/README", O_RDONLY);
    T_EQ(fstat(fd, st), 0);
    T_EQ(st->type, T_FILE);
    close(fd);
    swap_out(p, PAGES);
    T_EQ(vmstat((struct vmstat *)at), 0);
    T_EQ(((struct vmstat *)at)->pagesize, PGSIZE);
    swap_out(p, PAGES);
    T_EQ(procinfo(getpid(), (struct procinfo *)at), 0);
    T_EQ(((struct procinfo *)at)->pid, getpid());
    swap_out(p, PAGES);
    T_EQ(pageinfo(p + 3 * PGSIZE, 1, (struct pageinfo *)at), 1);
    T_CHECK(((struct pageinfo *)at)->swapped);
    swap_out(p, PAGES);
    T_EQ(vmainfo(getpid(), 0, (struct vmainfo *)at), 0);
    T_CHECK(((struct vmainfo *)at)->start < ((struct vmainfo *)at)->end);
    swap_out(p, PAGES);
    T_EQ(swapctl(SWAPCTL_INFO, (uint64)at, 0), 0);
    T_CHECK(((struct swapinfo *)at)->slots > 0);
    close(fds[0]);
    close(fds[1]);
    SWAP_RIGHT(p + 2 * PGSIZE, 2, 9);
}

static void paths(void)
{
    t_step("open, mkdir, chdir, link, unlink, exec with names, vector and strings that are out");
    char *name = p + PGSIZE - 4, *word = p + 3 * PGSIZE - 2, **vector = (char **)(p + 2 * PGSIZE - 8);
    strcpy(name, FILE);
    swap_out(p, PAGES);
    int fd = open(name, O_CREATE | O_RDWR);
    T_CHECK(fd >= 0);
    close(fd);
    swap_out(p, PAGES);
    T_EQ(link(name, "swap-syscall.u"), 0);
    swap_out(p, PAGES);
    T_EQ(unlink(name), 0);
    T_EQ(unlink("swap-syscall.u"), 0);
    swap_out(p, PAGES);
    T_EQ(mkdir(name), 0);
    swap_out(p, PAGES);
    T_EQ(chdir(name), 0);
    T_EQ(chdir("/"), 0);
    swap_out(p, PAGES);
    T_EQ(unlink(name), 0);
    strcpy(name, "/swap-syscall");
    strcpy(word, "@args");
    vector[0] = name + 1;
    vector[1] = word;
    vector[2] = word + 1;
    vector[3] = 0;
    if (t_fork() == 0) {
        swap_out(p, PAGES);
        exec(name, vector);
        exit(1);
    }
    t_reap(1);
}

static void refused(void)
{
    int fd[2];
    t_step("a write that begins in a page that is out and ends in none: -1 or what there was, nothing lost");
    t_pipe(fd);
    fill_out(10);
    char *last = p + SIZE - PGSIZE;
    T_EQ(sbrk(0) - last, PGSIZE);
    T_CHECK(read(open("/README", O_RDONLY), (char *)MAXVA - 8, 16) < 0);
    T_CHECK(write(fd[1], last + PGSIZE - 8, 16) <= 8);
    SWAP_RIGHT(p, PAGES, 10);
    close(fd[0]);
    close(fd[1]);
}

static void all(void)
{
    file();
    shared();
    pipes();
    asleep_inside();
    structures();
    paths();
    refused();
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "@args") == 0)
        exit(strcmp(argv[0], "swap-syscall") != 0 || strcmp(argv[2], "args") != 0);
    pool = swap_begin(argv, 4);
    p = t_heap(PAGES);
    swap_roomy();
    all();
    t_step("and now with hardly any memory");
    swap_tight();
    all();
    t_ok();
}
