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

extern uint busy;             // bit p: an operation of process p, or that makes p, is under way
extern bool file_broken;      // some file's reads have failed
extern uint64 fuzz_sequences; // so far
extern uint64 fuzz_swapped;   // of them, those in which pages went to the swap disk
extern bool fuzz_trace;

// operations.c
void one_operation(void);
void operation_meanwhile(void *arg); // the same as another process
int next_proc(
    void); // one that lives and is not busy, from now on busy and on the hart that a byte says; -1: none
uint64 next_address(int p);
int free_slot(void); // -1: none
void start_process(int p, struct inode *file);
void end_process(int p);

// swapping.c
void swapping_begin(uint mode); // a sequence begins: swap disk, limit of the pool, knobs
void swapping_end(void);        // no more errors, all frames there are
void op_swap(void);

// compare.c
void compare_begin(void);     // an operation begins
bool allocation_failed(void); // on purpose, since then, or because RAM and swap are full
bool disk_failed(void);       // reads of the swap disk, on purpose, since then
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
