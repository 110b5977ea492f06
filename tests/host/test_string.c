// SOURCES: kernel/lib/string.c kernel/lib/page.c
// FLAGS: -fno-builtin -include tests/host/string_names.h
//
// Memory and string routines under other names, against plain loops: every alignment of both operands, every
// length up to a few turns of the unrolled loops. Each region lies in an allocation of its own size, so that
// ASan sees a read or write beside it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "kernel/lib/string.h"
#include "kernel/riscv.h"

#define MAXLEN 200
#define ALIGN  8

static uchar pattern(uint64 i)
{
    return (uchar)(i * 37 + 11);
}

// n bytes that start `align` bytes behind a multiple of 16 and end where the allocation ends. free_region
// gives them back.
static uchar *region(uint64 align, uint64 n)
{
    uchar *p = malloc(align + n);
    assert_non_null(p);
    for (uint64 i = 0; i < align + n; i++)
        p[i] = pattern(i + 100);
    return p + align;
}

static void free_region(uchar *p, uint64 align)
{
    for (uint64 i = 0; i < align; i++)
        assert_int_equal(p[(int64)i - (int64)align], pattern(i + 100)); // nothing before it has changed
    free(p - align);
}

static void test_memset(void **state)
{
    (void)state;
    for (uint64 align = 0; align < ALIGN; align++) {
        for (uint64 n = 0; n < MAXLEN; n++) {
            uchar *p = region(align, n);
            assert_ptr_equal(memset(p, 0x1a5, n), p); // only the low byte counts
            for (uint64 i = 0; i < n; i++)
                assert_int_equal(p[i], 0xa5);
            free_region(p, align);
        }
    }
}

static void copy_case(void *(*copy)(void *, const void *, uint64), uint64 da, uint64 sa, uint64 n)
{
    uchar *d = region(da, n), *s = region(sa, n);

    for (uint64 i = 0; i < n; i++)
        s[i] = pattern(i);
    assert_ptr_equal(copy(d, s, n), d);
    for (uint64 i = 0; i < n; i++)
        assert_true(d[i] == pattern(i) && s[i] == pattern(i));
    free_region(d, da);
    free_region(s, sa);
}

static void test_copies(void **state)
{
    (void)state;
    for (uint64 da = 0; da < ALIGN; da++) {
        for (uint64 sa = 0; sa < ALIGN; sa++) {
            for (uint64 n = 0; n < MAXLEN; n += n < 40 ? 1 : 7) {
                copy_case(memcpy, da, sa, n);
                copy_case(memmove, da, sa, n);
            }
        }
    }
}

// Both directions of overlap, by every distance.
static void test_memmove_overlap(void **state)
{
    uchar buf[3 * MAXLEN];
    (void)state;
    for (uint64 from = 90; from < 90 + ALIGN; from++) {
        for (uint64 to = 60; to < 130; to++) {
            for (uint64 n = 0; n < MAXLEN; n += 13) {
                for (uint64 i = 0; i < sizeof(buf); i++)
                    buf[i] = pattern(i);
                assert_ptr_equal(memmove(buf + to, buf + from, n), buf + to);
                for (uint64 i = 0; i < sizeof(buf); i++)
                    assert_int_equal(buf[i], pattern(i >= to && i < to + n ? i - to + from : i));
            }
        }
    }
}

static int sign(int v)
{
    return (v > 0) - (v < 0);
}

static void test_memcmp(void **state)
{
    (void)state;
    for (uint64 aa = 0; aa < ALIGN; aa++) {
        for (uint64 n = 0; n < 80; n++) {
            uint64 ba = n % 3 == 0 ? (aa + 1) % ALIGN : aa;
            uchar *a = region(aa, n), *b = region(ba, n);
            for (uint64 i = 0; i < n; i++)
                a[i] = b[i] = pattern(i);
            assert_int_equal(memcmp(a, b, n), 0);
            for (uint64 i = 0; i < n; i++) {
                a[i] = 0x80; // as unsigned, above 0x7f
                b[i] = 0x7f;
                assert_int_equal(sign(memcmp(a, b, n)), 1);
                assert_int_equal(sign(memcmp(b, a, n)), -1);
                a[i] = b[i] = pattern(i);
            }
            free(a - aa);
            free(b - ba);
        }
    }
}

static void test_strings(void **state)
{
    (void)state;
    assert_int_equal(strlen(""), 0);
    assert_int_equal(strlen("abc"), 3);
    assert_int_equal(strcmp("", ""), 0);
    assert_int_equal(strcmp("abc", "abc"), 0);
    assert_int_equal(sign(strcmp("abc", "abd")), -1);
    assert_int_equal(sign(strcmp("abc", "ab")), 1);
    assert_int_equal(sign(strcmp("", "a")), -1);
    assert_int_equal(sign(strcmp("\xff", "a")), 1);
    assert_int_equal(strncmp("abcd", "abce", 3), 0);
    assert_int_equal(sign(strncmp("abcd", "abce", 4)), -1);
    assert_int_equal(strncmp("ab", "ab", 10), 0);
    assert_int_equal(strncmp("x", "y", 0), 0);
}

static void test_bounded_copies(void **state)
{
    char *d = (char *)region(0, 6);
    (void)state;
    assert_ptr_equal(strncpy(d, "ab", 6), d);
    assert_true(memcmp(d, "ab\0\0\0\0", 6) == 0);
    strncpy(d, "abcdefgh", 6);
    assert_true(memcmp(d, "abcdef", 6) == 0);
    assert_ptr_equal(safestrcpy(d, "xyz", 6), d);
    assert_true(memcmp(d, "xyz\0ef", 6) == 0);
    safestrcpy(d, "abcdefgh", 6);
    assert_true(memcmp(d, "abcde\0", 6) == 0);
    safestrcpy(d, "q", 1);
    assert_int_equal(d[0], 0);
    safestrcpy(d, "q", 0);
    assert_int_equal(d[0], 0);
    free(d);
}

static void test_pages(void **state)
{
    uchar *a = aligned_alloc(PGSIZE, PGSIZE), *b = aligned_alloc(PGSIZE, PGSIZE);
    (void)state;
    for (int i = 0; i < PGSIZE; i++) {
        a[i] = pattern((uint64)i);
        b[i] = 0x55;
    }
    page_copy(b, a);
    for (int i = 0; i < PGSIZE; i++)
        assert_true(b[i] == pattern((uint64)i) && a[i] == pattern((uint64)i));
    page_zero(a);
    for (int i = 0; i < PGSIZE; i++)
        assert_int_equal(a[i], 0);
    free(a);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memset), cmocka_unit_test(test_copies),  cmocka_unit_test(test_memmove_overlap),
        cmocka_unit_test(test_memcmp), cmocka_unit_test(test_strings), cmocka_unit_test(test_bounded_copies),
        cmocka_unit_test(test_pages),
    };
    return cmocka_run_group_tests(tests, 0, 0);
}
