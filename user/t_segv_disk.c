// Pages of a program that the disk does not give: an access of the program is fatal with the reason "disk
// error", a system call returns -1, and the rest of the program runs on. tests/vm/run makes every sector
// unreadable that holds the marker.
#include "kernel/fcntl.h"
#include "user/t_lib.h"

#define MARKER "FAULTLINE/UNREADABLE"

// bad_data and bad_text: a page each, with the marker behind the first bytes.
asm(".pushsection .text.bad, \"ax\"\n"
    ".globl bad_text\n"
    ".balign 4096\n"
    "bad_text: ret\n"
    ".balign 16\n"
    ".asciz \"" MARKER "\"\n"
    ".balign 4096\n"
    ".popsection\n"
    ".pushsection .data.bad, \"aw\"\n"
    ".globl bad_data, good_data\n"
    ".balign 4096\n"
    "bad_data: .asciz \"README\"\n"
    ".balign 16\n"
    ".asciz \"" MARKER "\"\n"
    ".balign 4096\n"
    "good_data: .asciz \"README\"\n"
    ".balign 4096\n"
    ".popsection\n");
extern char bad_text[], bad_data[], good_data[], do_load[], do_store[];

static void __attribute__((noinline)) load(void *p)
{
    t_expect_fault("load", p, "disk error", do_load);
    asm volatile(".globl do_load\ndo_load: lb t0, 0(%0)" : : "r"(p) : "t0");
}
static void __attribute__((noinline)) store(void *p)
{
    t_expect_fault("store", p, "disk error", do_store);
    asm volatile(".globl do_store\ndo_store: sb zero, 0(%0)" : : "r"(p) : "memory");
}
static void __attribute__((noinline)) jump(void *p)
{
    t_expect_fault("fetch", p, "disk error", p);
    ((void (*)(void))p)();
}

// Without t_begin, which would look at all of the text.
int main(int argc, char **argv)
{
    (void)argc;
    int fd[2];
    t_name = argv[0];
    t_pipe(fd);
    t_step("load, store and fetch are fatal");
    T_EQ(t_status(load, bad_data), T_KILLED);
    T_EQ(t_status(store, bad_data + 100), T_KILLED);
    T_EQ(t_status(jump, bad_text), T_KILLED);
    t_step("system calls return -1");
    T_EQ(write(fd[1], "x", 1), 1);
    T_EQ(read(fd[0], bad_data, 1), -1);
    T_EQ(write(fd[1], bad_data, 1), -1);
    T_EQ(open(bad_data, O_RDONLY), -1);
    t_step("the page beside it is there");
    T_CHECK(strcmp(good_data, "README") == 0);
    T_CHECK(open(good_data, O_RDONLY) >= 0);
    t_ok();
}
