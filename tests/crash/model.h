// What the files of the load must hold (tests/crash/model.c).
#ifndef TESTS_CRASH_MODEL_H
#define TESTS_CRASH_MODEL_H
#include "kernel/types.h"

// Computes how each worker's directory looks after 0, 1 .. ops operations.
void model_init(uint seed, uint workers, uint ops);

// Whether the mounted file system shows, for each worker, the state after some number of operations, and not
// fewer than done[worker]. Returns how many workers' directories are wrong; says what about the first few.
uint model_check(const uint *done);

#endif
