// kill: of processes in every state and in the middle of fork, exec, exit and file operations. The victim
// ends soon, its parent sees status -1, and what it held is given back (the runner checks).
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/riscv.h"
#include "kernel/vmstat.h"
#include "user/usertests.h"

// Forks the victim and lets it get going: it tells through a pipe, then body() must not return.
static int victim(void (*body)(void))
{
    int fd[2], pid;
    char c;
    ut_pipe2(fd);
    pid = ut_fork();
    if (pid == 0) {
        close(fd[0]);
        CHECK_EQ(write(fd[1], "x", 1), 1);
        close(fd[1]);
        body();
        ut_check(false, "the victim's call returned", __FILE__, __LINE__);
    }
    close(fd[1]);
    CHECK_EQ(read(fd[0], &c, 1), 1);
    close(fd[0]);
    return pid;
}

static void kill_and_reap(int pid)
{
    int status = 0;
    CHECK_EQ(kill(pid), 0);
    CHECK_EQ(wait(&status), pid);
    CHECK_EQ(status, UT_KILLED);
}

static void in_sleep(void)
{
    sleep(100000);
}

static void in_wait(void)
{
    int fd[2];
    char c;
    ut_pipe2(fd);
    if (ut_fork() == 0) {
        close(fd[1]);
        read(fd[0], &c, 1);
        exit(0);
    }
    wait(0);
}

static void in_pipe_read(void)
{
    int fd[2];
    char c;
    ut_pipe2(fd);
    read(fd[0], &c, 1);
}

static void in_pipe_write(void)
{
    static char block[4096];
    int fd[2];
    ut_pipe2(fd);
    while (write(fd[1], block, sizeof(block)) > 0)
        ;
}

static void in_console_read(void)
{
    char c;
    read(0, &c, 1);
    for (;;)
        sleep(1); // standard input may be at its end
}

static void spin(void)
{
    for (;;)
        ;
}

static void in_calls(void)
{
    for (;;)
        getpid();
}

static void kill_sleeping_in(void (*body)(void))
{
    int pid = victim(body);
    ut_until_state(pid, PROC_SLEEPING);
    kill_and_reap(pid);
    kill_and_reap(victim(body)); // or on its way there
}

// Asleep in each call that can wait: for time, for a child, for a pipe to fill or to drain, for a key.
static void kill_sleep(void)
{
    kill_sleeping_in(in_sleep);
}
static void kill_wait(void)
{
    kill_sleeping_in(in_wait);
}
static void kill_pipe_read(void)
{
    kill_sleeping_in(in_pipe_read);
}
static void kill_pipe_write(void)
{
    kill_sleeping_in(in_pipe_write);
}
static void kill_console(void)
{
    kill_sleeping_in(in_console_read);
}

// A process that never sleeps, in user mode and in and out of the kernel.
static void kill_running(void)
{
    for (int i = 0; i < 10; i++) {
        kill_and_reap(victim(spin));
        kill_and_reap(victim(in_calls));
    }
}

// Pids of nobody; a zombie can be killed as often as one likes.
static void kill_nobody(void)
{
    int bad[] = {0, -1, 0x7fffffff, -0x7fffffff - 1};
    for (int i = 0; i < NELEM(bad); i++)
        CHECK_EQ(kill(bad[i]), -1);
    int pid = ut_fork();
    if (pid == 0)
        exit(4);
    ut_until_state(pid, PROC_ZOMBIE);
    kill(pid);
    CHECK_EQ(ut_wait(), 4);
    CHECK_EQ(kill(pid), -1);
}

static void kill_self_body(void *arg)
{
    kill(getpid());
    *(int *)arg = 1; // not reached: the system call does not return
    exit(3);
}

// The call that kills its caller does not return.
static void kill_self(void)
{
    int dummy;
    CHECK_EQ(ut_status(kill_self_body, &dummy), UT_KILLED);
}

// The victim forks all the time; its children are orphans that end by themselves.
static void in_fork(void)
{
    for (;;) {
        int pid = fork();
        if (pid == 0)
            exit(0);
        if (pid > 0)
            wait(0);
    }
}

static void in_exec(void)
{
    for (;;) {
        char *argv[] = {"usertests", "@exit9", 0};
        if (fork() == 0) {
            exec("/usertests", argv);
            exit(1);
        }
        wait(0);
    }
}

static void in_exec_self(void)
{
    char *argv[] = {"usertests", "@exec", 0};
    exec("/usertests", argv);
}

static void in_files(void)
{
    char name[8];
    for (uint i = 0;; i++) {
        ut_path(name, "k", i % 10);
        int fd = open(name, O_CREATE | O_RDWR);
        write(fd, name, sizeof(name));
        close(fd);
        unlink(name);
    }
}

static void in_sbrk(void)
{
    for (;;) {
        char *p = sbrk(8 * PGSIZE);
        memset(p, 1, 8 * PGSIZE);
        sbrk(-8 * PGSIZE);
    }
}

static void in_pipes(void)
{
    int fd[2];
    char c;
    for (;;) {
        pipe(fd);
        write(fd[1], "x", 1);
        read(fd[0], &c, 1);
        close(fd[0]);
        close(fd[1]);
    }
}

// Kills at many moments: after a little computing that grows from round to round.
static void kill_at_any_time(void (*body)(void), int rounds)
{
    for (int i = 0; i < rounds; i++) {
        int pid = victim(body);
        for (volatile int j = 0; j < i * 1500; j++)
            ;
        kill_and_reap(pid);
    }
}

// At all moments of fork, exec, file operations, sbrk and pipes.
static void kill_fork(void)
{
    kill_at_any_time(in_fork, 25);
}
static void kill_exec(void)
{
    kill_at_any_time(in_exec, 20);
}
static void kill_exec_self(void)
{
    kill_at_any_time(in_exec_self, 20);
}
static void kill_files(void)
{
    kill_at_any_time(in_files, 25);
}
static void kill_sbrk(void)
{
    kill_at_any_time(in_sbrk, 25);
}
static void kill_pipes(void)
{
    kill_at_any_time(in_pipes, 25);
}

// Processes that do all of this at the same time, ended one by one at random and replaced by others.
static void kill_chaos(void)
{
    static void (*const body[])(void) = {in_fork,  in_exec,  in_exec_self,  in_files,     in_sbrk,
                                         in_pipes, in_sleep, in_pipe_write, in_pipe_read, in_wait};
    enum { CROWD = 6, ROUNDS = 20 };
    int pid[CROWD], status;
    uint rnd = uptime() + 1;
    for (int i = 0; i < CROWD; i++)
        pid[i] = victim(body[ut_rand(&rnd) % NELEM(body)]);
    for (int round = 0; round < ROUNDS; round++) {
        int i = ut_rand(&rnd) % CROWD;
        CHECK_EQ(kill(pid[i]), 0);
        CHECK_EQ(wait(&status), pid[i]);
        CHECK_EQ(status, UT_KILLED);
        pid[i] = victim(body[ut_rand(&rnd) % NELEM(body)]);
    }
    for (int i = 0; i < CROWD; i++)
        CHECK_EQ(kill(pid[i]), 0);
    for (int i = 0; i < CROWD; i++)
        CHECK_EQ(ut_wait(), UT_KILLED);
}

// kill against exit: the status is one or the other, and the process is reported once.
static void kill_exit(void)
{
    for (int i = 0; i < 60; i++) {
        int status, pid = ut_fork();
        if (pid == 0)
            exit(5);
        for (volatile int j = 0; j < i * 300; j++)
            ;
        kill(pid);
        CHECK_EQ(wait(&status), pid);
        CHECK(status == 5 || status == UT_KILLED);
        CHECK_EQ(wait(0), -1);
    }
}

// Several processes kill the same one.
static void kill_together(void)
{
    enum { KILLERS = 4 };
    for (int round = 0; round < 8; round++) {
        struct gate g;
        int status, dead = 0, pid = victim(in_sleep);
        ut_gate_make(&g);
        for (int i = 0; i < KILLERS; i++) {
            if (ut_fork() == 0) {
                ut_gate_wait(&g);
                kill(pid);
                exit(0);
            }
        }
        ut_gate_open(&g);
        for (int i = 0; i < KILLERS + 1; i++) {
            int got = wait(&status);
            CHECK_EQ(status, got == pid ? UT_KILLED : 0);
            dead += got == pid;
        }
        CHECK_EQ(dead, 1);
    }
}

// A killed writer is an end of file for the reader; a killed reader makes writes fail.
static void kill_pipe_ends(void)
{
    int fd[2];
    char c;
    ut_pipe2(fd);
    int pid = victim(in_sleep);
    close(fd[1]);
    kill_and_reap(pid);
    CHECK_EQ(read(fd[0], &c, 1), 0);
    close(fd[0]);
    ut_pipe2(fd);
    pid = victim(in_sleep);
    close(fd[0]);
    kill_and_reap(pid);
    CHECK_EQ(write(fd[1], "x", 1), -1);
}

const struct testcase ut_kill[] = {
    {"kill_nobody", kill_nobody, 0},
    {"kill_self", kill_self, 0},
    {"kill_running", kill_running, 0},
    {"kill_sleep", kill_sleep, 0},
    {"kill_wait", kill_wait, 0},
    {"kill_pipe_read", kill_pipe_read, 0},
    {"kill_pipe_write", kill_pipe_write, 0},
    {"kill_pipe_ends", kill_pipe_ends, 0},
    {"kill_console", kill_console, 0},
    {"kill_together", kill_together, 0},
    {"kill_exit", kill_exit, 0},
    {"kill_fork", kill_fork, 0},
    {"kill_exec", kill_exec, 0},
    {"kill_exec_self", kill_exec_self, 0},
    {"kill_files", kill_files, 0},
    {"kill_sbrk", kill_sbrk, 0},
    {"kill_chaos", kill_chaos, 0},
    {"kill_pipes", kill_pipes, 0},
    {0},
};
