// Three generations share pages that are out. Each writes some of its own, sends all out again, and they end
// in some order; who is left checks.
//
//   g_swap_fork SEED PAGES ORDER    ORDER 0 .. 5: which of the orders
#include "grade/user/grade_swap.h"
#include "kernel/vmstat.h"

#define MANY 3

static const int orders[][MANY] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
static struct bell go[MANY], ready;
static char *p;
static uint64 seed, pages;
static int pid[MANY];

// Page i belongs to generation i % 4, if there is one: that one has written it anew.
static uint64 wrong_now(int me, int has_written)
{
    uint64 bad = 0;
    for (uint64 i = 0; i < pages; i++)
        bad += wrong_words(p + i * PAGE, seed + (has_written && i % 4 == (uint64)me ? 1 + me : 0), i);
    return bad;
}

static void turn(int me)
{
    int note[2] = {me, getpid()};
    write(ready.fd[1], note, sizeof(note));
    await(&go[me]);
}

// Until one waits for its turn.
static void next(void)
{
    int note[2] = {0, 0};
    read(ready.fd[0], note, sizeof(note));
    pid[note[0]] = note[1];
}

static void await_end(int of)
{
    struct procinfo info;
    while (procinfo(of, &info) == 0 && info.pid == of && info.state != PROC_ZOMBIE)
        sleep(1);
}

// A child, its child, and so on.
static void generation(void)
{
    int me = 0;
    while (me + 1 < MANY && must_fork() == 0)
        me++;
    turn(me);
    stop("born", me, p, wrong_now(me, 0));
    for (uint64 i = me; i < pages; i += 4)
        fill_page(p + i * PAGE, seed + 1 + me, i);
    turn(me);
    stop("wrote", me, p, wrong_now(me, 1));
    page_out(p, pages);
    turn(me);
    stop("ends", me, p, wrong_now(me, 1));
    exit(0);
}

int main(int argc, char **argv)
{
    seed = grade_arg(argc, argv, 1);
    pages = grade_arg(argc, argv, 2);
    const int *order = orders[grade_arg(argc, argv, 3) % 6];
    p = heap(pages);
    bell_make(&ready);
    for (int i = 0; i < MANY; i++)
        bell_make(&go[i]);
    fill(p, pages, seed);
    page_out(p, pages);
    stop("out", p);
    if (must_fork() == 0)
        generation();
    for (int i = 0; i < MANY; i++) // all are there, and wait
        next();
    stop("forked", p);
    for (int i = 0; i < MANY; i++) {
        tell(&go[order[i]]);
        next();
    }
    for (int i = MANY; i-- > 0;) {
        tell(&go[order[i]]);
        next();
    }
    stop("apart", p);
    for (int i = 0; i < MANY; i++) {
        tell(&go[order[i]]);
        await_end(pid[order[i]]);
    }
    stop("alone", p, wrong_now(MANY, 0));
    wait(0);
    return 0;
}
