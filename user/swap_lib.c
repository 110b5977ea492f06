// Helpers of the programs swap-*. Contracts are in swap_lib.h. Nothing here is a test.
#include "user/swap_lib.h"
#include "kernel/types.h"

#define WORDS     (PGSIZE / sizeof(uint64))
#define WORD_STEP 0x9e3779b97f4a7c15UL // odd: the words of a page differ
#define ROOMY     (1UL << 20)          // frames; the pool gets what the kernel leaves
#define LOAD_MAX  (4 * SWAP_POOL_MAX)  // pages of a load

static uint64 pool;

struct swapinfo swap_info(void)
{
    struct swapinfo si;
    T_EQ(swapctl(SWAPCTL_INFO, (uint64)&si, 0), 0);
    return si;
}

uint64 swap_used(void)
{
    return swap_info().used;
}

uint64 swap_begin(char **argv, uint64 times)
{
    struct swapinfo si = {0};
    t_name = argv[0];
    if (swapctl(SWAPCTL_INFO, (uint64)&si, 0) < 0 || si.slots == 0)
        t_skip("there is no swap disk");
    pool = MIN(si.limit, SWAP_POOL_MAX);
    if (si.slots < times * pool)
        t_skip("the swap disk is too small");
    t_begin(argv);
    swap_tight();
    return pool;
}

void swap_tight(void)
{
    T_EQ(swapctl(SWAPCTL_LIMIT, pool, 0), pool);
}

uint64 swap_procs(void)
{
    struct procinfo p;
    uint64 n = 0;
    for (int pid = 1; procinfo(pid, &p) == 0; pid = p.pid + 1)
        n++;
    return n;
}

void swap_await(uint64 procs)
{
    while (swap_procs() > procs)
        ;
}

// Returns when init knows of it.
static void make_an_orphan(void)
{
    uint64 procs = swap_procs();
    if (t_fork() == 0) {
        t_fork();
        exit(0);
    }
    t_reap(1);
    swap_await(procs);
}

// A write gives a page's slot back.
void swap_roomy(void)
{
    struct vmainfo v;
    T_CHECK(swapctl(SWAPCTL_LIMIT, ROOMY, 0) > (int64)pool);
    make_an_orphan(); // init's pages come in
    make_an_orphan(); // and init has written them, since it is asked again
    for (int i = 0; vmainfo(getpid(), i, &v) == 0; i++) {
        for (uint64 at = v.start; v.kind != VMA_TEXT && at < v.end; at += PGSIZE) {
            struct pageinfo pi = t_page((char *)at);
            if (pi.present || pi.swapped)
                t_touch((char *)at, t_peek((char *)at));
        }
    }
}

void swap_knob(int op, uint64 value)
{
    T_CHECK(swapctl(op, value, 0) >= 0);
}

uint64 swap_count(const char *p, uint64 pages)
{
    uint64 n = 0;
    for (uint64 i = 0; i < pages; i++)
        n += t_page(p + i * PGSIZE).swapped;
    return n;
}

void swap_out(char *p, uint64 pages)
{
    T_CHECK(swapctl(SWAPCTL_PAGEOUT, (uint64)p, pages * PGSIZE) >= 0);
    T_EQ(swap_count(p, pages), pages);
}

static uint64 first_word(const char *page, uint64 version)
{
    return t_cookie((uint64)page, version);
}

void swap_fill(char *p, uint64 pages, uint64 version)
{
    for (uint64 i = 0; i < pages; i++, p += PGSIZE) {
        uint64 word = first_word(p, version);
        for (uint64 k = 0; k < WORDS; k++, word += WORD_STEP)
            ((volatile uint64 *)p)[k] = word;
    }
}

uint64 swap_wrong(const char *p, uint64 pages, uint64 version)
{
    for (uint64 i = 0; i < pages; i++, p += PGSIZE) {
        uint64 word = first_word(p, version);
        for (uint64 k = 0; k < WORDS; k++, word += WORD_STEP)
            if (((const volatile uint64 *)p)[k] != word)
                return i;
    }
    return pages;
}

void swap_load(uint64 pages, uint64 steps, uint64 seed, uint64 beat, int fd)
{
    static uint version[LOAD_MAX];
    char *p = t_heap(pages);
    T_CHECK(pages <= LOAD_MAX);
    memset(version, 0, sizeof(version));
    swap_fill(p, pages, 0);
    for (uint64 i = 1; i <= steps; i++) {
        uint64 at = t_rand(&seed) % pages;
        SWAP_RIGHT(p + at * PGSIZE, 1, version[at]);
        if (t_rand(&seed) % 2)
            swap_fill(p + at * PGSIZE, 1, ++version[at]);
        if (beat && i % beat == 0)
            t_send(fd, i);
    }
    for (uint64 at = 0; at < pages; at++)
        SWAP_RIGHT(p + at * PGSIZE, 1, version[at]);
}
