// A load for a swap disk that fails (tests/swap/faults).
//
//   swap-eio        processes with known contents push each other's pages out and check what comes back. Who
//                   loses a page to the disk dies, or is refused a system call; everybody else must find
//                   every byte, and afterwards nothing may be missing: frames, slots, kernel memory.
//   swap-eio hold   two processes that swap, beside others that compute, fork, run programs and use files,
//                   until a line is typed. Each says now and then how far it is.
//
// There are too few frames, but with the word `roomy`. With `calls` pages are handed to system calls, too:
// the kernel's copy tries a page twice, so a single failed read does not show there. Before it counts, the
// program goes through all of it once with memory enough, so that what the kernel keeps for later is there.
//
// Only the region's pages are evicted (SWAPCTL_ONLY), so that no page of init, of the shell or of the process
// that keeps count is lost.
#include "kernel/fcntl.h"
#include "kernel/syscall.h"
#include "user/t_lib.h"

#define WORKERS 4
#define SHARED  8  // pages that all workers have from their parent
#define OWN     10 // pages of each worker
#define REGION  (SHARED + WORKERS * OWN)
#define ROUNDS  2
#define POOL                                                                                                 \
    48 // frames beside those in use: for the workers' stacks, data and so on, and a part of the pages
#define WORDS (PGSIZE / sizeof(uint64))
#define STEP  0x9e3779b97f4a7c15UL // from word to word

// The file system's caches grow with what is going on at the same time; `hold` goes round a thousand times,
// so that a leak is more than this.
#define FS_CACHE (64 * KIB)

// Exit statuses of a worker: 0, T_FAILED, or this and how many of it and its child lost a page. A worker that
// was killed cannot say.
#define LOST 10

static char *region;
static bool paging; // pages leave memory
static int cluster; // so many at a time
static bool calls;
static uint64 first_word[REGION]; // what this process has last written into a page, or got by fork

static uint64 *page_at(int i)
{
    return (uint64 *)(region + i * PGSIZE);
}

static void page_fill(int i, uint64 tag)
{
    uint64 *p = page_at(i), value = first_word[i] = t_cookie(tag, i);
    for (uint w = 0; w < WORDS; w++, value += STEP)
        p[w] = value;
}

static void page_check(int i)
{
    uint64 *p = page_at(i), value = first_word[i];
    for (uint w = 0; w < WORDS; w++, value += STEP)
        T_EQ(p[w], value);
}

// A system call that needs the page: it may be refused, but not get anything else.
static void page_send(int i, const int fd[2])
{
    uint64 word = 0;
    if (write(fd[1], page_at(i), sizeof(word)) != sizeof(word)) {
        printf("%s: refused\n", t_name);
        exit(LOST + 1);
    }
    T_EQ(read(fd[0], &word, sizeof(word)), sizeof(word));
    T_EQ(word, first_word[i]);
}

// In requests of as many pages as the kernel evicts at a time.
static void pages_out(int from, int n)
{
    for (int i = 0; paging && i < n; i += MIN(cluster, n - i))
        T_CHECK(swapctl(SWAPCTL_PAGEOUT, (uint64)page_at(from + i), MIN(cluster, n - i) * PGSIZE) >= 0);
}

// How many processes lost a page, as a child's status says.
static int losses(int status)
{
    if (status == T_KILLED)
        return 1;
    T_CHECK(status == 0 || (status > LOST && status < T_FAILED));
    return status ? status - LOST : 0;
}

// Half of the pages are shared with the parent, and stay so.
static void grandchild(int from)
{
    for (int i = 0; i < SHARED; i++)
        page_check(i);
    for (int i = from; i < from + OWN; i++) {
        page_check(i);
        if (i % 2)
            page_fill(i, getpid());
    }
    pages_out(from, OWN);
    for (int i = from; i < from + OWN; i++)
        page_check(i);
    exit(0);
}

static void worker(int w)
{
    int from = SHARED + w * OWN, fd[2];
    t_pipe(fd);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = from; i < from + OWN; i++) {
            if (round > 0)
                page_check(i);
            page_fill(i, getpid() + round * STEP);
        }
        for (int i = 0; i < SHARED; i++) {
            page_check(i);
            if (i % WORKERS == w)
                page_fill(i, getpid() + round * STEP);
        }
        pages_out(from, OWN);
        if (calls)
            page_send(from + round, fd);
    }
    if (t_fork() == 0)
        grandchild(from);
    int lost = losses(t_wait());
    for (int i = 0; i < from + OWN; i += i == SHARED - 1 ? from - i : 1)
        page_check(i);
    exit(lost ? LOST + lost : 0);
}

// ---- before and after

struct moment {
    struct vmstat v;
    struct swapinfo s;
};

static struct moment moment(void)
{
    struct moment m;
    T_EQ(vmstat(&m.v), 0);
    T_EQ(swapctl(SWAPCTL_INFO, (uint64)&m.s, 0), 0);
    return m;
}

static void check_near(uint64 after, uint64 before, uint64 slack, const char *what)
{
    if (after + slack >= before && before + slack >= after)
        return;
    printf("%s: FAILED: %s %lu, before it was %lu\n", t_name, what, after, before);
    exit(T_FAILED);
}

// cache: bytes by which the file system's caches may have grown.
static void check_balance(struct moment before, uint64 cache)
{
    T_EQ(debug(DEBUG_AUDIT), 0);
    T_CHECK(swapctl(SWAPCTL_AUDIT, 0, 0) >= 0);
    struct moment after = moment();
    check_near(after.v.free * PGSIZE, before.v.free * PGSIZE, cache, "bytes in free frames");
    check_near(after.v.kmem, before.v.kmem, cache, "bytes of kernel objects");
    T_EQ(after.v.user, before.v.user);
    T_EQ(after.v.pagetables, before.v.pagetables);
    T_EQ(after.v.procs, before.v.procs);
    T_EQ(after.v.files, before.v.files);
    T_EQ(after.v.inodes, before.v.inodes);
    T_EQ(after.s.used, before.s.used);
}

static void region_make(void)
{
    region = t_heap(REGION);
}

static void region_drop(void)
{
    T_CHECK(sbrk(-REGION * PGSIZE) != SBRK_ERROR);
}

static void paging_start(bool roomy)
{
    T_EQ(swapctl(SWAPCTL_ONLY, (uint64)region, REGION * PGSIZE), 0);
    if (!roomy)
        T_CHECK(swapctl(SWAPCTL_LIMIT, moment().v.user + POOL, 0) > 0);
    cluster = moment().s.batch;
    paging = true;
}

static void paging_end(void)
{
    T_EQ(swapctl(SWAPCTL_ONLY, 0, 0), 0);
    T_CHECK(swapctl(SWAPCTL_LIMIT, 0, 0) > 0);
    paging = false;
}

// Returns how many processes lost a page.
static int load(void)
{
    int lost = 0;
    for (int i = 0; i < SHARED; i++)
        page_fill(i, 0);
    for (int w = 0; w < WORKERS; w++)
        if (t_fork() == 0)
            worker(w);
    for (int w = 0; w < WORKERS; w++)
        lost += losses(t_wait());
    return lost;
}

// ---- hold

#define STOP_FILE "eio.stop"
#define WORK_FILE "eio.work"
#define FILE_SIZE 3000

static void do_compute(int me)
{
    (void)me;
    volatile uint64 x = 1;
    for (int i = 0; i < 100000; i++)
        x = x * STEP + i;
}

static void do_fork(int me)
{
    (void)me;
    if (t_fork() == 0)
        exit(0);
    t_reap(1);
}

static void do_exec(int me)
{
    (void)me;
    if (t_fork() == 0) {
        char *argv[] = {"true", 0};
        exec(argv[0], argv);
        exit(1);
    }
    t_reap(1);
}

static void do_file(int me)
{
    static char out[FILE_SIZE], in[FILE_SIZE];
    t_fill(out, sizeof(out), me);
    int fd = open(WORK_FILE, O_CREATE | O_RDWR);
    T_CHECK(fd >= 0);
    T_EQ(write(fd, out, sizeof(out)), sizeof(out));
    close(fd);
    fd = open(WORK_FILE, O_RDONLY);
    T_EQ(read(fd, in, sizeof(in)), sizeof(in));
    close(fd);
    T_EQ(memcmp(in, out, sizeof(in)), 0);
    T_EQ(unlink(WORK_FILE), 0);
}

static void do_swap(int me)
{
    static uint64 round;
    int from = SHARED + me * OWN;
    for (int i = from; round > 0 && i < from + OWN; i++)
        page_check(i);
    round++;
    for (int i = from; i < from + OWN; i++)
        page_fill(i, round);
    pages_out(from, OWN);
}

static const struct {
    const char *name;
    void (*once)(int me);
} activity[] = {
    {"swap0", do_swap}, {"swap1", do_swap}, {"compute", do_compute},
    {"fork", do_fork},  {"exec", do_exec},  {"file", do_file},
};

// Goes on until the file appears, and says at every tick how often it went round.
static void act(int me)
{
    int last = uptime(), fd;
    for (uint64 n = 1;; n++) {
        activity[me].once(me);
        if (uptime() == last)
            continue;
        last = uptime();
        printf("hold: %s %lu\n", activity[me].name, n);
        fd = open(STOP_FILE, O_RDONLY);
        if (fd >= 0)
            exit(0);
    }
}

static int hold(bool wait_for_line)
{
    char line[64];
    int fd;
    if (!wait_for_line)
        close(open(STOP_FILE, O_CREATE | O_RDWR));
    for (int i = 0; i < NELEM(activity); i++)
        if (t_fork() == 0)
            act(i);
    if (wait_for_line) {
        gets(line, sizeof(line));
        fd = open(STOP_FILE, O_CREATE | O_RDWR);
        T_CHECK(fd >= 0);
        close(fd);
    }
    t_reap(NELEM(activity));
    T_EQ(unlink(STOP_FILE), 0);
    return 0;
}

int main(int argc, char **argv)
{
    bool holding = false, roomy = false;
    for (int i = 1; i < argc; i++) {
        holding |= strcmp(argv[i], "hold") == 0;
        roomy |= strcmp(argv[i], "roomy") == 0;
        calls |= strcmp(argv[i], "calls") == 0;
    }
    t_begin(argv);
    if (moment().s.slots == 0)
        t_skip("there is no swap disk");
    region_make();
    T_EQ(holding ? hold(false) : load(), 0);
    region_drop();
    struct moment before = moment();
    region_make();
    paging_start(roomy);
    int lost = holding ? hold(true) : load();
    paging_end();
    region_drop();
    struct swapinfo s = moment().s;
    printf("%s: lost=%d bad=%lu used=%lu reads=%lu writes=%lu read_errors=%lu write_errors=%lu\n", t_name,
           lost, s.bad, s.used, s.reads, s.writes, s.read_errors, s.write_errors);
    check_balance(before, holding ? FS_CACHE : 0);
    t_ok();
}
