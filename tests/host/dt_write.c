// Writes flattened device trees token by token, for tests: not checked, so that malformed ones can be written
// too.
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "tests/host/dt_write.h"

#define MAXTREE     32768
#define MAXSTRINGS  4096
#define MAXRESERVED 32

static struct {
    uchar structs[MAXTREE], strings[MAXSTRINGS];
    uint64 nstructs, nstrings;
    uint64 reserved[2 * MAXRESERVED];
    int nreserved;
} w;

void dtw_start(void)
{
    memset(&w, 0, sizeof(w));
}

void dtw_reserve(uint64 base, uint64 size)
{
    w.reserved[2 * w.nreserved] = base;
    w.reserved[2 * w.nreserved++ + 1] = size;
}

void dtw_word(uint v)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        w.structs[w.nstructs++] = (uchar)(v >> shift);
}

static void put_bytes(const void *p, uint64 n)
{
    memcpy(w.structs + w.nstructs, p, n);
    w.nstructs += n;
    while (w.nstructs % 4 != 0)
        w.structs[w.nstructs++] = 0;
}

void dtw_node(const char *name)
{
    dtw_word(1);
    put_bytes(name, strlen(name) + 1);
}

void dtw_end(void)
{
    dtw_word(2);
}

static void prop(const char *name, uint64 len)
{
    dtw_word(3);
    dtw_word((uint)len);
    dtw_word((uint)w.nstrings);
    strcpy((char *)w.strings + w.nstrings, name);
    w.nstrings += strlen(name) + 1;
}

void dtw_prop_string(const char *name, const char *value)
{
    prop(name, strlen(value) + 1);
    put_bytes(value, strlen(value) + 1);
}

void dtw_prop_cells(const char *name, int n, ...)
{
    va_list ap;
    prop(name, 4 * (uint64)n);
    va_start(ap, n);
    for (int i = 0; i < n; i++)
        dtw_word(va_arg(ap, uint));
    va_end(ap);
}

void dtw_word_at(uchar *p, uint v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uchar)(v >> (24 - 8 * i));
}

// Header, reservations, structure block, strings; an allocation of exactly that size.
uchar *dtw_blob(uint64 *size)
{
    uint64 reserve = 40, structs = reserve + 16UL * (uint64)(w.nreserved + 1);
    uint64 strings = structs + w.nstructs;
    *size = strings + w.nstrings;
    uchar *b = calloc(1, *size);
    uint words[10] = {0xd00dfeed, (uint)*size, (uint)structs,    (uint)strings,   (uint)reserve, 17,
                      16,         0,           (uint)w.nstrings, (uint)w.nstructs};
    for (int i = 0; i < 10; i++)
        dtw_word_at(b + 4 * i, words[i]);
    for (int i = 0; i < 2 * w.nreserved; i++) {
        dtw_word_at(b + reserve + 8 * i, (uint)(w.reserved[i] >> 32));
        dtw_word_at(b + reserve + 8 * i + 4, (uint)w.reserved[i]);
    }
    memcpy(b + structs, w.structs, w.nstructs);
    memcpy(b + strings, w.strings, w.nstrings);
    return b;
}
