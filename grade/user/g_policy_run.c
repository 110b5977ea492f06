// Plays a string of references in a region for which there are only so many frames, one page going at a time.
// Every reference is a load, so each fault is a page that the policy had let go.
//
//   g_policy_run SEED KIND PAGES FRAMES BLOCKS
//
// The string comes in blocks. What the next block is follows from a number that the grader gives when the
// block begins, so nobody in the machine can know the future. grade/labs/policy.py makes the same strings.
#include "grade/user/grade.h"
#include "kernel/syscall.h"
#include "kernel/vmstat.h"

#define BLOCK 128 // references

enum { ZIPF, PHASES, SCAN };

static uint64 pages, frames;

// The k-th page of a block. `s` is the block's number, b its index.
static uint64 zipf(uint64 s, uint64 k)
{
    uint64 r = mix(s, k) & 0xffff, cube = r * r >> 16;
    return ((cube * r >> 16) * pages >> 16) * 137 % pages;
}

// Seven tenths of the frames' number of pages are in use, a few others every two blocks; one reference in six
// goes anywhere.
static uint64 phases(uint64 s, uint64 b, uint64 k)
{
    uint64 r = mix(s, k), stray = (r >> 56) % 6 == 0;
    return (stray ? r : b / 2 * 4 + r % (frames * 7 / 10)) % pages;
}

// One block of use, of half as many pages as there are frames, and one that goes once through others.
static uint64 scan(uint64 s, uint64 b, uint64 k)
{
    uint64 hot = frames / 2;
    if (b % 2 == 0)
        return mix(s, k) % hot;
    return hot + (b / 2 * BLOCK + k) % (pages - hot);
}

static uint64 reference(uint64 kind, uint64 s, uint64 b, uint64 k)
{
    return kind == ZIPF ? zipf(s, k) : kind == PHASES ? phases(s, b, k) : scan(s, b, k);
}

static void must(int64 done, const char *what)
{
    if (done < 0) {
        fprintf(2, "%s refused\n", what);
        exit(5);
    }
}

// Exactly `frames` frames for the region, none of which is in use yet.
static void set_up(char *p)
{
    struct vmstat v;
    must(swapctl(SWAPCTL_ONLY, (uint64)p, pages * PAGE), "SWAPCTL_ONLY");
    must(vmstat(&v), "vmstat");
    must(swapctl(SWAPCTL_LIMIT, v.user + frames, 0), "SWAPCTL_LIMIT");
}

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), kind = grade_arg(argc, argv, 2), sum = 0, bad = 0;
    pages = grade_arg(argc, argv, 3);
    frames = grade_arg(argc, argv, 4);
    uint64 blocks = grade_arg(argc, argv, 5);
    char *p = heap(pages);
    stop("warm", p); // every page of this program is in memory from here on
    set_up(p);
    fill(p, pages, seed);
    for (uint64 b = 0; b < blocks; b++) {
        uint64 s = stop("block", p, b, sum);
        s = s ? s : mix(seed, b);
        for (uint64 k = 0; k < BLOCK; k++) {
            uint64 i = reference(kind, s, b, k);
            uint64 first = *(volatile uint64 *)(p + i * PAGE);
            bad += first != mix(seed, i);
            sum += first;
        }
    }
    stop("end", p, blocks, sum, bad);
    return 0;
}
