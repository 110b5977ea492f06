// SOURCES: @tests/host/vmhost/sources tests/host/vmhost/vmtest.c
// FLAGS: @tests/host/vmhost/flags
//
// vm/frame.c on several harts: each has a free list of its own, and all the lists are one pool.
#include <stdlib.h>
#include "kernel/vm/frame.h"
#include "tests/host/vmhost/vmtest.h"

static struct frame_stats stats(void)
{
    struct frame_stats st;
    frame_get_stats(&st);
    return st;
}

// All frames that users can have, linked by next.
static struct frame *take_all(uint64 *n)
{
    struct frame *batch = 0, *f;
    for (*n = 0; (f = frame_alloc(HEAP(0), 1)) != 0; ++*n) {
        f->next = batch;
        batch = f;
    }
    return batch;
}

static void a_hart_gets_what_another_freed(void **state)
{
    (void)state;
    struct frame_stats before = stats();
    uint64 n;
    for (int hart = 0; hart < HOST_HARTS; hart++) {
        host_run_on(hart);
        struct frame *batch = take_all(&n);
        assert_int_equal(n, before.user_limit - before.user);
        assert_int_equal(stats().free, before.free - n);
        host_run_on((hart + 2) % HOST_HARTS); // not the next one to ask
        frame_free_batch(batch);
        assert_int_equal(stats().free, before.free);
        assert_int_equal(stats().user, before.user);
    }
    host_run_on(0);
}

// The kernel may have every last frame, whoever has it on its list.
static void the_last_frame_is_found(void **state)
{
    (void)state;
    struct frame_stats before = stats();
    void **page, **all = 0;
    uint64 n = 0;
    for (int hart = 0; (page = kpage_alloc()) != 0; n++) {
        page[0] = all;
        all = page;
        host_run_on(hart++ % HOST_HARTS);
    }
    assert_int_equal(n, before.free);
    assert_int_equal(stats().free, 0);
    assert_null(frame_alloc_table());
    for (int hart = 0; all; all = page) { // spread over the lists of all harts, and taken again by one
        page = all[0];
        host_run_on(hart++ % HOST_HARTS);
        kpage_free(all);
    }
    host_run_on(HOST_HARTS - 1);
    for (n = 0; (page = kpage_alloc()) != 0; n++) {
        page[0] = all;
        all = page;
    }
    assert_int_equal(n, before.free);
    for (; all; all = page) {
        page = all[0];
        kpage_free(all);
    }
    assert_int_equal(stats().free, before.free);
    host_run_on(0);
}

// What a hart gave back last it gets first: that is likeliest to be in its cache.
static void a_hart_gets_its_own_back(void **state)
{
    (void)state;
    host_run_on(1);
    struct frame *mine = frame_alloc(HEAP(0), 1);
    host_run_on(2);
    struct frame *its = frame_alloc(HEAP(1), 1);
    assert_true(mine && its && mine != its);
    frame_free(its);
    host_run_on(1);
    frame_free(mine);
    host_run_on(2);
    assert_ptr_equal(frame_alloc(HEAP(1), 1), its);
    host_run_on(1);
    assert_ptr_equal(frame_alloc(HEAP(0), 1), mine);
    frame_free(mine);
    frame_free(its);
    host_run_on(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VMTEST(a_hart_gets_what_another_freed),
        VMTEST(the_last_frame_is_found),
        VMTEST(a_hart_gets_its_own_back),
    };
    return cmocka_run_group_tests(tests, vmtest_start, 0);
}
