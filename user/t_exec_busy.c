// A running program is not changed by what others do to its file: writing is refused, and after unlink and a
// new file of the same name, pages that come in only then are still the old ones.
#include "kernel/fcntl.h"
#include "kernel/stat.h"
#include "user/t_lib.h"

#define COPY  "/t_busy.tmp"
#define PAGES 16

static char data[PAGES * PGSIZE] __attribute__((aligned(PGSIZE))) = {[0 ... sizeof(data) - 1] = 6};

// The copy, run: says that it is there, waits for the rest to happen to its file, then touches its data.
static int victim(char **argv)
{
    char c;
    T_EQ(data[0], 6);
    t_send(atoi(argv[2]), 1);
    read(atoi(argv[3]), &c, 1);
    T_EQ(t_page(data + PGSIZE).present, 0);
    return t_is_all(data, sizeof(data), 6) ? 0 : 1;
}

static void copy_self(void)
{
    static char buf[PGSIZE];
    int from = open("/t_exec_busy", O_RDONLY), to = open(COPY, O_CREATE | O_WRONLY | O_TRUNC), n;
    T_CHECK(from >= 0 && to >= 0);
    while ((n = read(from, buf, sizeof(buf))) > 0)
        T_EQ(write(to, buf, n), n);
    close(from);
    close(to);
}

static void start_victim(int fd[2], struct gate *g)
{
    if (t_fork() == 0) {
        char out[2] = {'0' + fd[1]}, in[2] = {'0' + g->fd[0]};
        char *vector[] = {"t_busy.tmp", "@victim", out, in, 0};
        close(g->fd[1]);
        exec(COPY, vector);
        exit(2);
    }
    T_EQ(t_recv(fd[0]), 1);
}

int main(int argc, char **argv)
{
    int fd[2], file;
    struct gate g;
    t_begin(argv);
    if (argc == 4)
        return victim(argv);
    t_pipe(fd);
    copy_self();
    t_step("a file that is open for writing cannot be run");
    file = open(COPY, O_RDWR);
    T_CHECK(file >= 0);
    T_EQ(exec(COPY, argv), -1);
    close(file);
    t_step("a file that runs cannot be opened for writing, nor truncated");
    t_gate_make(&g);
    start_victim(fd, &g);
    T_EQ(open(COPY, O_WRONLY), -1);
    T_EQ(open(COPY, O_RDWR), -1);
    T_EQ(open(COPY, O_RDONLY | O_TRUNC), -1);
    T_CHECK((file = open(COPY, O_RDONLY)) >= 0);
    close(file);
    t_gate_open(&g);
    T_EQ(t_wait(), 0);
    t_step("unlinked, and its name given to another file: it runs on, and what it reads in is still its own");
    t_gate_make(&g);
    start_victim(fd, &g);
    T_EQ(unlink(COPY), 0);
    T_CHECK((file = open(COPY, O_CREATE | O_RDWR)) >= 0);
    for (int i = 0; i < 64; i++)
        T_EQ(write(file, "something quite different", 25), 25);
    close(file);
    t_gate_open(&g);
    T_EQ(t_wait(), 0);
    T_EQ(unlink(COPY), 0);
    t_ok();
}
