// Programs larger than memory: text that is run, a page here and a page there, by several processes at once;
// each page computes a number from all of its instructions. Text is dropped and read again from the program's
// file, so it takes no slots.
#include "user/swap_lib.h"

#define TEXT_PAGES 288 // more than SWAP_POOL_MAX
#define OPS        255 // of a page: four instructions each
#define RUNNERS    3
#define SEQUENCE   2   // times through all of the text, one page after the other
#define RANDOM     300 // pages at random, by each

// In each page a function of one argument: OPS times xor with a number of the page and the place, and rotate.
asm(".pushsection .text.swap, \"ax\"\n"
    ".globl big_text\n"
    ".balign 4096\n"
    ".option push\n"
    ".option norvc\n"
    "big_text:\n"
    ".set page, 0\n"
    ".rept 288\n"
    ".set op, 0\n"
    ".rept 255\n"
    "xori a0, a0, (page * 13 + op * 7) & 2047\n"
    "slli t0, a0, 1\n"
    "srli a0, a0, 63\n"
    "or a0, a0, t0\n"
    ".set op, op + 1\n"
    ".endr\n"
    "ret\n"
    ".balign 4096\n"
    ".set page, page + 1\n"
    ".endr\n"
    ".option pop\n"
    ".popsection\n");
extern char big_text[];

static uint64 wanted(uint64 page, uint64 x)
{
    for (uint64 op = 0; op < OPS; op++) {
        x ^= (page * 13 + op * 7) & 2047;
        x = x << 1 | x >> 63;
    }
    return x;
}

static uint64 call(uint64 page, uint64 x)
{
    return ((uint64(*)(uint64))(big_text + page * PGSIZE))(x);
}

static void run(uint64 seed)
{
    uint64 x = seed;
    for (uint64 i = 0; i < SEQUENCE * TEXT_PAGES; i++, x++)
        T_EQ(call(i % TEXT_PAGES, x), wanted(i % TEXT_PAGES, x));
    for (int i = 0; i < RANDOM; i++) {
        uint64 page = t_rand(&seed) % TEXT_PAGES;
        T_EQ(call(page, seed), wanted(page, seed));
    }
}

static uint64 resident(void)
{
    struct vmainfo v;
    uint64 n = 0;
    for (int i = 0; vmainfo(getpid(), i, &v) == 0; i++)
        n += v.kind == VMA_TEXT ? v.resident : 0;
    return n;
}

int main(int argc, char **argv)
{
    (void)argc;
    uint64 pool = swap_begin(argv, 1);
    T_CHECK(pool < TEXT_PAGES);
    struct swapinfo start = swap_info();
    t_step("one process runs all of its text");
    run(1);
    T_CHECK(resident() <= pool);
    struct swapinfo now = swap_info();
    T_CHECK(now.dropped - start.dropped >= SEQUENCE * (TEXT_PAGES - pool));
    T_CHECK(now.used <= pages_held());
    t_step("several at once, who share it");
    for (int i = 0; i < RUNNERS; i++) {
        if (t_fork() == 0) {
            run(2 + i);
            exit(0);
        }
    }
    t_reap(RUNNERS);
    T_CHECK(resident() <= pool);
    t_ok();
}
