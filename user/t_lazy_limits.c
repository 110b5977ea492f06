// sbrk: what cannot be is refused and changes nothing; all of the address space below the stack can be had.
#include "user/t_lib.h"

static void refused(int n)
{
    char *brk = sbrk(0);
    T_CHECK(sbrk(n) == SBRK_ERROR);
    T_CHECK(sbrk(0) == brk);
}

int main(int argc, char **argv)
{
    (void)argc;
    t_begin(argv);
    char *start = sbrk(0), *p;
    t_step("nothing below the start of the heap");
    refused(-1);
    refused(-PGSIZE);
    refused(-0x7fffffff - 1);
    t_step("growth up to the gap below the stack, without a frame, and not into it");
    uint64 before = t_free(), grown = 0;
    while ((p = sbrk(GIB)) != SBRK_ERROR)
        grown += GIB;
    T_CHECK(grown + GIB + STACK_GAP > (uint64)STACK_LOWEST - (uint64)start);
    for (uint64 step = GIB / 2; step >= 1; step /= 2)
        if (sbrk(step) != SBRK_ERROR)
            grown += step;
    char *end = sbrk(0);
    T_CHECK(end == STACK_LOWEST - STACK_GAP);
    T_CHECK(before - t_free() <= 1);
    refused(1);
    refused(0x7fffffff);
    t_step("its last page works");
    end[-1] = 42;
    T_EQ(end[-1], 42);
    T_EQ(end[-PGSIZE], 0);
    t_step("and all of it can be given back");
    for (; grown >= GIB; grown -= GIB)
        T_CHECK(sbrk(-(int)GIB) != SBRK_ERROR);
    T_CHECK(sbrk(-(int)grown) != SBRK_ERROR);
    T_CHECK(sbrk(0) == start);
    t_ok();
}
