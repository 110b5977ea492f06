// The table of replacement policies, and the random numbers that they share. Runs in the kernel and in the
// simulator alike.
#include "kernel/swap/policy.h"
#include "kernel/lib/string.h"

const struct policy *const policies[] = {&policy_clock, &policy_fifo,          &policy_eclock, &policy_aging,
                                         &policy_sieve, &policy_random_choice, &policy_mine,   0};

uint *policy_word;
uint policy_words;

static uint64 last_seed = 1;
static uint64 state = 1;

const struct policy *policy_find(const char *name)
{
    for (int i = 0; policies[i]; i++)
        if (strcmp(policies[i]->name, name) == 0)
            return policies[i];
    return 0;
}

void policy_seed(uint64 seed)
{
    if (seed)
        last_seed = seed;
    state = last_seed * 2 + 1; // never 0
}

// Marsaglia's xorshift (2003) with a multiplication at the end.
uint policy_random(uint n)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint)((state * 0x2545f4914f6cdd1dUL >> 32) % n);
}
