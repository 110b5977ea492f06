// fork, exit, wait and reparenting: statuses, who waits for whom, races between parents and children that
// end, and that the process table comes back. kill has its own file.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "kernel/vmstat.h"
#include "user/usertests.h"

// fork returns twice, with different pids; the child knows its own.
static void fork_basic(void)
{
    int fd[2], mine = getpid(), theirs = 0;
    ut_pipe2(fd);
    int pid = ut_fork();
    if (pid == 0) {
        int me = getpid();
        CHECK(me != mine);
        CHECK_EQ(write(fd[1], &me, sizeof(me)), sizeof(me));
        exit(0);
    }
    CHECK_EQ(read(fd[0], &theirs, sizeof(theirs)), sizeof(theirs));
    CHECK_EQ(theirs, pid);
    CHECK_EQ(getpid(), mine);
    ut_reap(1);
}

// Exit statuses arrive as they are; wait() takes a null pointer for "not interested".
static void wait_status(void)
{
    int want[] = {0, 1, -1, 255, 256, 0x7fffffff, -0x7fffffff - 1};
    for (int i = 0; i < NELEM(want); i++) {
        int status = 12345, pid = ut_fork();
        if (pid == 0)
            exit(want[i]);
        CHECK_EQ(wait(&status), pid);
        CHECK_EQ(status, want[i]);
    }
    int pid = ut_fork();
    if (pid == 0)
        exit(3);
    CHECK_EQ(wait(0), pid);
}

// Without children wait fails at once and leaves the status alone.
static void wait_nobody(void)
{
    int status = 77;
    CHECK_EQ(wait(&status), -1);
    CHECK_EQ(wait(0), -1);
    CHECK_EQ(status, 77);
    ut_spawn(ut_exit0, 0);
    ut_reap(1);
    CHECK_EQ(wait(0), -1);
}

// Each child is reported once, whatever the order of their ends.
static void wait_each_once(void)
{
    enum { CHILDREN = 20 };
    int pids[CHILDREN];
    struct gate g;
    ut_gate_make(&g);
    for (int i = 0; i < CHILDREN; i++) {
        pids[i] = ut_fork();
        if (pids[i] == 0) {
            if (i % 2)
                ut_gate_wait(&g);
            exit(i);
        }
    }
    ut_gate_open(&g);
    for (int i = 0; i < CHILDREN; i++) {
        int status, pid = wait(&status);
        CHECK(status >= 0 && status < CHILDREN);
        CHECK_EQ(pids[status], pid);
        pids[status] = -1;
    }
    CHECK_EQ(wait(0), -1);
}

// A child's child is not mine: wait() reports only direct children.
static void wait_not_grandchildren(void)
{
    int fd[2];
    char c;
    ut_pipe2(fd);
    int pid = ut_fork();
    if (pid == 0) {
        if (ut_fork() == 0) {
            close(fd[1]);
            read(fd[0], &c, 1);
            exit(5);
        }
        exit(4);
    }
    int status;
    CHECK_EQ(wait(&status), pid);
    CHECK_EQ(status, 4);
    CHECK_EQ(wait(0), -1);
}

static bool has_other_parent(void *arg)
{
    int *w = arg; // pid, the parent it had
    struct procinfo pi;
    return procinfo(w[0], &pi) == 0 && pi.pid == w[0] && pi.ppid != w[1];
}

// An orphan goes to pid 1.
static void orphan_to_init(void)
{
    int fd[2], gate[2], pid;
    char c;
    ut_pipe2(fd);
    ut_pipe2(gate);
    int middle = ut_fork();
    if (middle == 0) {
        pid = ut_fork();
        if (pid == 0) {
            close(gate[1]);
            read(gate[0], &c, 1);
            exit(0);
        }
        CHECK_EQ(write(fd[1], &pid, sizeof(pid)), sizeof(pid));
        exit(0);
    }
    CHECK_EQ(read(fd[0], &pid, sizeof(pid)), sizeof(pid));
    ut_reap(1);
    int w[2] = {pid, middle};
    ut_until(has_other_parent, w, "orphan has a new parent");
    struct procinfo pi;
    CHECK_EQ(procinfo(pid, &pi), 0);
    CHECK_EQ(pi.ppid, 1);
    close(gate[1]);
}

// Trees whose inner processes end without waiting: init reaps them all (the runner counts processes
// afterwards).
static void orphan_trees(void)
{
    for (int round = 0; round < 5; round++) {
        if (ut_fork() == 0) {
            for (int i = 0; i < 4; i++) {
                if (ut_fork() == 0) {
                    ut_fork();
                    ut_fork();
                    exit(0);
                }
            }
            exit(0);
        }
        ut_reap(1);
    }
}

// Parents that end while their children end.
static void exit_race(void)
{
    for (int round = 0; round < 30; round++) {
        if (ut_fork() == 0) {
            ut_fork();
            ut_fork();
            exit(0);
        }
    }
    ut_reap(30);
}

// One parent waits as fast as its children come.
static void fork_wait_loop(void)
{
    for (int i = 0; i < 150; i++) {
        int status, pid = ut_fork();
        if (pid == 0)
            exit(i);
        CHECK_EQ(wait(&status), pid);
        CHECK_EQ(status, i);
    }
}

static void forker(void *arg)
{
    for (int i = 0; i < 15; i++) {
        ut_spawn(ut_exit0, 0);
        ut_reap(1);
    }
    (void)arg;
}

// Several processes fork and wait at once.
static void fork_parallel(void)
{
    for (int i = 0; i < 8; i++)
        ut_spawn(forker, 0);
    ut_reap(8);
}

// Pids are not used again soon, and grow.
static void pid_order(void)
{
    int last = getpid();
    for (int i = 0; i < 20; i++) {
        int pid = ut_fork();
        if (pid == 0)
            exit(0);
        CHECK(pid > last);
        last = pid;
        ut_reap(1);
    }
}

// What a child gets: descriptors with their shared offset, and the working directory.
static void fork_inherits(void)
{
    CHECK_EQ(mkdir("d"), 0);
    CHECK_EQ(chdir("d"), 0);
    int fd = ut_open("f", O_CREATE | O_RDWR);
    CHECK_EQ(write(fd, "parent", 6), 6);
    if (ut_fork() == 0) {
        CHECK_EQ(write(fd, "child", 5), 5);
        CHECK_EQ(close(fd), 0);
        CHECK_EQ(chdir(".."), 0);
        CHECK_EQ(ut_size("d/f"), 11);
        exit(0);
    }
    ut_reap(1);
    CHECK_EQ(write(fd, "!", 1), 1);
    ut_same("f", "parentchild!", 12);
}

// A zombie is seen as one until it is waited for, and holds no memory then.
static void zombie(void)
{
    struct procinfo pi;
    int pid = ut_fork();
    if (pid == 0)
        exit(8);
    ut_until_state(pid, PROC_ZOMBIE);
    CHECK_EQ(procinfo(pid, &pi), 0);
    CHECK_EQ(pi.ppid, getpid());
    CHECK_EQ(pi.resident, 0);
    CHECK_EQ(ut_wait(), 8);
    CHECK(procinfo(pid, &pi) < 0 || pi.pid != pid);
}

// exit closes descriptors: the reader of a pipe sees its end.
static void exit_closes(void)
{
    int fd[2];
    char c;
    ut_pipe2(fd);
    if (ut_fork() == 0) {
        close(fd[0]);
        CHECK(dup(fd[1]) >= 0);
        exit(0);
    }
    close(fd[1]);
    CHECK_EQ(read(fd[0], &c, 1), 0);
    ut_reap(1);
}

// sleep() lasts as long as it says, by the clock of uptime() and by that of rdtime.
static void sleep_time(void)
{
    struct vmstat vs;
    uint64 t0, t1;
    CHECK_EQ(vmstat(&vs), 0);
    int before = uptime();
    asm volatile("rdtime %0" : "=r"(t0));
    CHECK_EQ(sleep(3), 0);
    asm volatile("rdtime %0" : "=r"(t1));
    CHECK(t1 - t0 >= vs.timebase * 2 / 10);
    CHECK(uptime() - before >= 2);
    CHECK_EQ(sleep(0), 0);
    CHECK_EQ(pause(1), 0);
}

// Many sleepers at once: none is forgotten, none returns early.
static void sleep_many(void)
{
    for (int i = 0; i < 40; i++) {
        if (ut_fork() == 0) {
            int ticks = 1 + i % 4, before = uptime();
            CHECK_EQ(sleep(ticks), 0);
            CHECK(uptime() - before >= ticks - 1);
            exit(0);
        }
    }
    ut_reap(40);
}

// A negative time is refused or over at once; it must not sleep for ever.
static void sleep_negative(void)
{
    int before = uptime();
    sleep(-1);
    CHECK(uptime() - before < 100);
}

// Sleepers of different lengths end in that order, and do not wait for each other.
static void sleep_order(void)
{
    int fd[2];
    char got[4];
    ut_pipe2(fd);
    for (int i = 3; i >= 1; i--) {
        if (ut_fork() == 0) {
            CHECK_EQ(sleep(5 * i), 0);
            char c = '0' + i;
            CHECK_EQ(write(fd[1], &c, 1), 1);
            exit(0);
        }
    }
    ut_reap(3);
    CHECK_EQ(read(fd[0], got, 3), 3);
    CHECK_EQ(memcmp(got, "123", 3), 0);
}

const struct testcase ut_proc[] = {
    {"fork_basic", fork_basic, 0},
    {"fork_inherits", fork_inherits, 0},
    {"fork_wait_loop", fork_wait_loop, 0},
    {"fork_parallel", fork_parallel, 0},
    {"wait_status", wait_status, 0},
    {"wait_nobody", wait_nobody, 0},
    {"wait_each_once", wait_each_once, 0},
    {"wait_not_grandchildren", wait_not_grandchildren, 0},
    {"orphan_to_init", orphan_to_init, 0},
    {"orphan_trees", orphan_trees, 0},
    {"exit_race", exit_race, 0},
    {"exit_closes", exit_closes, 0},
    {"zombie", zombie, 0},
    {"pid_order", pid_order, 0},
    {"sleep_time", sleep_time, 0},
    {"sleep_negative", sleep_negative, 0},
    {"sleep_many", sleep_many, 0},
    {"sleep_order", sleep_order, UT_SLOW},
    {0},
};
