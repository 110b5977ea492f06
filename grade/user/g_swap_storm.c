// A storm: processes that share pages and have their own fork, write, check, and end at the
// same time, in far too little memory; some are killed in between.
//
//   g_swap_storm SEED PAGES ROUNDS
#include "grade/user/grade_swap.h"

#define WORKERS 4
#define SHARED  24

static struct bell ready, go;
static char *shared, *own;
static uint64 seed, pages;

static uint64 round_of(int me, uint64 round)
{
    uint64 mine = seed + 100 * (me + 1) + round, bad = 0;
    for (uint64 i = 0; i < pages; i++) {
        fill_page(own + i * PAGE, mine, i);
        bad += wrong_words(shared + (i + me) % SHARED * PAGE, seed, (i + me) % SHARED);
    }
    int pid = must_fork();
    if (pid == 0) { // shares all, writes every other page, ends in the middle of everything
        for (uint64 i = 0; i < pages; i++) {
            bad += wrong_words(own + i * PAGE, mine, i);
            if (i % 2)
                fill_page(own + i * PAGE, mine + 50, i);
        }
        exit(bad != 0);
    }
    for (uint64 i = pages; i-- > 0;)
        bad += wrong_words(own + i * PAGE, mine, i);
    if (round % 2)
        kill(pid);
    int status = wait_status();
    return bad + (status != 0 && !(round % 2));
}

static void worker(int me, uint64 rounds)
{
    uint64 bad = 0;
    own = large_heap(pages);
    for (uint64 round = 0; round < rounds; round++)
        bad += round_of(me, round);
    tell(&ready);
    await(&go);
    stop("worker", me, own, bad + wrong(own, pages, seed + 100 * (me + 1) + rounds - 1));
    tell(&ready);
    exit(0);
}

int main(int argc, char **argv)
{
    seed = grade_arg(argc, argv, 1);
    pages = grade_arg(argc, argv, 2);
    uint64 rounds = grade_arg(argc, argv, 3);
    bell_make(&ready);
    bell_make(&go);
    shared = heap(SHARED);
    fill(shared, SHARED, seed);
    first_out(shared, SHARED);
    for (int i = 0; i < WORKERS; i++)
        if (must_fork() == 0)
            worker(i, rounds);
    for (int i = 0; i < WORKERS; i++)
        await(&ready);
    stop("calm", shared, wrong(shared, SHARED, seed), SHARED, own);
    for (int i = 0; i < WORKERS; i++) {
        tell(&go);
        await(&ready);
    }
    all_well(WORKERS);
    stop("end", shared, wrong(shared, SHARED, seed));
    return 0;
}
