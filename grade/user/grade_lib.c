// The library of the grader's test programs (grade/user/grade.h).
#include "grade/user/grade.h"

#define STEP 0x9e3779b97f4a7c15UL

// Linked into every program: the grader writes other numbers over it in each image, so that no two programs
// on its disks have the same bytes.
__attribute__((used)) const volatile uint64 grade_salt[4] = {0x6661756c746c696eUL, 0x652d67726164652dUL,
                                                             0x73616c742d686572UL, 0x3a3a3a3a3a3a3a3aUL};

asm(".text\n"
    ".globl grade_stop\n"
    ".type grade_stop, @function\n"
    "grade_stop:\n"
    "    li a0, 0\n"
    "    ret\n"
    ".size grade_stop, . - grade_stop\n");

uint64 grade_arg(int argc, char **argv, int i)
{
    uint64 n = 0;
    if (i >= argc) {
        fprintf(2, "%s: argument %d is missing\n", argv[0], i);
        exit(2);
    }
    for (const char *s = argv[i]; *s >= '0' && *s <= '9'; s++)
        n = n * 10 + (*s - '0');
    return n;
}

uint64 mix(uint64 seed, uint64 i)
{
    uint64 x = seed + (i + 1) * STEP;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9UL;
    x = (x ^ x >> 27) * 0x94d049bb133111ebUL;
    return x ^ x >> 31;
}

void fill_page(void *page, uint64 seed, uint64 i)
{
    uint64 *word = page, value = mix(seed, i);
    for (uint64 w = 0; w < WORDS; w++, value += STEP)
        word[w] = value;
}

uint64 wrong_words(const void *page, uint64 seed, uint64 i)
{
    const volatile uint64 *word = page;
    uint64 value = mix(seed, i), n = 0;
    for (uint64 w = 0; w < WORDS; w++, value += STEP)
        n += word[w] != value;
    return n;
}

void fill(void *p, uint64 n, uint64 seed)
{
    for (uint64 i = 0; i < n; i++)
        fill_page((char *)p + i * PAGE, seed, i);
}

uint64 wrong(const void *p, uint64 n, uint64 seed)
{
    uint64 bad = 0;
    for (uint64 i = 0; i < n; i++)
        bad += wrong_words((const char *)p + i * PAGE, seed, i);
    return bad;
}

uint64 not_zero(const void *p, uint64 n)
{
    const volatile uint64 *word = p;
    uint64 bad = 0;
    for (uint64 w = 0; w < n * WORDS; w++)
        bad += word[w] != 0;
    return bad;
}

char *heap(uint64 n)
{
    uint64 end = (uint64)sbrk(0);
    if (end % PAGE)
        sbrk(PAGE - end % PAGE);
    char *p = sbrk(n * PAGE);
    if (p == SBRK_ERROR) {
        fprintf(2, "sbrk of %lu pages refused\n", n);
        exit(3);
    }
    return p;
}

int must_fork(void)
{
    int pid = fork();
    if (pid < 0) {
        fprintf(2, "fork failed\n");
        exit(4);
    }
    return pid;
}

int wait_status(void)
{
    int status = -2;
    wait(&status);
    return status;
}
