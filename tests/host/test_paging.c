// SOURCES: @tests/host/vmhost/sources tests/host/vmhost/vmtest.c
// FLAGS: @tests/host/vmhost/flags
//
// swap/managed.c and evict.c with fewer frames than pages: policies, limits, full swap, several processes
// that need frames at once.
#include "kernel/proc/proc.h"
#include "kernel/swap/evict.h"
#include "kernel/swap/managed.h"
#include "kernel/swap/policy.h"
#include "kernel/swap/slot.h"
#include "kernel/swap/swapdev.h"
#include "tests/host/vmhost/vmtest.h"

#define LEAST 4 // frames of the smallest pool there is

static struct as *as, *child;
static struct swapdev_stats io; // when the test began

static int begin(void **state)
{
    vmtest_begin(state);
    as = vmtest_program();
    child = 0;
    io = swapdev_stats;
    return 0;
}

static int end(void **state)
{
    vm_audit();
    swap_set_limit(0);
    if (child)
        host_exit(child);
    if (as)
        host_exit(as);
    as = child = 0;
    return vmtest_end(state);
}

static uint64 pages_written(void)
{
    return swapdev_stats.writes - io.writes;
}

static uint64 write_requests(void)
{
    return swapdev_stats.write_requests - io.write_requests;
}

static void fork_now(void)
{
    child = as_fork(as);
    assert_non_null(child);
}

static uint64 bad_slots(void)
{
    struct slot_stats st;
    slot_get_stats(&st);
    return st.bad;
}

static void end_child(void)
{
    host_exit(child);
    child = 0;
    vm_audit();
}

// ---- a small pool

static void touch_more_than_there_is(uint64 pages, uint64 pool)
{
    swap_set_limit(pool);
    for (uint64 round = 0; round < 3; round++)
        for (uint64 i = 0; i < pages; i++) {
            uint64 page = round == 1 ? i * 7 % pages : i;
            if (round > 0)
                assert_int_equal(get(as, HEAP(page) + page), page + round);
            put(as, HEAP(page) + page, page + round + 1);
        }
    vm_audit();
    for (uint64 i = 0; i < pages; i++)
        assert_int_equal(get(as, HEAP(i) + i), i + 3);
}

static void every_policy_pages(void **state)
{
    (void)state;
    for (int i = 0; policies[i]; i++) {
        assert_int_equal(swap_set_policy(policies[i]->name), 0);
        assert_string_equal(swap_policy_name(), policies[i]->name);
        touch_more_than_there_is(HEAP_PAGES, 8);
        assert_true(host_sbrk(as, -(int64)HEAP_PAGES * PGSIZE) > 0);
        assert_int_equal(slots_used(), 0);
        assert_true(host_sbrk(as, HEAP_PAGES * PGSIZE) > 0);
    }
    assert_int_equal(swap_set_policy("none such"), -ENOENT);
}

static void the_least_pool_is_enough(void **state)
{
    (void)state;
    assert_int_equal(swap_set_limit(1), LEAST);
    touch_more_than_there_is(16, 1);
}

static void batches_page_too(void **state)
{
    (void)state;
    swap_batch = 8;
    swap_readahead = 8;
    touch_more_than_there_is(HEAP_PAGES, 32);
    assert_true(write_requests() < pages_written());
}

static void a_smaller_limit_takes_effect_at_once(void **state)
{
    (void)state;
    for (uint64 i = 0; i < 40; i++)
        fill(as, HEAP(i), i);
    assert_int_equal(swap_set_limit(10), 10);
    assert_true(host_balance().user <= 10);
    assert_in_range(as->swapped, 30, 31);
    swap_set_limit(0);
    for (uint64 i = 0; i < 40; i++)
        assert_true(filled(as, HEAP(i), i));
}

// The limit fell, and whoever needs a frame next finds many frames over it: more than one round takes.
static void a_smaller_limit_holds_for_who_is_evicting(void **state)
{
    (void)state;
    for (uint64 i = 0; i < 60; i++)
        fill(as, HEAP(i), i);
    frame_set_limit(4);
    put(as, HEAP(61), 1);
    assert_true(host_balance().user <= 4);
    for (uint64 i = 0; i < 60; i++)
        assert_true(filled(as, HEAP(i), i));
}

// First in, first out, page by page.
static void fifo_is_exact(void **state)
{
    (void)state;
    swap_set_limit(4);
    for (uint64 i = 0; i < 4; i++)
        put(as, HEAP(i), i);
    for (uint64 i = 4; i < 20; i++) {
        get(as, HEAP(i - 1)); // of no interest to fifo
        put(as, HEAP(i), i);
        for (uint64 j = 0; j < 20; j++)
            assert_int_equal(is_out(as, HEAP(j)), j + 4 <= i);
    }
}

static void only_one_range_is_shown(void **state)
{
    (void)state;
    for (uint64 i = 0; i < 8; i++)
        put(as, HEAP(i), i);
    swap_only(HEAP(4), HEAP(6), as->family);
    swap_set_limit(2);
    for (uint64 i = 0; i < 8; i++)
        assert_int_equal(is_out(as, HEAP(i)), i == 4 || i == 5);
    swap_only(0, 0, 0);
    swap_set_limit(2);
    assert_true(as->swapped >= 4);
}

// RAM and swap are full. What is there stays; when something is given back, it goes on.
static void swap_full(void **state)
{
    (void)state;
    uint64 most = TEST_SLOTS - 1 - bad_slots() + 16;
    swap_set_limit(16);
    assert_true(host_sbrk(as, (TEST_SLOTS + 16) * PGSIZE) > 0);
    uint64 n = 0;
    while (attempt(as, HEAP(n), ACCESS_WRITE) == FAULT_OK)
        put(as, HEAP(n), n), n++;
    assert_int_equal(n, most);
    vm_audit();
    fork_now(); // needs no page
    assert_int_equal(attempt(child, HEAP(n - 1), ACCESS_WRITE), FAULT_NOMEM);
    end_child();
    for (uint64 i = n - 16; i < n; i++)
        assert_false(is_out(as, HEAP(i))); // the last ones, by fifo
    assert_true(host_sbrk(as, -(int64)(HEAP_PAGES + TEST_SLOTS + 16 - (n - 12)) * PGSIZE) > 0);
    uint64 written = pages_written();
    for (uint64 i = 0; i < n - 12; i += 37) // with 12 free frames reading goes on: clean pages go
        assert_int_equal(get(as, HEAP(i)), (uchar)i);
    assert_int_equal(pages_written(), written);
    assert_true(host_sbrk(as, -(int64)(n - HEAP_PAGES) * PGSIZE) > 0);
    for (uint64 i = 0; i < HEAP_PAGES - 12; i++)
        put(as, HEAP(i), 1);
}

static void without_a_pool_for_it_a_killed_process_gets_nothing(void **state)
{
    (void)state;
    swap_set_limit(LEAST);
    for (uint64 i = 0; i < LEAST; i++)
        put(as, HEAP(i), 1);
    my_proc()->killed = true;
    struct frame *f = evict_frame(HEAP(LEAST), as->family);
    my_proc()->killed = false;
    assert_null(f);
    assert_int_equal(write_requests(), 0);
}

// ---- several processes

static void need_a_frame(void *arg)
{
    put(arg, HEAP(5), 55);
}

static void another_process_evicts_meanwhile(void **state)
{
    (void)state;
    struct as *other = vmtest_program();
    swap_set_limit(4);
    for (uint64 i = 0; i < 4; i++)
        put(as, HEAP(i), i);
    for (uint64 n = 0; n < 40; n++) {
        host_preempt(n, need_a_frame, other);
        put(as, HEAP(6 + n), 6 + n);
        bool ran = host_preempt_end();
        host_settle();
        vm_audit();
        assert_int_equal(get(other, HEAP(5)), ran ? 55 : 0);
        assert_true(host_sbrk(other, -(int64)HEAP_PAGES * PGSIZE) > 0);
        assert_true(host_sbrk(other, HEAP_PAGES * PGSIZE) > 0);
    }
    for (uint64 i = 0; i < 46; i++)
        assert_int_equal(get(as, HEAP(i)), i < 4 || i >= 6 ? i : 0);
    host_exit(other);
}

static void start_other(int what, uint slot, uint n)
{
    (void)what, (void)slot, (void)n;
    host_disk.on_request = 0;
    assert_true(host_run(need_a_frame, child));
}

// All frames of the pool are held by who writes them: another process waits, and is woken.
static void who_finds_everything_held_waits(void **state)
{
    (void)state;
    child = vmtest_program();
    swap_set_limit(LEAST);
    for (uint64 i = 0; i < LEAST; i++)
        put(as, HEAP(i), i + 1);
    host_disk.on_request = start_other;
    push_out_pages(as, HEAP(0), LEAST);
    host_settle();
    assert_int_equal(get(child, HEAP(5)), 55);
    for (uint64 i = 0; i < LEAST; i++)
        assert_int_equal(get(as, HEAP(i)), i + 1);
}

#define EVICTTEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EVICTTEST(a_smaller_limit_holds_for_who_is_evicting),
        EVICTTEST(every_policy_pages),
        EVICTTEST(the_least_pool_is_enough),
        EVICTTEST(batches_page_too),
        EVICTTEST(a_smaller_limit_takes_effect_at_once),
        EVICTTEST(fifo_is_exact),
        EVICTTEST(only_one_range_is_shown),
        EVICTTEST(swap_full),
        EVICTTEST(without_a_pool_for_it_a_killed_process_gets_nothing),
        EVICTTEST(another_process_evicts_meanwhile),
        EVICTTEST(who_finds_everything_held_waits),
    };
    return cmocka_run_group_tests(tests, vmtest_start_swap, 0);
}
