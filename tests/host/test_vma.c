// SOURCES: @tests/host/vmhost/sources tests/host/vmhost/vmtest.c
// FLAGS: @tests/host/vmhost/flags -fsanitize-coverage=trace-cmp
//
// vm/vma.c: the sorted set of areas. The last test compares it with an array that has one entry a page; the
// lookup bound counts the comparisons that the compiler reports (-fsanitize-coverage=trace-cmp).
#include <stdlib.h>
#include "tests/host/vmhost/vmtest.h"

#define PAGE(n) ((n) * (uint64)PGSIZE)

// ---- comparisons

static uint64 comparisons;

#define COUNT(name, type)                                                                                    \
    void __sanitizer_cov_trace_##name(type a, type b);                                                       \
    void __sanitizer_cov_trace_##name(type a, type b)                                                        \
    {                                                                                                        \
        (void)a, (void)b;                                                                                    \
        comparisons++;                                                                                       \
    }
COUNT(cmp1, uint8)
COUNT(cmp2, uint16)
COUNT(cmp4, uint32)
COUNT(cmp8, uint64)
COUNT(const_cmp1, uint8)
COUNT(const_cmp2, uint16)
COUNT(const_cmp4, uint32)
COUNT(const_cmp8, uint64)
void __sanitizer_cov_trace_switch(uint64 value, void *cases);
void __sanitizer_cov_trace_switch(uint64 value, void *cases)
{
    (void)value, (void)cases;
    comparisons++;
}

// ---- sets

static struct vmaset set;

static int begin(void **state)
{
    vmaset_init(&set);
    return vmtest_begin(state);
}

static int end(void **state)
{
    vmaset_destroy(&set);
    return vmtest_end(state);
}

static struct vma area(uint64 first, uint64 past, int perm, int kind)
{
    return (struct vma){.start = PAGE(first), .end = PAGE(past), .perm = perm, .kind = kind};
}

static int insert(uint64 first, uint64 past, int perm, int kind)
{
    struct vma v = area(first, past, perm, kind);
    return vma_insert(&set, &v);
}

static int insert_file(uint64 first, uint64 past, uint64 off, uint64 len)
{
    struct vma v = area(first, past, VMA_R, VMA_TEXT);
    v.file = &vmtest_file;
    v.off = off;
    v.filelen = len;
    return vma_insert(&set, &v);
}

#define RW (VMA_R | VMA_W)

static void check_shape(void)
{
    for (int i = 0; i < set.n; i++) {
        assert_true(set.v[i].start < set.v[i].end);
        assert_int_equal((set.v[i].start | set.v[i].end) % PGSIZE, 0);
        if (i > 0)
            assert_true(set.v[i - 1].end <= set.v[i].start);
    }
    assert_true(set.n <= set.room);
}

static void assert_area(int i, uint64 first, uint64 past)
{
    assert_true(i < set.n);
    assert_int_equal(set.v[i].start, PAGE(first));
    assert_int_equal(set.v[i].end, PAGE(past));
}

static void find_on_boundaries(void **state)
{
    (void)state;
    assert_null(vma_find(&set, 0));
    assert_null(vma_at_or_above(&set, 0));
    assert_null(vma_nearest(&set, 0));
    assert_int_equal(insert(2, 4, RW, VMA_HEAP), 0);
    assert_int_equal(insert(6, 7, VMA_R, VMA_TEXT), 0);
    assert_null(vma_find(&set, PAGE(2) - 1));
    assert_ptr_equal(vma_find(&set, PAGE(2)), &set.v[0]);
    assert_ptr_equal(vma_find(&set, PAGE(4) - 1), &set.v[0]);
    assert_null(vma_find(&set, PAGE(4))); // the last hit must not stretch
    assert_null(vma_find(&set, PAGE(6) - 1));
    assert_ptr_equal(vma_find(&set, PAGE(6)), &set.v[1]);
    assert_ptr_equal(vma_find(&set, PAGE(7) - 1), &set.v[1]);
    assert_null(vma_find(&set, PAGE(7)));
    assert_ptr_equal(vma_at_or_above(&set, PAGE(4) - 1), &set.v[0]);
    assert_ptr_equal(vma_at_or_above(&set, PAGE(4)), &set.v[1]);
    assert_null(vma_at_or_above(&set, PAGE(7)));
}

static void nearest_looks_both_ways(void **state)
{
    (void)state;
    assert_int_equal(insert(2, 3, RW, VMA_HEAP), 0);
    assert_int_equal(insert(9, 10, RW, VMA_HEAP), 0);
    assert_ptr_equal(vma_nearest(&set, 0), &set.v[0]);
    assert_ptr_equal(vma_nearest(&set, PAGE(2)), &set.v[0]);
    assert_ptr_equal(vma_nearest(&set, PAGE(4)), &set.v[0]);
    assert_ptr_equal(vma_nearest(&set, PAGE(8)), &set.v[1]);
    assert_ptr_equal(vma_nearest(&set, PAGE(30)), &set.v[1]);
}

static void insert_refuses_overlap(void **state)
{
    (void)state;
    assert_int_equal(insert(4, 8, RW, VMA_HEAP), 0);
    static const uint64 bad[][2] = {{4, 8}, {3, 5}, {7, 9}, {5, 6}, {1, 20}, {4, 5}, {7, 8}};
    for (uint64 i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(insert(bad[i][0], bad[i][1], VMA_R, VMA_ANON), -EEXIST);
    assert_int_equal(set.n, 1);
    assert_area(0, 4, 8);
    assert_int_equal(insert(3, 4, VMA_R, VMA_ANON), 0); // touching is no overlap
    assert_int_equal(insert(8, 9, VMA_R, VMA_ANON), 0);
    assert_int_equal(set.n, 3);
    check_shape();
}

static void insert_refuses_bad_ranges(void **state)
{
    (void)state;
    static const uint64 bad[][2] = {{PGSIZE, PGSIZE},
                                    {2 * PGSIZE, PGSIZE},
                                    {1, PGSIZE},
                                    {PGSIZE, 2 * PGSIZE - 1},
                                    {-PGSIZE, PGSIZE},
                                    {MAXVA, MAXVA + PGSIZE},
                                    {MAXVA - PGSIZE, MAXVA + PGSIZE},
                                    {PGSIZE, 1UL << 63},
                                    {0, -PGSIZE}};
    for (uint64 i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct vma v = {.start = bad[i][0], .end = bad[i][1], .perm = VMA_R, .kind = VMA_ANON};
        assert_int_equal(vma_insert(&set, &v), -EINVAL);
        assert_int_equal(vma_remove(&set, bad[i][0], bad[i][1]), -EINVAL);
    }
    assert_int_equal(set.n, 0);
}

static void insert_merges_equal_neighbours(void **state)
{
    (void)state;
    assert_int_equal(insert(2, 4, RW, VMA_HEAP), 0);
    assert_int_equal(insert(6, 8, RW, VMA_HEAP), 0);
    assert_int_equal(insert(8, 9, RW, VMA_HEAP), 0); // joins the left one
    assert_int_equal(insert(1, 2, RW, VMA_HEAP), 0); // joins the right one
    assert_int_equal(set.n, 2);
    assert_area(0, 1, 4);
    assert_area(1, 6, 9);
    assert_int_equal(insert(4, 6, RW, VMA_HEAP), 0); // closes the gap
    assert_int_equal(set.n, 1);
    assert_area(0, 1, 9);
}

static void insert_keeps_different_neighbours_apart(void **state)
{
    (void)state;
    assert_int_equal(insert(2, 4, RW, VMA_HEAP), 0);
    assert_int_equal(insert(4, 6, VMA_R, VMA_HEAP), 0);
    assert_int_equal(insert(6, 8, VMA_R, VMA_ANON), 0);
    assert_int_equal(insert_file(8, 9, 0, PGSIZE), 0);
    assert_int_equal(insert_file(9, 10, PGSIZE, PGSIZE), 0);
    assert_int_equal(set.n, 5);
    check_shape();
}

static void remove_splits(void **state)
{
    (void)state;
    assert_int_equal(insert_file(2, 10, PAGE(1), PAGE(6) + 5), 0);
    assert_int_equal(vma_remove(&set, PAGE(4), PAGE(5)), 0);
    assert_int_equal(set.n, 2);
    assert_area(0, 2, 4);
    assert_area(1, 5, 10);
    assert_int_equal(set.v[0].off, PAGE(1));
    assert_int_equal(set.v[0].filelen, PAGE(2)); // no more than the area
    assert_int_equal(set.v[1].off, PAGE(4));
    assert_int_equal(set.v[1].filelen, PAGE(3) + 5);
    assert_ptr_equal(set.v[1].file, &vmtest_file);
    assert_int_equal(vma_remove(&set, PAGE(8), PAGE(10)), 0); // trims the back
    assert_int_equal(set.v[1].filelen, PAGE(3));
    assert_int_equal(vma_remove(&set, PAGE(5), PAGE(7)), 0); // trims the front
    assert_area(1, 7, 8);
    assert_int_equal(set.v[1].off, PAGE(6));
    assert_int_equal(set.v[1].filelen, PGSIZE);
}

static void remove_spans_areas(void **state)
{
    (void)state;
    for (uint64 i = 0; i < 10; i++)
        assert_int_equal(insert(3 * i + 1, 3 * i + 3, RW, VMA_ANON), 0);
    assert_int_equal(vma_remove(&set, PAGE(5), PAGE(17)), 0);
    assert_area(1, 4, 5);
    assert_area(2, 17, 18);
    assert_int_equal(vma_remove(&set, PAGE(0), PAGE(100)), 0);
    assert_int_equal(set.n, 0);
    assert_int_equal(vma_remove(&set, PAGE(0), PAGE(100)), 0); // nothing there is no error
    assert_null(vma_find(&set, PAGE(4)));                      // nor is a stale last hit
}

static void boundaries_move(void **state)
{
    (void)state;
    assert_int_equal(insert(4, 6, RW, VMA_HEAP), 0);
    assert_int_equal(insert(10, 12, RW, VMA_STACK), 0);
    assert_int_equal(vma_set_end(&set, &set.v[0], PAGE(10)), 0);
    assert_int_equal(vma_set_end(&set, &set.v[0], PAGE(11)), -EEXIST);
    assert_int_equal(vma_set_end(&set, &set.v[0], PAGE(4)), -EINVAL);
    assert_int_equal(vma_set_end(&set, &set.v[0], PAGE(3)), -EINVAL);
    assert_int_equal(vma_set_end(&set, &set.v[0], PAGE(5) + 1), -EINVAL);
    assert_int_equal(vma_set_end(&set, &set.v[1], MAXVA + PGSIZE), -EINVAL);
    assert_int_equal(vma_set_end(&set, &set.v[0], PAGE(8)), 0);
    assert_int_equal(vma_set_start(&set, &set.v[1], PAGE(8)), 0);
    assert_int_equal(vma_set_start(&set, &set.v[1], PAGE(7)), -EEXIST);
    assert_int_equal(vma_set_start(&set, &set.v[1], PAGE(12)), -EINVAL);
    assert_int_equal(vma_set_start(&set, &set.v[0], PAGE(0)), 0);
    assert_area(0, 0, 8);
    assert_area(1, 8, 12);
}

static void no_memory_changes_nothing(void **state)
{
    (void)state;
    for (uint64 i = 0; i < VMASET_INLINE; i++)
        assert_int_equal(insert(4 * i + 1, 4 * i + 4, RW, VMA_ANON), 0);
    host_fail(HOST_KMEM, 0, 100);
    assert_int_equal(insert(100, 101, RW, VMA_ANON), -ENOMEM);
    assert_int_equal(vma_remove(&set, PAGE(2), PAGE(3)), -ENOMEM);
    assert_int_equal(set.n, VMASET_INLINE);
    assert_area(0, 1, 4);
    struct vmaset copy;
    vmaset_init(&copy);
    assert_int_equal(vmaset_copy(&copy, &set), 0); // fits inside
    vmaset_destroy(&copy);
    host_fail_end();
    assert_int_equal(vma_remove(&set, PAGE(2), PAGE(3)), 0);
    assert_int_equal(set.n, VMASET_INLINE + 1);
    host_fail(HOST_KMEM, 0, 100);
    assert_int_equal(vmaset_copy(&copy, &set), -ENOMEM);
    assert_int_equal(copy.n, 0);
}

static void copies_are_separate(void **state)
{
    (void)state;
    for (uint64 i = 0; i < 20; i++)
        assert_int_equal(insert(4 * i + 1, 4 * i + 3, RW, VMA_ANON), 0);
    vma_find(&set, PAGE(9));
    struct vmaset copy;
    vmaset_init(&copy);
    assert_int_equal(vmaset_copy(&copy, &set), 0);
    assert_int_equal(vma_remove(&set, PAGE(0), PAGE(40)), 0);
    assert_int_equal(copy.n, 20);
    assert_non_null(vma_find(&copy, PAGE(9)));
    assert_null(vma_find(&set, PAGE(9)));
    vmaset_destroy(&copy);
}

static void rights(void **state)
{
    (void)state;
    for (int perm = 0; perm < 8; perm++) {
        struct vma v = area(1, 2, perm, VMA_ANON);
        assert_int_equal(!vma_allows(&v, ACCESS_READ), !(perm & VMA_R));
        assert_int_equal(!vma_allows(&v, ACCESS_WRITE), !(perm & VMA_W));
        assert_int_equal(!vma_allows(&v, ACCESS_EXEC), !(perm & VMA_X));
    }
    assert_string_equal(vma_kind_name(VMA_STACK), "stack");
    assert_string_equal(vma_kind_name(77), "?");
    assert_string_equal(vma_kind_name(-1), "?");
}

#define MANY             2000
#define MOST_COMPARISONS 48 // 11 steps of a binary search over MANY, a few comparisons each, checks around it

static void lookup_is_logarithmic(void **state)
{
    (void)state;
    for (uint64 i = MANY; i-- > 0;)
        assert_int_equal(insert(2 * i + 1, 2 * i + 2, RW, VMA_ANON), 0);
    assert_int_equal(set.n, MANY);
    check_shape();
    uint64 worst = 0;
    for (uint64 i = 0; i < MANY; i++) {
        uint64 there = (i * 997) % MANY;
        comparisons = 0;
        struct vma *v = vma_find(&set, PAGE(2 * there + 1));
        uint64 used = comparisons;
        assert_ptr_equal(v, &set.v[there]);
        worst = used > worst ? used : worst;
        comparisons = 0;
        v = vma_find(&set, PAGE(2 * there + 2));
        used = comparisons;
        assert_null(v);
        worst = used > worst ? used : worst;
    }
    assert_true(worst >= 11); // the count counts
    assert_true(worst <= MOST_COMPARISONS);
    comparisons = 0;
    vma_find(&set, PAGE(1));
    vma_find(&set, PAGE(1) + 5);
    comparisons = 0;
    vma_find(&set, PAGE(1) + 9); // the last hit
    assert_true(comparisons <= 6);
}

// ---- against one entry a page

#define WORLD  48
#define ROUNDS 20000

struct page {
    bool used;
    int perm, kind;
    bool file;
    uint64 off; // in the file
};
static struct page world[WORLD];

static void compare_page(uint64 i)
{
    struct vma *v = vma_find(&set, PAGE(i) + i * 17 % PGSIZE);
    if (!world[i].used) {
        assert_null(v);
        return;
    }
    assert_non_null(v);
    assert_int_equal(v->perm, world[i].perm);
    assert_int_equal(v->kind, world[i].kind);
    assert_int_equal(v->file != 0, world[i].file);
    if (v->file) {
        assert_int_equal(v->off + (PAGE(i) - v->start), world[i].off);
        assert_true(v->filelen <= v->end - v->start);
    }
}

static bool all_free(uint64 first, uint64 past)
{
    for (uint64 i = first; i < past; i++)
        if (world[i].used)
            return false;
    return true;
}

static void random_step(void)
{
    uint64 first = rand() % WORLD, past = first + 1 + rand() % 8;
    if (past > WORLD)
        past = WORLD;
    if (rand() % 2) {
        assert_int_equal(vma_remove(&set, PAGE(first), PAGE(past)), 0);
        for (uint64 i = first; i < past; i++)
            world[i].used = false;
        return;
    }
    struct vma v = area(first, past, 1 + rand() % 2, VMA_HEAP + rand() % 2);
    if (rand() % 4 == 0) {
        v.file = &vmtest_file;
        v.off = PAGE(rand() % 8);
        v.filelen = PAGE(past - first) - rand() % PGSIZE;
    }
    bool room = all_free(first, past);
    assert_int_equal(vma_insert(&set, &v), room ? 0 : -EEXIST);
    for (uint64 i = first; i < past && room; i++)
        world[i] = (struct page){.used = true,
                                 .perm = v.perm,
                                 .kind = v.kind,
                                 .file = v.file != 0,
                                 .off = v.off + PAGE(i - first)};
}

static void random_steps_agree_with_a_page_array(void **state)
{
    (void)state;
    srand(1);
    for (int n = 0; n < ROUNDS; n++) {
        random_step();
        check_shape();
        for (uint64 i = 0; i < WORLD; i++)
            compare_page((i * 7 + n) % WORLD);
    }
}

#define SETTEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SETTEST(find_on_boundaries),
        SETTEST(nearest_looks_both_ways),
        SETTEST(insert_refuses_overlap),
        SETTEST(insert_refuses_bad_ranges),
        SETTEST(insert_merges_equal_neighbours),
        SETTEST(insert_keeps_different_neighbours_apart),
        SETTEST(remove_splits),
        SETTEST(remove_spans_areas),
        SETTEST(boundaries_move),
        SETTEST(no_memory_changes_nothing),
        SETTEST(copies_are_separate),
        SETTEST(rights),
        SETTEST(lookup_is_logarithmic),
        SETTEST(random_steps_agree_with_a_page_array),
    };
    return cmocka_run_group_tests(tests, vmtest_start, 0);
}
