// SOURCES: @tests/host/vmhost/sources tests/host/vmhost/vmtest.c
// FLAGS: @tests/host/vmhost/flags
//
// Swap, interrupted everywhere: two spaces share pages; one does something, and at one point of its way the
// other does something else. Every pair of deeds, at every point (vmhost.h: host_preempt), from every state
// the pages can be in, with and without disk errors. Afterwards each space must hold its bytes, and nothing
// may be lost.
#include <string.h>
#include "kernel/swap/evict.h"
#include "kernel/swap/managed.h"
#include "kernel/swap/policy.h"
#include "kernel/swap/slot.h"
#include "tests/host/vmhost/vmtest.h"

#define PAGES  6 // 0, 1: shared; 2 to 4: each its own; 5: not touched
#define SPACES 2

static struct space {
    struct as *as; // 0: it has ended
    uchar bytes[PAGES];
} space[SPACES];

static bool disk_fails; // a read may

// ---- deeds

static bool lost(enum fault_reason r)
{
    assert_true(r == FAULT_OK || (r == FAULT_DISK && disk_fails));
    return r != FAULT_OK;
}

static void check_page(struct as *as, int page, uchar want)
{
    uchar *byte;
    for (int at = 0; at < 2; at++)
        if (!lost(host_access(as, HEAP(page) + at * (PGSIZE - 1), ACCESS_READ, HEAP(page), &byte)))
            assert_int_equal(*byte, want);
}

static void read_all(struct space *s)
{
    for (int i = 0; i < PAGES; i++)
        check_page(s->as, i, s->bytes[i]);
    if (!lost(attempt(s->as, HOST_TEXT, ACCESS_EXEC)))
        assert_int_equal(get(s->as, HOST_TEXT + 1), vmtest_byte(1));
}

static void write_all(struct space *s)
{
    static uchar stamp;
    for (int i = 0; i < PAGES; i++) {
        uchar byte = ++stamp | 0x80, page[PGSIZE];
        memset(page, byte, sizeof(page));
        if (!lost(as_write(s->as, HEAP(i), page, sizeof(page))))
            s->bytes[i] = byte;
    }
}

static void fork_and_write(struct space *s)
{
    struct space child;
    memcpy(child.bytes, s->bytes, sizeof(child.bytes));
    child.as = as_fork(s->as);
    assert_non_null(child.as);
    write_all(&child);
    read_all(&child);
    host_exit(child.as);
}

static void end_space(struct space *s)
{
    struct as *as = s->as;
    s->as = 0;
    host_exit(as);
}

static void shrink_and_grow(struct space *s)
{
    assert_true(host_sbrk(s->as, -(int64)HEAP_PAGES * PGSIZE) > 0);
    assert_true(host_sbrk(s->as, HEAP_PAGES * PGSIZE) > 0);
    memset(s->bytes, 0, sizeof(s->bytes));
}

static void push_own_out(struct space *s)
{
    evict_range(s->as, HOST_TEXT, HEAP(PAGES));
}

// As much as can go, by the policy.
static void shrink_the_pool(struct space *s)
{
    (void)s;
    swap_set_limit(4);
    swap_set_limit(0);
}

static void change_policy(struct space *s)
{
    static int which;
    (void)s;
    assert_int_equal(swap_set_policy(policies[which]->name), 0);
    which = policies[which + 1] ? which + 1 : 0;
    swap_tick();
}

static void recount(struct space *s)
{
    (void)s;
    vm_audit();
}

typedef void deed(struct space *s);
static deed *const deeds[] = {read_all,     write_all,       fork_and_write, end_space, shrink_and_grow,
                              push_own_out, shrink_the_pool, change_policy,  recount};
#define DEEDS (sizeof(deeds) / sizeof(deeds[0]))

// ---- states

enum { NEW, KNOWN, OUT, ONE_BACK, BOTH_BACK, STATES }; // in memory, unknown to the policy or known; out; ..

static void set_up(int state)
{
    space[0].as = vmtest_program();
    fill(space[0].as, HEAP(0), 10);
    fill(space[0].as, HEAP(1), 11);
    space[1].as = as_fork(space[0].as);
    for (int i = 0; i < SPACES; i++) {
        for (int page = 2; page < PAGES - 1; page++)
            fill(space[i].as, HEAP(page), page * 10 + i);
        memcpy(space[i].bytes, (uchar[]){10, 11, 20 + i, 30 + i, 40 + i, 0}, PAGES);
    }
    if (state <= KNOWN) {
        get(space[0].as, HOST_TEXT);
        get(space[1].as, HOST_TEXT);
        if (state == KNOWN)
            swap_tick();
        return;
    }
    for (int i = 0; i < SPACES; i++)
        evict_range(space[i].as, HEAP(0), HEAP(PAGES));
    if (state != OUT)
        read_all(&space[0]);
    if (state == BOTH_BACK)
        read_all(&space[1]);
}

static void meanwhile(void *arg)
{
    deed *other = *(deed *const *)arg;
    if (space[1].as)
        other(&space[1]);
}

// Returns whether there is such a point.
static bool interrupt(deed *one, deed *const *other, int state, uint64 point)
{
    struct host_balance before = host_balance();
    set_up(state);
    host_preempt(point, meanwhile, (void *)other);
    one(&space[0]);
    bool ran = host_preempt_end();
    host_settle();
    host_disk_mend();
    disk_fails = false;
    vm_audit();
    for (int i = 0; i < SPACES; i++)
        if (space[i].as)
            read_all(&space[i]);
    vm_audit();
    for (int i = 0; i < SPACES; i++)
        if (space[i].as)
            end_space(&space[i]);
    struct host_balance after = host_balance();
    assert_memory_equal(&before, &after, sizeof(before));
    return ran;
}

static void interrupt_everywhere(deed *one)
{
    uint64 runs = 0;
    for (int state = 0; state < STATES; state++)
        for (uint i = 0; i < DEEDS; i++)
            for (int errors = 0; errors <= HOST_WRITE; errors++)
                for (uint64 point = 0;; point++, runs++) {
                    swap_batch = runs % 3 ? 1 : EVICT_BATCH_MAX;
                    swap_readahead = runs % 2 ? 1 : 8;
                    disk_fails = errors == HOST_READ;
                    host_disk_fail(errors, point % 2,
                                   runs % 64 == 0 || errors == HOST_READ); // slots go bad: not too many
                    if (!interrupt(one, &deeds[i], state, point))
                        break;
                }
    assert_true(runs > 500);
}

#define EVERYWHERE(name)                                                                                     \
    static void name##_is_interrupted(void **state)                                                          \
    {                                                                                                        \
        (void)state;                                                                                         \
        interrupt_everywhere(name);                                                                          \
    }

EVERYWHERE(read_all)
EVERYWHERE(write_all)
EVERYWHERE(fork_and_write)
EVERYWHERE(end_space)
EVERYWHERE(shrink_and_grow)
EVERYWHERE(push_own_out)
EVERYWHERE(shrink_the_pool)

int main(void)
{
    const struct CMUnitTest tests[] = {
        VMTEST(read_all_is_interrupted),        VMTEST(write_all_is_interrupted),
        VMTEST(fork_and_write_is_interrupted),  VMTEST(end_space_is_interrupted),
        VMTEST(shrink_and_grow_is_interrupted), VMTEST(push_own_out_is_interrupted),
        VMTEST(shrink_the_pool_is_interrupted),
    };
    return cmocka_run_group_tests(tests, vmtest_start_small, 0);
}
