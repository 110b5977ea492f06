// Zeroing and copying one page: the two routines that page faults spend most of their instructions in.
//
// No loop: a store reaches 2 KiB to either side of its base register, so one register in the middle of the
// page is enough for all 512 doublewords. 516 instructions to zero a page, 1,029 to copy one. (Plain RV64 has
// no wider store; cbo.zero needs Zicboz.)
#include "kernel/lib/hot.h"
#include "kernel/lib/string.h"
#include "kernel/riscv.h"

typedef uint64 word __attribute__((may_alias));

#define HALF_WORDS (PGSIZE / sizeof(word) / 2)

#define ZERO8(d)                                                                                             \
    do {                                                                                                     \
        (d)[0] = 0;                                                                                          \
        (d)[1] = 0;                                                                                          \
        (d)[2] = 0;                                                                                          \
        (d)[3] = 0;                                                                                          \
        (d)[4] = 0;                                                                                          \
        (d)[5] = 0;                                                                                          \
        (d)[6] = 0;                                                                                          \
        (d)[7] = 0;                                                                                          \
    } while (0)

#define ZERO64(d)                                                                                            \
    do {                                                                                                     \
        ZERO8(d);                                                                                            \
        ZERO8((d) + 8);                                                                                      \
        ZERO8((d) + 16);                                                                                     \
        ZERO8((d) + 24);                                                                                     \
        ZERO8((d) + 32);                                                                                     \
        ZERO8((d) + 40);                                                                                     \
        ZERO8((d) + 48);                                                                                     \
        ZERO8((d) + 56);                                                                                     \
    } while (0)

#define ZERO256(d)                                                                                           \
    do {                                                                                                     \
        ZERO64(d);                                                                                           \
        ZERO64((d) + 64);                                                                                    \
        ZERO64((d) + 128);                                                                                   \
        ZERO64((d) + 192);                                                                                   \
    } while (0)

// Eight loads, then eight stores: a processor that issues in order need not wait for each load.
#define COPY8(d, s)                                                                                          \
    do {                                                                                                     \
        word w0 = (s)[0], w1 = (s)[1], w2 = (s)[2], w3 = (s)[3];                                             \
        word w4 = (s)[4], w5 = (s)[5], w6 = (s)[6], w7 = (s)[7];                                             \
        (d)[0] = w0;                                                                                         \
        (d)[1] = w1;                                                                                         \
        (d)[2] = w2;                                                                                         \
        (d)[3] = w3;                                                                                         \
        (d)[4] = w4;                                                                                         \
        (d)[5] = w5;                                                                                         \
        (d)[6] = w6;                                                                                         \
        (d)[7] = w7;                                                                                         \
    } while (0)

#define COPY64(d, s)                                                                                         \
    do {                                                                                                     \
        COPY8(d, s);                                                                                         \
        COPY8((d) + 8, (s) + 8);                                                                             \
        COPY8((d) + 16, (s) + 16);                                                                           \
        COPY8((d) + 24, (s) + 24);                                                                           \
        COPY8((d) + 32, (s) + 32);                                                                           \
        COPY8((d) + 40, (s) + 40);                                                                           \
        COPY8((d) + 48, (s) + 48);                                                                           \
        COPY8((d) + 56, (s) + 56);                                                                           \
    } while (0)

#define COPY256(d, s)                                                                                        \
    do {                                                                                                     \
        COPY64(d, s);                                                                                        \
        COPY64((d) + 64, (s) + 64);                                                                          \
        COPY64((d) + 128, (s) + 128);                                                                        \
        COPY64((d) + 192, (s) + 192);                                                                        \
    } while (0)

// The middle of a page. gcc would rather count from the start, which the offsets do not reach across.
static inline word *middle(const void *page)
{
    word *d = (word *)page + HALF_WORDS;
    asm("" : "+r"(d));
    return d;
}

// The address must be a page's: nothing is tested. Locks: none; the caller makes sure that nobody uses the
// page.
HOT void page_zero(void *page)
{
    word *d = middle(page);
    ZERO256(d - HALF_WORDS);
    ZERO256(d);
}

// Both addresses are pages', and different ones.
HOT void page_copy(void *dst, const void *src)
{
    word *d = middle(dst);
    const word *s = middle(src);
    COPY256(d - HALF_WORDS, s - HALF_WORDS);
    COPY256(d, s);
}
