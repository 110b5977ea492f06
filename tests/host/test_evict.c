// SOURCES: @tests/host/vmhost/sources tests/host/vmhost/vmtest.c
// FLAGS: @tests/host/vmhost/flags
//
// swap/evict.c and rmap.c: what goes and what stays, flushes, batches. What others do in the middle of a
// write is in test_evict_io.c, small pools and policies in test_paging.c, every point of the way in
// test_swaprace.c.
#include "kernel/swap/rmap.h"
#include "kernel/swap/policy.h"
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

static uint64 write_requests(void)
{
    return swapdev_stats.write_requests - io.write_requests;
}

static void fork_now(void)
{
    child = as_fork(as);
    assert_non_null(child);
}

// ---- what goes

static void a_page_goes_and_its_frame_is_free(void **state)
{
    (void)state;
    fill(as, HEAP(0), 7);
    uint64 user = host_balance().user;
    push_out(as, HEAP(0));
    assert_int_equal(host_balance().user, user - 1);
    assert_int_equal(as->resident, 0);
    assert_int_equal(as->swapped, 1);
    assert_int_equal(slot_refs_at(as, HEAP(0)), 1);
    const uchar *page = host_disk_page(slot_at(as, HEAP(0)));
    assert_non_null(page);
    assert_int_equal(page[0], 7);
    assert_int_equal(page[PGSIZE - 1], 7);
    assert_int_equal(evict_stats.evicted - went.evicted, 1);
    assert_int_equal(evict_stats.dropped - went.dropped, 0);
}

static void the_zero_page_stays(void **state)
{
    (void)state;
    get(as, HEAP(0));
    assert_int_equal(evict_range(as, HEAP(0), HEAP(HEAP_PAGES)), 0);
    assert_ptr_equal(frame_of(as, HEAP(0)), zero_frame);
    assert_int_equal(write_requests(), 0);
}

static void pages_that_are_out_stay_out(void **state)
{
    (void)state;
    fill(as, HEAP(0), 7);
    push_out(as, HEAP(0));
    assert_int_equal(evict_range(as, HEAP(0), HEAP(HEAP_PAGES)), 0);
    assert_int_equal(get(as, HEAP(0)), 7);
}

static void a_shared_page_goes_from_every_space(void **state)
{
    (void)state;
    fill(as, HEAP(0), 7);
    fork_now();
    struct as *third = as_fork(child);
    put(third, HEAP(1), 1);
    for (int hart = 0; hart < HOST_HARTS; hart++) { // TLBs know it
        host_run_on(hart);
        get(hart % 2 ? child : third, HEAP(0));
    }
    push_out(child, HEAP(0));
    assert_true(is_out(as, HEAP(0)) && is_out(child, HEAP(0)) && is_out(third, HEAP(0)));
    assert_int_equal(slot_refs_at(as, HEAP(0)), 3);
    assert_int_equal(pages_written(), 1);
    vm_audit();
    for (int hart = 0; hart < HOST_HARTS; hart++) {
        host_run_on(hart);
        assert_int_equal(get(hart % 2 ? child : third, HEAP(0)), 7);
    }
    host_exit(third);
}

// A frame has its page's address in all spaces of the family; a page there in another family is another page.
static void other_families_are_left_alone(void **state)
{
    (void)state;
    struct as *other = vmtest_program();
    fill(as, HEAP(0), 1);
    fill(other, HEAP(0), 2);
    push_out(as, HEAP(0));
    assert_false(is_out(other, HEAP(0)));
    assert_int_equal(get(other, HEAP(0)), 2);
    host_exit(other);
}

static void program_text_is_dropped_and_read_again(void **state)
{
    (void)state;
    struct as *other = vmtest_program();
    attempt(as, HOST_TEXT, ACCESS_EXEC);
    attempt(other, HOST_TEXT, ACCESS_EXEC);
    assert_int_equal(vmtest_file.reads, 1);
    assert_int_equal(evict_range(as, HOST_TEXT, HOST_TEXT_END), 1);
    assert_int_equal(pte_of(as, HOST_TEXT), 0);
    assert_int_equal(pte_of(other, HOST_TEXT), 0);
    assert_int_equal(other->resident, 0);
    assert_int_equal(write_requests(), 0);
    assert_int_equal(slots_used(), 0);
    assert_int_equal(evict_stats.dropped - went.dropped, 1);
    assert_int_equal(attempt(other, HOST_TEXT, ACCESS_EXEC), FAULT_OK);
    assert_int_equal(vmtest_file.reads, 2);
    assert_int_equal(get(as, HOST_TEXT + 1), vmtest_byte(1));
    assert_int_equal(vmtest_file.reads, 2); // shared again
    host_exit(other);
}

static void private_data_keeps_its_changes(void **state)
{
    (void)state;
    put(as, HOST_DATA, 1);
    get(as, HOST_DATA + PGSIZE);
    push_out_pages(as, HOST_DATA, 2);
    assert_int_equal(get(as, HOST_DATA), 1);
    assert_int_equal(get(as, HOST_DATA + 1), vmtest_byte(HOST_DATA_OFF + 1));
    assert_int_equal(get(as, HOST_DATA + PGSIZE), vmtest_byte(HOST_DATA_OFF + PGSIZE));
    assert_int_equal(vmtest_file.reads, 2);
}

// ---- flushes

static void no_hart_writes_to_a_page_that_goes(void **state)
{
    (void)state;
    for (int hart = 0; hart < HOST_HARTS; hart++) {
        host_run_on(hart);
        put(as, HEAP(0), hart);
    }
    push_out(as, HEAP(0));
    for (int hart = 0; hart < HOST_HARTS; hart++) {
        host_run_on(hart);
        put(as, HEAP(0) + 1 + hart, 10 + hart); // through a stale entry it would be lost
    }
    assert_int_equal(get(as, HEAP(0)), HOST_HARTS - 1);
    for (int hart = 0; hart < HOST_HARTS; hart++)
        assert_int_equal(get(as, HEAP(0) + 1 + hart), 10 + hart);
}

// tick clears A bits: with the flush, the next access is seen again.
static void cleared_accessed_bits_are_flushed(void **state)
{
    (void)state;
    assert_int_equal(swap_set_policy("aging"), 0);
    for (int hart = 0; hart < 2; hart++) {
        host_run_on(hart);
        put(as, HEAP(0), 1);
        get(as, HEAP(0));
    }
    assert_true(pte_of(as, HEAP(0)) & PTE_A);
    swap_tick();
    assert_false(pte_of(as, HEAP(0)) & PTE_A);
    for (int hart = 0; hart < 2; hart++) {
        host_run_on(hart);
        pte_t *pte = mmu_walk(&as->mmu, HEAP(0), false);
        *pte &= ~PTE_A;
        assert_int_equal(get(as, HEAP(0)), 1);
        assert_true(*pte & PTE_A);
    }
    assert_int_equal(pte_of(as, HEAP(0)) & (PTE_W | PTE_D), PTE_W | PTE_D);
}

static void an_accessed_bit_is_seen_in_every_space(void **state)
{
    (void)state;
    fill(as, HEAP(0), 1);
    fork_now();
    get(child, HEAP(0));
    assert_true(pte_of(as, HEAP(0)) & PTE_A && pte_of(child, HEAP(0)) & PTE_A);
    rmap_looks_left = 1;
    assert_true(policy_accessed(frame_of(as, HEAP(0))));
    assert_false(pte_of(as, HEAP(0)) & PTE_A);
    assert_false(pte_of(child, HEAP(0)) & PTE_A);
}

// ---- batches

static void neighbours_go_in_one_request(void **state)
{
    (void)state;
    for (uint64 i = 0; i < EVICT_BATCH_MAX; i++)
        fill(as, HEAP(i), i + 1);
    fill(as, HEAP(62), 9);
    push_out_pages(as, HEAP(0), EVICT_BATCH_MAX);
    assert_int_equal(write_requests(), 1);
    assert_int_equal(pages_written(), EVICT_BATCH_MAX);
    for (uint64 i = 0; i < EVICT_BATCH_MAX; i++)
        assert_true(filled(as, HEAP(i), i + 1));
    assert_int_equal(get(as, HEAP(62)), 9);
}

static void clean_pages_of_a_batch_are_not_written(void **state)
{
    (void)state;
    for (uint64 i = 0; i < 8; i++)
        fill(as, HEAP(i), i + 1);
    push_out_pages(as, HEAP(0), 8);
    for (uint64 i = 0; i < 8; i++)
        i % 2 ? put(as, HEAP(i), 50 + i) : (void)get(as, HEAP(i));
    push_out_pages(as, HEAP(0), 8);
    assert_int_equal(pages_written(), 8 + 4);
    assert_int_equal(evict_stats.dropped - went.dropped, 4);
    for (uint64 i = 0; i < 8; i++)
        assert_int_equal(get(as, HEAP(i)), i % 2 ? 50 + i : i + 1);
}

// Every other slot is taken by somebody.
static void slots_apart_need_requests_of_their_own(void **state)
{
    (void)state;
    static uint slot[TEST_SLOTS];
    uint n = 0;
    for (uint64 i = 0; i < 4; i++)
        fill(as, HEAP(i), i + 1);
    spin_lock(&pages_lock);
    while ((slot[n] = slot_alloc()) != 0)
        slot_get(slot[n++]);
    for (uint i = 0; i < n; i++)
        if (slot[i] % 2)
            slot_put(slot[i]);
    spin_unlock(&pages_lock);
    push_out_pages(as, HEAP(0), 4);
    assert_int_equal(write_requests(), 4);
    spin_lock(&pages_lock);
    for (uint i = 0; i < n; i++)
        if (slot[i] % 2 == 0)
            slot_put(slot[i]);
    spin_unlock(&pages_lock);
    for (uint64 i = 0; i < 4; i++)
        assert_true(filled(as, HEAP(i), i + 1));
}

// ---- for how long pages_lock is held

#define MANY 300 // pages, several times the looks that are made at once

static void nothing(void *arg)
{
    (void)arg;
}

// Evicts a page. Whether other processes could begin at more than `points` places on the way.
static bool round_has_more_points(uint64 points)
{
    struct frame *free;
    host_preempt(points, nothing, 0);
    assert_true(evict_round(&free));
    frame_free_batch(free);
    bool more = host_preempt_end();
    evict_done();
    return more;
}

static void use_all(void)
{
    for (uint64 i = 0; i < MANY; i++)
        put(as, HEAP(HEAP_PAGES + i), 1);
}

// The hand goes round all pages, and gives pages_lock away in between; the victim is the same.
static void a_long_search(void **state, const char *policy)
{
    (void)state;
    uint64 points = 0;
    assert_int_equal(swap_set_policy(policy), 0);
    assert_true(host_sbrk(as, MANY * PGSIZE) > 0);
    use_all();
    round_has_more_points(0); // all bits off, but of a page or two
    while (round_has_more_points(points))
        points++;
    uint64 used = slots_used();
    use_all();
    host_leave(as);
    assert_true(slots_used() <= used);
    assert_true(round_has_more_points(points + MANY / 100));
}

static void a_long_search_of_clock_lets_others_in(void **state)
{
    a_long_search(state, "clock");
}

static void a_long_search_of_sieve_lets_others_in(void **state)
{
    a_long_search(state, "sieve");
}

#define EVICTTEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EVICTTEST(slots_apart_need_requests_of_their_own),
        EVICTTEST(a_page_goes_and_its_frame_is_free),
        EVICTTEST(the_zero_page_stays),
        EVICTTEST(pages_that_are_out_stay_out),
        EVICTTEST(a_shared_page_goes_from_every_space),
        EVICTTEST(other_families_are_left_alone),
        EVICTTEST(program_text_is_dropped_and_read_again),
        EVICTTEST(private_data_keeps_its_changes),
        EVICTTEST(no_hart_writes_to_a_page_that_goes),
        EVICTTEST(cleared_accessed_bits_are_flushed),
        EVICTTEST(an_accessed_bit_is_seen_in_every_space),
        EVICTTEST(neighbours_go_in_one_request),
        EVICTTEST(clean_pages_of_a_batch_are_not_written),
        EVICTTEST(a_long_search_of_clock_lets_others_in),
        EVICTTEST(a_long_search_of_sieve_lets_others_in),
    };
    return cmocka_run_group_tests(tests, vmtest_start_swap, 0);
}
