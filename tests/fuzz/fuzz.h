// Between the parts of the fuzz target: the processes, the input, and what compares them with the reference.
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H
#include <stdio.h>
#include <stdlib.h>
#include "tests/fuzz/reference.h"
#include "tests/host/vmhost/vmhost.h"

#define PROCS 6
#define FILES 2

struct process {
    struct as *as; // 0: no such process
    struct ref ref;
    uint64 sp;
};

extern struct process procs[PROCS];
extern struct inode files[FILES];

// The input; the rest of it is zeros.
struct input {
    const uchar *bytes;
    uint64 left;
};
extern struct input input;

static inline uint next(void)
{
    if (input.left == 0)
        return 0;
    input.left--;
    return *input.bytes++;
}

extern uint busy;        // bit p: process p is asleep in a fault
extern bool file_broken; // some file's reads have failed
extern bool fuzz_trace;

// operations.c
void one_operation(void);
int free_slot(void); // -1: none
void start_process(int p, struct inode *file);
void end_process(int p);

// compare.c
void compare_begin(void);     // an operation begins
bool allocation_failed(void); // on purpose, since then
uint64 fault_sum(void);       // faults counted, of all classes
void check_reason(const char *what, uint64 va, enum fault_reason got,
                  enum fault_reason want); // or trouble explains it
void compare_process(int p);               // every page that is present, and every page that was ever written

#define diverge(...)                                                                                         \
    do {                                                                                                     \
        fprintf(stderr, "divergence: " __VA_ARGS__);                                                         \
        fputc('\n', stderr);                                                                                 \
        abort();                                                                                             \
    } while (0)

#define say(...)                                                                                             \
    do {                                                                                                     \
        if (fuzz_trace)                                                                                      \
            fprintf(stderr, __VA_ARGS__);                                                                    \
    } while (0)

#endif
