// SOURCES: @tests/host/vmhost/sources tests/host/vmhost/vmtest.c
// FLAGS: @tests/host/vmhost/flags
//
// swap/swapin.c, and what vm/ does to pages that are out: they come back with their bytes, clean, are found
// by sharers without I/O, and a slot lives as long as somebody needs it. What happens while the disk reads is
// in test_swaprace.c.
#include "kernel/swap/evict.h"
#include "kernel/swap/managed.h"
#include "kernel/swap/slot.h"
#include "kernel/swap/swapdev.h"
#include "tests/host/vmhost/vmtest.h"

static struct as *as;
static struct swapdev_stats io; // when the test began

static int begin(void **state)
{
    vmtest_begin(state);
    as = vmtest_program();
    assert_counted(as, (struct faultcount){0});
    io = swapdev_stats;
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

static uint64 pages_read(void)
{
    return swapdev_stats.reads - io.reads;
}

static uint64 pages_written(void)
{
    return swapdev_stats.writes - io.writes;
}

static struct as *fork_of(struct as *parent)
{
    struct as *child = as_fork(parent);
    assert_non_null(child);
    vm_audit();
    return child;
}

// ---- one page

static void a_page_comes_back(void **state)
{
    (void)state;
    fill(as, HEAP(0), 7);
    put(as, HEAP(0) + 99, 8);
    assert_counted(as, (struct faultcount){.minor = 1});
    push_out(as, HEAP(0));
    assert_int_equal(as->resident, 0);
    assert_int_equal(as->swapped, 1);
    assert_int_equal(slots_used(), 1);
    assert_int_equal(get(as, HEAP(0) + 99), 8);
    assert_int_equal(get(as, HEAP(0) + 98), 7);
    assert_int_equal(get(as, HEAP(0) + PGSIZE - 1), 7);
    assert_counted(as, (struct faultcount){.major = 1});
    assert_int_equal(pte_of(as, HEAP(0)) & (PTE_R | PTE_W | PTE_D), PTE_R);
    assert_int_equal(as->resident, 1);
    assert_int_equal(as->swapped, 0);
}

static void it_is_clean_while_it_is_only_read(void **state)
{
    (void)state;
    fill(as, HEAP(0), 7);
    push_out(as, HEAP(0));
    for (int i = 0; i < 3; i++) {
        assert_true(filled(as, HEAP(0), 7));
        assert_int_equal(slots_used(), 1); // its cache
        assert_true(frame_of(as, HEAP(0))->slot != 0);
        push_out(as, HEAP(0));
    }
    assert_int_equal(pages_written(), 1);
    assert_int_equal(pages_read(), 3);
}

static void a_write_forgets_the_slot(void **state)
{
    (void)state;
    fill(as, HEAP(0), 7);
    push_out(as, HEAP(0));
    assert_int_equal(get(as, HEAP(0)), 7);
    put(as, HEAP(0), 8); // it was clean
    assert_int_equal(frame_of(as, HEAP(0))->slot, 0);
    assert_int_equal(slots_used(), 0);
    push_out(as, HEAP(0));
    assert_int_equal(pages_written(), 2);
    assert_int_equal(get(as, HEAP(0)), 8);
    assert_int_equal(get(as, HEAP(0) + 1), 7);
}

static void a_write_to_a_page_that_is_out(void **state)
{
    (void)state;
    fill(as, HEAP(0), 7);
    push_out(as, HEAP(0));
    assert_counted(as, (struct faultcount){.minor = 1});
    put(as, HEAP(0), 9);
    assert_counted(as, (struct faultcount){.major = 1}); // one fault, read and made writable
    assert_int_equal(pte_of(as, HEAP(0)) & (PTE_W | PTE_D), PTE_W | PTE_D);
    assert_int_equal(slots_used(), 0);
    assert_int_equal(get(as, HEAP(0) + 1), 7);
    push_out(as, HEAP(0));
    assert_int_equal(get(as, HEAP(0)), 9);
}

static void shrinking_frees_slots_at_once(void **state)
{
    (void)state;
    for (uint64 i = 0; i < 8; i++)
        fill(as, HEAP(i), i);
    push_out_pages(as, HEAP(0), 8);
    get(as, HEAP(7)); // one of them with a cache
    assert_int_equal(slots_used(), 8);
    assert_true(host_sbrk(as, -(int64)(HEAP_PAGES - 4) * PGSIZE) > 0);
    assert_int_equal(slots_used(), 4);
    assert_int_equal(as->swapped, 4);
    for (uint64 i = 0; i < 4; i++)
        assert_true(filled(as, HEAP(i), i));
    assert_true(host_sbrk(as, HEAP_PAGES * PGSIZE) > 0);
    assert_true(filled(as, HEAP(5), 0)); // not what was there
    host_exit(as);
    as = 0;
    assert_int_equal(slots_used(), 0);
}

// ---- shared pages

static void fork_shares_the_slot(void **state)
{
    (void)state;
    fill(as, HEAP(0), 5);
    push_out(as, HEAP(0));
    struct as *child = fork_of(as);
    assert_int_equal(slot_at(child, HEAP(0)), slot_at(as, HEAP(0)));
    assert_int_equal(slot_refs_at(as, HEAP(0)), 2);
    assert_int_equal(child->swapped, 1);
    assert_int_equal(pages_read(), 0);
    host_exit(child);
    assert_int_equal(slot_refs_at(as, HEAP(0)), 1);
    assert_int_equal(get(as, HEAP(0)), 5);
}

static void sharers_find_the_cache(void **state)
{
    (void)state;
    fill(as, HEAP(0), 5);
    struct as *child = fork_of(as);
    push_out(as, HEAP(0)); // in both
    assert_true(is_out(child, HEAP(0)));
    assert_counted(child, (struct faultcount){0});
    assert_int_equal(get(as, HEAP(0)), 5);
    assert_int_equal(get(child, HEAP(0)), 5);
    assert_int_equal(pages_read(), 1);
    assert_ptr_equal(frame_of(as, HEAP(0)), frame_of(child, HEAP(0)));
    assert_counted(child, (struct faultcount){.minor = 1});
    host_exit(child);
}

// The page is mapped once, but the other sharer's PTE names the slot that caches it.
static void no_take_over_while_another_needs_the_slot(void **state)
{
    (void)state;
    fill(as, HEAP(0), 5);
    struct as *child = fork_of(as);
    push_out(as, HEAP(0));
    assert_int_equal(get(as, HEAP(0)), 5);
    put(as, HEAP(0), 6);
    vm_audit();
    assert_int_equal(get(child, HEAP(0)), 5);
    put(child, HEAP(0), 7);
    assert_int_equal(get(as, HEAP(0)), 6);
    assert_int_equal(slots_used(), 0);
    host_exit(child);
}

static void writes_of_sharers_are_private(void **state)
{
    (void)state;
    fill(as, HEAP(0), 5);
    struct as *child = fork_of(as);
    push_out(as, HEAP(0));
    put(child, HEAP(0), 6); // directly on the swapped page
    assert_int_equal(get(as, HEAP(0)), 5);
    assert_int_equal(get(child, HEAP(0) + 1), 5);
    push_out(child, HEAP(0));
    push_out(as, HEAP(0));
    assert_int_equal(get(child, HEAP(0)), 6);
    assert_int_equal(get(as, HEAP(0)), 5);
    host_exit(child);
}

static void exits_of_sharers_in_any_order(void **state)
{
    (void)state;
    for (int order = 0; order < 6; order++) {
        struct as *sharer[3];
        static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
        struct as *parent = vmtest_program();
        fill(parent, HEAP(0), 3);
        for (int i = 0; i < 3; i++)
            sharer[i] = fork_of(parent);
        push_out(parent, HEAP(0));
        get(sharer[1], HEAP(0)); // one of them has it in memory
        host_exit(parent);
        for (int i = 0; i < 3; i++) {
            struct as *goes = sharer[orders[order][i]];
            assert_int_equal(get(goes, HEAP(0) + 7), 3);
            push_out(goes, HEAP(0));
            vm_audit();
            host_exit(goes);
        }
        assert_int_equal(slots_used(), 0);
    }
}

// A fork that fails in the middle gives the slots back that the child had got.
static void failed_forks_give_slots_back(void **state)
{
    (void)state;
    struct vma far = {.start = 0x1000000000, .end = 0x1000001000, .perm = VMA_R | VMA_W, .kind = VMA_ANON};
    assert_int_equal(as_map(as, &far), 0);
    fill(as, HEAP(0), 1);
    fill(as, far.start, 2);
    push_out(as, HEAP(0));
    push_out(as, far.start);
    uint64 failures = 0;
    for (uint64 skip = 0;; skip++) {
        host_fail(HOST_ANY, skip, 1);
        struct as *child = as_fork(as);
        host_fail_end();
        vm_audit();
        if (child) {
            assert_int_equal(get(child, far.start), 2);
            host_exit(child);
            break;
        }
        assert_int_equal(slot_refs_at(as, HEAP(0)), 1);
        assert_int_equal(slot_refs_at(as, far.start), 1);
        failures++;
    }
    assert_true(failures > 3);
}

// ---- read errors

static void a_read_error_is_one_process_s(void **state)
{
    (void)state;
    fill(as, HEAP(0), 5);
    fill(as, HEAP(1), 6);
    push_out_pages(as, HEAP(0), 2);
    assert_counted(as, (struct faultcount){.minor = 2});
    host_disk_break(slot_at(as, HEAP(0)), HOST_READ);
    assert_int_equal(attempt(as, HEAP(0), ACCESS_READ), FAULT_DISK);
    assert_int_equal(attempt(as, HEAP(0), ACCESS_WRITE), FAULT_DISK);
    assert_counted(as, (struct faultcount){.invalid = 2});
    assert_int_equal(swapdev_stats.read_errors - io.read_errors, 2);
    assert_true(is_out(as, HEAP(0)));
    assert_null(cache_at(as, HEAP(0)));
    vm_audit();
    assert_int_equal(get(as, HEAP(1)), 6);
    host_disk_mend();
    assert_int_equal(get(as, HEAP(0)), 5);
}

// ---- reading ahead

static void push_out_row(uint n)
{
    for (uint64 i = 0; i < n; i++)
        fill(as, HEAP(i), i + 1);
    swap_batch = n;
    push_out_pages(as, HEAP(0), n);
    for (uint64 i = 1; i < n; i++)
        assert_int_equal(slot_at(as, HEAP(i)), slot_at(as, HEAP(0)) + i);
}

static void sequential_reads_use_few_requests(void **state)
{
    (void)state;
    push_out_row(32);
    swap_readahead = 8;
    uint64 requests = swapdev_stats.read_requests, ahead = evict_stats.ahead;
    for (uint64 i = 0; i < 32; i++)
        assert_int_equal(get(as, HEAP(i) + 5), i + 1);
    assert_true(swapdev_stats.read_requests - requests <= 8); // windows of 1, 2, 4, 8, 8, ..
    assert_int_equal(pages_read(), 32);
    assert_int_equal(evict_stats.ahead - ahead, 32 - (swapdev_stats.read_requests - requests));
    vm_audit();
}

static void random_reads_read_nothing_ahead(void **state)
{
    (void)state;
    push_out_row(32);
    swap_readahead = 8;
    for (uint64 i = 0; i < 32; i++) {
        uint64 page = i * 13 % 32;
        assert_int_equal(get(as, HEAP(page)), page + 1);
    }
    assert_true(pages_read() == swapdev_stats.read_requests - io.read_requests);
}

// Reads one page with `readahead` pages behind it, whatever the space did before.
static void read_with_neighbours(uint64 page, uint readahead)
{
    swap_readahead = readahead;
    as->ahead.next = slot_at(as, HEAP(page));
    as->ahead.window = readahead;
    assert_int_equal(get(as, HEAP(page)), page + 1);
}

static void pages_read_ahead_wait_in_the_cache(void **state)
{
    (void)state;
    push_out_row(8);
    assert_counted(as, (struct faultcount){.minor = 8});
    read_with_neighbours(0, 4);
    assert_int_equal(pages_read(), 4);
    for (uint64 i = 1; i < 4; i++) {
        assert_true(is_out(as, HEAP(i)));
        assert_non_null(cache_at(as, HEAP(i)));
        assert_int_equal(page_refs(cache_at(as, HEAP(i))), 0);
    }
    assert_null(cache_at(as, HEAP(4)));
    vm_audit();
    assert_counted(as, (struct faultcount){.major = 1});
    for (uint64 i = 1; i < 4; i++)
        assert_int_equal(get(as, HEAP(i)), i + 1);
    assert_int_equal(pages_read(), 4);
    assert_counted(as, (struct faultcount){.minor = 3});
    put(as, HEAP(1), 77);
    assert_int_equal(get(as, HEAP(1)), 77);
}

static void pages_read_ahead_go_with_their_slots(void **state)
{
    (void)state;
    push_out_row(8);
    uint64 user = host_balance().user;
    read_with_neighbours(0, 8);
    assert_int_equal(host_balance().user, user + 8);
    assert_true(host_sbrk(as, -(int64)HEAP_PAGES * PGSIZE) > 0);
    assert_int_equal(host_balance().user, user);
    assert_int_equal(slots_used(), 0);
}

static void pages_read_ahead_are_evicted_without_a_write(void **state)
{
    (void)state;
    push_out_row(8);
    uint64 user = host_balance().user;
    read_with_neighbours(0, 8);
    swap_set_limit(user + 1 > 1 ? user + 1 : 1); // all but one go
    assert_int_equal(pages_written(), 8);
    swap_set_limit(0);
    for (uint64 i = 0; i < 8; i++)
        assert_true(filled(as, HEAP(i), i + 1));
}

static void reading_ahead_takes_only_free_frames(void **state)
{
    (void)state;
    push_out_row(8);
    host_fail(HOST_FRAME, 1, 1); // the first is for the page itself
    read_with_neighbours(0, 8);
    assert_int_equal(host_fail_end(), 1);
    assert_int_equal(pages_read(), 1);
    assert_null(cache_at(as, HEAP(1)));
}

// Slots that are neighbours, pages that are not: nobody may see them as his.
static void only_the_space_s_own_neighbours_are_read(void **state)
{
    (void)state;
    struct as *other = vmtest_program();
    for (uint64 i = 0; i < 8; i++) {
        struct as *whose = i % 2 ? other : as;
        fill(whose, HEAP(i), i + 1);
        push_out(whose, HEAP(i));
    }
    read_with_neighbours(0, 8);
    assert_int_equal(pages_read(), 1);
    fill(as, HEAP(20), 21); // the slot behind page 22's is page 20's
    fill(as, HEAP(22), 23);
    push_out(as, HEAP(22));
    push_out(as, HEAP(20));
    uint64 read = pages_read();
    read_with_neighbours(22, 8);
    assert_int_equal(pages_read(), read + 1);
    assert_int_equal(get(as, HEAP(20)), 21);
    for (uint64 i = 0; i < 8; i++)
        assert_true(filled(i % 2 ? other : as, HEAP(i), i + 1));
    host_exit(other);
}

static void an_unreadable_neighbour_does_no_harm(void **state)
{
    (void)state;
    push_out_row(8);
    host_disk_break(slot_at(as, HEAP(3)), HOST_READ);
    read_with_neighbours(0, 8);
    vm_audit();
    for (uint64 i = 1; i < 8; i++)
        assert_null(cache_at(as, HEAP(i)));
    assert_int_equal(attempt(as, HEAP(3), ACCESS_READ), FAULT_DISK);
    for (uint64 i = 0; i < 8; i++)
        if (i != 3)
            assert_int_equal(get(as, HEAP(i)), i + 1);
}

// ---- memory

static void no_frame_for_a_page_that_is_out(void **state)
{
    (void)state;
    fill(as, HEAP(0), 5);
    push_out(as, HEAP(0));
    struct faultcount faults = as->faults;
    host_fail(HOST_FRAME, 0, 1000);
    assert_int_equal(attempt(as, HEAP(0), ACCESS_READ), FAULT_NOMEM);
    assert_true(host_fail_end() > 0);
    vm_audit();
    assert_memory_equal(&as->faults, &faults, sizeof(faults));
    assert_int_equal(get(as, HEAP(0)), 5);
}

// A write needs two: the page as the other sharer knows it, and the copy.
static void no_frame_for_the_copy(void **state)
{
    (void)state;
    fill(as, HEAP(0), 5);
    struct as *child = fork_of(as);
    push_out(as, HEAP(0));
    swap_only(HEAP(60), HEAP(61), as->family); // nothing else can go
    host_fail(HOST_FRAME, 1, 1000);
    enum fault_reason r = attempt(as, HEAP(0), ACCESS_WRITE);
    host_fail_end();
    assert_int_equal(r, FAULT_NOMEM);
    vm_audit();
    put(as, HEAP(0), 6);
    assert_int_equal(get(child, HEAP(0)), 5);
    host_exit(child);
}

#define SWAPTEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SWAPTEST(a_page_comes_back),
        SWAPTEST(it_is_clean_while_it_is_only_read),
        SWAPTEST(a_write_forgets_the_slot),
        SWAPTEST(a_write_to_a_page_that_is_out),
        SWAPTEST(shrinking_frees_slots_at_once),
        SWAPTEST(fork_shares_the_slot),
        SWAPTEST(sharers_find_the_cache),
        SWAPTEST(no_take_over_while_another_needs_the_slot),
        SWAPTEST(writes_of_sharers_are_private),
        SWAPTEST(exits_of_sharers_in_any_order),
        SWAPTEST(failed_forks_give_slots_back),
        SWAPTEST(a_read_error_is_one_process_s),
        SWAPTEST(sequential_reads_use_few_requests),
        SWAPTEST(random_reads_read_nothing_ahead),
        SWAPTEST(pages_read_ahead_wait_in_the_cache),
        SWAPTEST(pages_read_ahead_go_with_their_slots),
        SWAPTEST(pages_read_ahead_are_evicted_without_a_write),
        SWAPTEST(reading_ahead_takes_only_free_frames),
        SWAPTEST(only_the_space_s_own_neighbours_are_read),
        SWAPTEST(an_unreadable_neighbour_does_no_harm),
        SWAPTEST(no_frame_for_a_page_that_is_out),
        SWAPTEST(no_frame_for_the_copy),
    };
    return cmocka_run_group_tests(tests, vmtest_start_swap, 0);
}
