// A storm on all harts: families that fork, write to shared pages, look at the rest, and end, all at once.
//
//   g_cow_storm SEED PAGES ROUNDS
#include "grade/user/grade_cow.h"

#define FAMILIES 4

static uint64 seed, pages;
static char *p;

// What is wrong with the pages that this process has not written to; bit i of `own`: page i is its own.
static uint64 check(uint64 own, uint64 own_seed)
{
    uint64 bad = 0;
    for (uint64 i = 0; i < pages; i++) {
        uint64 value = mix(own >> i & 1 ? own_seed : seed, i);
        bad += *(volatile uint64 *)(p + i * PAGE) != value;
    }
    return bad;
}

// A child writes to some pages, has a child of its own now and then, and checks before and after.
static uint64 descend(uint64 who, int depth)
{
    uint64 own = mix(seed + who, depth) & mix(seed, who), bad = check(0, 0);
    for (uint64 i = 0; i < pages; i++)
        if (own >> i & 1)
            *(volatile uint64 *)(p + i * PAGE) = mix(who, i);
    return bad + check(own, who);
}

static uint64 family(uint64 f, uint64 rounds)
{
    uint64 bad = 0;
    for (uint64 r = 0; r < rounds; r++) {
        uint64 who = f * 1000 + r * 2;
        int children = 1 + (mix(seed, who) & 1);
        for (int c = 0; c < children; c++)
            if (must_fork() == 0)
                exit(descend(who + c, c) ? 1 : 0);
        bad += check(0, 0);
        for (int c = 0; c < children; c++)
            bad += wait_status() != 0;
    }
    return bad;
}

static uint64 storm(uint64 rounds)
{
    uint64 bad = 0;
    for (uint64 f = 0; f < FAMILIES; f++)
        if (must_fork() == 0)
            exit(family(f, rounds) ? 1 : 0);
    for (uint64 f = 0; f < FAMILIES; f++)
        bad += wait_status() != 0;
    return bad;
}

int main(int argc, char **argv)
{
    seed = grade_arg(argc, argv, 1);
    pages = grade_arg(argc, argv, 2);
    uint64 rounds = grade_arg(argc, argv, 3);
    cow_begin(seed);
    p = heap(pages);
    fill(p, pages, seed);
    uint64 bad = storm(1);
    stop("before", p);
    bad += storm(rounds);
    stop("after", p, bad);
    fill(p, pages, seed + 1);
    stop("over", p);
    return 0;
}
