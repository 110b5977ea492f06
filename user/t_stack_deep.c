// Recursion into megabytes of stack: every frame keeps its contents, only pages that were touched have
// frames, and a second descent faults no more.
#include "user/t_lib.h"

#define LEVEL PGSIZE // bytes of stack a level takes, at least

static uint64 __attribute__((noinline)) descend(uint64 depth)
{
    volatile char frame[LEVEL];
    frame[0] = frame[LEVEL - 1] = depth;
    uint64 below = depth > 1 ? descend(depth - 1) : 0;
    T_EQ(frame[0], (char)depth);
    T_EQ(frame[LEVEL - 1], (char)depth);
    return below + 1;
}

static uint64 stack_resident(void)
{
    struct vmainfo v;
    for (int i = 0; vmainfo(getpid(), i, &v) == 0; i++)
        if (v.kind == VMA_STACK)
            return v.resident;
    return 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    t_begin(argv);
    uint64 depth = MIN(t_user_free() / 2, 7 * MIB / PGSIZE), before = stack_resident();
    t_step("as deep as 7 MiB, or half of the memory");
    T_EQ(descend(depth), depth);
    uint64 grown = stack_resident() - before;
    T_CHECK(grown >= depth && grown <= depth + depth / 16 + 8);
    t_step("once more: no fault");
    struct faultcount n = t_faults();
    T_EQ(descend(depth), depth);
    n = t_faults_since(n);
    t_faults_say(n);
    T_EQ(n.minor, 0);
    t_ok();
}
