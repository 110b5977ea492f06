// Processes.
#ifndef KERNEL_PROC_PROC_H
#define KERNEL_PROC_PROC_H
#include <stdbool.h>
#include "kernel/lib/cpu.h"
#include "kernel/lib/list.h"
#include "kernel/lib/spinlock.h"
#include "kernel/param.h"
#include "kernel/trap/trapframe.h"
#include "kernel/vmstat.h"

struct as;
struct file;
struct inode;
struct mmu;

enum procstate {
    UNUSED,
    SLEEPING = PROC_SLEEPING,
    RUNNABLE = PROC_RUNNABLE,
    RUNNING = PROC_RUNNING,
    ZOMBIE = PROC_ZOMBIE
};

struct fpstate {
    uint64 f[32];
    uint64 fcsr;
};

struct proc {
    volatile bool killed; // set by anyone, never cleared; trap/vector.S looks

    struct spinlock lock; // p->lock

    // p->lock guards these
    enum procstate state;
    const void *chan; // what it sleeps on; written with the channel's bucket lock held too
    struct list run;  // links in the run queue (run queue's lock), or in a sleep bucket (bucket's lock)
    int pid;
    int xstate; // exit status for wait
    int hart;   // where it runs or last ran

    bool kill_pending; // killed, and no sleep has been cut short for it yet; p->lock

    // wait_lock guards these
    struct proc *parent;
    struct list children;
    struct list sibling; // link in parent->children
    bool orphan;         // a child of init because its parent ended: nobody asks for its status

    struct list all; // link in proc_list

    // private to the process (or to its creator before it runs)
    uint64 kstack;        // lowest address of its kernel stack
    struct trapframe *tf; // user registers, at the top of the kernel stack
    struct context context;
    struct as *as;      // 0 for kernel threads
    struct mmu *mmu;    // as's root table, 0 = the kernel's
    struct fpstate *fp; // 0 until it uses floating point
    struct file *ofile[NOFILE];
    struct inode *cwd;
    char name[16];
    uint64 started;        // `time` when it last got a hart
    uint64 cputime;        // ticks before that
    uint64 disk_waits;     // times it has slept for a disk
    uint allocfail;        // its allocations count for this debug(DEBUG_ALLOCFAIL); inherited
    void (*kthread)(void); // body of a kernel thread; may turn into a user program by proc_exec
};

// Outermost of the process locks: parents, children, the list of processes.
extern struct spinlock wait_lock;
extern struct list proc_list;
extern struct proc *init_proc;

void proc_init(void);
struct proc *kthread_create(const char *name,
                            void (*body)(void)); // runs body; panics if there is no memory (boot)
void proc_drop_as(struct proc *p);               // leaves the address space; sleeps
int proc_fork(void);                             // child's pid, 0 in the child; -ENOMEM, -EAGAIN
void proc_exit(int status) __attribute__((noreturn));
int proc_wait(uint64 user_status); // pid of a child that ended, -ECHILD, -EINTR
int proc_kill(int pid);            // 0 or -ENOENT
void proc_kill_tree(int pid);      // pid and all its descendants (Ctrl-C); any context
const char *proc_state_name(int state);
void proc_dump(void); // process list on the console (Ctrl-P); any context, waits for no lock
int proc_exec(const char *path, char *const argv[], int argc); // argc, or negative and the caller lives
void proc_enter_program(int argc) __attribute__((noreturn));   // then: runs what it has loaded
int proc_count(void);                                          // processes, zombies included
// Memory is short: kills the largest process. False when that is the caller, who then dies of it.
// True: try again. *seen, at first NO_MEMORY_SEEN, keeps from call to call what had been given back before
// the last try.
#define NO_MEMORY_SEEN (~0UL)
bool proc_out_of_memory(uint64 *seen);

#endif
