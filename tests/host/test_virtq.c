// SOURCES: kernel/dev/virtq.c
// FLAGS: -ffreestanding
//
// The rings of a virtqueue against a device that ends chains in any order, and one that writes nonsense.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "kernel/dev/virtq.h"
#include "kernel/lib/err.h"
#include "kernel/lib/panic.h"

#define ROUNDS 200000 // over 2^16: the indices wrap round several times

volatile bool panicking;

static _Alignas(4096) uchar descpage[4096], ringpage[4096];
static struct virtq q;
static uint device_seen; // available entries that the device has looked at
static int tag[VIRTQ_MAX];

void panic(const char *fmt, ...)
{
    fail_msg("%s", fmt);
    __builtin_unreachable();
}

static uint random_next(void)
{
    static uint64 state = 42;
    state = state * 6364136223846793005UL + 1442695040888963407UL;
    return state >> 33;
}

static void start(uint num)
{
    for (uint i = 0; i < sizeof(ringpage); i++)
        ringpage[i] = 0;
    virtq_init(&q, num, descpage, ringpage);
    device_seen = 0;
}

// The device's side: takes one available chain; gives one back.
static bool device_take(uint16 *head)
{
    if ((uint16)device_seen == q.avail->idx)
        return false;
    *head = q.avail->ring[device_seen++ % q.num];
    return true;
}

static void device_give(uint32 id)
{
    q.used->ring[q.used->idx % q.num].id = id;
    q.used->ring[q.used->idx % q.num].len = random_next();
    q.used->idx++;
}

// Adds while there is room, lets the device end chains in random order, and checks that each owner comes back
// once.
static void run_random(uint num)
{
    uint16 held[VIRTQ_MAX];
    bool out[VIRTQ_MAX] = {0};
    uint nheld = 0;
    start(num);
    for (uint round = 0; round < ROUNDS; round++) {
        uint16 head = random_next() % num;
        if (!out[head]) {
            out[head] = true;
            virtq_add(&q, head, &tag[head]);
        }
        while (nheld < num && random_next() % 2 && device_take(&held[nheld]))
            nheld++;
        if (nheld > 0 && random_next() % 3) {
            uint i = random_next() % nheld;
            device_give(held[i]);
            held[i] = held[--nheld];
        }
        void *owner;
        while (random_next() % 4 && virtq_take(&q, &owner) == 1) {
            long i = (int *)owner - tag;
            assert_true(i >= 0 && i < num && out[i]);
            out[i] = false;
        }
    }
}

static void test_order(void **state)
{
    (void)state;
    for (uint num = 1; num <= VIRTQ_MAX; num *= 4)
        run_random(num);
}

static void test_empty(void **state)
{
    (void)state;
    void *owner = &q;
    start(8);
    assert_false(virtq_pending(&q));
    assert_int_equal(virtq_take(&q, &owner), 0);
    assert_ptr_equal(owner, &q);
}

static void check_refused(uint32 id)
{
    void *owner = &q;
    start(8);
    virtq_add(&q, 3, &tag[3]);
    device_give(id);
    assert_int_equal(virtq_take(&q, &owner), -EIO);
    assert_ptr_equal(owner, &q);
    assert_ptr_equal(q.owner[3], &tag[3]);
}

static void test_bad_id(void **state)
{
    (void)state;
    check_refused(2); // not out
    check_refused(8); // one past the queue
    check_refused(VIRTQ_MAX);
    check_refused(0x10003); // right in its low 16 bits only
    check_refused(~0U);
}

static void test_given_twice(void **state)
{
    (void)state;
    void *owner;
    start(8);
    virtq_add(&q, 3, &tag[3]);
    virtq_add(&q, 4, &tag[4]);
    device_give(3);
    device_give(3);
    assert_int_equal(virtq_take(&q, &owner), 1);
    assert_int_equal(virtq_take(&q, &owner), -EIO);
}

// More finished than were ever handed over: the index itself is wrong.
static void test_index_jumps(void **state)
{
    (void)state;
    void *owner;
    for (uint jump = 2; jump < 0x10000; jump = jump * 3 + 1) {
        start(8);
        virtq_add(&q, 0, &tag[0]);
        q.used->idx = jump;
        assert_int_equal(virtq_take(&q, &owner), -EIO);
    }
}

// Any bytes in the used ring: no index leaves its array (the sanitizers watch), no owner comes back that is
// not out.
static void test_garbage(void **state)
{
    (void)state;
    for (int round = 0; round < 2000; round++) {
        uint out = 0;
        start(16);
        for (uint16 head = 0; head < 16; head += 2, out++)
            virtq_add(&q, head, &tag[head]);
        for (uint i = 0; i < 16; i++)
            q.used->ring[i].id = random_next() % 3 ? random_next() % 20 : random_next();
        q.used->idx = random_next() % 2 ? random_next() % 20 : random_next();
        void *owner;
        uint got = 0;
        while (virtq_take(&q, &owner) == 1) {
            assert_true(((int *)owner - tag) % 2 == 0);
            got++;
        }
        assert_true(got <= out);
    }
}

static void test_hints(void **state)
{
    (void)state;
    start(8);
    assert_true(virtq_wants_notify(&q));
    q.used->flags = 1;
    assert_false(virtq_wants_notify(&q));
    virtq_quiet(&q, true);
    assert_int_equal(q.avail->flags, 1);
    virtq_quiet(&q, false);
    assert_int_equal(q.avail->flags, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),       cmocka_unit_test(test_order),
        cmocka_unit_test(test_bad_id),      cmocka_unit_test(test_given_twice),
        cmocka_unit_test(test_index_jumps), cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_hints),
    };
    return cmocka_run_group_tests(tests, 0, 0);
}
