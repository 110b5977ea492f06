// What the programs of lab 2 share: places in a large heap that lie so far apart that a kernel may bring the
// neighbours of each (16 pages on both sides) without touching the next one's.
#ifndef GRADE_USER_GRADE_LAZY_H
#define GRADE_USER_GRADE_LAZY_H
#include "grade/user/grade.h"

#define STRIDE 64 // pages from one place to the next, on average

// Address of the i-th place's page in the heap at p; span(n) pages hold n places.
char *spot(char *p, uint64 seed, uint64 i);
static inline uint64 span(uint64 n)
{
    return (n + 1) * STRIDE;
}

// The word that belongs to place i, and where in its page it lies (the same as in grade/labs/lazy_seen.py).
static inline uint64 mark(uint64 seed, uint64 i)
{
    return mix(seed ^ 0x6d61726b, i) | 1;
}
static inline uint64 mark_at(uint64 seed, uint64 i)
{
    return mix(seed ^ 0x61740000, i) % WORDS * sizeof(uint64);
}
static inline void put_mark(char *page, uint64 seed, uint64 i)
{
    *(volatile uint64 *)(page + mark_at(seed, i)) = mark(seed, i);
}
static inline uint64 get_mark(char *page, uint64 seed, uint64 i)
{
    return *(volatile uint64 *)(page + mark_at(seed, i));
}

// put_mark for places from .. to-1.
void put_marks(char *p, uint64 seed, uint64 from, uint64 to);
// How many of these do not hold their mark.
uint64 lost_marks(char *p, uint64 seed, uint64 from, uint64 to);

#endif
