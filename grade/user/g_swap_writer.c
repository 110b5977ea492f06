// A process counts in each of its pages, without end; another one pushes these pages out, again and again.
//
//   g_swap_writer SEED PAGES ROUNDS LESS    so many frames less for a while, in each round
#include "grade/user/grade_swap.h"

#define OFTEN 16   // rounds from one word of it to the next
#define LONG  512  // bytes of a word
#define PIPE  4096 // bytes that a pipe takes at most

static struct bell ready;
static char word[LONG];

// Word i of page i. The last word of a page is a mark: its number was not what was written last.
static void count(char *p, uint64 pages)
{
    memset(p, 0, pages * PAGE);
    stop("counts", p);
    tell(&ready);
    for (uint64 round = 0;; round++) {
        if (round % OFTEN == 0)
            write(ready.fd[1], word, LONG);
        for (uint64 i = 0; i < pages; i++) {
            volatile uint64 *page = (volatile uint64 *)(p + i * PAGE);
            if (page[i] != round)
                page[WORDS - 1] = round + 1;
            page[i] = round + 1;
        }
    }
}

// Until it has gone round some more: what it told before is still in the pipe.
static void catch_up(void)
{
    static char told[LONG];
    for (int n = 0, k; n < 2 * PIPE; n += k)
        if ((k = read(ready.fd[0], told, sizeof(told))) <= 0)
            exit(7);
}

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), pages = grade_arg(argc, argv, 2),
           rounds = grade_arg(argc, argv, 3), less = grade_arg(argc, argv, 4);
    char *p = heap(pages);
    bell_make(&ready);
    fill(p, pages, seed);
    first_out(p, pages);
    int other = must_fork();
    if (other == 0)
        count(p, pages);
    await(&ready);
    only(p, pages);
    uint64 frames = frames_in_use();
    for (uint64 round = 0; round < rounds; round++) {
        limit(frames - less);
        limit(0);
        catch_up();
    }
    stop("pushed");
    kill(other);
    wait(0);
    return 0;
}
