// The scheduler: one queue of runnable processes for all harts, first come first served, one time slice (10
// ms) each.
//
// A process gives its hart up by switching to the hart's scheduler context with p->lock held; the scheduler
// releases it. So nobody can run a process whose registers are not saved yet. Sleepers wait in buckets by
// hash of their channel.
//
// Locks, outermost first: the sleeper's condition lock -> bucket -> p->lock -> run queue. timers.lock is a
// condition lock. An idle hart waits in wfi with interrupts off: it says so in the idle mask first and looks
// at the queue again, so that whoever adds a process either is seen or sees the bit and sends an interrupt.
#include "kernel/proc/sched.h"
#include "kernel/boot/machine.h"
#include "kernel/boot/sbi.h"
#include "kernel/lib/err.h"
#include "kernel/lib/list.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/string.h"
#include "kernel/proc/proc.h"
#include "kernel/riscv.h"
#include "kernel/vm/kmem.h"
#include "kernel/vm/kstack.h"
#include "kernel/vm/mmu.h"

#define BUCKETS  64
#define TICKS_HZ 10 // uptime() and sleep() count tenths of a second

// In ticks of `time`, 100 ns. A hart that was idle for less than IDLE_SHORT, the time to be woken included,
// looks for work twice as long the next time, any other half as long.
#define POLL_LEAST 64
#define POLL_MOST  512
#define IDLE_SHORT 2000

_Static_assert(offsetof(struct cpu, ksp) == CPU_KSP, "assembly offset");
_Static_assert(offsetof(struct cpu, scratch) == CPU_SCRATCH, "assembly offset");
_Static_assert(offsetof(struct cpu, proc) == CPU_PROC, "assembly offset");
_Static_assert(offsetof(struct proc, killed) == PROC_KILLED, "assembly offset");
_Static_assert(offsetof(struct cpu, emergency) == CPU_EMERGENCY, "assembly offset");
_Static_assert(offsetof(struct cpu, hartid) == CPU_HARTID, "assembly offset");
_Static_assert(sizeof(struct cpu) == CPU_SIZE, "assembly size");
_Static_assert(offsetof(struct cpu, noff) == CPU_NOFF, "assembly offset");
_Static_assert(sizeof(struct trapframe) == TF_SIZE, "assembly offset");

struct cpu cpus[NCPU];
int ncpu;

void switch_to(struct context *from, struct context *to);
void fp_save(struct fpstate *fp);
void fp_load(const struct fpstate *fp);

static struct {
    struct spinlock lock;
    struct list ready;
    volatile uint64 idle; // bit i: hart i is idle; atomic
} rq = {.lock = SPINLOCK("run queue"), .ready = LIST_INIT(rq.ready)};

static struct bucket {
    struct spinlock lock;
    struct list sleepers;
} buckets[BUCKETS];

// A process in sleep_ticks.
struct sleeper {
    struct list link;
    uint64 deadline;
};

static struct {
    struct spinlock lock;
    struct list sleepers; // by deadline
} timers = {.lock = SPINLOCK("timers"), .sleepers = LIST_INIT(timers.sleepers)};

static struct bucket *bucket_of(const void *chan)
{
    uint64 h = (uint64)chan;
    return &buckets[(h >> 4 ^ h >> 10 ^ h >> 16) % BUCKETS];
}

void sched_init(void)
{
    for (int i = 0; i < BUCKETS; i++) {
        spin_init(&buckets[i].lock, "sleepers");
        list_init(&buckets[i].sleepers);
    }
}

// One idle hart, if any, is told to look at the queue.
static void kick_idle(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    uint64 idle = rq.idle & ~(1UL << my_cpu()->index);
    if (!idle)
        return;
    int i = 0;
    while (!(idle & (1UL << i)))
        i++;
    if (__atomic_fetch_and(&rq.idle, ~(1UL << i), __ATOMIC_SEQ_CST) & (1UL << i))
        sbi_send_ipi(1, cpus[i].hartid);
}

void sched_ready(struct proc *p)
{
    p->state = RUNNABLE;
    spin_lock(&rq.lock);
    list_push_back(&rq.ready, &p->run);
    spin_unlock(&rq.lock);
    kick_idle();
}

static struct proc *next_ready(void)
{
    spin_lock(&rq.lock);
    struct list *item = list_pop_front(&rq.ready);
    spin_unlock(&rq.lock);
    return item ? container_of(item, struct proc, run) : 0;
}

// Without the lock: for who can be wrong for a moment.
static bool queue_empty(void)
{
    return __atomic_load_n(&rq.ready.next, __ATOMIC_RELAXED) == &rq.ready;
}

// Looks at the queue for a moment before the hart waits for an interrupt: often another hart makes a process
// ready soon after (the child of a fork, the other end of a pipe), and to be woken takes longer than that.
// Returns: whether there is something to do.
static bool poll(struct cpu *c, uint64 start)
{
    bool empty;
    intr_on();
    while ((empty = queue_empty()) && r_time() - start < c->poll)
        ;
    intr_off();
    return !empty;
}

// How long it will look the next time, after it has been idle for so many ticks.
static void learn_poll(struct cpu *c, uint64 ticks)
{
    if (ticks > IDLE_SHORT)
        c->poll /= 2;
    else if (c->poll < POLL_MOST)
        c->poll = c->poll ? 2 * c->poll : POLL_LEAST;
}

// Leaves the last process's tables, so that its space may die, and waits for an interrupt.
static void wait_for_interrupt(struct cpu *c)
{
    uint64 bit = 1UL << c->index;
    mmu_switch(0);
    __atomic_fetch_or(&rq.idle, bit, __ATOMIC_SEQ_CST);
    if (queue_empty() && !panicking)
        asm volatile("wfi"); // an interrupt that is pending ends it, though none can be taken yet
    __atomic_fetch_and(&rq.idle, ~bit, __ATOMIC_SEQ_CST);
}

// Nothing to do.
static void idle(struct cpu *c)
{
    uint64 start = r_time();
    c->idle_since = start;
    c->idle = true;
    if (ncpu == 1 || !poll(c, start))
        wait_for_interrupt(c);
    c->idle = false;
    uint64 ticks = r_time() - start;
    c->idle_ticks += ticks;
    learn_poll(c, ticks);
    intr_on();
    intr_off();
}

static void fp_switch_in(struct proc *p)
{
    if (!p->fp || (p->tf->sstatus & SSTATUS_FS) == 0)
        return;
    CSR_SET(sstatus, SSTATUS_FS);
    fp_load(p->fp);
    p->tf->sstatus = (p->tf->sstatus & ~SSTATUS_FS) | SSTATUS_FS_CLEAN;
}

void fp_save_current(void)
{
    struct proc *p = my_proc();
    if ((p->tf->sstatus & SSTATUS_FS) != SSTATUS_FS_DIRTY || !p->fp)
        return;
    CSR_SET(sstatus, SSTATUS_FS);
    fp_save(p->fp);
    p->tf->sstatus = (p->tf->sstatus & ~SSTATUS_FS) | SSTATUS_FS_CLEAN;
}

bool fp_enable(struct proc *p)
{
    if (!p->fp && !(p->fp = kmem_alloc(sizeof(*p->fp))))
        return false;
    irq_push();
    p->tf->sstatus |= SSTATUS_FS_CLEAN;
    fp_switch_in(p);
    irq_pop();
    return true;
}

static void run(struct cpu *c, struct proc *p)
{
    spin_lock(&p->lock);
    assert(p->state == RUNNABLE, "process on the run queue that may not run");
    p->state = RUNNING;
    p->hart = c->index;
    p->started = r_time();
    c->proc = p;
    c->ksp = p->kstack + KSTACK_BYTES;
    c->switches++;
    mmu_switch(p->mmu);
    fp_switch_in(p);
    switch_to(&c->sched, &p->context);
    c->proc = 0;
    spin_unlock(&p->lock);
}

void scheduler(void)
{
    struct cpu *c = my_cpu();
    intr_off();
    for (;;) {
        struct proc *p = next_ready();
        if (p)
            run(c, p);
        else
            idle(c);
    }
}

void sched(void)
{
    struct proc *p = my_proc();
    assert(spin_held(&p->lock), "switch without the process lock");
    assert(my_cpu()->noff == 1, "switch with another spinlock held");
    assert(p->state != RUNNING, "switch of a process that still runs");
    fp_save_current();
    p->cputime += r_time() - p->started;
    uchar was_on = my_cpu()->irq_was_on; // belongs to this thread of control, not to the hart
    switch_to(&p->context, &my_cpu()->sched);
    my_cpu()->irq_was_on = was_on;
}

void yield(void)
{
    struct proc *p = my_proc();
    spin_lock(&p->lock);
    sched_ready(p);
    sched();
    spin_unlock(&p->lock);
}

void sched_preempt(void)
{
    if (!queue_empty())
        yield();
}

void sleep_on(const void *chan, struct spinlock *lk)
{
    struct proc *p = my_proc();
    struct bucket *b = bucket_of(chan);
    assert(p, "sleep outside a process");
    spin_lock(&b->lock);
    spin_lock(&p->lock);
    spin_unlock(lk); // a waker needs the bucket's lock, and then finds us there
    if (p->kill_pending) {
        p->kill_pending = false; // killed since the caller last looked: once round its loop
        spin_unlock(&b->lock);
    } else {
        p->chan = chan;
        p->state = SLEEPING;
        list_push_back(&b->sleepers, &p->run);
        spin_unlock(&b->lock);
        sched();
    }
    spin_unlock(&p->lock);
    spin_lock(lk);
}

// Locks: the bucket's.
static void wake(struct proc *p)
{
    spin_lock(&p->lock);
    list_del(&p->run);
    p->chan = 0;
    sched_ready(p);
    spin_unlock(&p->lock);
}

void wakeup(const void *chan)
{
    struct bucket *b = bucket_of(chan);
    spin_lock(&b->lock);
    list_for_each_safe(pos, &b->sleepers)
    {
        struct proc *p = container_of(pos, struct proc, run);
        if (p->chan == chan)
            wake(p);
    }
    spin_unlock(&b->lock);
}

void wakeup_proc(struct proc *p)
{
    const void *chan;
    while ((chan = __atomic_load_n(&p->chan, __ATOMIC_SEQ_CST)) != 0) {
        struct bucket *b = bucket_of(chan);
        spin_lock(&b->lock);
        bool here = p->chan == chan;
        if (here)
            wake(p);
        spin_unlock(&b->lock);
        if (here)
            return;
    }
}

uint64 uptime_ticks(void)
{
    return r_time() / (machine.timebase / TICKS_HZ);
}

static void timer_insert(struct sleeper *s)
{
    struct list *before = timers.sleepers.prev;
    while (before != &timers.sleepers && container_of(before, struct sleeper, link)->deadline > s->deadline)
        before = before->prev;
    list_insert(&s->link, before, before->next);
}

// Over when uptime_ticks() has advanced by that much, as in xv6: all sleepers wake at the edges of ticks.
int sleep_ticks(uint64 ticks)
{
    uint64 unit = machine.timebase / TICKS_HZ;
    struct sleeper s = {.deadline = (r_time() / unit + ticks) * unit};
    spin_lock(&timers.lock);
    timer_insert(&s);
    while (r_time() < s.deadline && !killed())
        sleep_on(&s, &timers.lock);
    list_del(&s.link);
    spin_unlock(&timers.lock);
    return killed() ? -EINTR : 0;
}

void sched_tick(uint64 now)
{
    if (list_empty(&timers.sleepers))
        return;
    spin_lock(&timers.lock);
    list_for_each(pos, &timers.sleepers)
    {
        struct sleeper *s = container_of(pos, struct sleeper, link);
        if (s->deadline > now)
            break;
        wakeup(s);
    }
    spin_unlock(&timers.lock);
}

bool killed(void)
{
    struct proc *p = my_proc();
    return p && p->killed;
}
