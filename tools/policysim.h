// What the parts of policysim share: reference strings, and a memory of N frames that plays one.
#ifndef TOOLS_POLICYSIM_H
#define TOOLS_POLICYSIM_H
#include <stdbool.h>
#include "kernel/swap/policy.h"

#define MOST_FRAMES 1000000
#define NEVER       (~0U)

struct ref {
    uint page;
    bool write;
    uint next; // index of the next reference to the page, or NEVER
};

struct string {
    char name[64];
    struct ref *refs;
    uint n;
    uint pages; // all page numbers are below
};

// ---- strings (policysim_string.c)

// The string that the words name: a generator with its parameters (string_usage lists them), or page numbers,
// with a w behind those that are written, and @FILE for more of them. Generated strings follow from seed, and
// write_percent of their references write. 0, or the word that makes no sense.
const char *string_make(struct string *s, char *const *words, int nwords, uint64 seed, uint write_percent);
void string_free(struct string *s);
uint string_distinct(const struct string *s); // pages there are
extern const char string_usage[];

// ---- memory (policysim_memory.c)

// The parts of it, for tests that call a policy themselves: frames 0 .. frames - 1 are there and unused; a
// program uses one.
void memory_start(uint frames);
void memory_use(uint frame, bool write);

// What a run costs. A page is made by its first reference, so the disk lacks it until it has been written.
struct cost {
    uint faults;  // pages that came in, first references included
    uint writes;  // victims that had to be written
    uint *victim; // pages in the order they went
    uint nvictim;
};

// Plays the string on `frames` frames, with a tick behind every `tick` references (0: none) and
// policy_seed(seed). False when the policy names a page that is not in memory.
bool memory_play(struct cost *c, const struct string *s, const struct policy *policy, uint frames, uint tick,
                 uint64 seed);
void cost_free(struct cost *c);

// Two yardsticks that no kernel can have: Belady's optimum, which knows the future, and exact LRU.
extern const struct policy policy_opt, policy_lru;

#endif
