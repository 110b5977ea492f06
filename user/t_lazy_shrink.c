// Shrinking gives frames back at once, later access to them is fatal, and what grows again reads zero.
// Whatever was behind the pages.
#include "user/t_lib.h"

static void store(void *p)
{
    t_touch(p, 1);
}
static void load(void *p)
{
    t_peek(p);
}

// The upper half of the pages goes, the lower half stays.
static void shrink(char *p, enum backing kind)
{
    if (kind == B_DATA) // not heap: cannot shrink
        return;
    const uint64 half = T_BACK_PAGES / 2 * PGSIZE;
    bool framed = kind == B_RESIDENT;
    uint64 before = t_free();
    T_CHECK(sbrk(-(int)half) == p + 2 * half);
    T_EQ(t_free() - before, framed ? T_BACK_PAGES / 2 : 0);
    T_EQ(t_page(p + half).present, 0);
    T_EQ(t_status(store, p + half), T_KILLED);
    T_EQ(t_status(load, p + half), T_KILLED);
    T_EQ(t_status(load, p + 2 * half - 1), T_KILLED);
    T_CHECK(t_is_all(p, half, t_back_byte(kind)));
    T_CHECK(sbrk(half) == p + half);
    T_EQ(t_page(p + half).present, 0);
    T_CHECK(t_is_all(p + half, half, 0));
    memset(p, 7, 2 * half);
    T_CHECK(t_is_all(p, 2 * half, 7));
}

// A part of a page given back keeps the page; the rest of it goes with the next byte.
static void part(void)
{
    char *p = t_heap(2);
    memset(p, 9, 2 * PGSIZE);
    T_CHECK(sbrk(-PGSIZE + 1) != SBRK_ERROR);
    T_EQ(t_page(p + PGSIZE).present, 1);
    T_EQ(p[PGSIZE], 9);
    T_CHECK(sbrk(-1) != SBRK_ERROR);
    T_EQ(t_page(p + PGSIZE).present, 0);
    T_EQ(t_status(load, p + PGSIZE), T_KILLED);
    T_EQ(p[PGSIZE - 1], 9);
}

int main(int argc, char **argv)
{
    (void)argc;
    t_begin(argv);
    t_step("half of a heap given back, touched, and taken again");
    t_each_backing(shrink);
    t_step("a page goes when its last byte goes");
    part();
    t_ok();
}
