// SOURCES: tests/host/ulib_calls.c user/ulib.c user/printf.c user/umalloc.c
// FLAGS: -ffreestanding -Wno-unknown-pragmas -Wno-format -Wno-builtin-declaration-mismatch -include tests/host/ulib_names.h
//
// The user library against the C library: strings and memory at every alignment, printf's conversions, and
// malloc with a random load that checks what it was given. The library's own names are those of
// tests/host/ulib_names.h.
#include "tests/host/ulib_names.h" // from here on they are the C library's
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/host/ulib_calls.h"

static void test_strings(void **state)
{
    (void)state;
    char buf[8];
    assert_int_equal(u_strlen(""), 0);
    assert_int_equal(u_strlen("abc"), 3);
    assert_true(u_strcmp("a", "b") < 0 && u_strcmp("b", "a") > 0 && u_strcmp("ab", "a") > 0);
    assert_true(u_strcmp("\x80", "a") > 0);
    assert_int_equal(u_strcmp("", ""), 0);
    assert_ptr_equal(u_strcpy(buf, "abc"), buf);
    assert_string_equal(buf, "abc");
    assert_ptr_equal(u_strchr(buf, 'b'), buf + 1);
    assert_null(u_strchr(buf, 'x'));
    assert_null(u_strchr(buf, 0));
    assert_int_equal(u_atoi("42x"), 42);
    assert_int_equal(u_atoi("-42"), -42);
    assert_int_equal(u_atoi("x"), 0);
    assert_int_equal(u_atoi("2147483647"), 2147483647);
}

static void test_memory(void **state)
{
    (void)state;
    uint8_t a[96], b[96];
    for (int from = 0; from < 20; from++) {
        for (int to = 0; to < 20; to++) {
            for (int n = 0; n < 50; n++) {
                for (int i = 0; i < 96; i++)
                    a[i] = b[i] = (uint8_t)(i * 7);
                assert_ptr_equal(u_memmove(a + to, a + from, n), a + to);
                memmove(b + to, b + from, n);
                assert_memory_equal(a, b, sizeof(a));
                u_memset(a + to, n, n);
                memset(b + to, n, n);
                assert_memory_equal(a, b, sizeof(a));
            }
        }
    }
    assert_int_equal(u_memcmp("abc", "abd", 2), 0);
    assert_true(u_memcmp("abc", "abd", 3) < 0 && u_memcmp("\x80", "a", 1) > 0);
    u_memmove(a, b, -5);
}

static void test_gets(void **state)
{
    (void)state;
    char buf[6];
    ulib_input = "ab\nlonger line\nrest";
    assert_ptr_equal(u_gets(buf, sizeof(buf)), buf);
    assert_string_equal(buf, "ab\n");
    assert_string_equal(u_gets(buf, sizeof(buf)), "longe");
    assert_string_equal(u_gets(buf, 1), "");
    assert_string_equal(u_gets(buf, sizeof(buf)), "r lin");
    assert_string_equal(u_gets(buf, sizeof(buf)), "e\n");
    assert_string_equal(u_gets(buf, sizeof(buf)), "rest");
    assert_string_equal(u_gets(buf, sizeof(buf)), "");
}

// ---- printf

#define SAME(...)                                                                                            \
    do {                                                                                                     \
        char expected_[2048];                                                                                \
        snprintf(expected_, sizeof(expected_), __VA_ARGS__);                                                 \
        ulib_output[0] = 0;                                                                                  \
        u_printf(__VA_ARGS__);                                                                               \
        assert_string_equal(ulib_output, expected_);                                                         \
    } while (0)

static void test_printf(void **state)
{
    (void)state;
    SAME("plain");
    SAME("%d %i %u %x %c %s %%", -5, 7, 4000000000u, 0xbeef, 'c', "string");
    SAME("%d %d %d", 0, INT32_MAX, INT32_MIN);
    SAME("%ld %lu %lx %lld %llu %llx", INT64_MIN, UINT64_MAX, UINT64_MAX, (long long)-1, 1ull,
         0xfffffffffull);
    SAME("[%5d] [%-5d] [%05d] [%5s] [%-5s] [%2s] [%3c] [%-3c]", -42, -42, -42, "ab", "ab", "abc", 'x', 'x');
    SAME("[%8x] [%-8x] [%08x] [%20ld] [%-20ld] [%020lu]", 255, 255, 255, -1l, -1l, 12345ul);
    ulib_output[0] = 0;
    u_printf("%p %s", (void *)0x1234, (char *)0);
    assert_string_equal(ulib_output, "0x0000000000001234 (null)");
    ulib_output[0] = 0;
    u_printf("%");
    assert_string_equal(ulib_output, "%");
}

// One write a call, as long as the text is short.
static void test_chunks(void **state)
{
    (void)state;
    char text[1500];
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = 0;
    SAME("<%s>", text);
    ulib_writes = 0;
    u_printf("%s %d %s\n", "many", 3, "pieces");
    assert_int_equal(ulib_writes, 1);
    ulib_writes = 0;
    u_printf("%s", "");
    assert_int_equal(ulib_writes, 0);
}

// ---- malloc

#define BLOCKS 300
#define ROUNDS 200000

static struct {
    uint8_t *p;
    unsigned size;
    uint8_t fill;
} blocks[BLOCKS];

static void check_and_free(int i)
{
    for (unsigned k = 0; k < blocks[i].size; k++)
        if (blocks[i].p[k] != blocks[i].fill)
            fail_msg("byte %u of block %d changed", k, i);
    u_free(blocks[i].p);
    blocks[i].p = 0;
}

static void fill(int i, unsigned size)
{
    blocks[i].p = u_malloc(size);
    assert_non_null(blocks[i].p);
    assert_int_equal((uintptr_t)blocks[i].p % 16, 0);
    blocks[i].size = size;
    blocks[i].fill = (uint8_t)rand();
    memset(blocks[i].p, blocks[i].fill, size);
}

static unsigned random_size(void)
{
    unsigned limit = 1u << rand() % 15;
    return rand() % (rand() % 100 == 0 ? 200000 : limit);
}

static void test_malloc_random(void **state)
{
    (void)state;
    srand(2);
    for (int round = 0; round < ROUNDS; round++) {
        int i = rand() % BLOCKS;
        if (blocks[i].p != 0)
            check_and_free(i);
        else
            fill(i, random_size());
        if (rand() % 1000 == 0)
            u_sbrk(rand() % 100); // a program may move the break itself
    }
    for (int i = 0; i < BLOCKS; i++)
        if (blocks[i].p != 0)
            check_and_free(i);
}

// What was freed is given back, and found again.
static void test_malloc_gives_back(void **state)
{
    (void)state;
    void *p[100];
    size_t before = ulib_heap_size();
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 100; i++)
            assert_non_null(p[i] = u_malloc(10001));
        for (int i = 0; i < 100; i++)
            u_free(p[(i * 37) % 100]);
        assert_true(ulib_heap_size() <= before + 200 * 1024);
    }
    u_free(0);
}

static void test_malloc_limits(void **state)
{
    (void)state;
    void *a = u_malloc(0), *b = u_malloc(0);
    assert_true(a != 0 && b != 0 && a != b);
    u_free(a);
    u_free(b);
    assert_null(u_malloc(UINT32_MAX));
    assert_null(u_malloc(INT32_MAX));
    assert_null(u_malloc(ULIB_HEAP)); // more than there is
    void *big = u_malloc(ULIB_HEAP / 2);
    assert_non_null(big);
    memset(big, 1, ULIB_HEAP / 2);
    u_free(big);
}

static void test_double_free(void **state)
{
    (void)state;
    void *p = u_malloc(100);
    u_free(p);
    ulib_exits = 0;
    if (setjmp(ulib_exit) == 0)
        u_free(p);
    assert_int_equal(ulib_exits, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gets),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_printf),
        cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_malloc_random),
        cmocka_unit_test(test_malloc_gives_back),
        cmocka_unit_test(test_malloc_limits),
        cmocka_unit_test(test_double_free),
    };
    return cmocka_run_group_tests(tests, 0, 0);
}
