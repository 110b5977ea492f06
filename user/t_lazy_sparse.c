// A gigabyte of heap, touched here and there: it costs what is touched, wherever it comes from, and the rest
// reads zero. The machine may have far less memory.
#include "user/t_lib.h"

#define SPAN GIB
#define STEP (16 * MIB)
#define COST (SPAN / STEP * 2 + 16) // a page and a leaf table each, and the upper tables

static void sparse(char *p)
{
    uint64 before = t_free();
    for (uint64 i = 0; i < SPAN; i += STEP)
        p[i] = i / STEP + 1;
    T_CHECK(before - t_free() <= COST);
    for (uint64 i = 0; i < SPAN; i += STEP) {
        T_EQ((uchar)p[i], i / STEP + 1);
        T_EQ(p[i + STEP / 2], 0);
    }
    T_CHECK(before - t_free() <= COST + SPAN / STEP); // the reads: tables at most
}

int main(int argc, char **argv)
{
    (void)argc;
    t_begin(argv);
    uint64 before = t_free();
    t_step("sbrk of a gigabyte takes no frame");
    char *p = sbrk(SPAN);
    T_CHECK(p != SBRK_ERROR);
    T_CHECK(before - t_free() <= 1);
    t_step("touching some of it takes those pages only");
    sparse(p);
    t_step("all come back when the heap shrinks");
    T_CHECK(sbrk(-(int)SPAN) != SBRK_ERROR);
    T_CHECK(before - t_free() <= COST);
    t_step("the same through malloc");
    p = malloc(SPAN);
    T_CHECK(p != 0);
    sparse(p);
    free(p);
    t_ok();
}
