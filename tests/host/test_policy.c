// SOURCES: kernel/swap/policy.c kernel/swap/policy_fifo.c kernel/swap/policy_clock.c kernel/swap/policy_eclock.c kernel/swap/policy_aging.c kernel/swap/policy_random.c kernel/swap/policy_sieve.c kernel/swap/policy_mine.c tools/policysim_memory.c tools/policysim_string.c -lm
//
// Replacement policies: small strings with victims that were worked out by hand, the rules of swap/policy.h
// in any order of calls, and the simulator's yardsticks.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tools/policysim.h"

#define BELADY "1 2 3 4 1 2 5 1 2 3 4 5"

struct result {
    uint faults, writes;
    char victims[256]; // " 1 2 3"
};

static struct result play(const struct policy *policy, uint frames, uint tick, const char *text)
{
    struct string s;
    struct cost c;
    struct result r;
    char *words[] = {(char *)text};
    assert_null(string_make(&s, words, 1, 1, 0));
    assert_true(memory_play(&c, &s, policy, frames, tick, 1));
    r.faults = c.faults;
    r.writes = c.writes;
    r.victims[0] = '\0';
    for (uint i = 0, n = 0; i < c.nvictim && n < sizeof(r.victims) - 16; i++)
        n += sprintf(r.victims + n, " %u", c.victim[i]);
    cost_free(&c);
    string_free(&s);
    return r;
}

static void expect(const struct policy *policy, uint frames, uint tick, const char *text, const char *victims)
{
    struct result r = play(policy, frames, tick, text);
    assert_string_equal(r.victims, victims);
}

// ---- by hand

static void belady(void **state)
{
    (void)state;
    struct result three = play(&policy_fifo, 3, 0, BELADY), four = play(&policy_fifo, 4, 0, BELADY);
    assert_int_equal(three.faults, 9);
    assert_int_equal(four.faults, 10);
    assert_string_equal(three.victims, " 1 2 3 4 1 2");
    assert_string_equal(four.victims, " 1 2 3 4 5 1");
}

static void yardsticks(void **state)
{
    (void)state;
    assert_int_equal(play(&policy_opt, 3, 0, BELADY).faults, 7);
    assert_int_equal(play(&policy_opt, 4, 0, BELADY).faults, 6);
    assert_int_equal(play(&policy_lru, 3, 0, BELADY).faults, 10);
    assert_int_equal(play(&policy_lru, 4, 0, BELADY).faults, 8);
    expect(&policy_opt, 3, 0, "1 2 3 4 3 1 2 3 1", " 2 4");
    expect(&policy_lru, 3, 0, "1 2 3 1 4 2 1 5", " 2 3 4");
}

static void fifo(void **state)
{
    (void)state;
    expect(&policy_fifo, 3, 0, "1 2 3 1 1 4 2 5", " 1 2");
}

// All used at first: 1 goes after a whole turn. 2 is used again and spared, 3 goes, then 4 is spared.
static void second_chance(void **state)
{
    (void)state;
    expect(&policy_clock, 3, 0, "1 2 3 4 2 5 6", " 1 3 2");
}

// 1 comes back clean, so of three used pages it goes first; when it is written, clean 2 goes.
static void enhanced_clock(void **state)
{
    (void)state;
    expect(&policy_eclock, 3, 0, "1 2 3 4 1 2 3", " 1 2 3 1");
    expect(&policy_eclock, 3, 0, "1 2 3 4 1w 2 3", " 1 2 3 2");
    assert_int_equal(play(&policy_eclock, 3, 0, "1 2 3 4 1 2 3").writes, 3);
    expect(&policy_clock, 3, 0, "1 2 3 4 1 2 3", " 1 2 3 4");
    assert_int_equal(play(&policy_clock, 3, 0, "1 2 3 4 1 2 3").writes, 4);
}

// Ticks behind 2 (1: c0, 2: c0), 4 (1: e0, 2: 60, 3: c0), 6 (1: 70, 3: 60, 2: c0).
static void aging(void **state)
{
    (void)state;
    expect(&policy_aging, 3, 2, "1 2 3 1 4 2 5", " 2 4 3");
    expect(&policy_aging, 3, 0, "1 2 3 1 4 2 5", " 1 2"); // without ticks: FIFO
}

// 2 is used once more and stays; those that are used once push out each other.
static void sieve(void **state)
{
    (void)state;
    expect(&policy_sieve, 3, 0, "1 2 3 4 2 5 6 7 8", " 1 3 4 5 6");
    expect(&policy_clock, 3, 0, "1 2 3 4 2 5 6 7 8", " 1 3 2 4 5");
}

// The line's share of 4 pages is one. 2 is kept; then three are, and the first of them makes room.
static void mine(void **state)
{
    (void)state;
    expect(&policy_mine, 4, 0, "1 2 3 4 5 2 6 7 8 9", " 1 3 4 5 6");
    expect(&policy_mine, 4, 0, "1 2 3 4 5 2 3 4 6", " 1 2");
}

static void random_is_seeded(void **state)
{
    (void)state;
    struct result a = play(&policy_random_choice, 3, 0, BELADY),
                  b = play(&policy_random_choice, 3, 0, BELADY);
    assert_string_equal(a.victims, b.victims);
    uint seen = 0;
    memory_start(8);
    policy_random_choice.init();
    for (uint i = 0; i < 8; i++)
        policy_random_choice.add(frame_at(i));
    for (int i = 0; i < 200; i++)
        seen |= 1u << (policy_random_choice.victim() - frame_table);
    assert_int_equal(seen, 0xff);
}

// ---- any order of calls

#define FRAMES 24
#define STEPS  20000

// The naive model: which frames the policy knows.
struct model {
    const struct policy *policy;
    bool known[FRAMES];
    uint n;
};

static void add(struct model *m, uint i)
{
    m->policy->add(frame_at(i));
    m->known[i] = true;
    m->n++;
}

static void del(struct model *m, uint i)
{
    m->policy->del(frame_at(i));
    m->known[i] = false;
    m->n--;
}

static uint victim(const struct model *m)
{
    struct frame *f = m->policy->victim();
    if (m->n == 0) {
        assert_null(f);
        return FRAMES;
    }
    assert_true(f >= frame_table && f < frame_table + FRAMES);
    assert_true(m->known[f - frame_table]);
    return f - frame_table;
}

static void begin(struct model *m, const struct policy *policy)
{
    m->policy = policy;
    policy->init();
    for (uint i = 0; i < FRAMES; i++)
        if (m->known[i])
            policy->add(frame_at(i));
}

// Every page goes exactly once, and then there is none.
static void drain(struct model *m)
{
    for (uint left = m->n; left > 0; left--)
        del(m, victim(m));
    victim(m);
}

static void step(struct model *m)
{
    uint i = rand() % FRAMES, what = rand() % 16;
    if (what < 5 && !m->known[i])
        add(m, i);
    else if (what < 7 && m->known[i])
        del(m, i);
    else if (what < 11)
        memory_use(i, rand() % 2);
    else if (what < 13 && m->policy->tick)
        m->policy->tick();
    else if ((i = victim(m)) < FRAMES && what > 13) {
        del(m, i);
        if (what == 15) // it could not go
            add(m, i);
    }
}

static void any_order(void **state)
{
    (void)state;
    for (int p = 0; policies[p]; p++) {
        struct model m = {.n = 0};
        memory_start(FRAMES);
        srand(p + 1);
        begin(&m, policies[p]);
        for (int i = 0; i < STEPS; i++) {
            step(&m);
            if (i % 500 == 0)
                drain(&m);
        }
        drain(&m);
    }
}

static void switched(void **state)
{
    (void)state;
    struct model m = {.n = 0};
    int npolicies = 0;
    while (policies[npolicies])
        npolicies++;
    memory_start(FRAMES);
    srand(1);
    begin(&m, policies[0]);
    for (int i = 0; i < STEPS; i++) {
        step(&m);
        if (i % 20 == 0)
            begin(&m, policies[rand() % npolicies]);
    }
    drain(&m);
}

// victim() says the same until something happens, and what it says can be used again.
static void victim_stays(void **state)
{
    (void)state;
    for (int p = 0; policies[p]; p++) {
        struct model m = {.n = 0};
        if (policies[p] == &policy_random_choice)
            continue;
        memory_start(FRAMES);
        begin(&m, policies[p]);
        for (uint i = 0; i < FRAMES; i++)
            add(&m, i);
        uint first = victim(&m);
        for (int i = 0; i < 3; i++)
            assert_int_equal(victim(&m), first);
    }
}

static void table(void **state)
{
    (void)state;
    static const char *const names[] = {"fifo", "clock", "eclock", "aging", "random", "sieve", "mine"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        assert_non_null(policy_find(names[i]));
        assert_string_equal(policy_find(names[i])->name, names[i]);
    }
    assert_null(policy_find("lru"));
    assert_null(policy_find(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(belady),        cmocka_unit_test(yardsticks),     cmocka_unit_test(fifo),
        cmocka_unit_test(second_chance), cmocka_unit_test(enhanced_clock), cmocka_unit_test(aging),
        cmocka_unit_test(sieve),         cmocka_unit_test(mine),           cmocka_unit_test(random_is_seeded),
        cmocka_unit_test(any_order),     cmocka_unit_test(switched),       cmocka_unit_test(victim_stays),
        cmocka_unit_test(table),
    };
    return cmocka_run_group_tests(tests, 0, 0);
}
