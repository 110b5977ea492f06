// While four processes thrash, everything about swapping changes: the policy, how many pages go and come at a
// time, the size of the user pool. Contents stay right.
//   swap-switch [STEPS]   of each process
#include "user/swap_lib.h"

#define TIMES   4
#define WORKERS 4
#define STEPS   800
#define BEAT    40 // steps of a process between two changes

static const char *const policies[] = {"fifo", "clock", "eclock", "aging", "random", "sieve"};
static const uint64 sizes[] = {1, 32, 2, 8, 5};

static void change_policy(int i)
{
    const char *name = policies[i % NELEM(policies)];
    T_EQ(swapctl(SWAPCTL_POLICY, (uint64)name, 0), 0);
    T_EQ(strcmp(swap_info().policy, name), 0);
}

static void change(int i, uint64 pool)
{
    change_policy(i);
    if (i % 2)
        swap_knob(SWAPCTL_BATCH, sizes[i / 2 % NELEM(sizes)]);
    if (i % 3)
        swap_knob(SWAPCTL_READAHEAD, sizes[i / 3 % NELEM(sizes)]);
    uint64 limit = pool + pool / 4 - i % 3 * (pool / 4); // larger, as it was, smaller
    T_EQ(swapctl(SWAPCTL_LIMIT, limit, 0), limit);
    T_EQ(swap_info().limit, limit);
    if (i % 16 == 0)
        T_EQ(debug(DEBUG_AUDIT), 0);
}

static void refused(void)
{
    t_step("what makes no sense is refused, and changes nothing");
    struct swapinfo before = swap_info();
    T_EQ(swapctl(SWAPCTL_POLICY, (uint64) "nonesuch", 0), -1);
    T_EQ(swapctl(SWAPCTL_POLICY, 0, 0), -1);
    T_EQ(swapctl(SWAPCTL_BATCH, 0, 0), -1);
    T_EQ(swapctl(SWAPCTL_BATCH, 33, 0), -1);
    T_EQ(swapctl(SWAPCTL_READAHEAD, 0, 0), -1);
    T_EQ(swapctl(SWAPCTL_READAHEAD, 33, 0), -1);
    T_EQ(swapctl(SWAPCTL_INFO, 8, 0), -1);
    T_EQ(swapctl(99, 0, 0), -1);
    struct swapinfo after = swap_info();
    T_EQ(strcmp(before.policy, after.policy), 0);
    T_CHECK(before.batch == after.batch && before.readahead == after.readahead);
}

int main(int argc, char **argv)
{
    uint64 steps = argc > 1 ? atoi(argv[1]) : STEPS, pool = swap_begin(argv, TIMES), beat;
    int fd[2], changes = 0;
    refused();
    t_step("every policy in turn under load");
    t_pipe(fd);
    for (int i = 0; i < WORKERS; i++) {
        if (t_fork() == 0) {
            swap_load(TIMES * pool / WORKERS, steps, i + 1, BEAT, fd[1]);
            exit(0);
        }
    }
    close(fd[1]);
    while (read(fd[0], &beat, sizeof(beat)) == sizeof(beat))
        change(changes++, pool);
    t_reap(WORKERS);
    T_EQ(changes, WORKERS * (steps / BEAT));
    T_CHECK(changes >= 2 * NELEM(policies));
    swap_tight();
    t_ok();
}
