// What the programs of lab 1 share: single accesses to memory, each of them one instruction, and trying one
// of them in a child that may die of it.
#ifndef GRADE_USER_GRADE_FAULT_H
#define GRADE_USER_GRADE_FAULT_H
#include "grade/user/grade.h"

// The kinds of accesses; grade/labs/fault_lib.py has the same numbers.
enum {
    LOAD_1 = 1, // one byte
    LOAD_8,
    STORE_1,
    STORE_8,
    AMO,  // amoadd.d, which loads and stores
    JUMP, // to code that returns at once, if there is some
    NACCESS,
};

// Makes this one access. A store writes `value`, AMO adds it; returns what a load or AMO found.
uint64 access(int kind, const void *addr, uint64 value);

// Forks a child that makes the access: it stops "try" (kind, addr, pid) before and "lived" (what it found)
// behind it; then the parent stops "reaped" (status, from wait; whether it is this child's).
void attempt(int kind, const void *addr);

// A child that has a page of its own, filled from seed, and waits until release_bystander(). Then it stops
// "still" (its page, how many words are wrong) and ends with status 0, which the parent checks.
struct bystander {
    int pid, fd;
};
struct bystander make_bystander(uint64 seed);
void release_bystander(struct bystander *b);

// A piece of a program file: `pages` pages at `start`, of which the first `filled` come from the file, with
// the rights ELF_R and so on. Page i of what is filled is fill_page(.., seed, i), but begins with code that
// returns.
struct segment {
    uint64 start, pages, filled, rights;
};
enum { ELF_X = 1, ELF_W = 2, ELF_R = 4 };

// Writes the program `self` to a new file, with n more segments, in this order.
void make_image(const char *path, const char *self, const struct segment *s, int n, uint64 seed);

#endif
