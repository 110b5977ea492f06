// Copy-on-write with pages that are out: sharers of a slot, fork of a space of which half is out, writes to
// pages that the swap cache has, processes that end in every order, exec. Contents are everybody's own; a
// shared page has one slot, and slots in use return to what they were. All of it twice: where pages go only
// when told, so that numbers are exact, and with hardly any memory.
#include "user/swap_lib.h"

#define PAGES       32
#define HALF        (PAGES / 2)
#define GENERATIONS 3
#define DEPTH       6
#define READERS     6
#define ROUNDS      4

static char *heap;
static bool exact;         // nobody else's pages go meanwhile
static uint64 used_before; // slots in use before the step

#define PAGE(i)  (heap + (i)*PGSIZE)
#define SLOTS(n) slots_are(n, __LINE__)

static void slots_are(uint64 n, int line)
{
    if (exact)
        t_check_eq(swap_used() - used_before, n, "slots of the heap", __FILE__, line);
}

// All pages written, and out.
static void begin(const char *what)
{
    t_step(what);
    swap_fill(heap, PAGES, 1);
    used_before = swap_used();
    swap_out(heap, PAGES);
    SLOTS(PAGES);
}

// Writing drops what slots are left, if they are nobody else's.
static void end(void)
{
    swap_fill(heap, PAGES, 1);
    SLOTS(0);
}

static void sharer(int ready, struct gate *g)
{
    if (exact)
        T_EQ(swap_count(heap, PAGES), PAGES);
    SWAP_RIGHT(heap, HALF, 1);
    swap_fill(heap, 1, 2); // while the other one's is still out
    for (int i = 1; i < HALF; i++)
        t_send(ready, t_page(PAGE(i)).frame);
    t_gate_wait(g);
    SWAP_RIGHT(heap, 1, 2);
    SWAP_RIGHT(PAGE(1), PAGES - 1, 1);
    exit(0);
}

static void sharers(void)
{
    int ready[2];
    uint64 frame[HALF];
    struct gate g;
    begin("two share pages that are out: one slot each, and one frame when they come back");
    t_pipe(ready);
    t_gate_make(&g);
    if (t_fork() == 0)
        sharer(ready[1], &g);
    for (int i = 1; i < HALF; i++)
        frame[i] = t_recv(ready[0]);
    close(ready[0]);
    close(ready[1]);
    SLOTS(PAGES);
    uint64 reads = swap_info().reads;
    SWAP_RIGHT(PAGE(1), HALF - 1, 1);
    if (exact) {
        T_EQ(swap_info().reads, reads);
        for (int i = 1; i < HALF; i++)
            T_CHECK(t_page(PAGE(i)).frame == frame[i] && t_page(PAGE(i)).shared == 2);
    }
    SWAP_RIGHT(heap, 1, 1);
    swap_fill(PAGE(1), 1, 3); // shared: the slot stays the child's
    SLOTS(PAGES);
    t_gate_open(&g);
    t_reap(1);
    SLOTS(PAGES - 1);
    SWAP_RIGHT(heap, 1, 1);
    SWAP_RIGHT(PAGE(1), 1, 3);
    SWAP_RIGHT(PAGE(2), PAGES - 2, 1);
    end();
}

static void half_out(void)
{
    int ready[2];
    struct gate g;
    t_pipe(ready);
    t_gate_make(&g);
    begin("fork with half of the pages out");
    swap_fill(heap, HALF, 1);
    SLOTS(HALF);
    if (t_fork() == 0) {
        if (exact)
            T_EQ(swap_count(heap, PAGES), HALF);
        swap_fill(heap, PAGES, 2);
        t_send(ready[1], 1);
        t_gate_wait(&g);
        SWAP_RIGHT(heap, PAGES, 2);
        exit(0);
    }
    t_recv(ready[0]);
    close(ready[0]);
    close(ready[1]);
    SLOTS(HALF); // the child's copies have none, the parent's pages are still out
    SWAP_RIGHT(heap, PAGES, 1);
    swap_fill(heap, PAGES, 3);
    SLOTS(0);
    swap_out(heap, PAGES);
    t_gate_open(&g);
    t_reap(1);
    SWAP_RIGHT(heap, PAGES, 3);
    end();
}

// Each begins somewhere else, and meets pages that others are reading.
static void readers(void)
{
    for (int round = 0; round < ROUNDS; round++) {
        struct gate g;
        begin("many read at the same time what they share");
        t_gate_make(&g);
        for (int me = 0; me < READERS; me++) {
            if (t_fork() == 0) {
                t_gate_wait(&g);
                for (int i = 0; i < PAGES; i++)
                    SWAP_RIGHT(PAGE((i + me / 2) % PAGES), 1, 1);
                exit(0);
            }
        }
        t_gate_open(&g);
        t_reap(READERS);
        SLOTS(PAGES);
        end();
    }
}

static void write_cached(void)
{
    begin("a write to a page that came back takes its slot away");
    t_peek(PAGE(3));
    SLOTS(PAGES);
    swap_fill(PAGE(3), 1, 2);
    SLOTS(PAGES - 1);
    t_touch(PAGE(4), t_peek(PAGE(4)));
    t_touch(PAGE(5), *PAGE(4)); // out until now: in, and written at once
    t_touch(PAGE(5), t_peek(PAGE(5)));
    SLOTS(PAGES - 3);
    swap_fill(PAGE(5), 1, 1);
    swap_out(heap, PAGES);
    SLOTS(PAGES);
    SWAP_RIGHT(heap, 3, 1);
    SWAP_RIGHT(PAGE(3), 1, 2);
    SWAP_RIGHT(PAGE(4), PAGES - 4, 1);
    end();
}

// ---- they end in every order

static int done[2];                 // each tells here when it is ready
static struct gate go[GENERATIONS]; // each waits here until it may end

// Generation `me` forks the next, writes a page of its own, sends everything out, and checks all when its
// turn has come.
static void generation(int me)
{
    char c;
    if (me < GENERATIONS - 1 && t_fork() == 0) {
        generation(me + 1);
        exit(0);
    }
    swap_fill(PAGE(me), 1, 10 + me);
    swapctl(SWAPCTL_PAGEOUT, (uint64)heap, PAGES * PGSIZE);
    t_send(done[1], me);
    T_EQ(read(go[me].fd[0], &c, 1), 1);
    for (int i = 0; i < PAGES; i++)
        SWAP_RIGHT(PAGE(i), 1, i == me ? 10 + me : 1); // what ancestors wrote after the fork is theirs
}

// Generation 0 is our child; those whose parent has gone are init's.
static void one_order(const int *order)
{
    int count[2];
    char c;
    for (int i = 0; i < GENERATIONS; i++)
        t_pipe(go[i].fd);
    begin("they end in another order, pages out");
    printf("%s:   %d %d %d\n", t_name, order[0], order[1], order[2]);
    t_pipe(count); // its writers are the generations: end of file when all have gone
    if (t_fork() == 0) {
        close(count[0]);
        generation(0);
        exit(0);
    }
    close(count[1]);
    for (int i = 0; i < GENERATIONS; i++)
        t_recv(done[0]);
    for (int i = 0; i < GENERATIONS; i++)
        T_EQ(write(go[order[i]].fd[1], "!", 1), 1);
    t_reap(1);
    T_EQ(read(count[0], &c, 1), 0);
    close(count[0]);
    for (int i = 0; i < GENERATIONS; i++)
        t_gate_open(&go[i]);
    SWAP_RIGHT(heap, PAGES, 1);
}

static void every_order(void)
{
    static const int orders[][GENERATIONS] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                              {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    uint64 procs = swap_procs();
    t_pipe(done);
    for (int i = 0; i < NELEM(orders); i++) {
        one_order(orders[i]);
        swap_await(procs);
        end();
    }
    close(done[0]);
    close(done[1]);
}

// ---- grandchildren

// Each generation has a page of its own, and all are out when it forks the next.
static void descend(int depth)
{
    swap_fill(PAGE(depth), 1, 100 + depth);
    swap_out(heap, PAGES);
    if (depth + 1 < DEPTH) {
        if (t_fork() == 0) {
            descend(depth + 1);
            exit(0);
        }
        t_reap(1);
    }
    for (int i = 0; i < PAGES; i++)
        SWAP_RIGHT(PAGE(i), 1, i <= depth ? 100 + i : 1);
}

static void grandchildren(void)
{
    begin("grandchildren of grandchildren");
    descend(0);
    SLOTS(PAGES);
    end();
}

static void exec_and_exit(void)
{
    char *vector[] = {"swap-cow", "@exit", 0};
    begin("exec, exit and a killed process let go of what is out, and of nothing more");
    if (t_fork() == 0) {
        exec("/swap-cow", vector);
        exit(1);
    }
    t_reap(1);
    SLOTS(PAGES);
    if (t_fork() == 0)
        exit(0);
    t_reap(1);
    SLOTS(PAGES);
    int pid = t_fork();
    if (pid == 0)
        for (;;)
            sleep(100);
    kill(pid);
    T_EQ(t_wait(), T_KILLED);
    SLOTS(PAGES);
    T_EQ(swap_count(heap, PAGES), PAGES);
    SWAP_RIGHT(heap, PAGES, 1);
    end();
}

static void all(void)
{
    sharers();
    half_out();
    readers();
    write_cached();
    every_order();
    grandchildren();
    exec_and_exit();
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "@exit") == 0)
        exit(0);
    swap_begin(argv, 4);
    heap = t_heap(PAGES);
    swap_roomy();
    exact = true;
    all();
    t_step("and now with hardly any memory");
    swap_tight();
    exact = false;
    all();
    t_ok();
}
