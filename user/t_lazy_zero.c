// Memory that was never written reads zero, and all of it is one frame, the zero page; the first write
// replaces it.
#include "user/t_lib.h"

#define PAGES 32

static char bss[PAGES * PGSIZE] __attribute__((aligned(PGSIZE)));

static void check(char *p)
{
    struct faultcount before = t_faults();
    uint64 free = t_free();
    for (int i = 0; i < PAGES; i++)
        T_EQ(t_peek(p + i * PGSIZE + i), 0);
    struct faultcount reads = t_faults_since(before);
    T_EQ(reads.minor, PAGES);
    T_CHECK(t_free() + 2 >= free);
    uint64 zero = t_page(p).frame;
    for (int i = 0; i < PAGES; i++) {
        struct pageinfo pi = t_page(p + i * PGSIZE);
        T_CHECK(pi.frame == zero && !pi.writable && !pi.dirty);
        T_CHECK(t_is_all(p + i * PGSIZE, PGSIZE, 0));
    }
    before = t_faults();
    for (int i = 0; i < PAGES; i++)
        p[i * PGSIZE + 7] = i + 1;
    struct faultcount writes = t_faults_since(before);
    T_EQ(writes.cow, PAGES);
    T_EQ(writes.minor + writes.major + writes.spurious, 0);
    for (int i = 0; i < PAGES; i++) {
        struct pageinfo pi = t_page(p + i * PGSIZE);
        T_CHECK(pi.frame != zero && pi.writable && pi.dirty && pi.shared == 1);
        T_EQ(p[i * PGSIZE + 7], i + 1);
        p[i * PGSIZE + 7] = 0;
        T_CHECK(t_is_all(p + i * PGSIZE, PGSIZE, 0));
    }
}

// Fills frames with junk and gives them back: the next ones that are handed out are those.
static void dirty_frames(void)
{
    char *p = t_heap(4 * PAGES);
    memset(p, 0x55, 4 * PAGES * PGSIZE);
    T_CHECK(sbrk(-4 * PAGES * PGSIZE) != SBRK_ERROR);
}

// A page whose first access is a write is zero but for what was written.
static void write_first(void)
{
    dirty_frames();
    char *p = t_heap(PAGES);
    for (int i = 0; i < PAGES; i++) {
        p[i * PGSIZE + i] = 1;
        T_CHECK(t_is_all(p + i * PGSIZE, i, 0) && t_is_all(p + i * PGSIZE + i + 1, PGSIZE - i - 1, 0));
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    t_begin(argv);
    t_step("untouched heap: reads map the zero page, a fault each; writes replace it");
    check(t_heap(PAGES));
    t_step("bss: the same");
    check(bss);
    t_step("heap that had data, given back and taken again: the same");
    dirty_frames();
    check(t_heap(PAGES));
    t_step("written before it is read: zero around what was written");
    write_first();
    t_ok();
}
