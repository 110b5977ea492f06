// SOURCES: @tests/host/vmhost/sources tests/host/vmhost/vmtest.c
// FLAGS: @tests/host/vmhost/flags
//
// swap/slot.c: which slots are handed out and in what order, references, caches, bad slots, and random
// operations against a model that is an array of counts.
#include <stdlib.h>
#include <string.h>
#include "kernel/swap/slot.h"
#include "tests/host/vmhost/vmtest.h"

#define USABLE (TEST_SLOTS - 1)
#define CACHES 24

static struct frame *caches[CACHES];

static int begin(void **state)
{
    vmtest_begin(state);
    for (int i = 0; i < CACHES; i++)
        assert_non_null(caches[i] = frame_alloc(HEAP(i), 1));
    spin_lock(&pages_lock);
    return 0;
}

static int end(void **state)
{
    spin_unlock(&pages_lock);
    for (int i = 0; i < CACHES; i++)
        frame_free(caches[i]);
    return vmtest_end(state);
}

static struct slot_stats stats(void)
{
    struct slot_stats st;
    spin_unlock(&pages_lock);
    slot_get_stats(&st);
    spin_lock(&pages_lock);
    return st;
}

// A slot that one PTE names.
static uint named(void)
{
    uint s = slot_alloc();
    assert_true(s > 0 && s < TEST_SLOTS);
    slot_get(s);
    return s;
}

static void slots_are_neighbours(void **state)
{
    (void)state;
    uint s[40];
    slot_seek(40);
    for (int i = 0; i < 40; i++)
        s[i] = named();
    for (int i = 1; i < 32; i++) // one stretch at least
        assert_int_equal(s[i], s[0] + i);
    assert_int_equal(stats().used, 40);
    for (int i = 0; i < 40; i++)
        assert_null(slot_put(s[i]));
    assert_int_equal(stats().used, 0);
}

// Next fit: a slot given back is not the next to be used.
static void search_goes_on_behind_the_last(void **state)
{
    (void)state;
    uint first = named();
    slot_put(first);
    uint second = named();
    assert_int_not_equal(second, first);
    slot_put(second);
}

// Holes everywhere but in one place: slot_seek finds that.
static void seek_finds_a_free_stretch(void **state)
{
    (void)state;
    static uint s[USABLE];
    for (uint i = 0; i < USABLE; i++)
        s[i] = named();
    for (uint i = 0; i < USABLE; i++)
        if (s[i] % 2 == 0 || (s[i] >= 512 && s[i] < 512 + 32))
            slot_put(s[i]), s[i] = 0;
    slot_seek(32);
    uint got[32];
    for (uint i = 0; i < 32; i++)
        got[i] = named();
    for (uint i = 0; i < 32; i++)
        assert_int_equal(got[i], 512 + i);
    for (uint i = 0; i < 32; i++)
        slot_put(got[i]);
    for (uint i = 0; i < USABLE; i++)
        if (s[i])
            slot_put(s[i]);
}

static void every_slot_is_used_once(void **state)
{
    (void)state;
    static bool seen[TEST_SLOTS];
    memset(seen, 0, sizeof(seen));
    assert_int_equal(stats().total, USABLE);
    for (uint i = 0; i < USABLE; i++) {
        uint s = named();
        assert_false(seen[s]);
        seen[s] = true;
    }
    assert_int_equal(slot_alloc(), 0); // full
    slot_seek(8);
    assert_int_equal(slot_alloc(), 0);
    assert_int_equal(stats().used, USABLE);
    assert_null(slot_put(700));
    assert_int_equal(slot_alloc(), 700); // the one that is free
    slot_unalloc(700);
    for (uint s = 1; s < TEST_SLOTS; s++)
        if (s != 700)
            slot_put(s);
}

static void references_are_counted(void **state)
{
    (void)state;
    uint s = named();
    slot_get(s);
    slot_get(s);
    assert_int_equal(slot_refs(s), 3);
    slot_put(s);
    slot_put(s);
    assert_int_equal(slot_refs(s), 1);
    assert_int_equal(stats().used, 1);
    slot_put(s);
    assert_int_equal(stats().used, 0);
    assert_false(slot_readable(s));
}

static void a_cache_is_one_reference(void **state)
{
    (void)state;
    uint s = slot_alloc();
    slot_attach(s, caches[0]);
    assert_int_equal(slot_refs(s), 1);
    assert_int_equal(caches[0]->slot, s);
    assert_ptr_equal(slot_frame(s), caches[0]);
    slot_get(s);
    slot_detach(caches[0]);
    assert_int_equal(caches[0]->slot, 0);
    assert_null(slot_frame(s));
    assert_int_equal(slot_refs(s), 1);
    slot_attach(s, caches[1]); // read back into another frame
    assert_ptr_equal(slot_frame(s), caches[1]);
    caches[1]->ref = 1; // a PTE maps it
    assert_null(slot_put(s));
    assert_int_equal(slot_refs(s), 1); // the cache
    slot_detach(caches[1]);
    caches[1]->ref = 0;
    assert_int_equal(stats().used, 0);
}

// Nobody names the slot any more, nobody maps its cache: both go.
static void last_put_returns_the_unmapped_cache(void **state)
{
    (void)state;
    uint s = slot_alloc();
    slot_attach(s, caches[2]);
    slot_get(s);
    slot_get(s);
    assert_null(slot_put(s)); // another PTE names it
    assert_ptr_equal(slot_put(s), caches[2]);
    assert_int_equal(caches[2]->slot, 0);
    assert_int_equal(stats().used, 0);
}

// Its content is on the way: who reads it lets go of it.
static void a_cache_that_is_being_read_stays(void **state)
{
    (void)state;
    uint s = slot_alloc();
    slot_attach(s, caches[3]);
    slot_get(s);
    caches[3]->state |= FRAME_READING;
    assert_null(slot_put(s));
    assert_ptr_equal(slot_frame(s), caches[3]);
    caches[3]->state &= ~FRAME_READING;
    slot_detach(caches[3]);
    assert_int_equal(stats().used, 0);
}

static void only_slots_on_the_disk_alone_are_readable(void **state)
{
    (void)state;
    assert_false(slot_readable(0)); // the header
    assert_false(slot_readable(TEST_SLOTS));
    assert_false(slot_readable(~0U));
    uint s = slot_alloc();
    assert_false(slot_readable(s)); // nobody names it
    slot_get(s);
    assert_true(slot_readable(s));
    slot_attach(s, caches[0]);
    assert_false(slot_readable(s));
    slot_detach(caches[0]);
    slot_put(s);
    assert_false(slot_readable(s));
}

static void misuse(void *how)
{
    uint s = slot_alloc();
    slot_get(s);
    switch (*(int *)how) {
    case 0:
        slot_put(s);
        slot_put(s);
        break;
    case 1:
        slot_unalloc(s);
        break;
    case 2:
        slot_attach(s, caches[0]);
        slot_attach(s, caches[1]);
        break;
    case 3:
        slot_get(TEST_SLOTS);
        break;
    case 4:
        slot_get(0);
        break;
    case 5:
        slot_attach(s, zero_frame);
        break;
    }
}

static void misuse_is_a_panic(void **state)
{
    (void)state;
    for (int how = 0; how <= 5; how++) {
        uint64 used = stats().used;
        assert_non_null(host_panics(misuse, &how)); // drops pages_lock
        spin_lock(&pages_lock);
        if (caches[0]->slot)
            slot_detach(caches[0]);
        for (uint s = 1; s < TEST_SLOTS && stats().used > used; s++)
            if (slot_readable(s))
                slot_put(s);
        assert_int_equal(stats().used, used);
    }
}

// ---- random operations

struct model {
    uint refs[TEST_SLOTS];
    int cache[TEST_SLOTS]; // number in caches and one more
    bool bad[TEST_SLOTS];
    uint used, nbad;
};

static void model_unref(struct model *m, uint s)
{
    if (--m->refs[s] == 0) {
        m->used--;
        m->nbad += m->bad[s];
    }
}

static int free_cache(void)
{
    for (int i = 0; i < CACHES; i++)
        if (!caches[i]->slot)
            return i;
    return -1;
}

static void put_one(struct model *m, uint s)
{
    bool alone = m->cache[s] && m->refs[s] == 2;
    struct frame *cache = slot_put(s);
    model_unref(m, s);
    assert_ptr_equal(cache, alone ? caches[m->cache[s] - 1] : 0);
    if (alone) {
        m->cache[s] = 0;
        model_unref(m, s);
    }
}

static void one_operation(struct model *m, uint *seed)
{
    uint s = 1 + rand_r(seed) % USABLE, names = m->refs[s] - (m->cache[s] != 0);
    int i = free_cache();
    switch (rand_r(seed) / 8 % 6) {
    case 0:
    case 1:
        s = slot_alloc();
        assert_int_equal(s == 0, m->used + m->nbad == USABLE);
        if (s) {
            assert_true(m->refs[s] == 0 && !m->bad[s]);
            slot_get(s);
            m->refs[s] = 1;
            m->used++;
        }
        break;
    case 2:
        if (names) {
            slot_get(s);
            m->refs[s]++;
        }
        break;
    case 3:
        if (names)
            put_one(m, s);
        break;
    case 4:
        if (!m->refs[s] || i < 0)
            break;
        if (m->cache[s]) {
            slot_detach(caches[m->cache[s] - 1]);
            m->cache[s] = 0;
            model_unref(m, s);
        } else {
            slot_attach(s, caches[i]);
            m->cache[s] = i + 1;
            m->refs[s]++;
        }
        break;
    case 5:
        if (m->refs[s] && m->nbad < 100 && rand_r(seed) % 64 == 0) {
            slot_mark_bad(s);
            m->bad[s] = true;
        }
        slot_seek(rand_r(seed) / 8 % 40);
        break;
    }
}

static void compare(const struct model *m)
{
    struct slot_stats st = stats();
    assert_int_equal(st.used, m->used);
    assert_int_equal(st.bad, m->nbad);
    for (uint s = 1; s < TEST_SLOTS; s++) {
        assert_int_equal(slot_readable(s), m->refs[s] > 0 && !m->cache[s]);
        if (m->refs[s]) {
            assert_int_equal(slot_refs(s), m->refs[s]);
            assert_ptr_equal(slot_frame(s), m->cache[s] ? caches[m->cache[s] - 1] : 0);
        }
    }
}

static void random_operations(void **state)
{
    (void)state;
    static struct model m;
    uint seed = 1;
    for (int n = 0; n < 60000; n++) {
        one_operation(&m, &seed);
        if (n % 500 == 0)
            compare(&m);
    }
    for (uint s = 1; s < TEST_SLOTS; s++)
        while (m.refs[s] > (m.cache[s] != 0))
            put_one(&m, s);
    for (int i = 0; i < CACHES; i++)
        if (caches[i]->slot) {
            uint s = caches[i]->slot;
            slot_detach(caches[i]);
            m.cache[s] = 0;
            model_unref(&m, s);
        }
    compare(&m);
    assert_int_equal(m.used, 0);
    assert_true(m.nbad > 0);
}

#define SLOTTEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SLOTTEST(slots_are_neighbours),
        SLOTTEST(search_goes_on_behind_the_last),
        SLOTTEST(seek_finds_a_free_stretch),
        SLOTTEST(every_slot_is_used_once),
        SLOTTEST(references_are_counted),
        SLOTTEST(a_cache_is_one_reference),
        SLOTTEST(last_put_returns_the_unmapped_cache),
        SLOTTEST(a_cache_that_is_being_read_stays),
        SLOTTEST(only_slots_on_the_disk_alone_are_readable),
        SLOTTEST(misuse_is_a_panic),
        SLOTTEST(random_operations), // last: it leaves bad slots
    };
    return cmocka_run_group_tests(tests, vmtest_start_swap, 0);
}
