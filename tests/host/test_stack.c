// SOURCES: @tests/host/vmhost/sources tests/host/vmhost/vmtest.c
// FLAGS: @tests/host/vmhost/flags
//
// The stack: how far it grows, when an access grows it, and what the reasons are when it does not
// (vm/anon.c).
#include "tests/host/vmhost/vmtest.h"

#define LOW_SP 0x2000UL

static struct as *as;

static int begin(void **state)
{
    vmtest_begin(state);
    as = vmtest_program();
    assert_counted(as, (struct faultcount){0});
    return 0;
}

static int end(void **state)
{
    vm_audit();
    host_exit(as);
    return vmtest_end(state);
}

static enum fault_reason at_sp(uint64 va, enum access access, uint64 sp)
{
    uchar *byte;
    return host_access(as, va, access, sp, &byte);
}

static void stack_grows_to_its_limit(void **state)
{
    (void)state;
    uint64 size = as_size(as);
    for (uint64 sp = USTACK_TOP - PGSIZE; sp >= STACK_LIMIT; sp -= STACK_SLACK)
        assert_int_equal(at_sp(sp, ACCESS_WRITE, sp), FAULT_OK);
    assert_int_equal(at_sp(STACK_LIMIT, ACCESS_WRITE, STACK_LIMIT), FAULT_OK);
    assert_int_equal(as_size(as), size + STACK_MAX - PGSIZE);
    assert_int_equal(at_sp(STACK_LIMIT - 1, ACCESS_WRITE, STACK_LIMIT - 1), FAULT_STACK);
    assert_int_equal(at_sp(STACK_LIMIT - STACK_GAP, ACCESS_WRITE, STACK_LIMIT - STACK_GAP), FAULT_STACK);
    assert_int_equal(at_sp(STACK_LIMIT - STACK_GAP - 1, ACCESS_WRITE, STACK_LIMIT - STACK_GAP - 1),
                     FAULT_UNMAPPED);
    assert_int_equal(as_size(as), size + STACK_MAX - PGSIZE);
}

static void stack_grows_only_near_sp(void **state)
{
    (void)state;
    uint64 sp = USTACK_TOP - (1UL << 20);
    uint64 size = as_size(as);
    assert_int_equal(at_sp(sp - STACK_SLACK - 1, ACCESS_WRITE, sp), FAULT_UNMAPPED);
    assert_int_equal(at_sp(STACK_LIMIT, ACCESS_READ, sp), FAULT_UNMAPPED);
    assert_int_equal(at_sp(STACK_LIMIT - 1, ACCESS_READ, sp), FAULT_GUARD);
    assert_int_equal(at_sp(STACK_LIMIT - STACK_GAP, ACCESS_READ, sp), FAULT_GUARD);
    assert_int_equal(at_sp(STACK_LIMIT - STACK_GAP - 1, ACCESS_READ, sp), FAULT_UNMAPPED);
    assert_int_equal(as_size(as), size);
    assert_counted(as, (struct faultcount){.invalid = 5});
    assert_int_equal(at_sp(sp - STACK_SLACK, ACCESS_WRITE, sp), FAULT_OK);
    assert_int_equal(as_size(as), size + (1UL << 20) - PGSIZE + STACK_SLACK);
    assert_int_equal(at_sp(USTACK_TOP - 2 * PGSIZE, ACCESS_READ, USTACK_TOP),
                     FAULT_OK); // above sp, now inside
}

static void stack_never_grows_over_an_area(void **state)
{
    (void)state;
    struct vma v = {.start = USTACK_TOP - 8 * PGSIZE,
                    .end = USTACK_TOP - 7 * PGSIZE,
                    .perm = VMA_R | VMA_W,
                    .kind = VMA_ANON};
    assert_int_equal(as_map(as, &v), 0);
    put(as, USTACK_TOP - 7 * PGSIZE, 1);
    put(as, USTACK_TOP - 8 * PGSIZE, 2);
    assert_int_equal(attempt(as, USTACK_TOP - 8 * PGSIZE - 1, ACCESS_WRITE), FAULT_UNMAPPED);
    assert_int_equal(get(as, USTACK_TOP - 7 * PGSIZE), 1);
}

static void sp_elsewhere_is_no_stack(void **state)
{
    (void)state;
    assert_int_equal(at_sp(HEAP(HEAP_PAGES) + 8, ACCESS_WRITE, HEAP(HEAP_PAGES)), FAULT_UNMAPPED);
    assert_int_equal(at_sp(USTACK_TOP - 2 * PGSIZE, ACCESS_WRITE, LOW_SP),
                     FAULT_OK); // far above sp is near enough
}

#define STACKTEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STACKTEST(stack_grows_to_its_limit),
        STACKTEST(stack_grows_only_near_sp),
        STACKTEST(stack_never_grows_over_an_area),
        STACKTEST(sp_elsewhere_is_no_stack),
    };
    return cmocka_run_group_tests(tests, vmtest_start, 0);
}
