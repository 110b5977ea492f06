// Between the files of vmbench.
#ifndef USER_VMBENCH_H
#define USER_VMBENCH_H
#include <stdbool.h>
#include "kernel/types.h"

uint64 now(void); // instructions, or nanoseconds, so far
void die(const char *what);

// The rows that `wanted` accepts, with n workers, 0: as many as there are harts.
void par_run(int n, bool (*wanted)(const char *name));

int swap_possible(void); // there is enough swap for these four, called in this order
uint64 swap_write(void);
uint64 swap_dirty(void);
uint64 swap_clean(void);
uint64 swap_random(void);

#endif
