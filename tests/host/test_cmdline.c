// SOURCES: kernel/boot/cmdline.c tests/host/klib.c
// FLAGS: -Dprintf=k_printf
//
// Kernel command line: words, decoding, numbers, unknown words.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "kernel/boot/machine.h"
#include "kernel/lib/err.h"
#include "tests/host/klib.h"

static char buf[64];

static void line(const char *words)
{
    strcpy(machine.bootargs, words);
    memset(buf, 'x', sizeof(buf));
}

static void expect(const char *key, const char *value)
{
    assert_int_equal(bootarg_get(key, buf, sizeof(buf)), strlen(value));
    assert_string_equal(buf, value);
}

static void test_words(void **state)
{
    (void)state;
    line("  run=ls  quiet policy=clock=2 mark= ");
    expect("run", "ls");
    expect("quiet", "");
    expect("policy", "clock=2");
    expect("mark", "");
    assert_int_equal(bootarg_get("ru", buf, sizeof(buf)), -ENOENT);
    assert_int_equal(bootarg_get("runs", buf, sizeof(buf)), -ENOENT);
    assert_int_equal(bootarg_get("", buf, sizeof(buf)), -ENOENT);
    assert_int_equal(bootarg_get("2", buf, sizeof(buf)), -ENOENT);
    line("");
    assert_int_equal(bootarg_get("run", buf, sizeof(buf)), -ENOENT);
}

static void test_last_wins(void **state)
{
    (void)state;
    line("seed=1 seed=2 seed=3");
    expect("seed", "3");
    assert_int_equal(bootarg_uint("seed", 0), 3);
}

static void test_decoding(void **state)
{
    (void)state;
    line("run=echo%20a%3bb%20%22c%22%3B%25");
    expect("run", "echo a;b \"c\";%");
    line("run=100% mark=%4 init=%zz seed=a%2");
    expect("run", "100%");
    expect("mark", "%4");
    expect("init", "%zz");
    expect("seed", "a%2");
    line("run=%41%42"); // ends in a code
    expect("run", "AB");
}

static void test_pieces(void **state)
{
    (void)state;
    line("run=ab%20cd%20ef%20");
    assert_int_equal(bootarg_get_from("run", 0, buf, 4), 9);
    assert_string_equal(buf, "ab ");
    assert_int_equal(bootarg_get_from("run", 3, buf, 4), 9);
    assert_string_equal(buf, "cd ");
    assert_int_equal(bootarg_get_from("run", 7, buf, 4), 9);
    assert_string_equal(buf, "f ");
    assert_int_equal(bootarg_get_from("run", 9, buf, 4), 9);
    assert_string_equal(buf, "");
    assert_int_equal(bootarg_get_from("runs", 1, buf, 4), -ENOENT);
}

// Never more than n bytes, always terminated, and the result tells that something is missing.
static void test_short_buffer(void **state)
{
    (void)state;
    line("run=abc%20def");
    assert_int_equal(bootarg_get("run", buf, 5), 7);
    assert_string_equal(buf, "abc ");
    assert_int_equal(buf[5], 'x');
    assert_int_equal(bootarg_get("run", buf, 1), 7);
    assert_string_equal(buf, "");
    line("run=abc");
    assert_int_equal(bootarg_get("run", buf, 0), 3);
    assert_int_equal(buf[0], 'x');
    assert_int_equal(bootarg_get("run", buf, 4), 3);
    assert_string_equal(buf, "abc");
}

static void test_numbers(void **state)
{
    static const struct {
        const char *words;
        uint64 value;
    } cases[] = {
        {"n=0", 0},
        {"n=42", 42},
        {"n=0x1F", 31},
        {"n=4K", 4096},
        {"n=16m", 16UL << 20},
        {"n=2G", 2UL << 30},
        {"n=0x10k", 16384},
        {"n", 1},
        {"n=", 7},
        {"n=-1", 7},
        {"n=12x", 7},
        {"n=4KB", 7},
        {"n=x", 7},
        {"n=0x", 7},
        {"n=K", 7},
        {"n=1f", 7},
        {"", 7},
        {"n=%34%32", 42},
        {"m=1", 7},
        {"n=1 n=x", 7},
        {"n=00000000000000000000000000000000000001", 7}, // no number is that long
    };
    (void)state;
    for (uint64 i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        line(cases[i].words);
        assert_int_equal(bootarg_uint("n", 7), cases[i].value);
    }
}

static void test_unknown(void **state)
{
    (void)state;
    line("run=ls quite runs=1 =5 policy.x=2 tick_us=10 poison");
    klib_output_clear();
    bootarg_report_unknown();
    assert_non_null(strstr(klib_output, "\"quite\""));
    assert_non_null(strstr(klib_output, "\"runs=1\""));
    assert_non_null(strstr(klib_output, "\"=5\""));
    assert_non_null(strstr(klib_output, "\"policy.x=2\""));
    assert_null(strstr(klib_output, "tick_us"));
    assert_null(strstr(klib_output, "\"run="));
    assert_null(strstr(klib_output, "poison"));
}

static void test_full_line(void **state)
{
    (void)state;
    memset(machine.bootargs, 'a', sizeof(machine.bootargs) - 1);
    machine.bootargs[sizeof(machine.bootargs) - 1] = 0;
    assert_int_equal(bootarg_get("a", buf, sizeof(buf)), -ENOENT);
    klib_output_clear();
    bootarg_report_unknown();
    assert_in_range(strlen(klib_output), 10, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),   cmocka_unit_test(test_last_wins),    cmocka_unit_test(test_decoding),
        cmocka_unit_test(test_pieces),  cmocka_unit_test(test_short_buffer), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_unknown), cmocka_unit_test(test_full_line),
    };
    return cmocka_run_group_tests(tests, 0, 0);
}
