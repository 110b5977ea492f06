// System calls with a pointer argument, as a table: what usertests_argrows.c defines and usertests_args.c
// goes through.
#ifndef USER_USERTESTS_ARGS_H
#define USER_USERTESTS_ARGS_H
#include "user/usertests.h"

#define NBYTES 64 // bytes of the calls that move data

enum dir {
    IN,  // the kernel reads size bytes
    OUT, // the kernel writes size bytes
    STR, // the kernel reads a string, size includes its zero
};

// A prepared system call. The pointer under test goes to *where.
struct call {
    uint64 arg[6];
    uint64 *where;
    const void *content; // IN, STR: what the pointer points to in a good call
    int size;
    int fd[2];
    uint64 vec[3]; // argument vector of exec
};

struct argrow {
    const char *what;
    int num;
    int ptr; // argument index of the pointer
    enum dir dir;
    void (*setup)(struct call *c);                // the other arguments and the state that the call needs
    void (*undo)(struct call *c, const void *at); // checks the good call's effect, then removes it
    long good;                                    // result of the good call; ANY: not negative
    bool null_ok;                                 // a null pointer is legal there
};
#define ANY   -2 // every result but -1
#define NEVER -3 // the good call would not return

extern const struct argrow arg_rows[];
extern const int arg_nrows;
extern char arg_data[NBYTES]; // what the calls that move data write, and read back

#endif
