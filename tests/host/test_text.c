// SOURCES: @tests/host/vmhost/sources tests/host/vmhost/vmtest.c
// FLAGS: @tests/host/vmhost/flags
//
// vm/file.c and vm/filecache.c: one frame for all who run the same file, for as long as one of them does.
#include "tests/host/vmhost/vmtest.h"

static struct as *first, *second;

static int begin(void **state)
{
    vmtest_begin(state);
    first = vmtest_program();
    second = vmtest_program();
    return 0;
}

static void drop(struct as **as)
{
    if (*as)
        host_exit(*as);
    *as = 0;
}

static int end(void **state)
{
    vm_audit();
    drop(&first);
    drop(&second);
    return vmtest_end(state);
}

static void text_is_one_frame(void **state)
{
    (void)state;
    assert_counted(second, (struct faultcount){0});
    assert_int_equal(attempt(first, HOST_TEXT, ACCESS_EXEC), FAULT_OK);
    assert_int_equal(get(second, HOST_TEXT + 1), vmtest_byte(1));
    assert_ptr_equal(frame_of(first, HOST_TEXT), frame_of(second, HOST_TEXT));
    assert_int_equal(refs_of(frame_of(first, HOST_TEXT)), 2);
    assert_int_equal(vmtest_file.reads, 1);
    assert_counted(second, (struct faultcount){.minor = 1});
}

static void data_is_not_shared(void **state)
{
    (void)state;
    get(first, HOST_DATA);
    get(second, HOST_DATA);
    assert_ptr_not_equal(frame_of(first, HOST_DATA), frame_of(second, HOST_DATA));
    put(first, HOST_DATA, 1);
    assert_int_equal(get(second, HOST_DATA), vmtest_byte(HOST_DATA_OFF));
}

static void other_files_and_pages_are_other_frames(void **state)
{
    (void)state;
    static const uchar bytes[HOST_FILE_SIZE] = {17};
    struct inode other = {.data = bytes, .size = sizeof(bytes)};
    struct as *third = host_program(&other);
    assert_int_equal(get(first, HOST_TEXT), vmtest_byte(0));
    assert_int_equal(get(third, HOST_TEXT), 17);
    assert_int_equal(get(third, HOST_TEXT + PGSIZE), 0);
    assert_int_equal(get(second, HOST_TEXT + PGSIZE), vmtest_byte(PGSIZE));
    host_exit(third);
}

// Two areas may end differently within the same page of the file.
static void pages_with_other_lengths_are_other_frames(void **state)
{
    (void)state;
    struct vma v = {
        .start = 0x100000, .end = 0x101000, .perm = VMA_R, .kind = VMA_TEXT, .file = &vmtest_file};
    v.filelen = 100;
    get(first, HOST_TEXT);
    assert_int_equal(as_map(second, &v), 0);
    assert_int_equal(get(second, 0x100000 + 99), vmtest_byte(99));
    assert_int_equal(get(second, 0x100000 + 100), 0);
    assert_int_equal(get(first, HOST_TEXT + 100), vmtest_byte(100));
}

static void sharing_ends_with_the_last_user(void **state)
{
    (void)state;
    get(first, HOST_TEXT);
    get(second, HOST_TEXT);
    drop(&first);
    vm_audit();
    assert_int_equal(get(second, HOST_TEXT + 7), vmtest_byte(7));
    drop(&second);
    first = vmtest_program();
    assert_int_equal(get(first, HOST_TEXT + 8), vmtest_byte(8));
    assert_int_equal(vmtest_file.reads, 2);
}

static void a_fork_shares_it_too(void **state)
{
    (void)state;
    get(first, HOST_TEXT);
    struct as *child = as_fork(first);
    assert_non_null(child);
    get(second, HOST_TEXT);
    assert_int_equal(refs_of(frame_of(child, HOST_TEXT)), 3);
    drop(&first);
    assert_int_equal(get(child, HOST_TEXT), vmtest_byte(0));
    host_exit(child);
    assert_int_equal(refs_of(frame_of(second, HOST_TEXT)), 1);
}

static void read_by_second(struct inode *ip)
{
    ip->on_read = 0;
    assert_int_equal(get(second, HOST_TEXT), vmtest_byte(0));
}

static void two_reads_at_once_end_in_one_frame(void **state)
{
    (void)state;
    vmtest_file.on_read = read_by_second;
    assert_int_equal(get(first, HOST_TEXT), vmtest_byte(0));
    assert_int_equal(vmtest_file.reads, 2);
    assert_ptr_equal(frame_of(first, HOST_TEXT), frame_of(second, HOST_TEXT));
}

static void run_and_exit(struct inode *ip)
{
    ip->on_read = 0;
    get(second, HOST_TEXT);
    drop(&second);
}

static void a_user_that_came_and_went_meanwhile(void **state)
{
    (void)state;
    vmtest_file.on_read = run_and_exit;
    assert_int_equal(get(first, HOST_TEXT), vmtest_byte(0));
    assert_int_equal(refs_of(frame_of(first, HOST_TEXT)), 1);
}

static void no_memory_for_sharing_is_no_error(void **state)
{
    (void)state;
    host_fail(HOST_KMEM, 0, 100);
    assert_int_equal(get(first, HOST_TEXT), vmtest_byte(0));
    assert_true(host_fail_end() > 0);
    assert_int_equal(get(second, HOST_TEXT), vmtest_byte(0));
}

static void cached_reads_are_minor(void **state)
{
    (void)state;
    assert_counted(first, (struct faultcount){0});
    vmtest_file.cached = true;
    get(first, HOST_TEXT);
    get(first, HOST_DATA);
    assert_counted(first, (struct faultcount){.minor = 2});
    vmtest_file.cached = false;
    get(first, HOST_TEXT + PGSIZE);
    assert_counted(first, (struct faultcount){.major = 1});
}

static void failed_read_is_not_shared(void **state)
{
    (void)state;
    vmtest_file.broken = true;
    assert_int_equal(attempt(first, HOST_TEXT, ACCESS_READ), FAULT_DISK);
    vmtest_file.broken = false;
    assert_int_equal(get(second, HOST_TEXT), vmtest_byte(0));
    assert_int_equal(get(first, HOST_TEXT), vmtest_byte(0));
}

// The hart has fetched other text from the same frame before.
static void shared_text_is_fetched_fresh(void **state)
{
    (void)state;
    for (int round = 0; round < 4; round++) {
        for (int hart = 0; hart < HOST_HARTS; hart++) {
            uchar *byte;
            struct as *user = hart % 2 ? first : second;
            uint64 off = round % 3 * PGSIZE;
            host_run_on(hart);
            assert_int_equal(host_access(user, HOST_TEXT + off, ACCESS_EXEC, 0, &byte), FAULT_OK);
            assert_int_equal(*byte, vmtest_byte(off));
        }
        drop(&first);
        drop(&second);
        first = vmtest_program();
        second = vmtest_program();
    }
}

#define TEXTTEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEXTTEST(text_is_one_frame),
        TEXTTEST(data_is_not_shared),
        TEXTTEST(other_files_and_pages_are_other_frames),
        TEXTTEST(pages_with_other_lengths_are_other_frames),
        TEXTTEST(sharing_ends_with_the_last_user),
        TEXTTEST(a_fork_shares_it_too),
        TEXTTEST(two_reads_at_once_end_in_one_frame),
        TEXTTEST(a_user_that_came_and_went_meanwhile),
        TEXTTEST(no_memory_for_sharing_is_no_error),
        TEXTTEST(cached_reads_are_minor),
        TEXTTEST(failed_read_is_not_shared),
        TEXTTEST(shared_text_is_fetched_fresh),
    };
    return cmocka_run_group_tests(tests, vmtest_start, 0);
}
