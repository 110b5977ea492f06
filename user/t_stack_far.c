// An access below the stack pointer grows the stack when it is near, and is a mistake when it is far: also
// one that the kernel makes for a system call.
#include "user/t_lib.h"

static int fd[2];

static char *below_sp(uint64 n)
{
    char *sp;
    asm volatile("mv %0, sp" : "=r"(sp));
    return sp - n;
}

static void near_store(void *arg)
{
    (void)arg;
    t_touch(below_sp(STACK_SLACK - 512), 1);
}

static void far_store(void *distance)
{
    t_touch(below_sp((uint64)distance), 1);
}

static void far_load(void *distance)
{
    t_peek(below_sp((uint64)distance));
}

static void near_read(void *arg)
{
    (void)arg;
    char *p = below_sp(STACK_SLACK - 2048);
    T_EQ(write(fd[1], "abc", 3), 3);
    T_EQ(read(fd[0], p, 3), 3);
    T_EQ(p[2], 'c');
}

static void far_read(void *arg)
{
    (void)arg;
    T_EQ(write(fd[1], "abc", 3), 3);
    T_EQ(read(fd[0], below_sp(MIB), 3), -1);
    T_EQ(pipe((int *)below_sp(MIB)), -1);
}

int main(int argc, char **argv)
{
    (void)argc;
    t_begin(argv);
    t_pipe(fd);
    t_step("just inside 64 KiB below sp: the stack grows");
    T_EQ(t_status(near_store, 0), 0);
    t_step("beyond: killed, be it a load or a store");
    uint64 far[] = {STACK_SLACK + 2 * PGSIZE, MIB, 7 * MIB};
    for (int i = 0; i < NELEM(far); i++) {
        T_EQ(t_status(far_store, (void *)far[i]), T_KILLED);
        T_EQ(t_status(far_load, (void *)far[i]), T_KILLED);
    }
    t_step("system calls: the same rule");
    T_EQ(t_status(near_read, 0), 0);
    T_EQ(t_status(far_read, 0), 0);
    t_ok();
}
