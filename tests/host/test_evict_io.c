// SOURCES: @tests/host/vmhost/sources tests/host/vmhost/vmtest.c
// FLAGS: @tests/host/vmhost/flags
//
// swap/evict.c and rmap.c while the disk writes: what other processes do in the middle of it, and writes that
// fail.
#include "kernel/swap/evict.h"
#include "kernel/swap/managed.h"
#include "kernel/swap/slot.h"
#include "kernel/swap/swapdev.h"
#include "tests/host/vmhost/vmtest.h"

static struct as *as, *child;
static struct swapdev_stats io; // when the test began
static struct evict_stats went;

static int begin(void **state)
{
    vmtest_begin(state);
    as = vmtest_program();
    child = 0;
    io = swapdev_stats;
    went = evict_stats;
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

// ---- in the middle of a write

static void (*act)(void);
static int requests; // that it has been called for

static void once(int what, uint slot, uint n)
{
    (void)slot, (void)n;
    if (what == HOST_WRITE && requests++ == 0)
        act();
}

static uint64 evict_and_meanwhile(uint64 va, void (*f)(void))
{
    act = f;
    requests = 0;
    host_disk.on_request = once;
    uint64 gone = evict_range(as, va, va + PGSIZE);
    host_disk.on_request = 0;
    assert_int_equal(requests, 1);
    vm_audit();
    return gone;
}

static void read_it(void)
{
    assert_int_equal(get(as, HEAP(0)), 7);
    vm_audit();
}

static void a_page_read_meanwhile_stays(void **state)
{
    (void)state;
    fill(as, HEAP(0), 7);
    struct frame *frame = frame_of(as, HEAP(0));
    assert_int_equal(evict_and_meanwhile(HEAP(0), read_it), 0);
    assert_ptr_equal(frame_of(as, HEAP(0)), frame);
    assert_int_equal(evict_stats.refaulted - went.refaulted, 1);
    assert_int_equal(page_refs(frame), 1);
    assert_int_equal(swapdev_stats.reads, io.reads);
    push_out(as, HEAP(0)); // clean now
    assert_int_equal(pages_written(), 1);
    assert_int_equal(get(as, HEAP(0)), 7);
}

static void write_it(void)
{
    put(as, HEAP(0), 8);
    vm_audit();
}

static void a_write_meanwhile_goes_to_a_copy(void **state)
{
    (void)state;
    fill(as, HEAP(0), 7);
    struct frame *frame = frame_of(as, HEAP(0));
    evict_and_meanwhile(HEAP(0), write_it); // the disk asserts that the page stands still
    assert_ptr_not_equal(frame_of(as, HEAP(0)), frame);
    assert_int_equal(get(as, HEAP(0)), 8);
    assert_int_equal(get(as, HEAP(0) + 1), 7);
    assert_int_equal(slots_used(), 0);
}

static void fork_it(void)
{
    fork_now();
    vm_audit();
}

static void a_fork_meanwhile_shares_the_slot(void **state)
{
    (void)state;
    fill(as, HEAP(0), 7);
    assert_int_equal(evict_and_meanwhile(HEAP(0), fork_it), 1);
    assert_int_equal(slot_refs_at(as, HEAP(0)), 2);
    put(child, HEAP(0), 9);
    assert_int_equal(get(as, HEAP(0)), 7);
}

static void end_child(void)
{
    host_exit(child);
    child = 0;
    vm_audit();
}

static void an_exit_meanwhile_frees_everything(void **state)
{
    (void)state;
    fork_now();
    fill(child, HEAP(0), 7);
    struct as *parent = as;
    as = child; // the one that goes
    assert_int_equal(evict_and_meanwhile(HEAP(0), end_child), 1);
    as = parent;
    assert_int_equal(slots_used(), 0);
    assert_int_equal(host_balance().user, 0);
}

static void shrink_it(void)
{
    assert_true(host_sbrk(as, -(int64)HEAP_PAGES * PGSIZE) > 0);
    vm_audit();
}

static void a_shrink_meanwhile_frees_everything(void **state)
{
    (void)state;
    fill(as, HEAP(0), 7);
    evict_and_meanwhile(HEAP(0), shrink_it);
    assert_int_equal(slots_used(), 0);
    assert_int_equal(host_balance().user, 0);
    assert_true(host_sbrk(as, PGSIZE) > 0);
    assert_true(filled(as, HEAP(0), 0));
}

static void read_and_evict_it(void)
{
    assert_int_equal(get(as, HEAP(0)), 7);
    assert_int_equal(evict_range(as, HEAP(0), HEAP(1)), 0); // it is held
    assert_int_equal(swap_set_policy("clock"), 0);
}

static void a_held_page_is_nobody_else_s_victim(void **state)
{
    (void)state;
    fill(as, HEAP(0), 7);
    assert_int_equal(evict_and_meanwhile(HEAP(0), read_and_evict_it), 0);
    assert_int_equal(get(as, HEAP(0)), 7);
    push_out(as, HEAP(0));
}

static void read_and_switch(void)
{
    get(as, HEAP(0));
    assert_int_equal(swap_set_policy("sieve"), 0);
}

static void a_page_that_stays_is_managed_again(void **state)
{
    (void)state;
    fill(as, HEAP(0), 7);
    assert_int_equal(evict_and_meanwhile(HEAP(0), read_and_switch), 0);
    swap_set_limit(1);
    for (uint64 i = 1; i < 8; i++) // somebody has to go
        fill(as, HEAP(i), 8);
    assert_true(is_out(as, HEAP(0)));
}

// ---- write errors

static void a_page_that_cannot_be_written_stays(void **state)
{
    (void)state;
    uint64 bad = bad_slots();
    fill(as, HEAP(0), 7);
    fork_now();
    get(child, HEAP(0));
    host_disk_fail(HOST_WRITE, 0, 1);
    assert_int_equal(evict_range(as, HEAP(0), HEAP(1)), 0);
    assert_int_equal(host_disk_fail_end(), 1);
    vm_audit();
    assert_false(is_out(as, HEAP(0)) || is_out(child, HEAP(0)));
    assert_int_equal(page_refs(frame_of(as, HEAP(0))), 2);
    assert_int_equal(frame_of(as, HEAP(0))->slot, 0);
    assert_int_equal(bad_slots(), bad + 1);
    assert_int_equal(slots_used(), 0);
    assert_int_equal(swapdev_stats.write_errors - io.write_errors, 1);
    put(as, HEAP(0), 8);
    assert_int_equal(get(child, HEAP(0)), 7);
    push_out(as, HEAP(0)); // to another slot
    assert_int_equal(get(as, HEAP(0)), 8);
}

static void a_bad_slot_is_not_used_again(void **state)
{
    (void)state;
    uint64 bad = bad_slots();
    for (uint s = 1; s < TEST_SLOTS; s += 2)
        host_disk_break(s, HOST_WRITE);
    for (uint64 i = 0; i < 8; i++)
        fill(as, HEAP(i), i);
    for (int round = 0; round < 3; round++)
        for (uint64 i = 0; i < 8; i++)
            evict_range(as, HEAP(i), HEAP(i + 1));
    uint64 errors = swapdev_stats.write_errors - io.write_errors;
    assert_int_equal(bad_slots() - bad, errors); // never the same twice
    assert_true(errors > 0);
    for (uint64 i = 0; i < 8; i++) {
        assert_true(!is_out(as, HEAP(i)) || slot_at(as, HEAP(i)) % 2 == 0);
        assert_true(filled(as, HEAP(i), i));
    }
}

static void one_bad_slot_of_a_run(void **state)
{
    (void)state;
    fill(as, HEAP(20), 1);
    push_out(as, HEAP(20));
    swap_batch = 8;
    for (uint64 i = 0; i < 8; i++)
        fill(as, HEAP(i), i);
    host_disk_break(slot_at(as, HEAP(20)) + 4, HOST_WRITE);
    assert_int_equal(evict_range(as, HEAP(0), HEAP(8)), 7);
    vm_audit();
    for (uint64 i = 0; i < 8; i++) {
        assert_int_equal(is_out(as, HEAP(i)), i != 3);
        assert_true(filled(as, HEAP(i), i));
    }
}

static void a_write_meanwhile_and_an_error(void **state)
{
    (void)state;
    fill(as, HEAP(0), 7);
    fork_now();
    host_disk_fail(HOST_WRITE, 0, 1);
    evict_and_meanwhile(HEAP(0), write_it);
    assert_int_equal(get(as, HEAP(0)), 8);
    assert_int_equal(get(child, HEAP(0)), 7);
    assert_int_equal(slots_used(), 0);
}

static void an_exit_meanwhile_and_an_error(void **state)
{
    (void)state;
    uint64 bad = bad_slots();
    fork_now();
    fill(child, HEAP(0), 7);
    struct as *parent = as;
    as = child;
    host_disk_fail(HOST_WRITE, 0, 1);
    evict_and_meanwhile(HEAP(0), end_child);
    as = parent;
    assert_int_equal(slots_used(), 0);
    assert_int_equal(bad_slots(), bad + 1);
    assert_int_equal(host_balance().user, 0);
}

#define EVICTTEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EVICTTEST(a_page_read_meanwhile_stays),         EVICTTEST(a_write_meanwhile_goes_to_a_copy),
        EVICTTEST(a_fork_meanwhile_shares_the_slot),    EVICTTEST(an_exit_meanwhile_frees_everything),
        EVICTTEST(a_shrink_meanwhile_frees_everything), EVICTTEST(a_held_page_is_nobody_else_s_victim),
        EVICTTEST(a_page_that_stays_is_managed_again),  EVICTTEST(a_page_that_cannot_be_written_stays),
        EVICTTEST(a_bad_slot_is_not_used_again),        EVICTTEST(one_bad_slot_of_a_run),
        EVICTTEST(a_write_meanwhile_and_an_error),      EVICTTEST(an_exit_meanwhile_and_an_error),
    };
    return cmocka_run_group_tests(tests, vmtest_start_swap, 0);
}
