// Processes that take turns, and the places where another one may come in between.
//
// Each process but the first is a thread of its own, and one of all runs at a time: the baton goes from one
// to the next where a process waits (sleep_on, a lock that is taken) or ends, so a test of several processes
// does the same every time. host_preempt() starts another process at a chosen point of this one's way, a
// point being any moment at which the kernel could be interrupted or another hart could act: around locks,
// before a fence, in the middle of a transfer of the swap disk. When nobody can go on, somebody has forgotten
// a wakeup: panic.
//
// With host_threads set the threads are the test's own, all run at once, and waiting is looking again.
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include "kernel/lib/panic.h"
#include "kernel/proc/proc.h"
#include "kernel/proc/sched.h"
#include "tests/host/vmhost/internal.h"
#include "tests/host/vmhost/vmhost.h"

#define PROCESSES   6
#define PREEMPTIONS 4    // that wait for their point, of one process
#define SLICE       5000 // points, then the timer lets others run

enum state { NOBODY, READY, RUNS, WAITS };

static struct process {
    enum state state;
    const void *chan; // WAITS: for this
    void (*f)(void *arg);
    void *arg;
    int back; // who started it: goes on when this one waits or ends
    int hart;
    bool started;
    sem_t go;
} processes[PROCESSES] = {{.state = RUNS}};

struct preemption {
    uint64 after;
    void (*f)(void *arg);
    void *arg;
};

static _Thread_local int self;
static _Thread_local struct preemption waiting[PREEMPTIONS];
static _Thread_local int nwaiting;
static uint64 switches;
static uint64 used; // points passed since the last switch
static uint64 now;  // of r_time

// The baton goes to i; returns when it has come back.
static void pass(int i)
{
    if (i == self)
        return;
    switches++;
    used = 0;
    sem_post(&processes[i].go);
    while (sem_wait(&processes[self].go) != 0)
        ;
    processes[self].state = RUNS;
}

// Who goes on instead of this one: whoever started it, or the next that is ready; -1: nobody is.
static int successor(void)
{
    int back = processes[self].back;
    if (back != self && processes[back].state == READY)
        return back;
    for (int i = 1; i < PROCESSES; i++)
        if (processes[(self + i) % PROCESSES].state == READY)
            return (self + i) % PROCESSES;
    return -1;
}

void host_wait(const void *chan)
{
    if (host_threads) {
        sched_yield();
        return;
    }
    processes[self].chan = chan;
    processes[self].state = WAITS;
    int next = successor();
    assert(next >= 0, "every process waits for another one");
    pass(next);
}

void host_wake(const void *chan)
{
    for (int i = 0; i < PROCESSES && !host_threads; i++)
        if (processes[i].state == WAITS && processes[i].chan == chan)
            processes[i].state = READY;
}

static void *process_main(void *arg)
{
    self = (int)(long)arg;
    struct process *p = &processes[self];
    for (;;) {
        while (sem_wait(&p->go) != 0)
            ;
        p->state = RUNS;
        host_enter(p->hart);
        p->f(p->arg);
        host_assert_unlocked("a process ended");
        nwaiting = 0;
        my_proc()->killed = false;
        p->state = NOBODY;
        int next = successor();
        assert(next >= 0, "the last process that could run has ended");
        switches++;
        used = 0;
        sem_post(&processes[next].go);
    }
    return 0;
}

bool host_run(void (*f)(void *arg), void *arg)
{
    static bool first_started;
    int i = 1;
    while (i < PROCESSES && processes[i].state != NOBODY)
        i++;
    if (i == PROCESSES)
        return false;
    if (!first_started)
        sem_init(&processes[0].go, 0, 0);
    first_started = true;
    struct process *p = &processes[i];
    p->f = f;
    p->arg = arg;
    p->back = self;
    p->hart = host_next_hart();
    p->state = READY;
    if (!p->started) {
        pthread_t thread;
        p->started = true;
        sem_init(&p->go, 0, 0);
        assert(pthread_create(&thread, 0, process_main, (void *)(long)i) == 0, "no thread for a process");
        pthread_detach(thread);
    }
    processes[self].state = READY;
    pass(i);
    return true;
}

static bool others(void)
{
    for (int i = 0; i < PROCESSES; i++)
        if (i != self && processes[i].state != NOBODY)
            return true;
    return false;
}

void host_settle(void)
{
    while (others()) {
        int next = successor();
        assert(next >= 0, "a process waits for ever");
        processes[self].state = READY;
        pass(next);
    }
}

uint64 host_switches(void)
{
    return switches;
}

// ---- points

void host_preempt(uint64 after, void (*f)(void *arg), void *arg)
{
    if (nwaiting == PREEMPTIONS)
        nwaiting--;
    waiting[nwaiting++] = (struct preemption){.after = after, .f = f, .arg = arg};
}

bool host_preempt_end(void)
{
    bool all = nwaiting == 0;
    nwaiting = 0;
    return all;
}

void host_point(void)
{
    for (int i = 0; i < nwaiting; i++) {
        if (waiting[i].after-- > 0)
            continue;
        struct preemption due = waiting[i];
        waiting[i--] = waiting[--nwaiting];
        host_run(due.f, due.arg);
    }
    if (host_threads || ++used < SLICE)
        return;
    used = 0;
    int next = successor();
    if (next >= 0) {
        processes[self].state = READY;
        pass(next);
    }
}

// ---- what the kernel asks of its scheduler

void sleep_on(const void *chan, struct spinlock *lk)
{
    host_spin_drop(lk); // no point here: nobody comes in between this and the wait
    host_assert_unlocked("sleep_on");
    host_wait(chan);
    spin_lock(lk);
}

void wakeup(const void *chan)
{
    host_wake(chan);
}

void yield(void)
{
    host_assert_unlocked("yield");
    if (host_threads) {
        sched_yield();
        return;
    }
    int next = successor();
    assert(next >= 0, "a process waits for others and there are none");
    processes[self].state = READY;
    pass(next);
}

bool killed(void)
{
    return my_proc()->killed;
}

// Time passes with each look at it.
uint64 host_time(void)
{
    return __atomic_fetch_add(&now, 1, __ATOMIC_RELAXED);
}

void host_pass_time(uint64 ticks)
{
    __atomic_fetch_add(&now, ticks, __ATOMIC_RELAXED);
}
