// What the test programs of lab 4 share: pages that leave memory, processes that take turns, and children.
#ifndef GRADE_USER_GRADE_SWAP_H
#define GRADE_USER_GRADE_SWAP_H
#include "grade/user/grade.h"

// n pages from p leave memory, as far as they can. Returns how many went.
uint64 page_out(void *p, uint64 n);
// The same, for the n pages with which a test begins: without pages that leave memory it makes no sense.
void first_out(void *p, uint64 n);
// n pages of fresh heap, page-aligned, however many there can be.
char *large_heap(uint64 n);
// From now on only n pages from p leave memory, in this program and its children by fork; n = 0: all again.
void only(void *p, uint64 n);
// Frames that programs may use, all together, from now on. 0: as at boot.
void limit(uint64 frames);
// Frames that programs use now, as the kernel counts them.
uint64 frames_in_use(void);

// A place where one process waits for another: each tell() lets one await() go on.
struct bell {
    int fd[2];
};
void bell_make(struct bell *b);
void tell(struct bell *b);
void await(struct bell *b);

// Ends the program unless the n children that there are end with status 0.
void all_well(int n);

#endif
