// SOURCES: @tests/host/vmhost/sources tests/host/vmhost/vmtest.c
// FLAGS: @tests/host/vmhost/flags
//
// vm/cow.c: sharing at fork, breaking on write, the last owner, exits in any order, and forks that run out of
// memory at every allocation. Harts keep every translation that no fence has named, so a missing flush shows
// as a wrong byte.
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

static struct as *fork_of(struct as *parent)
{
    struct as *child = as_fork(parent);
    assert_non_null(child);
    vm_audit();
    return child;
}

static void fork_copies_nothing(void **state)
{
    (void)state;
    for (uint64 i = 0; i < 16; i++)
        put(as, HEAP(i), i);
    uint64 user = host_balance().user;
    struct as *child = fork_of(as);
    assert_int_equal(host_balance().user, user);
    assert_int_equal(child->resident, as->resident);
    assert_int_equal(child->brk, as->brk);
    assert_int_equal(child->heap_start, as->heap_start);
    for (uint64 i = 0; i < 16; i++) {
        assert_ptr_equal(frame_of(as, HEAP(i)), frame_of(child, HEAP(i)));
        assert_int_equal(page_refs(frame_of(as, HEAP(i))), 2);
        assert_int_equal(pte_of(as, HEAP(i)) & (PTE_W | PTE_D), 0);
        assert_int_equal(pte_of(child, HEAP(i)) & (PTE_W | PTE_D), 0);
        assert_int_equal(get(child, HEAP(i)), i);
    }
    host_exit(child);
    assert_int_equal(host_balance().user, user);
}

static void a_write_is_private(void **state)
{
    (void)state;
    put(as, HEAP(0), 1);
    put(as, HEAP(0) + PGSIZE - 1, 2);
    struct as *child = fork_of(as);
    put(child, HEAP(0), 3);
    assert_int_equal(get(as, HEAP(0)), 1);
    assert_int_equal(get(child, HEAP(0) + PGSIZE - 1), 2);
    assert_ptr_not_equal(frame_of(as, HEAP(0)), frame_of(child, HEAP(0)));
    put(as, HEAP(0), 4);
    assert_int_equal(get(child, HEAP(0)), 3);
    host_exit(child);
}

// The parent's hart knows the page as writable: fork must make it forget.
static void fork_takes_the_parents_right_away(void **state)
{
    (void)state;
    put(as, HEAP(0), 1);
    struct as *child = fork_of(as);
    put(as, HEAP(0), 2);
    assert_int_equal(get(child, HEAP(0)), 1);
    host_exit(child);
}

// The same where another hart has the parent loaded.
static void fork_takes_the_right_away_on_every_hart(void **state)
{
    (void)state;
    for (int hart = 0; hart < HOST_HARTS; hart++) {
        host_run_on(hart);
        put(as, HEAP(0), 1);
        put(as, HEAP(40), 1);
    }
    host_run_on(0);
    struct as *child = fork_of(as);
    for (int hart = 0; hart < HOST_HARTS; hart++) {
        host_run_on(hart);
        put(as, HEAP(0), 2 + hart);
        put(as, HEAP(40), 2 + hart);
    }
    assert_int_equal(get(child, HEAP(0)), 1);
    assert_int_equal(get(child, HEAP(40)), 1);
    host_exit(child);
}

// The TLBs of so many harts hold the shared frame; all must see the copy.
static void copy_is_seen_by(int harts)
{
    fill(as, HEAP(0), 1);
    struct as *child = fork_of(as);
    for (int hart = 0; hart < harts; hart++) {
        host_run_on(hart);
        assert_int_equal(get(child, HEAP(0)), 1);
    }
    put(child, HEAP(0) + 5, 9);
    for (int hart = 0; hart < harts; hart++) {
        host_run_on(hart);
        assert_int_equal(get(child, HEAP(0) + 5), 9);
        assert_int_equal(get(as, HEAP(0) + 5), 1);
    }
    host_exit(child);
}

static void copy_is_seen_by_the_only_hart(void **state)
{
    (void)state;
    copy_is_seen_by(1);
}

static void copy_is_seen_by_stale_readers(void **state)
{
    (void)state;
    copy_is_seen_by(HOST_HARTS);
}

static void copy_holds_the_whole_page(void **state)
{
    (void)state;
    for (uint64 i = 0; i < PGSIZE; i++)
        put(as, HEAP(1) + i, i * 31 + i / 256);
    struct as *child = fork_of(as);
    put(child, HEAP(1) + 2000, 0xee);
    for (uint64 i = 0; i < PGSIZE; i++)
        assert_int_equal(get(child, HEAP(1) + i), i == 2000 ? 0xee : (uchar)(i * 31 + i / 256));
    host_exit(child);
}

static void zero_page_breaks_to_zeros(void **state)
{
    (void)state;
    get(as, HEAP(2));
    struct as *child = fork_of(as);
    assert_ptr_equal(frame_of(child, HEAP(2)), zero_frame);
    put(child, HEAP(2) + 1, 1);
    put(as, HEAP(2) + 2, 2);
    assert_int_equal(get(child, HEAP(2) + 2), 0);
    assert_int_equal(get(as, HEAP(2) + 1), 0);
    host_exit(child);
    assert_true(zero_frame->kind == FRAME_ZERO && page_refs(zero_frame) >= 1);
    struct as *other = vmtest_program();
    assert_true(filled(other, HEAP(2), 0));
    host_exit(other);
}

// One reference of the zero page is its own: a single mapper must still copy.
static void zero_page_is_never_taken_over(void **state)
{
    (void)state;
    get(as, HEAP(0));
    put(as, HEAP(0), 7);
    assert_ptr_not_equal(frame_of(as, HEAP(0)), zero_frame);
    assert_int_equal(get(as, HEAP(1)), 0);
}

static void last_owner_takes_over(void **state)
{
    (void)state;
    fill(as, HEAP(0), 5);
    struct frame *frame = frame_of(as, HEAP(0));
    struct as *child = fork_of(as);
    put(child, HEAP(0), 6); // the child copies
    uint64 user = host_balance().user;
    assert_int_equal(page_refs(frame), 1);
    host_fail(HOST_FRAME, 0, 100); // nothing to copy to
    put(as, HEAP(0), 7);
    assert_int_equal(host_fail_end(), 0);
    assert_ptr_equal(frame_of(as, HEAP(0)), frame);
    assert_int_equal(host_balance().user, user);
    assert_int_equal(get(child, HEAP(0)), 6);
    assert_int_equal(get(as, HEAP(0) + 1), 5);
    host_exit(child);
}

static void two_owners_do_not_take_over(void **state)
{
    (void)state;
    fill(as, HEAP(0), 5);
    struct as *a = fork_of(as), *b = fork_of(as);
    host_exit(a); // two are left
    put(as, HEAP(0), 6);
    vm_audit();
    assert_int_equal(get(b, HEAP(0)), 5);
    put(b, HEAP(0), 7);
    assert_int_equal(get(as, HEAP(0)), 6);
    host_exit(b);
}

static void exit_leaves_the_page_to_the_other(void **state)
{
    (void)state;
    fill(as, HEAP(3), 8);
    struct as *child = fork_of(as);
    host_exit(as);
    as = child;
    vm_audit();
    assert_true(filled(as, HEAP(3), 8)); // not the junk that freed frames hold
    put(as, HEAP(3), 1);
    assert_int_equal(page_refs(frame_of(as, HEAP(3))), 1);
}

static struct frame *watched;
static uint fences;

static void still_counted(void)
{
    assert_int_equal(refs_of(watched), 2);
    fences++;
}

// Until the fence some hart may use the old translation. A reference given back earlier could make the other
// owner free the frame meanwhile.
static void release_order_of_a_shared_page(void **state)
{
    (void)state;
    fill(as, HEAP(0), 1);
    watched = frame_of(as, HEAP(0));
    struct as *child = fork_of(as);
    get(child, HEAP(0));
    host_on_fence = still_counted;
    fences = 0;
    assert_true(host_sbrk(child, -(int64)(HEAP_PAGES * PGSIZE)) > 0);
    assert_true(fences > 0);
    host_on_fence = 0;
    assert_int_equal(refs_of(watched), 1);
    host_exit(child);

    child = fork_of(as);
    get(child, HEAP(0));
    host_on_fence = still_counted;
    fences = 0;
    put(child, HEAP(0), 2); // a copy gives the old frame back as well
    assert_true(fences > 0);
    host_on_fence = 0;
    assert_int_equal(refs_of(watched), 1);
    host_exit(child);
}

static void kernel_writes_break_sharing(void **state)
{
    (void)state;
    fill(as, HEAP(0), 1);
    struct as *child = fork_of(as);
    assert_int_equal(as_write(child, HEAP(0) + 100, "abc", 3), FAULT_OK);
    assert_int_equal(as_write(child, HEAP(1) - 1, "xy", 2), FAULT_OK); // over the end of a page
    assert_int_equal(get(as, HEAP(0) + 100), 1);
    assert_int_equal(get(as, HEAP(1) - 1), 1);
    assert_int_equal(get(child, HEAP(0) + 100), 'a');
    assert_int_equal(get(child, HEAP(1) - 1), 'x');
    assert_int_equal(get(child, HEAP(1)), 'y');
    host_exit(child);
}

static void data_of_the_file_is_private(void **state)
{
    (void)state;
    get(as, HOST_DATA);
    struct as *child = fork_of(as);
    put(child, HOST_DATA, 1);
    put(as, HOST_DATA + 1, 2);
    assert_int_equal(get(as, HOST_DATA), vmtest_byte(HOST_DATA_OFF));
    assert_int_equal(get(child, HOST_DATA + 1), vmtest_byte(HOST_DATA_OFF + 1));
    struct as *other = vmtest_program();
    assert_int_equal(get(other, HOST_DATA), vmtest_byte(HOST_DATA_OFF));
    assert_int_equal(get(other, HOST_DATA + 1), vmtest_byte(HOST_DATA_OFF + 1));
    host_exit(other);
    host_exit(child);
}

static void text_stays_executable_and_read_only(void **state)
{
    (void)state;
    attempt(as, HOST_TEXT, ACCESS_EXEC);
    struct as *child = fork_of(as);
    assert_int_equal(pte_of(child, HOST_TEXT) & (PTE_R | PTE_W | PTE_X), PTE_R | PTE_X);
    assert_int_equal(attempt(child, HOST_TEXT, ACCESS_WRITE), FAULT_READONLY);
    assert_int_equal(attempt(child, HOST_TEXT, ACCESS_EXEC), FAULT_OK);
    host_exit(child);
}

// Fork works table by table: an area that crosses from one leaf table to the next, and ones far apart.
static void sparse_spaces_are_shared_whole(void **state)
{
    (void)state;
    static const uint64 at[] = {0x1ff000, 0x200000, 0x3fffe000, 0x3ffff000, 0x40000000, 0x1000000000};
    for (uint64 i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
        struct vma v = {.start = at[i], .end = at[i] + PGSIZE, .perm = RW, .kind = VMA_ANON};
        assert_int_equal(as_map(as, &v), 0);
        fill(as, at[i], i + 1);
    }
    struct as *child = fork_of(as);
    for (uint64 i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
        assert_true(filled(child, at[i], i + 1));
        put(child, at[i], 0);
        assert_true(filled(as, at[i], i + 1));
    }
    host_exit(child);
}

static void counters_of_a_break(void **state)
{
    (void)state;
    put(as, HEAP(0), 1);
    put(as, HEAP(1), 1);
    struct as *child = fork_of(as);
    assert_counted(child, (struct faultcount){0});
    put(child, HEAP(0), 2);
    assert_counted(child, (struct faultcount){.cow = 1});
    assert_counted(as, (struct faultcount){0});
    put(as, HEAP(0), 2); // takes over
    assert_counted(as, (struct faultcount){.cow = 1});
    assert_int_equal(child->resident, 2);
    assert_int_equal(as->resident, 2);
    host_exit(child);
}

// Generations of a family write, read and end in every order.
#define FAMILY 5

static void family(const int order[FAMILY])
{
    struct as *member[FAMILY];
    for (uint64 i = 0; i < 8; i++)
        fill(as, HEAP(i), 100 + i);
    for (int i = 0; i < FAMILY; i++) {
        host_run_on(i % HOST_HARTS);
        member[i] = fork_of(i == 0 ? as : member[i - 1]);
        put(member[i], HEAP(i), i); // each writes a page before it forks on
    }
    for (int n = 0; n < FAMILY; n++) {
        int gone = order[n];
        for (int i = 0; i < 8; i++)
            assert_int_equal(get(member[gone], HEAP(i)), i <= gone ? i : 100 + i);
        put(member[gone], HEAP(7), 1); // one more copy, and a frame less later
        host_exit(member[gone]);
        member[gone] = 0;
        vm_audit();
        for (int i = 0; i < FAMILY; i++)
            if (member[i])
                assert_int_equal(get(member[i], HEAP(7)), 107);
    }
    for (uint64 i = 0; i < 8; i++)
        assert_true(filled(as, HEAP(i), 100 + i));
}

static void permute(int order[FAMILY], int n)
{
    if (n == FAMILY) {
        family(order);
        return;
    }
    for (int i = n; i < FAMILY; i++) {
        int a = order[n], b = order[i];
        order[n] = b, order[i] = a;
        permute(order, n + 1);
        order[n] = a, order[i] = b;
    }
}

static void exits_in_any_order(void **state)
{
    (void)state;
    int order[FAMILY] = {0, 1, 2, 3, 4};
    permute(order, 0);
}

// ---- no memory

static void failed_forks_leave_nothing(void **state)
{
    (void)state;
    struct vma far = {.start = 0x1000000000, .end = 0x1000000000 + PGSIZE, .perm = RW, .kind = VMA_ANON};
    for (uint64 i = 0; i <= VMASET_INLINE; i++) { // more areas than a set holds by itself
        assert_int_equal(as_map(as, &far), 0);
        put(as, far.start, i + 1);
        far.start += 2UL << PXSHIFT(1), far.end += 2UL << PXSHIFT(1);
    }
    put(as, HEAP(0), 50);
    put(as, HOST_DATA, 51);
    uint64 failures = 0;
    for (uint64 skip = 0;; skip++) {
        put(as, HEAP(0), 50); // the TLB knows it as writable
        struct host_balance before = host_balance();
        host_fail(HOST_ANY, skip, 1);
        struct as *child = as_fork(as);
        host_fail_end();
        vm_audit();
        host_assert_unlocked("as_fork returned");
        if (child) {
            put(as, HEAP(0), 52);
            assert_int_equal(get(child, HEAP(0)), 50);
            host_exit(child);
            break;
        }
        struct host_balance after = host_balance();
        assert_memory_equal(&before, &after, sizeof(before));
        child = fork_of(as); // what the failed one made read-only is so in the TLB too
        put(as, HEAP(0), 49);
        assert_int_equal(get(child, HEAP(0)), 50);
        host_exit(child);
        assert_int_equal(get(as, HOST_DATA), 51);
        failures++;
    }
    assert_true(failures > 2 * VMASET_INLINE);
}

static void break_without_memory_keeps_both(void **state)
{
    (void)state;
    fill(as, HEAP(0), 1);
    struct as *child = fork_of(as);
    host_fail(HOST_FRAME, 0, 100);
    assert_int_equal(attempt(child, HEAP(0), ACCESS_WRITE), FAULT_NOMEM);
    host_fail_end();
    vm_audit();
    assert_true(filled(child, HEAP(0), 1));
    assert_true(filled(as, HEAP(0), 1));
    host_fail(HOST_FRAME, 0, 1); // a restart
    put(child, HEAP(0), 2);
    assert_int_equal(host_fail_end(), 1);
    assert_int_equal(get(as, HEAP(0)), 1);
    host_exit(child);
}

// The user pool is empty: forks still work, a break does not, and after an exit it does.
static void pool_exhausted_and_recovered(void **state)
{
    (void)state;
    assert_true(host_sbrk(as, TEST_FRAMES * PGSIZE) > 0);
    uint64 n = 0;
    while (attempt(as, HEAP(n), ACCESS_WRITE) == FAULT_OK)
        n++;
    struct as *child = fork_of(as);
    assert_int_equal(attempt(child, HEAP(0), ACCESS_WRITE), FAULT_NOMEM);
    assert_true(host_sbrk(as, -(int64)(PGSIZE)) > 0);
    host_exit(as);
    as = child;
    for (uint64 i = 0; i < n; i++)
        put(as, HEAP(i), 1); // takes over, every one
    assert_true(host_sbrk(as, -(int64)(TEST_FRAMES * PGSIZE)) > 0);
    assert_int_equal(attempt(as, HEAP(HEAP_PAGES), ACCESS_WRITE), FAULT_UNMAPPED);
}

#define COWTEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        COWTEST(fork_copies_nothing),
        COWTEST(a_write_is_private),
        COWTEST(fork_takes_the_parents_right_away),
        COWTEST(fork_takes_the_right_away_on_every_hart),
        COWTEST(copy_is_seen_by_the_only_hart),
        COWTEST(copy_is_seen_by_stale_readers),
        COWTEST(copy_holds_the_whole_page),
        COWTEST(zero_page_breaks_to_zeros),
        COWTEST(zero_page_is_never_taken_over),
        COWTEST(last_owner_takes_over),
        COWTEST(two_owners_do_not_take_over),
        COWTEST(exit_leaves_the_page_to_the_other),
        COWTEST(release_order_of_a_shared_page),
        COWTEST(kernel_writes_break_sharing),
        COWTEST(data_of_the_file_is_private),
        COWTEST(text_stays_executable_and_read_only),
        COWTEST(sparse_spaces_are_shared_whole),
        COWTEST(counters_of_a_break),
        COWTEST(exits_in_any_order),
        COWTEST(failed_forks_leave_nothing),
        COWTEST(break_without_memory_keeps_both),
        COWTEST(pool_exhausted_and_recovered),
    };
    return cmocka_run_group_tests(tests, vmtest_start, 0);
}
