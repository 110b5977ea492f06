// What the memory tests t_* share: checks, child processes, the kinds of backing a page can have, and what
// the kernel tells about pages and faults. tests/vm/run runs the programs; tests/vm/table says what each
// shows.
//
// A program starts with t_begin(argv), says with t_step() what it is about to check, and ends with t_ok(),
// which prints `NAME: ok`. A failed check prints one line and ends the process with T_FAILED; whoever reaps
// that child passes it on, so the program's status is 0 only when every check in every process held.
#ifndef USER_T_LIB_H
#define USER_T_LIB_H
#include <stdbool.h>
#include "kernel/types.h"
#include "kernel/memlayout.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "kernel/vmstat.h"
#include "user/user.h"

#define T_FAILED  86 // exit status: a check failed and has said so
#define T_SKIPPED 87 // exit status: this machine is not fit for the test
#define T_KILLED  -1 // status of a process that was killed

#define NELEM(a)  ((int)(sizeof(a) / sizeof((a)[0])))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define KIB       1024UL
#define MIB       (1024UL * 1024)
#define GIB       (1024UL * 1024 * 1024)

// Geometry of the stack, docs/memory.md.
#define STACK_LOWEST ((char *)USTACK_TOP - USERSTACK * PGSIZE)
#define STACK_GAP    MIB        // never mapped, below that
#define STACK_SLACK  (64 * KIB) // how far below sp an access still grows the stack

#define T_CHECK(cond) t_check((cond) != 0, #cond, __FILE__, __LINE__)
#define T_EQ(a, b)    t_check_eq((long)(a), (long)(b), #a " == " #b, __FILE__, __LINE__)

extern const char *t_name; // the program's

void t_begin(char **argv);     // also brings the program's text in, so that it adds no faults later
void t_step(const char *what); // says what is checked next
void t_ok(void) __attribute__((noreturn)); // all held
void t_skip(const char *why) __attribute__((noreturn));
void t_check(bool ok, const char *what, const char *file, int line);
void t_check_eq(long a, long b, const char *what, const char *file, int line);

// Processes. They fail the test when a call fails that has no reason to.
int t_fork(void);
int t_wait(void);                              // reaps one child: its status
void t_reap(int children);                     // reaps that many, which must all exit with 0
int t_status(void (*body)(void *), void *arg); // runs body in a child: its status
void t_pipe(int fd[2]);
void t_send(int fd, uint64 value); // one value through a pipe
uint64 t_recv(int fd);

// A gate holds processes until its maker opens it.
struct gate {
    int fd[2];
};
void t_gate_make(struct gate *g);
void t_gate_wait(struct gate *g);
void t_gate_open(struct gate *g);

// Memory.
char *t_heap(uint64 pages); // fresh pages at the end of the heap, page aligned; the break is their end
struct pageinfo t_page(const void *p);
uint64 t_free(void);      // free frames of the machine
uint64 t_user_free(void); // free frames that user pages may take
uint64 t_rand(uint64 *state);
void t_fill(char *p, uint64 n, uint seed);
bool t_filled(const char *p, uint64 n, uint seed);
bool t_is_all(const char *p, uint64 n, char c);
uint64 t_cookie(uint64 a, uint64 b); // a number that depends on both

static inline void t_touch(volatile char *p, char c)
{
    *p = c;
}

static inline char t_peek(const volatile char *p)
{
    return *p;
}

// Moves the stack pointer so that the byte at `at` is near it, writes it, and comes back.
void t_stack_reach(char *at);

// This process's faults. t_faults_say prints them as `NAME: faults minor=1 major=0 ..`, which the runner
// compares with the table. What a test counts must run between two t_faults() with nothing else.
struct faultcount t_faults(void);
struct faultcount t_faults_since(struct faultcount before);
void t_faults_say(struct faultcount n);

// Races: `PROGRAM ROUNDS [SEED]`, or `PROGRAM 10s [SEED]` for as long as that. After t_race_begin, a process
// that has called t_race_seed goes on while t_race_more(i), i = 0, 1, ..; t_race_rand is then a random number
// below n of its own.
void t_race_begin(int argc, char **argv);
void t_race_seed(uint64 who);
bool t_race_more(uint64 i);
uint64 t_race_rand(uint64 n);

// What is behind a page before a test uses it.
enum backing {
    B_RESIDENT,  // written: a frame of its own
    B_UNTOUCHED, // no frame yet
    B_ZERO,      // read only: the zero page
    B_COW,       // a frame shared with another process, which goes on seeing what was there
    B_DATA,      // data of the program file, not read in yet
    B_KINDS
};
extern const char *const t_backing[B_KINDS];
#define T_BACK_PAGES 4

// Runs body once for each kind, in a child of its own, with T_BACK_PAGES adjacent pages of that kind; each
// page holds t_back_byte(kind) throughout. Whoever shares the pages checks at the end that its own have not
// changed.
void t_each_backing(void (*body)(char *p, enum backing kind));
char t_back_byte(enum backing kind);

// Prints the line that the kernel is about to report for this process, as `expect: ..`: the runner checks
// that it comes and is the same to the letter. pc: the address of the instruction.
void t_expect_fault(const char *access, const void *at, const char *reason, const void *pc);
// The same with a pattern for what comes after `PID NAME: `, in which * stands for anything.
void t_expect_like(const char *pattern);

#endif
