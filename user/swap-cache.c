// The swap cache: a page that came back is clean and goes again without a write; who shares it finds it
// without a read; neighbours are written in one request, and read ahead.
#include "user/swap_lib.h"

#define PAGES 32
#define AHEAD 8

static char *p;

// What happened to swap since `before`.
static struct swapinfo since(struct swapinfo before)
{
    struct swapinfo now = swap_info();
    now.reads -= before.reads;
    now.writes -= before.writes;
    now.read_requests -= before.read_requests;
    now.write_requests -= before.write_requests;
    now.evicted -= before.evicted;
    now.dropped -= before.dropped;
    now.ahead -= before.ahead;
    return now;
}

static void clean_pages(void)
{
    t_step("a page that came back goes again without a write");
    swap_knob(SWAPCTL_READAHEAD, 1);
    swap_fill(p, PAGES, 1);
    struct swapinfo start = swap_info();
    swap_out(p, PAGES);
    struct swapinfo n = since(start);
    T_CHECK(n.writes == PAGES && n.reads == 0 && n.evicted == PAGES && n.dropped == 0);
    for (int round = 1; round <= 3; round++) {
        SWAP_RIGHT(p, PAGES, 1);
        n = since(start);
        T_EQ(n.reads, round * PAGES);
        T_EQ(n.read_requests, round * PAGES);
        T_EQ(n.ahead, 0);
        swap_out(p, PAGES);
        n = since(start);
        T_EQ(n.writes, PAGES);
        T_EQ(n.evicted, (round + 1) * PAGES);
        T_EQ(n.dropped, round * PAGES);
    }
    t_step("but one that was written is written again, that one alone");
    t_touch(p + 5 * PGSIZE, t_peek(p + 5 * PGSIZE));
    start = swap_info();
    swap_out(p, PAGES);
    n = since(start);
    T_CHECK(n.writes == 1 && n.evicted == 1 && n.dropped == 0);
    SWAP_RIGHT(p, PAGES, 1);
}

// The other process brings them in.
static void sharer_reads(void)
{
    struct gate g;
    int ready[2];
    t_step("who shares a page that came back finds it without a read");
    swap_fill(p, PAGES, 2);
    swap_out(p, PAGES);
    t_gate_make(&g);
    t_pipe(ready);
    struct swapinfo start = swap_info();
    if (t_fork() == 0) {
        SWAP_RIGHT(p, PAGES, 2);
        t_send(ready[1], 1);
        t_gate_wait(&g);
        exit(0);
    }
    t_recv(ready[0]);
    T_EQ(since(start).reads, PAGES);
    struct faultcount faults = t_faults();
    SWAP_RIGHT(p, PAGES, 2);
    faults = t_faults_since(faults);
    T_EQ(since(start).reads, PAGES);
    T_EQ(faults.major, 0);
    T_EQ(faults.minor, PAGES);
    for (int i = 0; i < PAGES; i++)
        T_EQ(t_page(p + i * PGSIZE).shared, 2);
    t_gate_open(&g);
    t_reap(1);
}

static void readahead(void)
{
    t_step("neighbours go in one request, and come back in a few");
    swap_knob(SWAPCTL_BATCH, PAGES);
    swap_fill(p, PAGES, 3);
    struct swapinfo start = swap_info();
    swap_out(p, PAGES);
    struct swapinfo n = since(start);
    T_EQ(n.writes, PAGES);
    T_CHECK(n.write_requests <= 2);
    swap_knob(SWAPCTL_READAHEAD, AHEAD);
    start = swap_info();
    struct faultcount faults = t_faults();
    SWAP_RIGHT(p, PAGES, 3);
    faults = t_faults_since(faults);
    n = since(start);
    T_EQ(n.reads, PAGES); // each once
    T_CHECK(n.read_requests <= 2 * PAGES / AHEAD);
    T_EQ(n.ahead + n.read_requests, PAGES);
    T_EQ(faults.major, n.read_requests);
    T_EQ(faults.minor, n.ahead);
}

static void batches(uint64 pool)
{
    uint64 pages = 2 * pool;
    char *q = t_heap(pages);
    t_step("in want of memory, pages go in batches, or one by one");
    swap_tight();
    swap_knob(SWAPCTL_BATCH, 1);
    struct swapinfo start = swap_info();
    swap_fill(q, pages, 4);
    struct swapinfo n = since(start);
    T_CHECK(n.writes >= pool && n.write_requests == n.writes);
    swap_knob(SWAPCTL_BATCH, PAGES);
    start = swap_info();
    swap_fill(q, pages, 5);
    n = since(start);
    T_CHECK(n.writes >= pool && n.write_requests <= n.writes / 4);
    SWAP_RIGHT(q, pages, 5);
}

int main(int argc, char **argv)
{
    (void)argc;
    uint64 pool = swap_begin(argv, 4);
    swap_roomy();
    p = t_heap(PAGES);
    struct swapinfo knobs = swap_info();
    clean_pages();
    sharer_reads();
    readahead();
    batches(pool);
    swap_knob(SWAPCTL_BATCH, knobs.batch);
    swap_knob(SWAPCTL_READAHEAD, knobs.readahead);
    t_ok();
}
