// First touches of every size, at the ends of a page and between.
//
//   g_lazy_touch SEED
#include "grade/user/grade_lazy.h"

enum { BYTE, HALF, WORD, LONG, SWAP, ADD, ACROSS, KINDS };

// One access of that kind at `at`; value is not 0 in any of the bytes that are written.
static void touch(int kind, char *at, uint64 value)
{
    if (kind == BYTE)
        asm volatile("sb %1, 0(%0)" ::"r"(at), "r"(value) : "memory");
    else if (kind == HALF)
        asm volatile("sh %1, 0(%0)" ::"r"(at), "r"(value) : "memory");
    else if (kind == WORD)
        asm volatile("sw %1, 0(%0)" ::"r"(at), "r"(value) : "memory");
    else if (kind == SWAP)
        asm volatile("amoswap.d zero, %1, (%0)" ::"r"(at), "r"(value) : "memory");
    else if (kind == ADD)
        asm volatile("amoadd.w zero, %1, (%0)" ::"r"(at), "r"(value) : "memory");
    else
        asm volatile("sd %1, 0(%0)" ::"r"(at), "r"(value) : "memory");
}

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1);
    static const uint64 offset[KINDS] = {1, PAGE - 2, PAGE - 4, PAGE - 8, PAGE - 8, 0, PAGE - 3};
    char *p = heap(span(2 * KINDS));
    stop("grown", p);
    for (int i = 0; i < 2 * KINDS; i++) {
        int kind = i % KINDS;
        uint64 at = i < KINDS ? offset[kind] : mix(seed, i) % 500 * 8;
        if (i == KINDS) // a byte at the very end
            at = PAGE - 1;
        touch(kind, spot(p, seed, i) + at, mark(seed, i));
        if (i == 0)
            stop("one", p);
    }
    stop("all", p);
    return 0;
}
