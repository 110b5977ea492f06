// SOURCES: kernel/lib/printf.c tests/host/fake_lock.c
// FLAGS: -Dprintf=k_printf -Dvprintf=k_vprintf -Dsnprintf=k_snprintf -Dvsnprintf=k_vsnprintf -Wno-format
//
// The kernel's printf under other names: every conversion against what C's would print, limits of snprintf,
// and how the console's sink is fed.
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "kernel/lib/panic.h"
#include "kernel/lib/printf.h"
#include "tests/host/fake_lock.h"

static char buf[256];

static void expect(const char *expected, const char *fmt, ...)
{
    va_list ap;
    memset(buf, '#', sizeof(buf));
    va_start(ap, fmt);
    int n = vsnprintf(buf, sizeof(buf), fmt, ap);
    va_end(ap);
    assert_string_equal(buf, expected);
    assert_int_equal(n, strlen(expected));
}

static void test_integers(void **state)
{
    (void)state;
    expect("0 -1 2147483647 -2147483648", "%d %d %d %i", 0, -1, INT_MAX, INT_MIN);
    expect("4294967295 ffffffff", "%u %x", UINT_MAX, UINT_MAX);
    expect("-9223372036854775808 9223372036854775807", "%ld %lld", LONG_MIN, LONG_MAX);
    expect("18446744073709551615 deadbeefcafe", "%lu %lx", ULONG_MAX, 0xdeadbeefcafeUL);
    expect("-1 4294967295 1", "%d %u %llu", -1, -1, 1ULL);
}

static void test_width(void **state)
{
    (void)state;
    expect("[   42][42   ][00042]", "[%5d][%-5d][%05d]", 42, 42, 42);
    expect("[  -42][-42  ][-0042]", "[%5d][%-5d][%05d]", -42, -42, -42);
    expect("[123456]", "[%3d]", 123456);
    expect("[00000000000000ff]", "[%016lx]", 255UL);
    expect("[42   ]", "[%-05d]", 42); // '-' wins
    expect("[  abc][abc  ][abcdef]", "[%5s][%-5s][%3s]", "abc", "abc", "abcdef");
    expect("[  x][x  ]", "[%3c][%-3c]", 'x', 'x');
}

static void test_others(void **state)
{
    (void)state;
    expect("0x00000000000012ab", "%p", (void *)0x12ab);
    expect("(null)", "%s", (char *)0);
    expect("100% a%qb", "%d%% a%qb", 100);
    expect("end ", "end %");
    expect("end ", "end %-08l");
    expect("", "");
}

static void test_limits(void **state)
{
    (void)state;
    memset(buf, '#', sizeof(buf));
    assert_int_equal(snprintf(buf, 4, "abcdef"), 6);
    assert_memory_equal(buf, "abc\0##", 6);
    memset(buf, '#', sizeof(buf));
    assert_int_equal(snprintf(buf, 1, "%d", 12345), 5);
    assert_memory_equal(buf, "\0##", 3);
    memset(buf, '#', sizeof(buf));
    assert_int_equal(snprintf(buf, 0, "abc"), 3);
    assert_memory_equal(buf, "##", 2);
    assert_int_equal(snprintf(0, 0, "abc%d", 1), 4);
}

static char out[4096];
static uint64 out_len;
static int pieces, sync_pieces, unlocked_pieces;

static void sink(const char *s, uint64 n, bool sync)
{
    memcpy(out + out_len, s, n);
    out_len += n;
    pieces++;
    sync_pieces += sync;
    unlocked_pieces += fake_locks_held == 0;
}

static int sink_setup(void **state)
{
    (void)state;
    out_len = 0;
    pieces = sync_pieces = unlocked_pieces = 0;
    printf_sink = sink;
    panicking = false;
    return 0;
}

static int sink_teardown(void **state)
{
    (void)state;
    printf_sink = 0;
    panicking = false;
    assert_int_equal(fake_locks_held, 0);
    return 0;
}

static void test_no_sink(void **state)
{
    (void)state;
    printf_sink = 0;
    printf("dropped %d\n", 1);
}

static void test_short_call_is_one_piece(void **state)
{
    (void)state;
    printf("a=%d b=%s\n", 1, "two");
    assert_int_equal(pieces, 1);
    assert_int_equal(sync_pieces, 0);
    assert_int_equal(unlocked_pieces, 0);
    assert_int_equal(out_len, 10);
    assert_memory_equal(out, "a=1 b=two\n", 10);
    printf("%s", "");
    assert_int_equal(pieces, 1); // nothing to print, nothing handed over
}

static void test_long_call(void **state)
{
    static char text[1001];
    (void)state;
    for (int i = 0; i < 1000; i++)
        text[i] = (char)('a' + i % 26);
    printf("%s|%1000d", text, 7);
    assert_int_equal(out_len, 2001);
    assert_memory_equal(out, text, 1000);
    assert_int_equal(out[1000], '|');
    assert_int_equal(out[2000], '7');
    assert_true(pieces > 1);
    assert_int_equal(unlocked_pieces, 0);
}

// The lock may be held by a hart that has stopped.
static void test_panicking_takes_no_lock(void **state)
{
    (void)state;
    panicking = true;
    printf("last words");
    assert_int_equal(out_len, 10);
    assert_int_equal(unlocked_pieces, 1);
    assert_int_equal(sync_pieces, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_limits),
        cmocka_unit_test_setup_teardown(test_no_sink, sink_setup, sink_teardown),
        cmocka_unit_test_setup_teardown(test_short_call_is_one_piece, sink_setup, sink_teardown),
        cmocka_unit_test_setup_teardown(test_long_call, sink_setup, sink_teardown),
        cmocka_unit_test_setup_teardown(test_panicking_takes_no_lock, sink_setup, sink_teardown),
    };
    return cmocka_run_group_tests(tests, 0, 0);
}
