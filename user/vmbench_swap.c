// vmbench's swap rows: a working set of twice the user pool. Needs a swap disk that holds it; without one the
// rows are left out. They follow each other: each finds the memory as the one before left it.
#include "kernel/types.h"
#include "kernel/riscv.h"
#include "kernel/syscall.h"
#include "kernel/vmstat.h"
#include "user/user.h"
#include "user/vmbench.h"

static volatile char *set; // the working set
static uint64 pages;

static struct swapinfo look(void)
{
    struct swapinfo info;
    if (swapctl(SWAPCTL_INFO, (uint64)&info, 0) < 0)
        die("swapctl");
    return info;
}

int swap_possible(void)
{
    struct swapinfo info = look();
    return info.slots >= 3 * info.limit;
}

uint64 swap_write(void)
{
    pages = 2 * look().limit;
    set = sbrk((int)(pages * PGSIZE));
    uint64 t = now();
    for (uint64 i = 0; i < pages; i++)
        set[i * PGSIZE] = (char)i;
    return (now() - t) / pages;
}

static void expect(uint64 i)
{
    if (set[i * PGSIZE] != (char)i)
        die("a page has lost its content:");
}

// The pages in memory are dirty at first: as many go out as come in.
uint64 swap_dirty(void)
{
    uint64 t = now();
    for (uint64 i = 0; i < pages; i++)
        expect(i);
    return (now() - t) / pages;
}

// Now all are clean: nothing is written.
uint64 swap_clean(void)
{
    return swap_dirty();
}

// For each page that is swapped in; the others are in memory and cost nothing.
uint64 swap_random(void)
{
    uint64 x = 1, before = look().reads;
    uint64 t = now();
    for (uint64 i = 0; i < pages; i++) {
        x = x * 6364136223846793005UL + 1442695040888963407UL; // Knuth's
        expect((x >> 33) % pages);
    }
    t = now() - t;
    uint64 reads = look().reads - before;
    sbrk(-(int)(pages * PGSIZE));
    return reads ? t / reads : 0;
}
