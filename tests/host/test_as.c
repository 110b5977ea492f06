// SOURCES: @tests/host/vmhost/sources tests/host/vmhost/vmtest.c
// FLAGS: @tests/host/vmhost/flags
//
// vm/as.c: the heap's boundary, giving memory back, ranges that system calls check, writes into a space that
// is not loaded, references.
#include <string.h>
#include "tests/host/vmhost/vmtest.h"

#define RW (VMA_R | VMA_W)

static struct as *as;

static int begin(void **state)
{
    vmtest_begin(state);
    as = vmtest_program();
    return 0;
}

static int end(void **state)
{
    vm_audit();
    if (as)
        host_exit(as);
    as = 0;
    return vmtest_end(state);
}

// ---- sbrk

static void sbrk_returns_the_old_end(void **state)
{
    (void)state;
    uint64 brk = as->brk;
    assert_int_equal(host_sbrk(as, 0), brk);
    assert_int_equal(host_sbrk(as, 10), brk);
    assert_int_equal(host_sbrk(as, -10), brk + 10);
    assert_int_equal(host_sbrk(as, PGSIZE), brk);
    assert_int_equal(as->brk, brk + PGSIZE);
}

static void sbrk_is_lazy(void **state)
{
    (void)state;
    struct host_balance before = host_balance();
    assert_true(host_sbrk(as, 1UL << 30) > 0);
    assert_true(host_sbrk(as, 100UL << 30) > 0);
    struct host_balance after = host_balance();
    assert_memory_equal(&before, &after, sizeof(before));
    put(as, HOST_HEAP + (100UL << 30), 1);
    assert_int_equal(get(as, HOST_HEAP + (50UL << 30)), 0);
    assert_true(host_sbrk(as, -(int64)(100UL << 30)) > 0);
    assert_int_equal(as->resident, 0);
}

static void sbrk_refuses_too_much(void **state)
{
    (void)state;
    uint64 brk = as->brk, top = TRAPFRAME;
    put(as, HEAP(0), 1);
    assert_int_equal(host_sbrk(as, top - brk + 1), -EINVAL);
    assert_int_equal(host_sbrk(as, 0x7fffffffffffffff), -EINVAL);
    assert_int_equal(host_sbrk(as, INT64_MIN), -EINVAL);
    assert_int_equal(host_sbrk(as, -(int64)(brk - HOST_HEAP) - 1), -EINVAL);
    assert_int_equal(host_sbrk(as, -(int64)brk), -EINVAL);
    assert_int_equal(as->brk, brk);
    assert_int_equal(get(as, HEAP(0)), 1);
    assert_int_equal(host_sbrk(as, top - brk), brk); // but up to there
    put(as, top - 1, 1);
    assert_int_equal(host_sbrk(as, 1), -EINVAL);
}

static void sbrk_stops_at_an_area(void **state)
{
    (void)state;
    uint64 brk = as->brk;
    struct vma v = {.start = brk + 2 * PGSIZE, .end = brk + 3 * PGSIZE, .perm = RW, .kind = VMA_ANON};
    assert_int_equal(as_map(as, &v), 0);
    assert_int_equal(host_sbrk(as, 2 * PGSIZE + 1), -EEXIST);
    assert_int_equal(as->brk, brk);
    assert_int_equal(host_sbrk(as, 2 * PGSIZE), brk);
}

static void sbrk_without_memory_for_the_area(void **state)
{
    (void)state;
    assert_true(host_sbrk(as, -(int64)(as->brk - HOST_HEAP)) > 0);
    struct vma v = {.start = 0x1000000000, .end = 0x1000001000, .perm = RW, .kind = VMA_ANON};
    for (int i = 0; as->vmas.n < VMASET_INLINE; i++, v.start += 2 * PGSIZE, v.end += 2 * PGSIZE)
        assert_int_equal(as_map(as, &v), 0);
    host_fail(HOST_KMEM, 0, 100);
    assert_int_equal(host_sbrk(as, 1), -ENOMEM);
    host_fail_end();
    assert_int_equal(as->brk, HOST_HEAP);
    assert_int_equal(host_sbrk(as, 1), HOST_HEAP);
}

// A program that grows step by step (malloc) is told when there is no more; one leap may be sparse.
static void small_steps_get_what_there_is(void **state)
{
    (void)state;
    struct frame_stats st;
    frame_get_stats(&st);
    const int64 step = 64 << 10;
    uint64 got = 0;
    while (as_sbrk(as, step, false) > 0)
        got += step;
    assert_int_equal(as_sbrk(as, step, false), -ENOMEM);
    assert_true(got <= st.user_limit * PGSIZE && got + HEAP_PAGES * PGSIZE + step >= st.user_limit * PGSIZE);
    struct as *child = as_fork(as);
    assert_int_equal(as_sbrk(child, step, false), -ENOMEM);
    host_exit(child);
    assert_true(as_sbrk(as, step, true) > 0);
    assert_true(as_sbrk(as, SBRK_LEAP, false) > 0);
    assert_true(as_sbrk(as, -SBRK_LEAP, false) > 0);
    assert_true(as_sbrk(as, -4 * step, false) > 0); // what is given back may be had again
    assert_true(as_sbrk(as, step, false) > 0);
}

static void bytes_share_pages(void **state)
{
    (void)state;
    assert_true(host_sbrk(as, -(int64)(as->brk - HOST_HEAP)) > 0);
    assert_int_equal(attempt(as, HOST_HEAP, ACCESS_READ), FAULT_UNMAPPED);
    assert_int_equal(host_sbrk(as, 1), HOST_HEAP);
    put(as, HOST_HEAP + PGSIZE - 1, 4);
    assert_int_equal(attempt(as, HOST_HEAP + PGSIZE, ACCESS_READ), FAULT_UNMAPPED);
    assert_int_equal(host_sbrk(as, PGSIZE - 1), HOST_HEAP + 1);
    assert_int_equal(attempt(as, HOST_HEAP + PGSIZE, ACCESS_READ), FAULT_UNMAPPED);
    assert_int_equal(host_sbrk(as, 1), HOST_HEAP + PGSIZE);
    assert_int_equal(get(as, HOST_HEAP + PGSIZE), 0);
    assert_true(host_sbrk(as, -(int64)PGSIZE) > 0); // the page of byte 0 stays
    assert_int_equal(get(as, HOST_HEAP + PGSIZE - 1), 4);
    assert_int_equal(attempt(as, HOST_HEAP + PGSIZE, ACCESS_READ), FAULT_UNMAPPED);
}

static void shrink_gives_frames_back_at_once(void **state)
{
    (void)state;
    uint64 user = host_balance().user;
    for (uint64 i = 0; i < HEAP_PAGES; i++)
        fill(as, HEAP(i), 0x77);
    assert_int_equal(host_balance().user, user + HEAP_PAGES);
    assert_true(host_sbrk(as, -10 * (int64)PGSIZE) > 0);
    assert_int_equal(host_balance().user, user + HEAP_PAGES - 10);
    assert_int_equal(as->resident, HEAP_PAGES - 10);
    vm_audit();
    assert_int_equal(get(as, HEAP(HEAP_PAGES - 10) - 1), 0x77);
    assert_int_equal(attempt(as, HEAP(HEAP_PAGES - 10), ACCESS_READ), FAULT_UNMAPPED);
}

// Every hart knows the pages; after the shrink none may.
static void shrink_is_seen_on_every_hart(void **state)
{
    (void)state;
    for (uint64 i = 0; i < HEAP_PAGES; i++)
        for (int hart = 0; hart < HOST_HARTS; hart++) {
            host_run_on(hart);
            put(as, HEAP(i), i + 1);
        }
    host_run_on(2);
    uint64 brk = as->brk;
    assert_true(host_sbrk(as, -(int64)PGSIZE) > 0); // few pages: fenced one by one
    for (int hart = 0; hart < HOST_HARTS; hart++) {
        host_run_on(hart);
        assert_int_equal(attempt(as, brk - PGSIZE, ACCESS_READ), FAULT_UNMAPPED);
        assert_int_equal(attempt(as, brk - 1, ACCESS_WRITE), FAULT_UNMAPPED);
        assert_int_equal(get(as, brk - PGSIZE - 1), 0);
    }
    assert_true(host_sbrk(as, -3 * (int64)PGSIZE) > 0);
    for (int hart = 0; hart < HOST_HARTS; hart++) {
        host_run_on(hart);
        for (int i = 2; i <= 4; i++)
            assert_int_equal(attempt(as, brk - i * PGSIZE, ACCESS_READ), FAULT_UNMAPPED);
    }
    assert_true(host_sbrk(as, -40 * (int64)PGSIZE) > 0); // many: all at once
    for (int hart = 0; hart < HOST_HARTS; hart++) {
        host_run_on(hart);
        for (int i = 5; i <= 44; i++)
            assert_int_equal(attempt(as, brk - i * PGSIZE, ACCESS_READ), FAULT_UNMAPPED);
    }
}

static void regrown_memory_reads_zero(void **state)
{
    (void)state;
    for (uint64 i = 0; i < HEAP_PAGES; i++)
        fill(as, HEAP(i), 0xff);
    assert_true(host_sbrk(as, -20 * (int64)PGSIZE) > 0);
    assert_true(host_sbrk(as, 20 * PGSIZE) > 0);
    for (uint64 i = 0; i < HEAP_PAGES; i++)
        assert_true(filled(as, HEAP(i), i < HEAP_PAGES - 20 ? 0xff : 0));
}

static void shrink_of_a_shared_heap_keeps_the_others(void **state)
{
    (void)state;
    for (uint64 i = 0; i < HEAP_PAGES; i++)
        fill(as, HEAP(i), i);
    struct as *child = as_fork(as);
    assert_true(host_sbrk(as, -(int64)(HEAP_PAGES * PGSIZE)) > 0);
    vm_audit();
    for (uint64 i = 0; i < HEAP_PAGES; i++)
        assert_true(filled(child, HEAP(i), i));
    host_exit(child);
}

// ---- ranges

static void ranges_must_lie_in_areas(void **state)
{
    (void)state;
    uint64 sp = USTACK_TOP - 16;
    assert_true(as_range_ok(as, HEAP(0), HEAP_PAGES * PGSIZE, VMA_W, sp));
    assert_false(as_range_ok(as, HEAP(0), HEAP_PAGES * PGSIZE + 1, VMA_W, sp));
    assert_false(as_range_ok(as, HEAP(HEAP_PAGES), 1, VMA_R, sp));
    assert_true(as_range_ok(as, HEAP(HEAP_PAGES) - 1, 1, VMA_R, sp));
    assert_true(as_range_ok(as, HOST_DATA, HOST_DATA_END - HOST_DATA + 5, VMA_W, sp)); // on into the heap
    assert_true(as_range_ok(as, HOST_TEXT, 100, VMA_R, sp));
    assert_false(as_range_ok(as, HOST_TEXT, 100, VMA_W, sp));
    assert_false(as_range_ok(as, HOST_TEXT_END - 1, 2, VMA_R, sp));
    assert_false(as_range_ok(as, 0, 1, VMA_R, sp));
    assert_false(as_range_ok(as, HOST_TEXT - 1, 2, VMA_R, sp));
    assert_true(as_range_ok(as, 12345, 0, VMA_W, sp)); // no byte at all
    assert_int_equal(as->resident, 0);
}

// Callers have checked that the range does not wrap.
static void ranges_beyond_the_user_half_are_refused(void **state)
{
    (void)state;
    uint64 sp = USTACK_TOP - 16;
    assert_false(as_range_ok(as, USTACK_TOP, 1, VMA_R, sp));
    assert_false(as_range_ok(as, MAXVA - 1, 1, VMA_R, sp));
    assert_false(as_range_ok(as, MAXVA - 1, 2, VMA_R, sp));
    assert_false(as_range_ok(as, MAXVA, 1, VMA_R, sp));
    assert_false(as_range_ok(as, 1UL << 63, 8, VMA_R, sp));
    assert_false(as_range_ok(as, HEAP(0), ~0UL - HEAP(0), VMA_R, sp));
}

static void ranges_grow_the_stack(void **state)
{
    (void)state;
    uint64 sp = USTACK_TOP - 5 * PGSIZE;
    assert_true(as_range_ok(as, sp, USTACK_TOP - sp, VMA_W, sp));
    assert_false(as_range_ok(as, sp, USTACK_TOP - sp + 1, VMA_W, sp));
    assert_false(as_range_ok(as, STACK_LIMIT - 8, 16, VMA_W, STACK_LIMIT - 8));
}

// ---- as_write

static void write_reaches_a_space_that_is_not_loaded(void **state)
{
    (void)state;
    char text[3 * PGSIZE];
    for (uint64 i = 0; i < sizeof(text); i++)
        text[i] = i % 251;
    struct as *other = vmtest_program();
    get(as, HEAP(0));
    assert_int_equal(as_write(other, HEAP(1) + 100, text, sizeof(text)), FAULT_OK);
    for (uint64 i = 0; i < sizeof(text); i++)
        assert_int_equal(get(other, HEAP(1) + 100 + i), i % 251);
    assert_int_equal(get(other, HEAP(1) + 99), 0);
    assert_int_equal(get(other, HEAP(1) + 100 + sizeof(text)), 0);
    assert_int_equal(get(as, HEAP(1) + 100), 0);
    host_exit(other);
}

static void write_says_why_not(void **state)
{
    (void)state;
    assert_int_equal(as_write(as, HOST_TEXT, "x", 1), FAULT_READONLY);
    assert_int_equal(as_write(as, 0, "x", 1), FAULT_NULL);
    assert_int_equal(as_write(as, HEAP(HEAP_PAGES) - 1, "xy", 2), FAULT_UNMAPPED);
    assert_int_equal(as_write(as, MAXVA, "x", 1), FAULT_KERNEL);
    host_fail(HOST_FRAME, 0, 100);
    assert_int_equal(as_write(as, HEAP(9), "x", 1), FAULT_NOMEM);
    host_fail_end();
    assert_int_equal(as_write(as, HEAP(9), "x", 0), FAULT_OK); // nothing to do
}

// ---- spaces

static void areas_are_refused_and_counted(void **state)
{
    (void)state;
    struct vma v = {
        .start = HOST_TEXT, .end = HOST_TEXT_END, .perm = VMA_R, .kind = VMA_TEXT, .file = &vmtest_file};
    int areas = vmtest_file.areas;
    assert_int_equal(as_map(as, &v), -EEXIST);
    assert_int_equal(vmtest_file.areas, areas);
    v.start += 1;
    assert_int_equal(as_map(as, &v), -EINVAL);
    assert_int_equal(vmtest_file.areas, areas);
    v.start = 0x100000, v.end = 0x101000;
    assert_int_equal(as_map(as, &v), 0);
    assert_int_equal(vmtest_file.areas, areas + 1);
}

static void creation_fails_cleanly(void **state)
{
    (void)state;
    struct host_balance before = host_balance();
    uint64 skip = 0;
    for (;; skip++) {
        host_fail(HOST_ANY, skip, 1);
        struct as *other = as_create();
        host_fail_end();
        host_assert_unlocked("as_create returned");
        if (other) {
            host_exit(other);
            break;
        }
        struct host_balance after = host_balance();
        assert_memory_equal(&before, &after, sizeof(before));
    }
    assert_true(skip >= 2);
}

static void a_looker_on_keeps_it_alive(void **state)
{
    (void)state;
    put(as, HEAP(0), 5);
    as_get(as);
    host_exit(as); // the process ends first
    vm_audit();
    assert_int_equal(get(as, HEAP(0)), 5);
}

static void size_counts_areas(void **state)
{
    (void)state;
    assert_int_equal(as_size(as),
                     HOST_TEXT_END - HOST_TEXT + HOST_DATA_END - HOST_DATA + (HEAP_PAGES + 1) * PGSIZE);
}

// Whatever an exit leaves in TLBs, the next space must not see it.
static void spaces_do_not_see_each_other(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        struct as *other = vmtest_program();
        host_run_on(round % HOST_HARTS);
        put(as, HEAP(0), 1);
        assert_int_equal(get(other, HEAP(0)), 0);
        put(other, HEAP(0), 2);
        assert_int_equal(get(as, HEAP(0)), 1);
        assert_int_equal(get(other, HEAP(0)), 2);
        host_exit(other);
    }
}

static void many_areas(void **state)
{
    (void)state;
    struct vma v = {.start = 0x1000000000, .end = 0x1000001000, .perm = RW, .kind = VMA_ANON};
    for (int i = 0; i < 1200; i++, v.start += 2 * PGSIZE, v.end += 2 * PGSIZE) {
        assert_int_equal(as_map(as, &v), 0);
        if (i % 3 == 0)
            put(as, v.start, i);
    }
    struct as *child = as_fork(as);
    assert_non_null(child);
    for (int i = 0; i < 1200; i++) {
        assert_int_equal(get(child, 0x1000000000 + i * 2 * PGSIZE), i % 3 == 0 ? (uchar)i : 0);
        assert_int_equal(attempt(child, 0x1000001000 + i * 2 * PGSIZE, ACCESS_READ), FAULT_UNMAPPED);
    }
    host_exit(child);
}

#define ASTEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ASTEST(sbrk_returns_the_old_end),
        ASTEST(sbrk_is_lazy),
        ASTEST(sbrk_refuses_too_much),
        ASTEST(sbrk_stops_at_an_area),
        ASTEST(sbrk_without_memory_for_the_area),
        ASTEST(small_steps_get_what_there_is),
        ASTEST(bytes_share_pages),
        ASTEST(shrink_gives_frames_back_at_once),
        ASTEST(shrink_is_seen_on_every_hart),
        ASTEST(regrown_memory_reads_zero),
        ASTEST(shrink_of_a_shared_heap_keeps_the_others),
        ASTEST(ranges_must_lie_in_areas),
        ASTEST(ranges_beyond_the_user_half_are_refused),
        ASTEST(ranges_grow_the_stack),
        ASTEST(write_reaches_a_space_that_is_not_loaded),
        ASTEST(write_says_why_not),
        ASTEST(areas_are_refused_and_counted),
        ASTEST(creation_fails_cleanly),
        ASTEST(a_looker_on_keeps_it_alive),
        ASTEST(size_counts_areas),
        ASTEST(spaces_do_not_see_each_other),
        ASTEST(many_areas),
    };
    return cmocka_run_group_tests(tests, vmtest_start, 0);
}
