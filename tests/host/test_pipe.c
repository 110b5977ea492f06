// SOURCES: kernel/fs/pipe.c
// FLAGS: -ffreestanding
//
// Pipes with a thread for each process: no byte lost or doubled, short records never mixed, everybody woken.
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "kernel/fs/pipe.h"
#include "kernel/lib/err.h"
#include "kernel/lib/spinlock.h"
#include "kernel/riscv.h"
#include "kernel/trap/uaccess.h"

#define WRITERS 3
#define RECORDS 400
#define RECORD  100 // bytes: a writer's number, a record's number, then a pattern

// One lock and one condition for the whole machine.
static pthread_mutex_t big = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
static volatile bool kill_all;
static uint64 bad_address; // user memory from here on is not there; 0: all is
static int pages;

void spin_init(struct spinlock *lk, const char *name)
{
    lk->name = name;
}

void spin_lock(struct spinlock *lk)
{
    (void)lk;
    pthread_mutex_lock(&big);
}

void spin_unlock(struct spinlock *lk)
{
    (void)lk;
    pthread_mutex_unlock(&big);
}

void sleep_on(const void *chan, struct spinlock *lk)
{
    (void)chan, (void)lk;
    pthread_cond_wait(&news, &big);
}

void wakeup(const void *chan)
{
    (void)chan;
    pthread_cond_broadcast(&news);
}

bool killed(void)
{
    return kill_all;
}

void *kpage_alloc(void)
{
    pages++;
    return calloc(1, PGSIZE);
}

void kpage_free(void *page)
{
    pages--;
    free(page);
}

static uint64 there(uint64 va, uint64 n)
{
    return bad_address == 0 || va + n <= bad_address ? n : va < bad_address ? bad_address - va : 0;
}

uint64 copy_to_user(uint64 dst, const void *src, uint64 n)
{
    memcpy((void *)dst, src, there(dst, n));
    return there(dst, n);
}

uint64 copy_from_user(void *dst, uint64 src, uint64 n)
{
    memcpy(dst, (const void *)src, there(src, n));
    return there(src, n);
}

bool user_range_ok(uint64 va, uint64 n, bool write)
{
    (void)write;
    return there(va, n) == n;
}

static struct pipe *p;

static void *writer(void *arg)
{
    uchar record[RECORD];
    for (int i = 0; i < RECORDS; i++) {
        memset(record, i, sizeof(record));
        record[0] = (uintptr_t)arg;
        record[1] = i;
        assert_int_equal(pipe_write(p, (uint64)record, sizeof(record)), sizeof(record));
    }
    return 0;
}

static void test_records(void **state)
{
    (void)state;
    static uchar all[WRITERS * RECORDS * RECORD + 1];
    pthread_t thread[WRITERS];
    uint64 n = 0;
    uchar next[WRITERS] = {0};
    p = pipe_create();
    for (uintptr_t i = 0; i < WRITERS; i++)
        pthread_create(&thread[i], 0, writer, (void *)i);
    for (uint step = 1; n < sizeof(all) - 1; step = step * 7 % 1999 + 1) {
        int64 got = pipe_read(p, (uint64)all + n, step < sizeof(all) - n ? step : sizeof(all) - n);
        assert_true(got > 0);
        n += got;
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(thread[i], 0);
    for (uchar *r = all; r < all + n; r += RECORD) {
        assert_true(r[0] < WRITERS);
        assert_int_equal(r[1], next[r[0]]++);
        for (int i = 2; i < RECORD; i++)
            assert_int_equal(r[i], r[1]);
    }
    pipe_close(p, true);
    assert_int_equal(pipe_read(p, (uint64)all, 1), 0);
    pipe_close(p, false);
    assert_int_equal(pages, 0);
}

static void *big_writer(void *arg)
{
    return (void *)pipe_write(p, (uint64)arg, 1 << 20);
}

static void test_big_write(void **state)
{
    (void)state;
    uchar *out = malloc(1 << 20), *in = malloc(1 << 20);
    pthread_t thread;
    void *result;
    for (uint i = 0; i < 1 << 20; i++)
        out[i] = i * 31 + (i >> 9);
    p = pipe_create();
    pthread_create(&thread, 0, big_writer, out);
    for (uint64 n = 0; n < 1 << 20;)
        n += pipe_read(p, (uint64)in + n, (1 << 20) - n);
    pthread_join(thread, &result);
    assert_int_equal((int64)result, 1 << 20);
    assert_memory_equal(in, out, 1 << 20);
    pthread_create(&thread, 0, big_writer, out);
    pipe_read(p, (uint64)in, 10);
    pipe_close(p, false); // the writer, waiting for room, learns that nobody reads
    pthread_join(thread, &result);
    assert_int_equal((int64)result, -EPIPE);
    pipe_close(p, true);
    free(out);
    free(in);
    assert_int_equal(pages, 0);
}

static void *reader(void *arg)
{
    return (void *)pipe_read(p, (uint64)arg, 1);
}

static void test_kill(void **state)
{
    (void)state;
    uchar byte;
    pthread_t thread;
    void *result;
    p = pipe_create();
    pthread_create(&thread, 0, reader, &byte);
    usleep(10000);
    pthread_mutex_lock(&big);
    kill_all = true;
    pthread_cond_broadcast(&news);
    pthread_mutex_unlock(&big);
    pthread_join(thread, &result);
    assert_int_equal((int64)result, -EINTR);
    kill_all = false;
    pipe_close(p, false);
    pipe_close(p, true);
}

// A bad address takes no byte out and puts none in.
static void test_bad_address(void **state)
{
    (void)state;
    uchar buf[2000] = {1, 2, 3};
    p = pipe_create();
    bad_address = (uint64)buf + 1000;
    assert_int_equal(pipe_write(p, (uint64)buf, 3), 3);
    assert_int_equal(pipe_read(p, (uint64)buf + 998, 3), -EFAULT);
    assert_int_equal(pipe_write(p, (uint64)buf + 998, 3), -EFAULT);
    assert_int_equal(pipe_write(p, (uint64)buf, 2000), -EFAULT);
    assert_int_equal(pipe_read(p, (uint64)buf + 10, 900), 3);
    assert_memory_equal(buf, buf + 10, 3);
    assert_int_equal(pipe_write(p, (uint64)buf, 0), 0);
    assert_int_equal(pipe_read(p, (uint64)buf, 0), 0);
    bad_address = 0;
    pipe_close(p, true);
    pipe_close(p, false);
    assert_int_equal(pages, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_big_write),
        cmocka_unit_test(test_kill),
        cmocka_unit_test(test_bad_address),
    };
    alarm(60); // a lost wakeup would wait for ever
    return cmocka_run_group_tests(tests, 0, 0);
}
