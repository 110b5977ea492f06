// exec: arguments and their limits, what the new program inherits and finds in its memory, failures that
// leave the caller as it was, programs that change while they run. Broken ELF files are in usertests_elf.c.
// The program that these cases run is usertests itself with a first argument that starts with '@' (ut_verb).
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/memlayout.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "kernel/stat.h"
#include "kernel/syscall.h"
#include "kernel/vmstat.h"
#include "user/usertests.h"

#define PROGRAM        "/usertests"
#define STATUS_REFUSED 199

static char bss[3 * PGSIZE];

// Status 0 when every floating-point register is zero, as a new program must find them. Called before any
// floating-point instruction of this program.
static int verb_fpzero(void)
{
    uint64 sum = 0, x;
#define OR_REG(n)                                                                                            \
    asm volatile("fmv.x.d %0, f" #n : "=r"(x));                                                              \
    sum |= x
    OR_REG(0);
    OR_REG(1);
    OR_REG(7);
    OR_REG(8);
    OR_REG(9);
    OR_REG(10);
    OR_REG(17);
    OR_REG(18);
    OR_REG(27);
    OR_REG(28);
    OR_REG(31);
    asm volatile("frcsr %0" : "=r"(x));
    return (sum | x) != 0;
}

// Status 0 when the saved registers that main has not used yet are zero.
static int verb_regzero(void)
{
    uint64 a, b, c;
    asm volatile("mv %0, s9\n mv %1, s10\n mv %2, s11" : "=r"(a), "=r"(b), "=r"(c));
    return (a | b | c) != 0;
}

// Status 0 when bss, new heap and the stack below its used part are all zero.
static int verb_fresh(void)
{
    char *p = ut_heap(32);
    ut_grow_stack((char *)USTACK_TOP - MIB);
    bool ok = ut_is_all(bss, sizeof(bss), 0) && ut_is_all(p, 32 * PGSIZE, 0) &&
              ut_is_all((char *)USTACK_TOP - MIB, 128 * KIB, 0);
    return !ok;
}

// The arguments after the verb must be argNNN with their position; status: how many.
static int verb_args(int argc, char **argv)
{
    char want[16];
    for (int i = 2; i < argc; i++) {
        ut_path(want, "arg", i);
        if (strcmp(argv[i], want) != 0)
            return 200;
    }
    return argv[argc] == 0 ? argc - 2 : 201;
}

// Sum of the arguments' lengths modulo 128.
static int verb_lengths(int argc, char **argv)
{
    uint sum = 0;
    for (int i = 2; i < argc; i++)
        sum += strlen(argv[i]);
    return sum % 128;
}

// Runs itself for ever, for kill.
static int verb_exec(void)
{
    char *argv[] = {"usertests", "@exec", 0};
    exec(PROGRAM, argv);
    return 1;
}

// Reads a byte of every page of its text, most of which are not in memory yet.
static int touch_text(void)
{
    struct vmainfo vi;
    int sum = 0;
    for (int i = 0; vmainfo(getpid(), i, &vi) == 0; i++) {
        for (uint64 va = vi.start; vi.kind == VMA_TEXT && va < vi.end; va += PGSIZE)
            sum += *(volatile char *)va;
    }
    return sum;
}

// Says that it runs, and lives until the standard input ends.
static int verb_hold(void)
{
    char c = 'r';
    write(1, &c, 1);
    while (read(0, &c, 1) > 0)
        ;
    touch_text();
    return 0;
}

int ut_verb(int argc, char **argv)
{
    const char *verb = argv[1];
    if (strcmp(verb, "@fpzero") == 0)
        return verb_fpzero();
    if (strcmp(verb, "@regzero") == 0)
        return verb_regzero();
    if (strcmp(verb, "@fresh") == 0)
        return verb_fresh();
    if (strcmp(verb, "@args") == 0)
        return verb_args(argc, argv);
    if (strcmp(verb, "@lengths") == 0)
        return verb_lengths(argc, argv);
    if (strcmp(verb, "@exec") == 0)
        return verb_exec();
    if (strcmp(verb, "@hold") == 0)
        return verb_hold();
    return strcmp(verb, "@exit9") == 0 ? 9 : 202;
}

static int run_verb(char *verb)
{
    char *argv[] = {"usertests", verb, 0};
    return ut_exec_status(PROGRAM, argv);
}

// A program with its arguments, and one with none at all, not even its name.
static void exec_basic(void)
{
    CHECK_EQ(run_verb("@exit9"), 9);
    char *argv[] = {0};
    if (ut_fork() == 0) {
        exec("/true", argv);
        exit(0); // no arguments at all: the program's own matter, but no harm
    }
    ut_wait();
}

// 32 arguments and more, up to the limit; one more is refused.
static void exec_many_args(void)
{
    static char name[MAXARG + 2][16];
    char *argv[MAXARG + 2] = {"usertests", "@args"};
    int counts[] = {1, 5, 32, MAXARG - 1};
    for (int i = 2; i < MAXARG + 2; i++)
        ut_path(name[i], "arg", i);
    for (int i = 0; i < NELEM(counts); i++) {
        int argc = counts[i] < 2 ? 2 : counts[i];
        for (int j = 2; j < argc; j++)
            argv[j] = name[j];
        argv[argc] = 0;
        CHECK_EQ(ut_exec_status(PROGRAM, argv), argc - 2);
    }
    for (int j = 2; j < MAXARG + 1; j++)
        argv[j] = name[j];
    argv[MAXARG + 1] = 0;
    CHECK_EQ(exec(PROGRAM, argv), -1);
}

// An argument of some hundred bytes arrives whole; megabytes, or a vector without an end, are refused.
static void exec_long_args(void)
{
    char *p = ut_heap(300);
    char *argv[] = {"usertests", "@lengths", p, "abc", "", 0};
    memset(p, 'a', 1000);
    CHECK_EQ(ut_exec_status(PROGRAM, argv), (1000 + 3) % 128);
    memset(p, 'a', MIB);
    CHECK_EQ(exec(PROGRAM, argv), -1);
    char **endless = (char **)ut_heap(16);
    for (int i = 0; i < (int)(16 * PGSIZE / sizeof(char *)); i++)
        endless[i] = "x";
    CHECK_EQ(exec(PROGRAM, endless), -1);
}

// Each argument fits; all of them do as long as they are some KiB, and no more than that.
static void exec_args_sum(void)
{
    char *p = ut_heap(1);
    char *argv[MAXARG] = {"usertests", "@lengths"};
    for (int len = 100; len < PGSIZE; len += 450) {
        memset(p, 'a', len);
        p[len] = 0;
        for (int i = 2; i < MAXARG - 1; i++)
            argv[i] = p;
        argv[MAXARG - 1] = 0;
        if (ut_fork() == 0) {
            CHECK_EQ(exec(PROGRAM, argv), -1);
            exit(STATUS_REFUSED);
        }
        CHECK_EQ(ut_wait(), len < 150 ? len * (MAXARG - 3) % 128 : STATUS_REFUSED);
    }
}

// Failures: the caller goes on with its memory, descriptors and name.
static void exec_fails(void)
{
    char *argv[] = {"x", 0}, *p = ut_heap(2);
    struct procinfo before, after;
    ut_fill(p, 2 * PGSIZE, 1);
    ut_create("f", "not a program", 13);
    ut_create("empty", "", 0);
    mkdir("d");
    int fd = ut_open("f", O_RDONLY);
    CHECK_EQ(procinfo(getpid(), &before), 0);
    const char *bad[] = {"", "nowhere", "d", "f", "empty", "/", ".", "f/x", "d/x", "/console"};
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < NELEM(bad); i++)
            CHECK_EQ(exec(bad[i], argv), -1);
    }
    CHECK_EQ(procinfo(getpid(), &after), 0);
    CHECK_EQ(strcmp(before.name, after.name), 0);
    CHECK_EQ(before.size, after.size);
    CHECK(ut_filled(p, 2 * PGSIZE, 1));
    char buf[13];
    CHECK_EQ(read(fd, buf, 13), 13);
}

// Descriptors and working directory go over to the new program.
static void exec_inherits(void)
{
    int fd[2];
    ut_pipe2(fd);
    CHECK_EQ(mkdir("d"), 0);
    ut_create("d/hello", "hello\n", 6);
    if (ut_fork() == 0) {
        char *argv[] = {"cat", "hello", 0}, buf[16];
        if (ut_fork() == 0) {
            CHECK_EQ(chdir("d"), 0);
            close(1);
            CHECK_EQ(dup(fd[1]), 1);
            exec("/cat", argv);
            exit(1);
        }
        close(fd[1]);
        CHECK_EQ(read(fd[0], buf, sizeof(buf)), 6);
        CHECK_EQ(memcmp(buf, "hello\n", 6), 0);
        CHECK_EQ(read(fd[0], buf, sizeof(buf)), 0);
        ut_reap(1);
        exit(0);
    }
    close(fd[1]);
    ut_reap(1);
}

// The caller's memory is full of a pattern; nothing of it shows in the new program's fresh memory.
static void exec_fresh(void)
{
    if (ut_fork() == 0) {
        char *p = ut_heap(128), *argv[] = {"usertests", "@fresh", 0};
        memset(p, 0xee, 128 * PGSIZE);
        ut_grow_stack((char *)USTACK_TOP - MIB);
        memset((char *)USTACK_TOP - MIB, 0xee, 128 * KIB);
        memset(bss, 0xee, sizeof(bss));
        exec(PROGRAM, argv);
        exit(1);
    }
    CHECK_EQ(ut_wait(), 0);
}

// No register of the old program reaches the new one, also of those that a system call leaves alone.
static void exec_reg_zero(void)
{
    char *argv[] = {"usertests", "@regzero", 0};
    if (ut_fork() == 0) {
        register const char *a0 asm("a0") = PROGRAM;
        register char **a1 asm("a1") = argv;
        register long a7 asm("a7") = SYS_exec;
        asm volatile("li s9, -1\n li s10, -1\n li s11, -1\n ecall"
                     : "+r"(a0)
                     : "r"(a1), "r"(a7)
                     : "s9", "s10", "s11", "memory");
        exit(1);
    }
    CHECK_EQ(ut_wait(), 0);
}

// Floating-point registers of a new program start at zero, whoever used the hart before.
static void exec_fp_zero(void)
{
    for (int i = 0; i < 8; i++) {
        if (ut_fork() == 0) {
            char *argv[] = {"usertests", "@fpzero", 0};
            asm volatile("li t0, -1\n fmv.d.x f0, t0\n fmv.d.x f8, t0\n fmv.d.x f18, t0\n fmv.d.x f31, t0\n"
                         "fscsr t0"
                         :
                         :
                         : "t0");
            if (i % 4 == 0)
                sleep(1); // the kernel saves them
            exec(PROGRAM, argv);
            exit(1);
        }
        CHECK_EQ(ut_wait(), 0);
    }
}

// Runs `path @hold`; returns when that program is in its main, with the descriptor whose closing ends it.
static int start_hold(const char *path, int *release)
{
    int in[2], out[2];
    char c, *argv[] = {"other name", "@hold", 0};
    ut_pipe2(in);
    ut_pipe2(out);
    int pid = ut_fork();
    if (pid == 0) {
        close(0);
        CHECK_EQ(dup(in[0]), 0);
        close(1);
        CHECK_EQ(dup(out[1]), 1);
        for (int fd = 3; fd < NOFILE; fd++)
            close(fd);
        exec(path, argv);
        exit(1);
    }
    close(in[0]);
    close(out[1]);
    CHECK_EQ(read(out[0], &c, 1), 1);
    close(out[0]);
    *release = in[1];
    return pid;
}

// The name that procinfo shows is the program's, without its directories.
static void exec_name(void)
{
    int release;
    struct procinfo pi;
    int pid = start_hold("/.././usertests", &release);
    CHECK_EQ(procinfo(pid, &pi), 0);
    CHECK_EQ(strcmp(pi.name, "usertests"), 0);
    close(release);
    ut_reap(1);
}

// Copies a program into the working directory.
static void copy_program(const char *from, const char *to)
{
    static char buf[4096];
    int n, in = ut_open(from, O_RDONLY), out = ut_open(to, O_CREATE | O_TRUNC | O_WRONLY);
    while ((n = read(in, buf, sizeof(buf))) > 0)
        CHECK_EQ(write(out, buf, n), n);
    CHECK_EQ(n, 0);
    close(in);
    close(out);
}

// A program that runs cannot be written; one that is being written cannot be run; afterwards both can.
static void exec_text_busy(void)
{
    int release;
    char *argv[] = {"prog", "@exit9", 0};
    copy_program(PROGRAM, "prog");
    int w = ut_open("prog", O_WRONLY);
    CHECK_EQ(exec("prog", argv), -1);
    close(w);
    start_hold("prog", &release);
    CHECK_EQ(open("prog", O_WRONLY), -1);
    CHECK_EQ(open("prog", O_RDWR), -1);
    CHECK_EQ(open("prog", O_RDWR | O_TRUNC), -1);
    CHECK_EQ(open("prog", O_RDONLY | O_TRUNC), -1);
    int r = ut_open("prog", O_RDONLY);
    close(r);
    CHECK_EQ(unlink("prog"), 0);
    CHECK_EQ(open("prog", O_RDONLY), -1);
    close(release);
    ut_reap(1);
}

// A program replaced by another file of the same name runs as the new one.
static void exec_replaced(void)
{
    char *argv[] = {"p", "@exit9", 0};
    copy_program(PROGRAM, "p");
    CHECK_EQ(ut_exec_status("p", argv), 9);
    copy_program("/true", "p");
    CHECK_EQ(ut_exec_status("p", argv), 0);
    copy_program("/false", "q");
    CHECK_EQ(rename("q", "p"), 0);
    CHECK_EQ(ut_exec_status("p", argv), 1);
}

// A program whose file is unlinked, or whose name goes to another file, runs on: its pages still come from
// the disk.
static void exec_unlinked(void)
{
    int release[2];
    copy_program(PROGRAM, "a");
    copy_program(PROGRAM, "b");
    start_hold("a", &release[0]);
    start_hold("b", &release[1]);
    ut_create("new", "not a program", 13);
    CHECK_EQ(unlink("a"), 0);
    CHECK_EQ(rename("new", "b"), 0);
    copy_program("/true", "a");
    close(release[0]);
    close(release[1]);
    ut_reap(2);
    char *argv[] = {"a", 0};
    CHECK_EQ(ut_exec_status("a", argv), 0);
}

// The same inode number, again and again with another program in it: nothing of the old one is run.
static void exec_new_content(void)
{
    static const char *const program[] = {"/true", "/false"};
    char *argv[] = {"p", 0};
    for (int i = 0; i < 6; i++) {
        copy_program(program[i % 2], "p");
        CHECK_EQ(ut_exec_status("p", argv), i % 2);
        if (i % 3 == 0)
            CHECK_EQ(unlink("p"), 0);
    }
}

static void run_or_write(int me, char *name)
{
    char *argv[] = {name, 0};
    for (int i = 0; i < 15; i++) {
        if (me % 2) {
            int fd = open(name, O_RDWR);
            if (fd >= 0)
                close(fd);
            continue;
        }
        if (ut_fork() == 0) {
            exec(name, argv);
            exit(0);
        }
        ut_reap(1);
    }
}

// Running a program and opening it for writing at the same time: one or the other is refused.
static void exec_write_race(void)
{
    copy_program("/true", "t");
    for (int i = 0; i < 4; i++) {
        if (ut_fork() == 0) {
            run_or_write(i, "t");
            exit(0);
        }
    }
    ut_reap(4);
    close(ut_open("t", O_RDWR));
}

static void exec_loop(void *arg)
{
    for (int i = 0; i < 5; i++)
        CHECK_EQ(run_verb("@exit9"), 9);
    (void)arg;
}

// Several processes run the same program at once.
static void exec_parallel(void)
{
    for (int i = 0; i < 6; i++)
        ut_spawn(exec_loop, 0);
    ut_reap(6);
}

const struct testcase ut_exec[] = {
    {"exec_basic", exec_basic, 0},
    {"exec_many_args", exec_many_args, 0},
    {"exec_long_args", exec_long_args, 0},
    {"exec_args_sum", exec_args_sum, 0},
    {"exec_fails", exec_fails, 0},
    {"exec_inherits", exec_inherits, 0},
    {"exec_fresh", exec_fresh, 0},
    {"exec_fp_zero", exec_fp_zero, 0},
    {"exec_reg_zero", exec_reg_zero, 0},
    {"exec_name", exec_name, 0},
    {"exec_text_busy", exec_text_busy, 0},
    {"exec_replaced", exec_replaced, 0},
    {"exec_unlinked", exec_unlinked, 0},
    {"exec_new_content", exec_new_content, 0},
    {"exec_write_race", exec_write_race, 0},
    {"exec_parallel", exec_parallel, 0},
    {0},
};
