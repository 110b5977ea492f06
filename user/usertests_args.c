// Bad pointers: a table of every pointer argument of every system call (what the kernel does with it and how
// many bytes it moves), a list of bad addresses, and a generator that tries the one on the other. After all
// the bad addresses of a row the same call is made with a good one and must still have its full effect: a
// refused call may lose nothing (data in a pipe, a file's offset, a child to wait for). Good addresses
// include misaligned ones, the last bytes of a mapping, untouched pages, and pages shared copy-on-write.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/memlayout.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "kernel/stat.h"
#include "kernel/syscall.h"
#include "kernel/vmstat.h"
#include "user/usertests_args.h"

#define SEED 77

static void prepare(const struct argrow *r, struct call *c)
{
    memset(c, 0, sizeof(*c));
    c->where = &c->arg[r->ptr];
    r->setup(c);
}

// Fails with the row's name and the address in the message.
static long call_at(const struct argrow *r, struct call *c, uint64 at, bool bad)
{
    *c->where = at;
    long got = ut_syscall(r->num, c->arg);
    bool ok = bad ? got == -1 : r->good == ANY ? got >= 0 : got == r->good;
    if (!ok) {
        printf("%s: FAILED %s at %p: %ld (%s:%d)\n", ut_name, r->what, (void *)at, got, __FILE__, __LINE__);
        exit(UT_REPORTED);
    }
    return got;
}

static void good_call(const struct argrow *r, void *at)
{
    struct call c;
    if (r->good == NEVER)
        return;
    prepare(r, &c);
    if (r->dir != OUT)
        memmove(at, c.content, c.size);
    call_at(r, &c, (uint64)at, false);
    r->undo(&c, at);
}

// Addresses that no process has a right to. MAXVA and the two
// after it are the first that are not.
static const uint64 bad_addresses[] = {
    0,
    1,
    0x10,
    PGSIZE - 1,
    0x2000000000UL,
    0x2000000001UL,
    KERNBASE,
    KERNBASE + 0x200000,
    PHYSTOP - 1,
    USTACK_TOP,
    USTACK_TOP - (USERSTACK + 16) * PGSIZE,
    MAXVA - PGSIZE,
    MAXVA - 1,
    MAXVA,
    MAXVA + 1,
    1UL << 39,
    1UL << 62,
    1UL << 63,
    0xffffffbffffffff0UL,
    DIRECT_BASE,
    DIRECT_BASE + KERNBASE,
    DIRECT_BASE + KERNBASE + 0x200000,
    KSTACK_BASE,
    VMALLOC_BASE,
    VMALLOC_END - 8,
    -4096UL,
    -8UL,
    -4UL,
    -1UL,
};

// Every bad address on every row, then the good call.
static void bad_all(enum dir dir)
{
    static char good[PGSIZE];
    ut_fill(arg_data, NBYTES, SEED);
    for (const struct argrow *r = arg_rows; r < arg_rows + arg_nrows; r++) {
        struct call c;
        if (r->dir != dir)
            continue;
        prepare(r, &c);
        for (int i = r->null_ok; i < NELEM(bad_addresses); i++)
            call_at(r, &c, bad_addresses[i], true);
        for (int bit = 38; bit < 64; bit++)
            call_at(r, &c, (uint64)good | 1UL << bit, true);
        if (r->good == NEVER)
            continue;
        if (dir != OUT)
            memmove(good, c.content, c.size);
        call_at(r, &c, (uint64)good, false);
        r->undo(&c, good);
    }
}

static void args_bad_out(void)
{
    bad_all(OUT);
}
static void args_bad_in(void)
{
    bad_all(IN);
}
static void args_bad_string(void)
{
    bad_all(STR);
}

// Results into program text: refused, and the text stays what it is.
static void args_text_out(void)
{
    static char copy[256];
    char *text = (char *)PGROUNDDOWN((uint64)ut_fill);
    memmove(copy, text, sizeof(copy));
    for (const struct argrow *r = arg_rows; r < arg_rows + arg_nrows; r++) {
        struct call c;
        if (r->dir != OUT)
            continue;
        prepare(r, &c);
        call_at(r, &c, (uint64)text, true);
        call_at(r, &c, (uint64)text + 1, true);
        CHECK_EQ(memcmp(text, copy, sizeof(copy)), 0);
        char good[sizeof(struct vmstat)];
        call_at(r, &c, (uint64)good, false);
        r->undo(&c, good);
    }
}

// The heap's last bytes, with the rest of what the call moves beyond its end. The bytes before the end are a
// string without its zero. A partial copy may have happened only where the call fails.
static void straddle_row(const struct argrow *r, char *end)
{
    struct call c;
    prepare(r, &c);
    memset(end - 512, 'x', 512);
    int size = r->dir == STR ? MAXPATH : c.size;
    for (int in = 1; in < size; in += in < 8 ? 1 : size / 4)
        call_at(r, &c, (uint64)end - in, true);
    call_at(r, &c, (uint64)end, true);
    if (r->good == NEVER)
        return;
    char *fits = end - c.size;
    if (r->dir != OUT)
        memmove(fits, c.content, c.size);
    call_at(r, &c, (uint64)fits, false);
    r->undo(&c, fits);
}

// Every row at the end of the heap.
static void args_straddle(void)
{
    char *end = ut_heap(2) + 2 * PGSIZE;
    ut_fill(arg_data, NBYTES, SEED);
    for (int i = 0; i < arg_nrows; i++)
        straddle_row(&arg_rows[i], end);
}

// Any alignment, and buffers across two pages.
static void args_misaligned(void)
{
    char *p = ut_heap(2);
    ut_fill(arg_data, NBYTES, SEED);
    for (int i = 0; i < arg_nrows; i++) {
        for (int off = 0; off < 9; off++) {
            good_call(&arg_rows[i], p + off);
            good_call(&arg_rows[i], p + PGSIZE - off);
        }
    }
}

// Results into heap pages that nobody has touched.
static void args_fresh_out(void)
{
    for (int i = 0; i < arg_nrows; i++) {
        if (arg_rows[i].dir != OUT)
            continue;
        char *p = ut_heap(3);
        good_call(&arg_rows[i], p);
        CHECK(p[PGSIZE - 1] == 0);
        good_call(&arg_rows[i], p + 2 * PGSIZE - 3);
    }
}

// The kernel reads untouched pages as zeroes.
static void args_fresh_in(void)
{
    static const char zeroes[NBYTES];
    for (int i = 0; i < arg_nrows; i++) {
        struct call c;
        if (arg_rows[i].dir != IN || arg_rows[i].good == NEVER)
            continue;
        prepare(&arg_rows[i], &c);
        char *p = ut_heap(2);
        call_at(&arg_rows[i], &c, (uint64)p + PGSIZE - NBYTES / 2, false);
        arg_rows[i].undo(&c, zeroes);
    }
    CHECK_EQ(open(ut_heap(1), O_RDONLY), -1);
    CHECK_EQ(unlink(ut_heap(1)), -1);
}

// After a fork one process lets the kernel write into the shared page; the other must not see it.
static void cow_row(const struct argrow *r, char *page, bool child_calls)
{
    struct gate g;
    memset(page, 0x5a, PGSIZE);
    ut_gate_make(&g);
    if (ut_fork() == 0) {
        ut_gate_wait(&g);
        if (child_calls) {
            good_call(r, page + 8);
            CHECK(ut_is_all(page, 8, 0x5a) && ut_is_all(page + PGSIZE / 2, PGSIZE / 2, 0x5a));
        } else {
            CHECK(ut_is_all(page, PGSIZE, 0x5a));
        }
        exit(0);
    }
    if (!child_calls && r->num != SYS_wait)
        good_call(r, page + 8);
    ut_gate_open(&g);
    ut_reap(1);
    if (child_calls)
        CHECK(ut_is_all(page, PGSIZE, 0x5a));
}

// Every row that has the kernel write, from the child and from the parent of a fork.
static void args_cow_out(void)
{
    ut_fill(arg_data, NBYTES, SEED);
    for (int i = 0; i < arg_nrows; i++) {
        char *page = ut_heap(1);
        if (arg_rows[i].dir != OUT)
            continue;
        cow_row(&arg_rows[i], page, true);
        cow_row(&arg_rows[i], page, false);
    }
}

// A length that wraps the address round, and negative lengths.
static void args_lengths(void)
{
    int fd = ut_open("f", O_CREATE | O_RDWR);
    char buf[8];
    CHECK_EQ(write(fd, buf, -1), -1);
    CHECK_EQ(read(fd, buf, -1), -1);
    CHECK_EQ(write(fd, (void *)-4UL, 8), -1);
    CHECK(read(fd, (void *)-4UL, 8) <= 0); // at the end of the file
    CHECK_EQ(write(fd, (void *)-1UL, 0x7fffffff), -1);
    CHECK_EQ(write(fd, arg_data, 0x7fffffff), -1);
    CHECK_EQ(pageinfo(arg_data, -1, (struct pageinfo *)buf), -1);
    CHECK_EQ(write(fd, buf, 0), 0);
    CHECK_EQ(ut_size("f"), 0);
}

// Writing to the console from bad addresses: nothing comes out, and the console still works.
static void args_console(void)
{
    for (int i = 0; i < NELEM(bad_addresses); i++)
        CHECK_EQ(write(1, (void *)bad_addresses[i], 8), -1);
    CHECK_EQ(write(1, "", 1), 1);
}

// The value of a command-line word: `run` is there whenever tools/run has started this.
static void args_bootarg(void)
{
    char buf[MAXPATH], *end = ut_heap(1) + PGSIZE;
    int len = bootarg("run", buf, sizeof(buf));
    if (len < 0)
        ut_skip("no word of the command line is known");
    CHECK_EQ(strlen(buf), len);
    for (int i = 0; i < NELEM(bad_addresses); i++)
        CHECK_EQ(bootarg("run", (void *)bad_addresses[i], sizeof(buf)), -1);
    CHECK_EQ(bootarg("run", (char *)args_bootarg, sizeof(buf)), -1);
    CHECK_EQ(bootarg("run", end - len, len + 1), -1);
    CHECK_EQ(bootarg("run", buf, len), -1);
    CHECK_EQ(bootarg("run", buf, 0), -1);
    CHECK_EQ(bootarg("run", end - len - 1, len + 1), len);
    CHECK_EQ(memcmp(end - len - 1, buf, len + 1), 0);
}

// Strings that never end within the limit of a path.
static void args_long_path(void)
{
    static char path[2 * MAXPATH];
    memset(path, 'a', sizeof(path) - 1);
    CHECK_EQ(open(path, O_CREATE | O_RDWR), -1);
    CHECK_EQ(mkdir(path), -1);
    CHECK_EQ(chdir(path), -1);
    CHECK_EQ(unlink(path), -1);
    CHECK_EQ(link(path, "f"), -1);
    CHECK_EQ(mknod(path, 1, 1), -1);
    char *argv[] = {"x", 0};
    CHECK_EQ(exec(path, argv), -1);
    memset(path, '/', MAXPATH - 2);
    path[MAXPATH - 2] = '.';
    path[MAXPATH - 1] = 0;
    CHECK_EQ(chdir(path), 0);
}

const struct testcase ut_args[] = {
    {"args_bad_out", args_bad_out, 0},       {"args_bad_in", args_bad_in, 0},
    {"args_bad_string", args_bad_string, 0}, {"args_text_out", args_text_out, 0},
    {"args_straddle", args_straddle, 0},     {"args_misaligned", args_misaligned, 0},
    {"args_fresh_out", args_fresh_out, 0},   {"args_fresh_in", args_fresh_in, 0},
    {"args_cow_out", args_cow_out, 0},       {"args_lengths", args_lengths, 0},
    {"args_console", args_console, 0},       {"args_bootarg", args_bootarg, 0},
    {"args_long_path", args_long_path, 0},   {0},
};
