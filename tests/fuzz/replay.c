// The fuzz target without libFuzzer: replays files, or runs sequences from random numbers.
//   replay FILE..         each file once
//   replay -n N [-s SEED]  N random sequences; a failure prints the seed of its own sequence
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/types.h"

#define MIN_INPUT 100
#define MAX_INPUT 800

int LLVMFuzzerTestOneInput(const uint8 *data, size_t size);
extern uint64 fuzz_sequences, fuzz_swapped; // fuzz.h

static int replay_file(const char *path)
{
    static uint8 data[1 << 16];
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return 1;
    }
    size_t n = fread(data, 1, sizeof(data), f);
    fclose(f);
    return LLVMFuzzerTestOneInput(data, n);
}

static uint64 random_next(uint64 *state)
{
    *state = *state * 6364136223846793005UL + 1442695040888963407UL;
    return *state >> 33;
}

static void sequence(uint64 seed)
{
    uint8 data[MAX_INPUT];
    uint64 state = seed;
    size_t n = MIN_INPUT + random_next(&state) % (MAX_INPUT - MIN_INPUT);
    for (size_t i = 0; i < n; i++)
        data[i] = random_next(&state);
    FILE *log = fopen("build/fuzz/last-seed", "w"); // which one it was, if it does not come back
    if (log) {
        fprintf(log, "%lu\n", seed);
        fclose(log);
    }
    LLVMFuzzerTestOneInput(data, n);
}

int main(int argc, char **argv)
{
    uint64 count = 0, seed = 1;
    int failed = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-n") == 0 && i + 1 < argc)
            count = strtoul(argv[++i], 0, 0);
        else if (strcmp(argv[i], "-s") == 0 && i + 1 < argc)
            seed = strtoul(argv[++i], 0, 0);
        else
            failed |= replay_file(argv[i]);
    }
    for (uint64 i = 0; i < count; i++)
        sequence(seed + i);
    printf("%lu sequences, %lu of them swapped\n", fuzz_sequences, fuzz_swapped);
    return failed;
}
