// The kernel writes into shared pages for one of their owners: that one gets the data in a frame of its own,
// the other keeps what it had. Each call that writes to a program's memory.
#include "kernel/fcntl.h"
#include "kernel/stat.h"
#include "user/t_lib.h"

static int fd[2], file;

static void by_read_pipe(char *p)
{
    T_EQ(write(fd[1], "abcd", 4), 4);
    T_EQ(read(fd[0], p, 4), 4);
    T_EQ(memcmp(p, "abcd", 4), 0);
}
static void by_read_file(char *p)
{
    T_EQ(read(file, p, 1), 1);
}
static void by_wait(char *p)
{
    if (t_fork() == 0)
        exit(0x77);
    T_CHECK(wait((int *)p) > 0);
    T_EQ(*(int *)p, 0x77);
}
static void by_fstat(char *p)
{
    T_EQ(fstat(file, (struct stat *)p), 0);
}
static void by_pipe(char *p)
{
    T_EQ(pipe((int *)p), 0);
    close(((int *)p)[0]);
    close(((int *)p)[1]);
}
static void by_vmstat(char *p)
{
    T_EQ(vmstat((struct vmstat *)p), 0);
}
static void by_procinfo(char *p)
{
    T_EQ(procinfo(getpid(), (struct procinfo *)p), 0);
}
static void by_vmainfo(char *p)
{
    T_EQ(vmainfo(getpid(), 0, (struct vmainfo *)p), 0);
}
static void by_pageinfo(char *p)
{
    T_EQ(pageinfo(p, 1, (struct pageinfo *)p), 1);
}
static void by_bootarg(char *p)
{
    T_CHECK(bootarg("mark", p, 100) > 0);
}

static const struct {
    const char *name;
    void (*run)(char *p);
} calls[] = {{"read of a pipe", by_read_pipe},
             {"read of a file", by_read_file},
             {"wait", by_wait},
             {"fstat", by_fstat},
             {"pipe", by_pipe},
             {"vmstat", by_vmstat},
             {"procinfo", by_procinfo},
             {"vmainfo", by_vmainfo},
             {"pageinfo", by_pageinfo},
             {"bootarg", by_bootarg}};

static void breaks(int i)
{
    char *p = t_heap(3);
    struct gate g;
    memset(p, 'q', 3 * PGSIZE);
    t_gate_make(&g);
    if (t_fork() == 0) {
        t_gate_wait(&g);
        T_CHECK(t_is_all(p, 3 * PGSIZE, 'q'));
        exit(0);
    }
    uint64 frame = t_page(p + PGSIZE).frame;
    struct faultcount n = t_faults();
    calls[i].run(p + PGSIZE);
    T_EQ(t_faults_since(n).cow >= 1, 1);
    struct pageinfo pi = t_page(p + PGSIZE);
    T_CHECK(pi.frame != frame && pi.shared == 1 && pi.writable);
    T_CHECK(p[PGSIZE - 1] == 'q' && p[2 * PGSIZE] == 'q' && p[2 * PGSIZE - 1] == 'q');
    T_EQ(t_page(p).shared, 2);
    t_gate_open(&g);
    t_reap(1);
}

int main(int argc, char **argv)
{
    (void)argc;
    t_begin(argv);
    t_pipe(fd);
    file = open("/README", O_RDONLY);
    T_CHECK(file >= 0);
    for (int i = 0; i < NELEM(calls); i++) {
        t_step(calls[i].name);
        breaks(i);
    }
    t_ok();
}
