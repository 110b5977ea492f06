// What the test programs of lab 3 share.
#ifndef GRADE_USER_GRADE_COW_H
#define GRADE_USER_GRADE_COW_H
#include "grade/user/grade.h"

#define SMALL_PAGES 6

// The start of each of them: a fork with little memory, at which the grader looks first. Stops "mine" (in
// this process) and "small" (in the child).
void cow_begin(uint64 seed);

// A gate lets as many processes pass as it was opened for.
struct gate {
    int fd[2];
};
void gate_make(struct gate *g);
void gate_open(struct gate *g, int n);
void gate_pass(struct gate *g);

static inline void poke(char *p, char c)
{
    *(volatile char *)p = c;
}

#endif
