// What the regression suite's files share: the case tables, the checks, and helpers for processes and files.
// usertests.c runs the cases; each usertests_GROUP.c holds the cases of one group in a table ut_GROUP.
//
// A case runs in a process of its own whose working directory is a fresh, empty scratch directory. It passes
// by returning. A failed check prints one line and ends the process with UT_REPORTED, in whichever process of
// the case it happens; helpers that reap a child pass that status on, so a failure is printed once.
#ifndef USER_USERTESTS_H
#define USER_USERTESTS_H
#include <stdbool.h>
#include "kernel/types.h"
#include "user/user.h"

struct testcase {
    const char *name;
    void (*run)(void);
    int flags; // UT_*
};
#define UT_SLOW 1 // not in the quick set

// Case tables, each ended by an entry without a name.
extern const struct testcase ut_args[], ut_proc[], ut_kill[], ut_exec[], ut_elf[], ut_mem[], ut_cow[],
    ut_fault[], ut_pipe[], ut_file[], ut_dir[], ut_race[], ut_limit[], ut_oom[], ut_cpu[], ut_info[],
    ut_call[];

#define UT_REPORTED 86 // exit status: failed, and a line about it has been printed
#define UT_SKIPPED  87 // exit status: the machine is not fit for the case; counts as passed
#define UT_KILLED   -1 // status of a process that was killed

#define NELEM(a)       ((int)(sizeof(a) / sizeof((a)[0])))
#define MIN(a, b)      ((a) < (b) ? (a) : (b))
#define KIB            1024UL
#define MIB            (1024UL * 1024)
#define CHECK(cond)    ut_check((cond) != 0, #cond, __FILE__, __LINE__)
#define CHECK_EQ(a, b) ut_check_eq((long)(a), (long)(b), #a " == " #b, __FILE__, __LINE__)

extern const char *ut_name; // the case that runs

void ut_check(bool ok, const char *what, const char *file, int line);
void ut_check_eq(long a, long b, const char *what, const char *file, int line);
void ut_skip(const char *why) __attribute__((noreturn));

// Processes. All of these fail the case when a call fails that has no reason to.
int ut_fork(void);
int ut_spawn(void (*body)(void *), void *arg);     // child runs body and exits with 0
void ut_exit0(void *);                             // a body that does nothing
int ut_status(void (*body)(void *), void *arg);    // the same, waited for: its exit status
int ut_wait(void);                                 // reaps one child, returns its status
void ut_reap(int children);                        // reaps that many, which must all exit with 0
int ut_exec_status(const char *path, char **argv); // runs a program in a child: its exit status
int ut_verb(int argc, char **argv);                // main of `usertests @verb`, which ut_exec_status runs

// A gate holds processes until its maker opens it: they wait for the end of file on a pipe that nobody
// writes.
struct gate {
    int fd[2];
};
void ut_gate_make(struct gate *g);
void ut_gate_wait(struct gate *g); // in each child
void ut_gate_open(struct gate *g); // in the maker: lets all go

// Polls cond(arg) with short sleeps; fails the case when it stays false for half a minute.
void ut_until(bool (*cond)(void *), void *arg, const char *what);
bool ut_is_state(int pid, int state); // pid's state (PROC_*)
void ut_until_state(int pid, int state);

// System call by number with all six argument registers; returns a0.
long ut_syscall(long num, const uint64 arg[6]);

// Files.
void ut_pipe2(int fd[2]);                               // pipe() that must succeed
int ut_open(const char *path, int flags);               // open() that must succeed
void ut_create(const char *path, const void *s, int n); // makes a file with these bytes
long ut_size(const char *path);                         // bytes of a file, -1 when there is none
void ut_same(const char *path, const void *s, int n);   // the file holds exactly these bytes
void ut_fill(void *p, uint64 n, uint seed);             // a pattern, and whether it is still there
bool ut_filled(const void *p, uint64 n, uint seed);
bool ut_is_all(const void *p, uint64 n, uchar c);
void ut_path(char *buf, const char *prefix, int i); // prefix followed by the number i
bool ut_remove_tree(const char *path);              // a file or a directory with all below it

// Memory.
char *
ut_heap(uint64 pages); // that many fresh pages at the end of the heap, page aligned; the break is their end
uint64 ut_free_pages(void);   // pages that programs can have now: free frames, and free swap slots
uint64 ut_slack(void);        // how far that may be off: text and clean pages can go, and count as used
uint64 ut_own_pages(void);    // pages of this process, in memory and out
void ut_grow_stack(void *at); // makes the stack reach down to there, touching only that page
uint ut_rand(uint *state);

#endif
