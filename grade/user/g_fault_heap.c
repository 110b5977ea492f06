// The heap moves up and down in steps of any size. After each one the program stops: what it has must hold
// what it wrote, and behind its end there must be nothing.
//
//   g_fault_heap SEED STEPS
#include "kernel/riscv.h"
#include "grade/user/grade_fault.h"

#define MOST (60 * PAGE)

// How many words of the new memory [from, to) are not 0.
static uint64 not_zero_bytes(const char *from, const char *to)
{
    uint64 bad = 0;
    for (; from < to; from += 97)
        bad += *from != 0;
    return bad;
}

// Uses the stack some pages further down, and says whether it held.
__attribute__((noinline)) static int deep(uint64 seed)
{
    volatile uint64 local[5 * WORDS];
    for (uint64 i = 0; i < 5 * WORDS; i += 64)
        local[i] = seed + i;
    for (uint64 i = 0; i < 5 * WORDS; i += 64)
        if (local[i] != seed + i)
            return 0;
    stop("deep", local, seed);
    return 1;
}

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), steps = grade_arg(argc, argv, 2);
    char *base = heap(0), *end = base;
    stop("begin", base);
    for (uint64 i = 0; i < steps; i++) {
        uint64 size = i % 7 == 6 ? 0 : mix(seed, i) % MOST; // from time to time there is none at all
        char *to = base + size, *from = end;
        uint64 stale = 0, refused = sbrk(to - end) != end;
        end = to;
        if (to > from)
            stale = not_zero_bytes(from, to);
        for (char *p = (char *)PGROUNDUP(from); p < to; p += PAGE)
            *(uint64 *)p = mix(seed + i, (p - base) / PAGE); // each new page
        stop("step", from, to, stale, refused);
        if (i % 4 == 0)
            attempt(LOAD_1, (char *)PGROUNDUP(to));
        if (i % 4 == 1 && from > to)
            attempt(STORE_1, from - 1);
        if (i % 4 == 2 && to > base)
            attempt(STORE_1, to - 1);
    }
    if (!deep(seed))
        exit(9);
    attempt(STORE_8, (char *)USTACK_TOP - 2000 * PAGE); // far below all that the stack has
    stop("end");
    return 0;
}
