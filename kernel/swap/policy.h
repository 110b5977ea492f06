// Replacement policies: which page goes next. A policy is one file, policy_NAME.c, that defines one struct
// policy; the same file runs in the kernel and in the simulator (tools/policysim), which gives the helpers
// below another body. So a policy sees frames only through them.
//
// Calls come one at a time (pages_lock is held) and must not sleep:
//   init    no frame is known; earlier knowledge is void
//   add     a page has come into memory, or was chosen and could not go
//   del     the page is going (also: what victim() has chosen, right after)
//   victim  the page to go next, which stays known until del; 0 when no page is known, or after policy_pause
//   tick    some time has passed (SWAP_TICK_MS of it, looked at when pages are wanted); may be 0
#ifndef KERNEL_SWAP_POLICY_H
#define KERNEL_SWAP_POLICY_H
#include <stdbool.h>
#include "kernel/types.h"
#include "kernel/vm/frame.h"

struct policy {
    const char *name;
    void (*init)(void);
    void (*add)(struct frame *f);
    void (*del)(struct frame *f);
    struct frame *(*victim)(void);
    void (*tick)(void);
};

#define SWAP_TICK_MS 100

// Helpers. Lists are framelists (vm/frame.h): framelist_init, _push_back, _insert, _del, _first, _next; a
// frame is on one list at a time. frame.age is a byte for the policy's own use.
bool policy_accessed(struct frame *f);    // whether it was used since the last call for it
bool policy_dirty(const struct frame *f); // whether it must be written before it can go
// Whether victim has asked for so many accessed bits that other harts have waited long enough for pages_lock.
// It may then return 0, and is called again when they have had their turn; calls of del come between.
bool policy_pause(void);
uint policy_random(uint n);    // 0 .. n - 1, the same sequence after every policy_seed
void policy_seed(uint64 seed); // 0: the one that was given last
// One word a frame, `policy_words` of them, contents undefined after init.
extern uint *policy_word;
extern uint policy_words;

// All policies there are, ended by 0. The first is the default.
extern const struct policy *const policies[];
const struct policy *policy_find(const char *name); // 0: no such

extern const struct policy policy_fifo, policy_clock, policy_eclock, policy_aging, policy_random_choice,
    policy_sieve, policy_mine;

#endif
