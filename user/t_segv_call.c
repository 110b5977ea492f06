// Every illegal address as an argument of a system call: the call returns -1, the process lives, and nothing
// was lost or half done. `t_segv_call CALL` does one call with every kind of bad address.
#include "kernel/fcntl.h"
#include "kernel/stat.h"
#include "user/t_lib.h"

static int fd[2], file;
static char *heap_end; // one page of heap ends here

static void pipe_holds(const char *s, int n)
{
    char got[64];
    T_EQ(write(fd[1], "!", 1), 1);
    T_EQ(read(fd[0], got, sizeof(got)), n + 1);
    T_CHECK(memcmp(got, s, n) == 0 && got[n] == '!');
}

static void call_read(void *p) // what it could not deliver stays in the pipe
{
    T_EQ(write(fd[1], "abc", 3), 3);
    T_EQ(read(fd[0], p, 3), -1);
    pipe_holds("abc", 3);
    T_EQ(read(file, p, 8), -1);
}

static void call_write(void *p)
{
    T_EQ(write(fd[1], p, 8), -1);
    pipe_holds("", 0);
}

static void call_wait(void *p) // the child is still there to be waited for
{
    int pid = t_fork(), status;
    if (pid == 0)
        exit(7);
    T_EQ(wait(p), -1);
    T_EQ(wait(&status), pid);
    T_EQ(status, 7);
}

static void call_pipe(void *p) // no descriptor is used up
{
    int next = dup(0);
    T_CHECK(next > 0);
    close(next);
    T_EQ(pipe(p), -1);
    T_EQ(dup(0), next);
    close(next);
}

static void call_fstat(void *p)
{
    T_EQ(fstat(file, p), -1);
}

static void call_path(void *p)
{
    struct stat st;
    T_EQ(open(p, O_RDONLY), -1);
    T_EQ(open(p, O_CREATE | O_RDWR), -1);
    T_EQ(unlink(p), -1);
    T_EQ(mkdir(p), -1);
    T_EQ(chdir(p), -1);
    T_EQ(link("/README", p), -1);
    T_EQ(link(p, "/t_segv.new"), -1);
    T_EQ(stat("/t_segv.new", &st), -1);
}

static void call_exec(void *p)
{
    char *strings[] = {"t_segv_call", p, 0}, *none[] = {0};
    T_EQ(exec(p, none), -1);
    if (p != 0) // a vector that starts with 0 ends there
        T_EQ(exec("/true", strings), -1);
    T_EQ(exec("/true", p), -1);
}

static void call_info(void *p)
{
    T_EQ(vmstat(p), -1);
    T_EQ(procinfo(getpid(), p), -1);
    T_EQ(vmainfo(getpid(), 0, p), -1);
    T_EQ(pageinfo(&fd, 1, p), -1);
}

static const char constant[64] = "/README"; // readable

static const struct {
    const char *name;
    void (*run)(void *p);
    bool writes; // the kernel would write there
} calls[] = {{"read", call_read, true},  {"write", call_write, false}, {"wait", call_wait, true},
             {"pipe", call_pipe, true},  {"fstat", call_fstat, true},  {"path", call_path, false},
             {"exec", call_exec, false}, {"info", call_info, true}};

static void all_addresses(int c)
{
    const struct {
        void *at;
        const char *reason;
    } bad[] = {
        {heap_end, "unmapped"},
        {(void *)GIB, "unmapped"},
        {STACK_LOWEST + MIB, "far below sp"},
        {(void *)USTACK_TOP, "unmapped"},
        {0, "null page"},
        {(void *)2048, "null page"},
        {STACK_LOWEST - 64, "guard page"},
        {(void *)MAXVA, "kernel address"},
        {(void *)(1UL << 45), "not an address"},
        {(void *)(DIRECT_BASE + KERNBASE), "kernel address"},
        {(void *)KSTACK_BASE, "kernel address"},
        {(void *)-2L, "wraps"},
        {heap_end - 2, "runs out of an area"},
        {(void *)MAXVA - 2, "runs out of the half"},
    };
    for (int i = 0; i < NELEM(bad); i++) {
        if (strcmp(calls[c].name, "wait") == 0 && bad[i].at == 0)
            continue; // no status wanted: legal
        printf("%s: %s at %p: %s\n", t_name, calls[c].name, bad[i].at, bad[i].reason);
        calls[c].run(bad[i].at);
    }
    if (calls[c].writes) {
        t_step("read-only: text and constants");
        calls[c].run((void *)constant);
        calls[c].run((void *)all_addresses);
        T_CHECK(strcmp(constant, "/README") == 0);
    }
}

int main(int argc, char **argv)
{
    t_begin(argv);
    heap_end = t_heap(1) + PGSIZE;
    memset(heap_end - PGSIZE, 'x', PGSIZE);
    t_pipe(fd);
    file = open("/README", O_RDONLY);
    T_CHECK(file >= 0);
    for (int c = 0; c < NELEM(calls); c++) {
        if (argc == 2 && strcmp(argv[1], calls[c].name) == 0) {
            all_addresses(c);
            t_ok();
        }
    }
    printf("usage: t_segv_call read | write | wait | pipe | fstat | path | exec | info\n");
    return 2;
}
