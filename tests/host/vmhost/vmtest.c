// Shared parts of the cmocka tests of vm/ (vmtest.h).
#include "tests/host/vmhost/vmtest.h"
#include <stdlib.h>
#include <string.h>
#include "kernel/swap/evict.h"
#include "kernel/swap/managed.h"
#include "kernel/swap/slot.h"

static struct host_balance before;
static struct faultcount last;
static struct as *last_of;
static uchar content[HOST_FILE_SIZE];

struct inode vmtest_file = {.data = content, .size = sizeof(content)};

uchar vmtest_byte(uint64 off)
{
    return (uchar)(off % 251 + off / PGSIZE * 7 + 1);
}

// VMTEST_ONLY=case in the environment runs that one.
static void __attribute__((constructor)) filter_cases(void)
{
    const char *only = getenv("VMTEST_ONLY");
    if (only)
        cmocka_set_test_filter(only);
}

static int start(const struct host_config *config)
{
    for (uint64 i = 0; i < sizeof(content); i++)
        content[i] = vmtest_byte(i);
    host_start(config);
    return 0;
}

int vmtest_start(void **state)
{
    (void)state;
    return start(&(struct host_config){.frames = TEST_FRAMES});
}

int vmtest_start_swap(void **state)
{
    (void)state;
    return start(&(struct host_config){.frames = TEST_FRAMES, .swap = TEST_SLOTS});
}

int vmtest_start_small(void **state)
{
    (void)state;
    return start(&(struct host_config){.frames = SMALL_FRAMES, .swap = TEST_SLOTS});
}

static void reset_swap(void)
{
    host_disk_mend();
    host_disk.on_request = 0;
    host_preempt_end();
    swap_batch = 1;
    swap_readahead = 1;
    swap_only(0, 0, 0);
    assert_int_equal(swap_set_policy("fifo"), 0);
    swap_set_limit(0);
}

int vmtest_begin(void **state)
{
    (void)state;
    vmtest_file = (struct inode){.data = content, .size = sizeof(content)};
    reset_swap();
    host_run_on(0);
    host_tlb_keeps_refusals = false;
    host_on_fence = 0;
    last_of = 0;
    before = host_balance();
    return 0;
}

int vmtest_end(void **state)
{
    (void)state;
    host_fail_end();
    host_disk_mend();
    host_settle();
    host_assert_unlocked("a test ended");
    vm_audit();
    struct host_balance after = host_balance();
    assert_int_equal(after.areas, before.areas);
    assert_int_equal(after.objects, before.objects);
    assert_int_equal(after.tables, before.tables);
    assert_int_equal(after.user, before.user);
    assert_int_equal(after.free, before.free);
    assert_int_equal(after.slots, before.slots);
    return 0;
}

struct as *vmtest_program(void)
{
    struct as *as = host_program(&vmtest_file);
    assert_non_null(as);
    assert_int_equal(host_sbrk(as, HEAP_PAGES * PGSIZE), HOST_HEAP);
    return as;
}

enum fault_reason attempt(struct as *as, uint64 va, enum access access)
{
    uchar *byte;
    return host_access(as, va, access, va, &byte);
}

void put(struct as *as, uint64 va, uchar value)
{
    uchar *byte;
    assert_int_equal(host_access(as, va, ACCESS_WRITE, va, &byte), FAULT_OK);
    *byte = value;
}

uchar get(struct as *as, uint64 va)
{
    uchar *byte;
    assert_int_equal(host_access(as, va, ACCESS_READ, va, &byte), FAULT_OK);
    return *byte;
}

void fill(struct as *as, uint64 va, uchar byte)
{
    uchar page[PGSIZE];
    memset(page, byte, sizeof(page));
    assert_int_equal(as_write(as, PGROUNDDOWN(va), page, sizeof(page)), FAULT_OK);
}

bool filled(struct as *as, uint64 va, uchar byte)
{
    get(as, va);
    for (uint64 i = 0; i < PGSIZE; i++)
        if (get(as, PGROUNDDOWN(va) + i) != byte)
            return false;
    return true;
}

pte_t pte_of(struct as *as, uint64 va)
{
    pte_t *pte = mmu_walk(&as->mmu, va, false);
    return pte ? *pte : 0;
}

struct frame *frame_of(struct as *as, uint64 va)
{
    pte_t pte = pte_of(as, va);
    assert_true(pte & PTE_V);
    return pa2frame(PTE2PA(pte));
}

bool is_out(struct as *as, uint64 va)
{
    pte_t pte = pte_of(as, va);
    return !(pte & PTE_V) && pte != 0;
}

uint slot_at(struct as *as, uint64 va)
{
    assert_true(is_out(as, va));
    return pte_slot(pte_of(as, va));
}

void push_out(struct as *as, uint64 va)
{
    assert_int_equal(evict_range(as, va, va + PGSIZE), 1);
    assert_true(is_out(as, va));
}

void push_out_pages(struct as *as, uint64 va, uint n)
{
    assert_int_equal(evict_range(as, va, va + n * (uint64)PGSIZE), n);
}

uint slot_refs_at(struct as *as, uint64 va)
{
    uint s = slot_at(as, va);
    spin_lock(&pages_lock);
    uint refs = slot_refs(s);
    spin_unlock(&pages_lock);
    return refs;
}

struct frame *cache_at(struct as *as, uint64 va)
{
    uint s = slot_at(as, va);
    spin_lock(&pages_lock);
    struct frame *cache = slot_frame(s);
    spin_unlock(&pages_lock);
    return cache;
}

uint64 slots_used(void)
{
    return host_balance().slots;
}

void assert_counted(struct as *as, struct faultcount delta)
{
    if (last_of == as) {
        assert_int_equal(as->faults.minor - last.minor, delta.minor);
        assert_int_equal(as->faults.major - last.major, delta.major);
        assert_int_equal(as->faults.cow - last.cow, delta.cow);
        assert_int_equal(as->faults.spurious - last.spurious, delta.spurious);
        assert_int_equal(as->faults.invalid - last.invalid, delta.invalid);
    }
    last_of = as;
    last = as->faults;
}
