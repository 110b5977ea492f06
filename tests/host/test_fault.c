// SOURCES: @tests/host/vmhost/sources tests/host/vmhost/vmtest.c
// FLAGS: @tests/host/vmhost/flags
//
// vm/fault.c and its handlers: every cell of the table at the head of fault.c, every reason, and what happens
// when memory or the disk fails in between.
#include <string.h>
#include "tests/host/vmhost/vmtest.h"

#define FAR 0x100000000UL // an anonymous area of the tests, four pages; nothing near it

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
    if (as)
        host_exit(as);
    as = 0;
    return vmtest_end(state);
}

static void map_far(int perm)
{
    struct vma v = {.start = FAR, .end = FAR + 4 * PGSIZE, .perm = perm, .kind = VMA_ANON};
    assert_int_equal(as_map(as, &v), 0);
}

// ---- the table

static void zeros_read_map_the_zero_page(void **state)
{
    (void)state;
    uint refs = page_refs(zero_frame);
    assert_int_equal(get(as, HEAP(0)), 0);
    assert_int_equal(get(as, HEAP(5) + 77), 0);
    assert_ptr_equal(frame_of(as, HEAP(0)), zero_frame);
    assert_ptr_equal(frame_of(as, HEAP(5)), zero_frame);
    assert_int_equal(pte_of(as, HEAP(0)) & (PTE_R | PTE_W | PTE_X), PTE_R);
    assert_int_equal(page_refs(zero_frame), refs + 2);
    assert_counted(as, (struct faultcount){.minor = 2});
    assert_int_equal(as->resident, 2);
}

static void zeros_fetched_map_the_zero_page(void **state)
{
    (void)state;
    map_far(VMA_R | VMA_X);
    assert_int_equal(attempt(as, FAR, ACCESS_EXEC), FAULT_OK);
    assert_ptr_equal(frame_of(as, FAR), zero_frame);
    assert_counted(as, (struct faultcount){.minor = 1});
}

static void zeros_written_get_a_zeroed_frame(void **state)
{
    (void)state;
    put(as, HEAP(3) + 9, 1);
    assert_int_equal(get(as, HEAP(3) + 9), 1);
    put(as, HEAP(3) + 9, 0);
    assert_true(filled(as, HEAP(3), 0)); // the frame was full of junk
    assert_int_equal(page_refs(frame_of(as, HEAP(3))), 1);
    assert_int_equal(frame_va(frame_of(as, HEAP(3))), HEAP(3));
    assert_int_equal(pte_of(as, HEAP(3)) & (PTE_W | PTE_D | PTE_A | PTE_U), PTE_W | PTE_D | PTE_A | PTE_U);
    assert_counted(as, (struct faultcount){.minor = 1});
}

static void file_pages_are_read_at_first_touch(void **state)
{
    (void)state;
    assert_int_equal(vmtest_file.reads, 0);
    assert_int_equal(get(as, HOST_TEXT + 3), vmtest_byte(3));
    assert_int_equal(attempt(as, HOST_TEXT + 5, ACCESS_EXEC), FAULT_OK);
    assert_int_equal(vmtest_file.reads, 1);
    assert_int_equal(get(as, HOST_DATA + 4), vmtest_byte(HOST_DATA_OFF + 4));
    assert_counted(as, (struct faultcount){.major = 2});
    assert_int_equal(pte_of(as, HOST_TEXT) & (PTE_R | PTE_W | PTE_X), PTE_R | PTE_X);
    assert_int_equal(pte_of(as, HOST_DATA) & PTE_X, 0);
    put(as, HOST_DATA + 4, 99);
    assert_int_equal(get(as, HOST_DATA + 4), 99);
    assert_int_equal(get(as, HOST_DATA + 5), vmtest_byte(HOST_DATA_OFF + 5));
}

static void file_pages_written_first_hold_the_file(void **state)
{
    (void)state;
    put(as, HOST_DATA + 100, 7);
    assert_counted(as, (struct faultcount){.major = 1});
    assert_int_equal(get(as, HOST_DATA + 99), vmtest_byte(HOST_DATA_OFF + 99));
    assert_int_equal(get(as, HOST_DATA + 100), 7);
    assert_int_equal(vmtest_file.data[HOST_DATA_OFF + 100], vmtest_byte(HOST_DATA_OFF + 100));
    assert_counted(as, (struct faultcount){0});
}

static void partial_pages_end_in_zeros(void **state)
{
    (void)state;
    for (uint64 va = HOST_TEXT_LEN + HOST_TEXT - 3; va < HOST_TEXT_END; va++)
        assert_int_equal(get(as, va), va - HOST_TEXT < HOST_TEXT_LEN ? vmtest_byte(va - HOST_TEXT) : 0);
    for (uint64 va = PGROUNDDOWN(HOST_BSS); va < PGROUNDUP(HOST_BSS); va++)
        assert_int_equal(get(as, va), va < HOST_BSS ? vmtest_byte(va - HOST_DATA + HOST_DATA_OFF) : 0);
    assert_counted(as, (struct faultcount){.major = 2});
}

static void bss_pages_are_zeros_and_need_no_disk(void **state)
{
    (void)state;
    assert_true(filled(as, PGROUNDUP(HOST_BSS), 0));
    assert_ptr_equal(frame_of(as, PGROUNDUP(HOST_BSS)), zero_frame);
    put(as, PGROUNDUP(HOST_BSS), 1);
    assert_int_equal(vmtest_file.reads, 0);
    assert_counted(as, (struct faultcount){.minor = 1, .cow = 1});
}

static void bss_begins_at_a_page_boundary(void **state)
{
    (void)state;
    struct vma v = {.start = FAR, .end = FAR + 2 * PGSIZE, .perm = VMA_R | VMA_W, .kind = VMA_DATA};
    v.file = &vmtest_file;
    v.filelen = PGSIZE;
    assert_int_equal(as_map(as, &v), 0);
    assert_int_equal(get(as, FAR + PGSIZE - 1), vmtest_byte(PGSIZE - 1));
    assert_int_equal(get(as, FAR + PGSIZE), 0);
    assert_int_equal(vmtest_file.reads, 1);
    assert_counted(as, (struct faultcount){.major = 1, .minor = 1});
}

static void short_file_reads_as_zeros(void **state)
{
    (void)state;
    vmtest_file.size = 10;
    assert_int_equal(get(as, HOST_TEXT + 9), vmtest_byte(9));
    assert_int_equal(get(as, HOST_TEXT + 10), 0);
    assert_true(filled(as, HOST_DATA, 0));
}

static void present_read_is_spurious(void **state)
{
    (void)state;
    get(as, HEAP(0));
    put(as, HEAP(1), 1);
    assert_counted(as, (struct faultcount){.minor = 2});
    pte_t before = pte_of(as, HEAP(1));
    assert_int_equal(vm_fault(as, HEAP(0), ACCESS_READ, 0), FAULT_OK);
    assert_int_equal(vm_fault(as, HEAP(1), ACCESS_READ, 0), FAULT_OK);
    assert_int_equal(vm_fault(as, HEAP(1), ACCESS_WRITE, 0), FAULT_OK);
    assert_int_equal(pte_of(as, HEAP(1)), before);
    assert_counted(as, (struct faultcount){.spurious = 3});
}

// What the hardware of the model asks for: it never sets A or D itself.
static void refresh_sets_a_and_d(void **state)
{
    (void)state;
    put(as, HEAP(1), 42);
    pte_t *pte = mmu_walk(&as->mmu, HEAP(1), false);
    *pte &= ~(PTE_A | PTE_D);
    host_sfence_vma();
    assert_int_equal(get(as, HEAP(1)), 42);
    assert_int_equal(*pte & (PTE_A | PTE_D), PTE_A);
    assert_counted(as, (struct faultcount){.minor = 1, .spurious = 1});
    put(as, HEAP(1), 43);
    assert_int_equal(*pte & (PTE_A | PTE_D), PTE_A | PTE_D);
    assert_counted(as, (struct faultcount){.spurious = 1});
}

// A TLB may remember that there was nothing, or less (4.2.1): then the second fault is spurious and drops
// that.
static void stale_stricter_entries_end_as_spurious(void **state)
{
    (void)state;
    get(as, HOST_DATA);
    assert_counted(as, (struct faultcount){.major = 1});
    host_tlb_keeps_refusals = true;
    put(as, HEAP(2), 1);
    assert_int_equal(as->faults.minor, 1);
    put(as, HOST_DATA, 1);
    assert_int_equal(as->faults.cow, 1);
    assert_true(as->faults.spurious <= 2);
}

static void present_write_of_the_zero_page_copies(void **state)
{
    (void)state;
    uint refs = page_refs(zero_frame);
    assert_int_equal(get(as, HEAP(0)), 0);
    put(as, HEAP(0) + 1, 5);
    assert_int_equal(get(as, HEAP(0)), 0);
    assert_int_equal(get(as, HEAP(0) + 1), 5); // also where the TLB knew the zero page
    assert_int_equal(get(as, HEAP(1)), 0);
    assert_int_equal(page_refs(zero_frame), refs + 1);
    assert_counted(as, (struct faultcount){.minor = 2, .cow = 1});
    assert_int_equal(as->resident, 2);
}

static void present_write_of_a_sole_page_takes_over(void **state)
{
    (void)state;
    get(as, HOST_DATA); // from the file, read only
    assert_int_equal(pte_of(as, HOST_DATA) & PTE_W, 0);
    put(as, HOST_DATA, 5);
    assert_int_equal(get(as, HOST_DATA + 1), vmtest_byte(HOST_DATA_OFF + 1));
    assert_counted(as, (struct faultcount){.major = 1, .cow = 1});
}

// ---- reasons

static void expect(uint64 va, enum access access, enum fault_reason reason)
{
    uint64 resident = as->resident;
    assert_int_equal(attempt(as, va, access), reason);
    assert_counted(as, (struct faultcount){.invalid = 1});
    assert_int_equal(as->resident, resident);
}

static void reasons_by_address(void **state)
{
    (void)state;
    expect(0, ACCESS_READ, FAULT_NULL);
    expect(PGSIZE - 1, ACCESS_WRITE, FAULT_NULL);
    expect(8, ACCESS_EXEC, FAULT_NULL);
    expect(HOST_TEXT_END, ACCESS_READ, FAULT_UNMAPPED); // between text and data
    expect(HOST_DATA - 1, ACCESS_WRITE, FAULT_UNMAPPED);
    expect(HEAP(HEAP_PAGES), ACCESS_WRITE, FAULT_UNMAPPED);
    expect(USTACK_TOP, ACCESS_WRITE, FAULT_UNMAPPED);
    expect(MAXVA - 1, ACCESS_READ, FAULT_UNMAPPED);
    expect(MAXVA, ACCESS_READ, FAULT_KERNEL);
    expect(1UL << 63, ACCESS_WRITE, FAULT_KERNEL);
    expect(0xffffffc080000000UL, ACCESS_EXEC, FAULT_KERNEL);
    expect(~0UL, ACCESS_READ, FAULT_KERNEL);
}

static void last_byte_of_an_area_is_in_it(void **state)
{
    (void)state;
    assert_int_equal(get(as, HEAP(HEAP_PAGES) - 1), 0);
    put(as, HEAP(HEAP_PAGES) - 1, 3);
    assert_int_equal(get(as, HOST_TEXT_END - 1), 0);
    assert_int_equal(get(as, HOST_TEXT), vmtest_byte(0));
    put(as, USTACK_TOP - 1, 3);
}

static void reasons_by_right(void **state)
{
    (void)state;
    expect(HOST_TEXT, ACCESS_WRITE, FAULT_READONLY);
    expect(HOST_DATA, ACCESS_EXEC, FAULT_NOEXEC);
    expect(HEAP(0), ACCESS_EXEC, FAULT_NOEXEC);
    expect(USTACK_TOP - 8, ACCESS_EXEC, FAULT_NOEXEC);
    map_far(VMA_X);
    expect(FAR, ACCESS_READ, FAULT_NOREAD);
    expect(FAR, ACCESS_WRITE, FAULT_READONLY);
    get(as, HOST_TEXT); // the same once the page is there
    put(as, HEAP(0), 1);
    assert_counted(as, (struct faultcount){.major = 1, .minor = 1});
    expect(HOST_TEXT, ACCESS_WRITE, FAULT_READONLY);
    expect(HEAP(0), ACCESS_EXEC, FAULT_NOEXEC);
}

static void every_reason_has_words(void **state)
{
    (void)state;
    for (int r = FAULT_OK; r <= FAULT_RETRY; r++) {
        assert_non_null(fault_reason_name(r));
        for (int q = FAULT_OK; q < r; q++)
            assert_string_not_equal(fault_reason_name(q), fault_reason_name(r));
    }
}

// ---- memory and the disk fail

static void one_missing_frame_restarts(void **state)
{
    (void)state;
    host_fail(HOST_FRAME, 0, 1);
    put(as, HEAP(0), 1);
    assert_int_equal(host_fail_end(), 1);
    assert_true(get(as, HEAP(0) + 1) == 0);
    get(as, HEAP(1));
    host_fail(HOST_FRAME, 0, 1);
    put(as, HEAP(1), 1);
    assert_int_equal(host_fail_end(), 1);
    assert_counted(as, (struct faultcount){.minor = 2, .cow = 1});
}

static void no_memory_changes_nothing(void **state)
{
    (void)state;
    get(as, HEAP(1));
    uint64 resident = as->resident;
    struct faultcount faults = as->faults;
    static const uint64 where[] = {HEAP(0), HEAP(1), HOST_DATA, HOST_TEXT};
    for (uint64 i = 0; i < 4; i++) {
        host_fail(HOST_FRAME, 0, 100);
        assert_int_equal(attempt(as, where[i], i < 3 ? ACCESS_WRITE : ACCESS_EXEC), FAULT_NOMEM);
        assert_true(host_fail_end() > 0);
        vm_audit();
    }
    assert_int_equal(as->resident, resident);
    assert_memory_equal(&as->faults, &faults,
                        sizeof(faults)); // tried again later, not a fault of the program
    put(as, HEAP(0), 1);
    put(as, HEAP(1), 1);
}

static void no_memory_for_tables(void **state)
{
    (void)state;
    map_far(VMA_R | VMA_W);
    for (uint64 skip = 0; skip < 2; skip++) { // the middle table, then the leaf
        host_fail(HOST_TABLE, skip, 100);
        assert_int_equal(attempt(as, FAR, ACCESS_READ), FAULT_NOMEM);
        assert_int_equal(host_fail_end(), 1);
        assert_int_equal(as->resident, 0);
    }
    put(as, FAR, 1);
    assert_counted(as, (struct faultcount){.minor = 1});
}

static void disk_error_leaves_no_page(void **state)
{
    (void)state;
    vmtest_file.broken = true;
    expect(HOST_DATA, ACCESS_READ, FAULT_DISK);
    expect(HOST_TEXT, ACCESS_EXEC, FAULT_DISK);
    vmtest_file.broken = false;
    assert_int_equal(get(as, HOST_TEXT), vmtest_byte(0));
}

// ---- the world moves on while the file is read

static void fault_same_page(struct inode *ip)
{
    ip->on_read = 0;
    put(as, HOST_DATA, 77);
}

static void page_that_came_meanwhile_is_kept(void **state)
{
    (void)state;
    vmtest_file.on_read = fault_same_page;
    assert_int_equal(get(as, HOST_DATA), 77);
    assert_int_equal(get(as, HOST_DATA + 1), vmtest_byte(HOST_DATA_OFF + 1));
    assert_int_equal(as->resident, 1);
}

static void fork_meanwhile(struct inode *ip)
{
    ip->on_read = 0;
    struct as *child = as_fork(as);
    assert_non_null(child);
    put(child, HOST_DATA, 1);
    put(child, HEAP(0), 1);
    host_exit(child);
}

static void fork_while_reading(void **state)
{
    (void)state;
    put(as, HEAP(0), 9);
    vmtest_file.on_read = fork_meanwhile;
    put(as, HOST_DATA, 5);
    assert_int_equal(get(as, HOST_DATA), 5);
    assert_int_equal(get(as, HEAP(0)), 9);
    vmtest_file.on_read = 0;
}

// ---- instructions

static void new_text_is_fetched_on_every_hart(void **state)
{
    (void)state;
    uchar *byte;
    for (int round = 0; round < 8; round++) { // frames come back with other text in them
        struct as *other = vmtest_program();
        for (int hart = 0; hart < HOST_HARTS; hart++) {
            host_run_on(hart);
            for (uint64 page = 0; page < 3; page++) {
                uint64 off = (page + round) % 3 * PGSIZE + 5;
                assert_int_equal(host_access(other, HOST_TEXT + off, ACCESS_EXEC, 0, &byte), FAULT_OK);
                assert_int_equal(*byte, off < HOST_TEXT_LEN ? vmtest_byte(off) : 0);
            }
        }
        put(other, HEAP(round), 1);
        host_run_on(0); // who takes the frames next
        host_exit(other);
    }
}

// A hart that runs the space already meets a frame from which it has fetched other text.
static void text_in_a_recycled_frame_is_fetched_fresh(void **state)
{
    (void)state;
    static const uchar other_text[HOST_FILE_SIZE] = {200, 201};
    struct inode other_file = {.data = other_text, .size = sizeof(other_text)};
    uchar *byte;
    assert_int_equal(attempt(as, HOST_TEXT, ACCESS_EXEC), FAULT_OK);
    struct as *other = host_program(&other_file);
    assert_int_equal(host_access(other, HOST_TEXT, ACCESS_EXEC, 0, &byte), FAULT_OK);
    assert_int_equal(*byte, 200);
    struct frame *frame = frame_of(other, HOST_TEXT);
    as_lock(other);
    anon_release(other, HOST_TEXT, HOST_TEXT_END);
    as_unlock(other);
    assert_int_equal(host_access(as, HOST_TEXT + PGSIZE, ACCESS_EXEC, 0, &byte), FAULT_OK);
    assert_int_equal(*byte, vmtest_byte(PGSIZE));
    assert_ptr_equal(frame_of(as, HOST_TEXT + PGSIZE), frame); // else the test shows nothing
    host_exit(other);
}

static void totals_are_sums(void **state)
{
    (void)state;
    struct faultcount before, after;
    fault_totals(&before);
    get(as, HEAP(0));
    put(as, HEAP(0), 1);
    put(as, HEAP(1), 1);
    get(as, HOST_TEXT);
    attempt(as, 0, ACCESS_READ);
    fault_count_nobody(FAULT_VMALLOC);
    fault_totals(&after);
    assert_int_equal(after.minor - before.minor, 2);
    assert_int_equal(after.cow - before.cow, 1);
    assert_int_equal(after.major - before.major, 1);
    assert_int_equal(after.invalid - before.invalid, 1);
    assert_int_equal(after.vmalloc - before.vmalloc, 1);
    assert_int_equal(as->faults.vmalloc, 0);
}

#define FAULTTEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULTTEST(zeros_read_map_the_zero_page),
        FAULTTEST(zeros_fetched_map_the_zero_page),
        FAULTTEST(zeros_written_get_a_zeroed_frame),
        FAULTTEST(file_pages_are_read_at_first_touch),
        FAULTTEST(file_pages_written_first_hold_the_file),
        FAULTTEST(partial_pages_end_in_zeros),
        FAULTTEST(bss_pages_are_zeros_and_need_no_disk),
        FAULTTEST(bss_begins_at_a_page_boundary),
        FAULTTEST(short_file_reads_as_zeros),
        FAULTTEST(present_read_is_spurious),
        FAULTTEST(refresh_sets_a_and_d),
        FAULTTEST(stale_stricter_entries_end_as_spurious),
        FAULTTEST(present_write_of_the_zero_page_copies),
        FAULTTEST(present_write_of_a_sole_page_takes_over),
        FAULTTEST(reasons_by_address),
        FAULTTEST(last_byte_of_an_area_is_in_it),
        FAULTTEST(reasons_by_right),
        FAULTTEST(every_reason_has_words),
        FAULTTEST(one_missing_frame_restarts),
        FAULTTEST(no_memory_changes_nothing),
        FAULTTEST(no_memory_for_tables),
        FAULTTEST(disk_error_leaves_no_page),
        FAULTTEST(page_that_came_meanwhile_is_kept),
        FAULTTEST(fork_while_reading),
        FAULTTEST(new_text_is_fetched_on_every_hart),
        FAULTTEST(text_in_a_recycled_frame_is_fetched_fresh),
        FAULTTEST(totals_are_sums),
    };
    return cmocka_run_group_tests(tests, vmtest_start, 0);
}
