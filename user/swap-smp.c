// Eight processes, whose memory together is eight times what there is, count in random pages; no count may
// get lost. Meanwhile every frame and slot is recounted.
//   swap-smp [STEPS]   of each process
#include "user/swap_lib.h"

#define TIMES    8
#define WORKERS  8
#define STEPS    500
#define AUDITS   4
#define COUNTERS (PGSIZE / sizeof(uint64)) // in a page

static void worker(uint64 pages, uint64 steps, uint64 seed)
{
    static uint64 sum[TIMES * SWAP_POOL_MAX / WORKERS]; // of each page
    uint64(*count)[COUNTERS] = (void *)t_heap(pages);
    for (uint64 i = 0; i < steps; i++) {
        uint64 r = t_rand(&seed), at = r % pages, add = r >> 40;
        count[at][(r >> 20) % COUNTERS] += add;
        sum[at] += add;
    }
    for (uint64 at = 0; at < pages; at++) {
        uint64 n = 0;
        for (uint64 k = 0; k < COUNTERS; k++)
            n += count[at][k];
        T_EQ(n, sum[at]);
    }
}

int main(int argc, char **argv)
{
    uint64 steps = argc > 1 ? atoi(argv[1]) : STEPS;
    uint64 pages = TIMES * swap_begin(argv, TIMES) / WORKERS;
    struct swapinfo start = swap_info();
    for (int i = 0; i < WORKERS; i++) {
        if (t_fork() == 0) {
            worker(pages, steps, i + 1);
            exit(0);
        }
    }
    for (int i = 0; i < AUDITS; i++) {
        T_EQ(debug(DEBUG_AUDIT), 0);
        T_CHECK(swapctl(SWAPCTL_AUDIT, 0, 0) >= 0);
    }
    t_reap(WORKERS);
    t_step("all sums are right");
    T_CHECK(swap_info().evicted - start.evicted >= 2 * WORKERS * pages);
    T_CHECK(swap_used() <= pages_held());
    t_ok();
}
