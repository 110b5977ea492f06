// What the grader's test programs share: stops, at which the grader looks at the machine, and memory contents
// that follow from a seed, so that the grader knows each byte without being told.
//
// A program is called with numbers: NAME SEED [SIZE ..]. It does its work and stops where there is something
// to see; it judges little itself. Run by hand, without the grader, stops do nothing.
#ifndef GRADE_USER_GRADE_H
#define GRADE_USER_GRADE_H
#include "kernel/types.h"
#include "kernel/memlayout.h"
#include "user/user.h"

#define PAGE  4096UL
#define WORDS (PAGE / sizeof(uint64))

// The grader has a breakpoint here: it sees the arguments in a0 to a5, and its answer is the result (0
// without a grader). `tag` is a name of up to 8 letters.
uint64 grade_stop(uint64 tag, uint64 a, uint64 b, uint64 c, uint64 d, uint64 e);

static inline uint64 grade_tag(const char *name)
{
    uint64 tag = 0;
    for (int i = 0; i < 8 && name[i]; i++)
        tag |= (uint64)(uchar)name[i] << 8 * i;
    return tag;
}

#define STOP_(name, a, b, c, d, e, ...)                                                                      \
    grade_stop(grade_tag(name), (uint64)(a), (uint64)(b), (uint64)(c), (uint64)(d), (uint64)(e))
// stop("name"), stop("name", a), .. up to five numbers or pointers
#define stop(...) STOP_(__VA_ARGS__, 0, 0, 0, 0, 0, 0)

// The i-th argument as a number, decimal; ends the program if there is none.
uint64 grade_arg(int argc, char **argv, int i);

// A number that depends on both, well mixed: the same as mix() of grade/core/pattern.py.
uint64 mix(uint64 seed, uint64 i);

// Page i of the memory that a seed stands for: words w = mix(seed, i) + w * STEP, as grade/core/pattern.py
// has it.
void fill_page(void *page, uint64 seed, uint64 i);
// How many of its words differ from that.
uint64 wrong_words(const void *page, uint64 seed, uint64 i);
// The same for n pages from p, numbered from 0.
void fill(void *p, uint64 n, uint64 seed);
uint64 wrong(const void *p, uint64 n, uint64 seed);
// How many words of the n pages from p are not 0.
uint64 not_zero(const void *p, uint64 n);

// n pages of fresh heap, page-aligned; ends the program when sbrk refuses.
char *heap(uint64 n);

// Forks; ends the program when that fails. What wait() says of the one child that there is.
int must_fork(void);
int wait_status(void);

#endif
