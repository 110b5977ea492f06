// SOURCES: kernel/boot/fdt.c kernel/boot/dt.c tests/host/dt_write.c
//
// Device tree parser against blobs that are cut short or changed at random: AddressSanitizer sees every read
// outside of the exactly sized copy, and what is accepted keeps within the limits of struct machine.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "kernel/boot/dt.h"
#include "kernel/lib/err.h"
#include "tests/host/dt_write.h"

#define MAXBLOB   65536
#define MUTATIONS 20000 // of each blob

static struct machine m;

static uchar *load(int harts, uint64 *size)
{
    char path[64];
    snprintf(path, sizeof(path), "tests/host/data/virt-%d.dtb", harts);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    uchar *blob = malloc(MAXBLOB);
    *size = fread(blob, 1, MAXBLOB, f);
    fclose(f);
    return realloc(blob, *size);
}

static uint64 rng = 88172645463325252UL;

static uint64 random64(void)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return rng;
}

static void check_limits(void)
{
    assert_in_range(m.nharts, 1, NCPU);
    assert_in_range(m.nvirtio, 0, MACHINE_MAXVIRTIO);
    assert_in_range(m.nreserved, 0, MACHINE_MAXRESERVED);
    assert_true(m.ram.size > 0 && m.ram.base + m.ram.size > m.ram.base);
    assert_true(memchr(m.bootargs, 0, sizeof(m.bootargs)) != 0);
    for (int i = 0; i < m.nharts; i++)
        for (int k = 0; k < i; k++)
            assert_true(m.hartid[i] != m.hartid[k]);
}

// One to eight changes: a bit, a byte, or a word that is likely to be an offset, a length or a token.
static void mutate(uchar *b, uint64 size)
{
    static const uint words[] = {0, 1, 2, 3, 4, 9, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffc};
    for (uint64 n = random64() % 8 + 1; n > 0; n--) {
        uint64 at = random64() % (random64() % 8 == 0 && size > 40 ? 40 : size);
        switch (random64() % 4) {
        case 0:
            b[at] ^= (uchar)(1 << random64() % 8);
            break;
        case 1:
            b[at] = (uchar)random64();
            break;
        case 2:
            dtw_word_at(b + (at < size - 4 ? at & ~3UL : 0), words[random64() % 10]);
            break;
        default:
            dtw_word_at(b + (at < size - 4 ? at & ~3UL : 0), (uint)(random64() % (size + 8)));
        }
    }
}

static void fuzz(int harts)
{
    uint64 size;
    uchar *good = load(harts, &size);
    for (int i = 0; i < MUTATIONS; i++) {
        uint64 len = random64() % 4 == 0 ? random64() % size + 1 : size;
        uchar *b = malloc(len);
        memcpy(b, good, len);
        if (len > 4)
            mutate(b, len);
        if (dt_parse(b, len, random64() % 4, &m) == 0)
            check_limits();
        free(b);
    }
    free(good);
}

static void test_mutations(void **state)
{
    (void)state;
    fuzz(1);
    fuzz(3);
    fuzz(8);
}

// Every length that cuts the blob short, with a header that does not know of it and one that does.
static void test_truncations(void **state)
{
    uint64 size;
    uchar *good = load(1, &size);
    (void)state;
    for (uint64 len = 0; len < size; len++) {
        uchar *b = malloc(len + 1);
        memcpy(b, good, len);
        assert_int_equal(dt_parse(b, len, 0, &m), -EINVAL);
        if (len >= 8) {
            dtw_word_at(b + 4, (uint)len);
            dt_parse(b, len, 0, &m);
        }
        free(b);
    }
    free(good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_truncations),
    };
    return cmocka_run_group_tests(tests, 0, 0);
}
