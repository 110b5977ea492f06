// Memory runs out. A process that takes all there is must die and give it back; one that asks for little must
// get it, though another has taken the rest.
//
//   g_fault_nomem SEED FRAMES       FRAMES: of the machine's user pool
#include "grade/user/grade_fault.h"

#define FEW 80 // pages

static void take_all(void)
{
    for (;;) {
        volatile char *p = heap(16);
        for (int i = 0; i < 16; i++)
            p[i * PAGE] = 1;
    }
}

// Takes most of the memory, says so, and then does nothing.
static void take_most(uint64 pages, int say, int wait_for)
{
    char c, *p = heap(pages);
    for (uint64 i = 0; i < pages; i++)
        p[i * PAGE] = 1;
    write(say, "", 1);
    read(wait_for, &c, 1);
    exit(0);
}

static void take_few(uint64 seed, int wait_for)
{
    char c;
    read(wait_for, &c, 1);
    char *p = heap(2 * FEW);
    fill(p, 2 * FEW, seed);
    stop("few", p, wrong(p, 2 * FEW, seed));
    exit(0);
}

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), frames = grade_arg(argc, argv, 2);
    int said[2], end[2], status = 1;
    stop("begin");
    struct bystander b = make_bystander(seed);
    int hog = must_fork();
    if (hog == 0)
        take_all();
    int who = wait(&status);
    stop("hog", who == hog, status);

    if (pipe(said) < 0 || pipe(end) < 0)
        exit(5);
    int most = must_fork();
    if (most == 0)
        take_most(frames - FEW, said[1], end[0]);
    close(said[1]); // so that the read ends, should the other one die before it has said anything
    int few = must_fork();
    if (few == 0)
        take_few(seed + 1, said[0]);
    int first = wait(&status), status2 = 1, second = wait(&status2);
    if (first == few) {
        int t = status;
        status = status2;
        status2 = t;
    }
    stop("both", (first == most && second == few) || (first == few && second == most), status, status2);
    release_bystander(&b);
    return 0;
}
