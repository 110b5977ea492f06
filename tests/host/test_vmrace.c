// SOURCES: @tests/host/vmhost/sources tests/host/vmhost/vmtest.c
// FLAGS: @tests/host/vmhost/flags -fno-sanitize=all -fsanitize=thread -Wno-tsan
//
// Three harts at once, under ThreadSanitizer: programs that share pages are forked, written, shrunk, ended
// and moved from hart to hart, each by one thread at a time, as the scheduler would. The fourth takes their
// frames away, so that they swap, clears A bits and changes the policy. What each program should hold is
// known, the audit runs in between, and every frame and slot comes back.
#include <pthread.h>
#include <stdlib.h>
#include "kernel/lib/cpu.h"
#include "kernel/lib/panic.h"
#include "kernel/swap/evict.h"
#include "kernel/swap/managed.h"
#include "kernel/swap/swapdev.h"
#include "tests/host/vmhost/vmtest.h"

#define PROGRAMS     12
#define FILES        3
#define PAGES        12
#define STEPS        1500 // of each hart
#define AUDIT_EVERY  64
#define POOL         48 // frames
#define EVICTOR_HART (HOST_HARTS - 1)

static struct program {
    pthread_mutex_t running; // some hart has it
    struct as *as;           // 0: none
    uint pages;              // of heap
    uchar bytes[PAGES];      // what each page holds
} programs[PROGRAMS];

static struct inode files[FILES]; // several, so that the last user of a page leaves often

static struct as *new_program(uint which)
{
    struct as *as = host_program(&files[which % FILES]);
    assert(as, "no memory for a program");
    return as;
}

static void resize(struct program *p, uint pages)
{
    int64 old = host_sbrk(p->as, ((int64)pages - p->pages) * PGSIZE);
    assert(old == (int64)HEAP(p->pages), "sbrk failed");
    for (uint i = p->pages; i < pages; i++)
        p->bytes[i] = 0;
    p->pages = pages;
}

static void check(struct program *p, uint page)
{
    uchar byte;
    enum fault_reason r = host_load(p->as, HEAP(page) + page, &byte);
    assert(r == FAULT_OK && byte == p->bytes[page],
           "a byte of one program has changed under another's writes");
}

static void store(struct program *p, uint page, uchar byte)
{
    enum fault_reason r = host_store(p->as, HEAP(page) + page, byte);
    assert(r == FAULT_OK, "a store failed");
    p->bytes[page] = byte;
}

static void check_text(struct program *p, uint page)
{
    uchar byte;
    enum fault_reason r = host_load(p->as, HOST_TEXT + page * PGSIZE, &byte);
    assert(r == FAULT_OK && byte == vmtest_byte(page * PGSIZE), "text is not what the file holds");
}

// This hart runs nothing.
static void idle(void)
{
    irq_push();
    mmu_switch(0);
    irq_pop();
}

static void end_program(struct program *p)
{
    idle();
    as_put(p->as); // waits for the harts that have it loaded still
    p->as = 0;
}

static void fork_program(struct program *p, struct program *child)
{
    if (child == p || pthread_mutex_trylock(&child->running) != 0)
        return;
    if (!child->as) {
        child->as = as_fork(p->as);
        assert(child->as, "no memory for a fork");
        child->pages = p->pages;
        for (uint i = 0; i < PAGES; i++)
            child->bytes[i] = p->bytes[i];
    }
    pthread_mutex_unlock(&child->running);
}

static void one_step(struct program *p, uint dice, uint page)
{
    if (!p->as) {
        p->as = new_program(page);
        p->pages = 0;
        resize(p, PAGES / 2);
    } else if (dice < 8 && page < p->pages) {
        store(p, page, dice * 16 + page + 1);
    } else if (dice < 12 && page < p->pages) {
        check(p, page);
    } else if (dice < 17) {
        check_text(p, page % 3);
    } else if (dice < 20) {
        fork_program(p, &programs[page]);
    } else if (dice < 22) {
        resize(p, page);
    } else if (dice < 24) {
        end_program(p);
    }
}

static void *hart_main(void *arg)
{
    uint seed = (uint)(uintptr_t)arg + 1;
    host_run_on((int)(uintptr_t)arg);
    for (int n = 0; n < STEPS; n++) {
        struct program *p = &programs[rand_r(&seed) % PROGRAMS];
        if (pthread_mutex_trylock(&p->running) != 0) {
            idle();
            continue;
        }
        for (int i = rand_r(&seed) % 6; i >= 0; i--) // a time slice
            one_step(p, (uint)rand_r(&seed) / 8 % 24, (uint)rand_r(&seed) / 8 % PAGES);
        pthread_mutex_unlock(&p->running);
        if (n % AUDIT_EVERY == 0)
            vm_audit();
    }
    idle();
    return 0;
}

static bool all_done; // atomic

// Takes frames away while they run; a process of its own, on no hart: what it does needs none.
static void *evictor_main(void *arg)
{
    (void)arg;
    host_run_on(EVICTOR_HART);
    for (int n = 0; !__atomic_load_n(&all_done, __ATOMIC_ACQUIRE); n++) {
        swap_set_limit(n % 4 ? POOL : POOL / 2);
        swap_tick();
        if (n % 8 == 0)
            swap_set_policy(n % 16 ? "sieve" : "clock");
    }
    return 0;
}

static void harts_run_programs_that_share(void **state)
{
    (void)state;
    pthread_t threads[HOST_HARTS], evictor;
    swap_batch = 4;
    swap_readahead = 4;
    for (int i = 0; i < PROGRAMS; i++)
        pthread_mutex_init(&programs[i].running, 0);
    for (int i = 0; i < FILES; i++)
        files[i] = vmtest_file;
    host_threads = true;
    for (uintptr_t i = 0; i < HOST_HARTS - 1; i++)
        assert_int_equal(pthread_create(&threads[i], 0, hart_main, (void *)i), 0);
    assert_int_equal(pthread_create(&evictor, 0, evictor_main, 0), 0);
    for (int i = 0; i < HOST_HARTS - 1; i++)
        pthread_join(threads[i], 0);
    __atomic_store_n(&all_done, true, __ATOMIC_RELEASE);
    pthread_join(evictor, 0);
    host_threads = false;
    assert_true(swapdev_stats.writes > 0 && swapdev_stats.reads > 0);
    vm_audit();
    for (int i = 0; i < PROGRAMS; i++) {
        for (uint page = 0; programs[i].as && page < programs[i].pages; page++)
            check(&programs[i], page);
        if (programs[i].as)
            host_exit(programs[i].as);
    }
}

// The audit and the evictor look at frames that others allocate, fill and free meanwhile, and at PTEs; why
// they may, is said there.
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "race:check_counts\nrace:clear_accessed\nrace:may_map\nrace:is_filling\nrace:show_all_again\nrace:"
           "^hold$\n"
           "race:wanted\nrace:unmap_in\n";
}

int main(void)
{
    const struct CMUnitTest tests[] = {VMTEST(harts_run_programs_that_share)};
    return cmocka_run_group_tests(tests, vmtest_start_small, 0);
}
