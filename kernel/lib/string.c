// Memory and string routines. gcc calls memset, memcpy, memmove and memcmp by itself, so they exist whether
// the kernel names them or not.
//
// Memory is moved by 8-byte words where the addresses allow it, eight words a turn of the loop: RV64 without
// the vector extension has nothing wider, and under emulation the instruction count is the cost. Addresses
// that differ in their low three bits are moved by the byte, because a misaligned access may trap into the
// firmware (unprivileged spec 2.6). Whole pages have routines of their own: lib/page.c.
#include "kernel/lib/string.h"

// Without this gcc recognises the loop inside memset as a memset, and calls it.
#pragma GCC optimize("no-tree-loop-distribute-patterns")

#define WORD  sizeof(uint64)
#define TURN  (8 * WORD) // bytes that one turn of an unrolled loop moves
#define BYTES 0x0101010101010101UL

// What is moved by the word is of any type: gcc must not conclude from the types that two pointers differ.
typedef uint64 word __attribute__((may_alias));

static inline int aligned(const void *p)
{
    return ((uint64)p & (WORD - 1)) == 0;
}

// Both addresses reach a word boundary after the same number of bytes.
static inline int congruent(const void *a, const void *b)
{
    return (((uint64)a ^ (uint64)b) & (WORD - 1)) == 0;
}

// Bytes up to a word boundary, turns of eight words, single words, the rest by bytes: the shape of all of
// these.
void *memset(void *dst, int c, uint64 n)
{
    uchar *d = dst;
    uint64 v = (uchar)c * BYTES;

    for (; n > 0 && !aligned(d); n--)
        *d++ = (uchar)c;
    for (; n >= TURN; n -= TURN, d += TURN) {
        word *w = (word *)d;
        w[0] = v;
        w[1] = v;
        w[2] = v;
        w[3] = v;
        w[4] = v;
        w[5] = v;
        w[6] = v;
        w[7] = v;
    }
    for (; n >= WORD; n -= WORD, d += WORD)
        *(word *)d = v;
    for (; n > 0; n--)
        *d++ = (uchar)c;
    return dst;
}

// Upwards. All loads of a turn come before its stores, so that they do not wait for each other.
static void copy_words(uchar *d, const uchar *s, uint64 n)
{
    for (; n >= TURN; n -= TURN, d += TURN, s += TURN) {
        const word *from = (const word *)s;
        word *to = (word *)d;
        uint64 a = from[0], b = from[1], c = from[2], e = from[3];
        uint64 f = from[4], g = from[5], h = from[6], i = from[7];
        to[0] = a;
        to[1] = b;
        to[2] = c;
        to[3] = e;
        to[4] = f;
        to[5] = g;
        to[6] = h;
        to[7] = i;
    }
    for (; n >= WORD; n -= WORD, d += WORD, s += WORD)
        *(word *)d = *(const word *)s;
}

// From the first byte to the last; right also for a source that overlaps the destination from above.
static void copy_up(uchar *d, const uchar *s, uint64 n)
{
    if (congruent(d, s)) {
        for (; n > 0 && !aligned(d); n--)
            *d++ = *s++;
        uint64 whole = n & ~(WORD - 1);
        copy_words(d, s, whole);
        d += whole;
        s += whole;
        n -= whole;
    }
    for (; n > 0; n--)
        *d++ = *s++;
}

// From the last byte to the first, for a destination that overlaps the source from above.
static void copy_down(uchar *d, const uchar *s, uint64 n)
{
    if (congruent(d, s)) {
        for (; n > 0 && !aligned(d + n); n--)
            d[n - 1] = s[n - 1];
        for (; n >= WORD; n -= WORD)
            *(word *)(d + n - WORD) = *(const word *)(s + n - WORD);
    }
    for (; n > 0; n--)
        d[n - 1] = s[n - 1];
}

// Regions do not overlap.
void *memcpy(void *dst, const void *src, uint64 n)
{
    copy_up(dst, src, n);
    return dst;
}

// Regions may overlap. The unsigned difference is below n only when dst lies inside the source, above its
// start.
void *memmove(void *dst, const void *src, uint64 n)
{
    if ((uint64)dst - (uint64)src < n)
        copy_down(dst, src, n);
    else
        copy_up(dst, src, n);
    return dst;
}

// The sign says which region has the larger first differing byte, as unsigned.
int memcmp(const void *a, const void *b, uint64 n)
{
    const uchar *p = a, *q = b;

    if (congruent(p, q)) {
        for (; n > 0 && !aligned(p) && *p == *q; n--, p++, q++)
            ;
        if (aligned(p))
            for (; n >= WORD && *(const word *)p == *(const word *)q; n -= WORD, p += WORD, q += WORD)
                ;
    }
    for (; n > 0; n--, p++, q++)
        if (*p != *q)
            return *p - *q;
    return 0;
}

uint64 strlen(const char *s)
{
    const char *e = s;
    while (*e)
        e++;
    return (uint64)(e - s);
}

// The bytes compare as unsigned, as in C.
int strcmp(const char *a, const char *b)
{
    for (; *a && *a == *b; a++, b++)
        ;
    return (uchar)*a - (uchar)*b;
}

// At most the first n bytes; nothing behind a terminating zero is looked at.
int strncmp(const char *a, const char *b, uint64 n)
{
    for (; n > 0 && *a && *a == *b; n--, a++, b++)
        ;
    return n == 0 ? 0 : (uchar)*a - (uchar)*b;
}

// For the fixed-size name fields of directories: a name that fills its field has no terminating zero.
char *strncpy(char *dst, const char *src, uint64 n)
{
    uint64 i = 0;

    for (; i < n && src[i]; i++)
        dst[i] = src[i];
    for (; i < n; i++)
        dst[i] = 0;
    return dst;
}

// What does not fit is cut off; n of 0 leaves dst alone.
char *safestrcpy(char *dst, const char *src, uint64 n)
{
    char *d = dst;

    if (n == 0)
        return dst;
    for (; n > 1 && *src; n--)
        *d++ = *src++;
    *d = 0;
    return dst;
}
