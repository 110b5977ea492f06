// The system calls with a pointer argument, one row for each such argument: how to set the call up so that
// only the pointer decides whether it works, and how to see that the good call had its whole effect. A row's
// setup makes the files, pipes or children that the call needs in the case's scratch directory; its undo
// removes them again.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/memlayout.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "kernel/stat.h"
#include "kernel/syscall.h"
#include "kernel/vmstat.h"
#include "user/usertests_args.h"

char arg_data[NBYTES];

static void set_content(struct call *c, const void *content, int size)
{
    c->content = content;
    c->size = size;
}

static void set_string(struct call *c, const char *s)
{
    set_content(c, s, strlen(s) + 1);
}

static void undo_none(struct call *c, const void *at)
{
    (void)c;
    (void)at;
}

static void setup_wait(struct call *c)
{
    if (ut_fork() == 0)
        exit(7);
    c->size = sizeof(int);
}

static void undo_wait(struct call *c, const void *at)
{
    int status;
    memmove(&status, at, sizeof(status));
    CHECK_EQ(status, 7);
    (void)c;
}

static void setup_pipe(struct call *c)
{
    c->size = sizeof(c->fd);
}

static void undo_pipe(struct call *c, const void *at)
{
    memmove(c->fd, at, sizeof(c->fd));
    CHECK_EQ(close(c->fd[0]), 0);
    CHECK_EQ(close(c->fd[1]), 0);
}

static void setup_read_file(struct call *c)
{
    ut_create("f", arg_data, NBYTES);
    c->fd[0] = ut_open("f", O_RDONLY);
    c->arg[0] = c->fd[0];
    c->arg[2] = c->size = NBYTES;
}

static void undo_read_file(struct call *c, const void *at)
{
    CHECK_EQ(memcmp(at, arg_data, NBYTES), 0);
    close(c->fd[0]);
    unlink("f");
}

static void setup_read_pipe(struct call *c)
{
    ut_pipe2(c->fd);
    CHECK_EQ(write(c->fd[1], arg_data, NBYTES), NBYTES);
    c->arg[0] = c->fd[0];
    c->arg[2] = c->size = NBYTES;
}

static void undo_read_pipe(struct call *c, const void *at)
{
    CHECK_EQ(memcmp(at, arg_data, NBYTES), 0);
    close(c->fd[0]);
    close(c->fd[1]);
}

static void setup_read_dir(struct call *c)
{
    c->fd[0] = ut_open(".", O_RDONLY);
    c->arg[0] = c->fd[0];
    c->arg[2] = c->size = 16;
}

static void undo_close(struct call *c, const void *at)
{
    close(c->fd[0]);
    (void)at;
}

static void setup_write_file(struct call *c)
{
    c->fd[0] = ut_open("f", O_CREATE | O_RDWR);
    c->arg[0] = c->fd[0];
    c->arg[2] = NBYTES;
    set_content(c, arg_data, NBYTES);
}

static void undo_write_file(struct call *c, const void *at)
{
    ut_same("f", at, NBYTES);
    close(c->fd[0]);
    unlink("f");
}

static void setup_write_pipe(struct call *c)
{
    ut_pipe2(c->fd);
    c->arg[0] = c->fd[1];
    c->arg[2] = NBYTES;
    set_content(c, arg_data, NBYTES);
}

static void undo_write_pipe(struct call *c, const void *at)
{
    char buf[2 * NBYTES];
    close(c->fd[1]);
    CHECK_EQ(read(c->fd[0], buf, sizeof(buf)), NBYTES);
    CHECK_EQ(memcmp(buf, at, NBYTES), 0);
    close(c->fd[0]);
}

static void setup_fstat(struct call *c)
{
    setup_read_dir(c);
    c->size = sizeof(struct stat);
}

static void undo_fstat(struct call *c, const void *at)
{
    struct stat st;
    memmove(&st, at, sizeof(st));
    CHECK_EQ(st.type, T_DIR);
    close(c->fd[0]);
}

static void setup_open(struct call *c)
{
    ut_create("f", arg_data, NBYTES);
    set_string(c, "f");
}

// The descriptor is the lowest free one: dup() finds the next, so the one before it is open()'s.
static void undo_open(struct call *c, const void *at)
{
    int next = dup(1);
    close(next);
    CHECK_EQ(close(next - 1), 0);
    unlink("f");
    (void)c, (void)at;
}

static void setup_chdir(struct call *c)
{
    set_string(c, ".");
}

static void setup_mknod(struct call *c)
{
    c->arg[1] = 9;
    set_string(c, "node");
}

static void undo_unlink(struct call *c, const void *at)
{
    CHECK_EQ(unlink(c->content), 0);
    (void)at;
}

static void setup_unlink(struct call *c)
{
    ut_create("f", arg_data, NBYTES);
    set_string(c, "f");
}

static void setup_mkdir(struct call *c)
{
    set_string(c, "d");
}

static void setup_link_old(struct call *c)
{
    setup_unlink(c);
    c->arg[1] = (uint64) "g";
}

static void setup_link_new(struct call *c)
{
    ut_create("f", arg_data, NBYTES);
    c->arg[0] = (uint64) "f";
    set_string(c, "g");
}

static void undo_link(struct call *c, const void *at)
{
    ut_same("f", arg_data, NBYTES);
    CHECK_EQ(unlink("f"), 0);
    CHECK_EQ(unlink("g"), 0);
    (void)c, (void)at;
}

static void undo_rename(struct call *c, const void *at)
{
    ut_same("g", arg_data, NBYTES);
    CHECK_EQ(ut_size("f"), -1);
    CHECK_EQ(unlink("g"), 0);
    (void)c, (void)at;
}

// A call of exec that went through would show as the status 9.
static void setup_exec_vec(struct call *c)
{
    c->vec[0] = (uint64) "usertests";
    c->vec[1] = (uint64) "@exit9";
    c->arg[0] = (uint64) "/usertests";
    c->arg[1] = (uint64)c->vec;
}

static void setup_exec_path(struct call *c)
{
    setup_exec_vec(c);
    set_string(c, "/usertests");
}

static void setup_exec_argv(struct call *c)
{
    setup_exec_vec(c);
    set_content(c, c->vec, sizeof(c->vec));
}

static void setup_exec_arg0(struct call *c)
{
    setup_exec_vec(c);
    c->where = &c->vec[0];
    set_string(c, "usertests");
}

static void setup_exec_arg1(struct call *c)
{
    setup_exec_vec(c);
    c->where = &c->vec[1];
    set_string(c, "@exit9");
}

static void setup_vmstat(struct call *c)
{
    c->size = sizeof(struct vmstat);
}

static void undo_vmstat(struct call *c, const void *at)
{
    struct vmstat vs;
    memmove(&vs, at, sizeof(vs));
    CHECK_EQ(vs.pagesize, PGSIZE);
    (void)c;
}

static void setup_pageinfo(struct call *c)
{
    c->arg[0] = PGROUNDDOWN(arg_data);
    c->arg[1] = 1;
    c->size = sizeof(struct pageinfo);
}

static void setup_procinfo(struct call *c)
{
    c->arg[0] = getpid();
    c->size = sizeof(struct procinfo);
}

static void undo_procinfo(struct call *c, const void *at)
{
    struct procinfo pi;
    memmove(&pi, at, sizeof(pi));
    CHECK_EQ(pi.pid, getpid());
    (void)c;
}

static void setup_vmainfo(struct call *c)
{
    c->arg[0] = getpid();
    c->size = sizeof(struct vmainfo);
}

static void setup_bootarg(struct call *c)
{
    set_string(c, "no-such-word");
}

const struct argrow arg_rows[] = {
    {"wait status", SYS_wait, 0, OUT, setup_wait, undo_wait, ANY, .null_ok = true},
    {"pipe fds", SYS_pipe, 0, OUT, setup_pipe, undo_pipe, 0},
    {"read file", SYS_read, 1, OUT, setup_read_file, undo_read_file, NBYTES},
    {"read pipe", SYS_read, 1, OUT, setup_read_pipe, undo_read_pipe, NBYTES},
    {"read directory", SYS_read, 1, OUT, setup_read_dir, undo_close, 16},
    {"fstat", SYS_fstat, 1, OUT, setup_fstat, undo_fstat, 0},
    {"vmstat", SYS_vmstat, 0, OUT, setup_vmstat, undo_vmstat, 0},
    {"pageinfo", SYS_pageinfo, 2, OUT, setup_pageinfo, undo_none, ANY},
    {"procinfo", SYS_procinfo, 1, OUT, setup_procinfo, undo_procinfo, 0},
    {"vmainfo", SYS_vmainfo, 2, OUT, setup_vmainfo, undo_none, 0},
    {"write file", SYS_write, 1, IN, setup_write_file, undo_write_file, NBYTES},
    {"write pipe", SYS_write, 1, IN, setup_write_pipe, undo_write_pipe, NBYTES},
    {"exec argv", SYS_exec, 1, IN, setup_exec_argv, undo_none, NEVER},
    {"exec path", SYS_exec, 0, STR, setup_exec_path, undo_none, NEVER},
    {"exec argument 0", SYS_exec, 1, STR, setup_exec_arg0, undo_none, NEVER, .null_ok = true},
    {"exec argument 1", SYS_exec, 1, STR, setup_exec_arg1, undo_none, NEVER, .null_ok = true},
    {"open", SYS_open, 0, STR, setup_open, undo_open, ANY},
    {"chdir", SYS_chdir, 0, STR, setup_chdir, undo_none, 0},
    {"mknod", SYS_mknod, 0, STR, setup_mknod, undo_unlink, 0},
    {"unlink", SYS_unlink, 0, STR, setup_unlink, undo_none, 0},
    {"mkdir", SYS_mkdir, 0, STR, setup_mkdir, undo_unlink, 0},
    {"link old", SYS_link, 0, STR, setup_link_old, undo_link, 0},
    {"link new", SYS_link, 1, STR, setup_link_new, undo_link, 0},
    {"rename old", SYS_rename, 0, STR, setup_link_old, undo_rename, 0},
    {"rename new", SYS_rename, 1, STR, setup_link_new, undo_rename, 0},
    {"bootarg key", SYS_bootarg, 0, STR, setup_bootarg, undo_none, NEVER},
};

const int arg_nrows = NELEM(arg_rows);
