// What the programs swap-* share beside user/t_lib.h: swap's figures, a small or a large user pool, pages
// that are evicted at a chosen moment, and contents that differ from page to page and from time to time.
#ifndef USER_SWAP_LIB_H
#define USER_SWAP_LIB_H
#include "kernel/syscall.h"
#include "user/pages.h"
#include "user/t_lib.h"

#define SWAP_POOL_MAX 256UL // frames of the user pool during a test, at most

// Begins a test (t_begin) with a user pool of at most SWAP_POOL_MAX frames. Skips it where there is no swap,
// or where swap does not hold `times` the pool. Returns the pool's size.
uint64 swap_begin(char **argv, uint64 times);

// From now on nobody lacks frames, and no page that this process writes, or init, which reaps orphans, has a
// slot: what pages go where is the test's to say, and numbers of slots are exact. swap_tight: the small pool
// again.
void swap_roomy(void);
void swap_tight(void);

uint64 swap_procs(void);       // processes there are, zombies included
void swap_await(uint64 procs); // until there are no more than that
struct swapinfo swap_info(void);
uint64 swap_used(void);         // slots in use
void swap_knob(int op, uint64); // SWAPCTL_BATCH, ..: one that cannot fail

void swap_out(char *p, uint64 pages);           // evicts these pages; all must go
uint64 swap_count(const char *p, uint64 pages); // how many of them are out

// A page's content depends on its address and on `version`, in every byte.
void swap_fill(char *p, uint64 pages, uint64 version);
uint64 swap_wrong(const char *p, uint64 pages, uint64 version); // first page without it; `pages`: none
#define SWAP_RIGHT(p, pages, version) T_EQ(swap_wrong(p, pages, version), pages)

// A load: `pages` pages of which a random one is checked and written anew, in `steps` steps; at last all are
// checked. After each `beat` steps it sends one value to fd; beat 0: never.
void swap_load(uint64 pages, uint64 steps, uint64 seed, uint64 beat, int fd);

#endif
