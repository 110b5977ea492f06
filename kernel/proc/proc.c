// Processes: making, ending, waiting for and killing them.
//
// Locks: wait_lock guards the family tree and the list of processes, and comes before any p->lock. A process
// that ends gives up its files and memory first and then, under wait_lock, becomes a zombie that only its
// parent frees.
#include "kernel/proc/proc.h"
#include "kernel/fs/file.h"
#include "kernel/fs/fs.h"
#include "kernel/lib/err.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/string.h"
#include "kernel/proc/sched.h"
#include "kernel/riscv.h"
#include "kernel/trap/trap.h"
#include "kernel/trap/uaccess.h"
#include "kernel/vm/as.h"
#include "kernel/vm/kmem.h"
#include "kernel/vm/kstack.h"
#include "kernel/vm/mmu.h"

#define PID_MAX 0x3fffffff

struct spinlock wait_lock = SPINLOCK("wait");
struct list proc_list = LIST_INIT(proc_list);
struct proc *init_proc;

static int nprocs;   // processes whose memory is not all given back; atomic, raised under wait_lock
static int last_pid; // wait_lock
static int norphans; // processes that init got from a parent that ended; wait_lock, and read without it

// Every process starts here, on its own kernel stack, with p->lock held by the scheduler that switched to it.
static void proc_start(void)
{
    struct proc *p = my_proc();
    spin_unlock(&p->lock);
    if (p->kthread) {
        intr_on(); // the scheduler had them off
        p->kthread();
        if (!p->as)
            proc_exit(0);
    }
    trap_return_user(p->tf);
}

static bool pid_in_use(int pid)
{
    list_for_each(pos, &proc_list) if (container_of(pos, struct proc, all)->pid == pid) return true;
    return false;
}

// Numbers grow and start again past PID_MAX: a number is reused as late as possible. Locks: wait_lock.
static int new_pid(void)
{
    static bool wrapped;
    do {
        if (++last_pid > PID_MAX) {
            last_pid = 1;
            wrapped = true;
        }
    } while (wrapped && pid_in_use(last_pid));
    return last_pid;
}

// A process that is on no list and has no number yet. 0 when there is no memory.
static struct proc *proc_alloc(void)
{
    struct proc *p = kmem_alloc(sizeof(*p));
    if (!p)
        return 0;
    p->kstack = kstack_alloc();
    if (!p->kstack) {
        kmem_free(p);
        return 0;
    }
    spin_init(&p->lock, "process");
    list_init(&p->children);
    p->tf = (struct trapframe *)(p->kstack + KSTACK_BYTES - TF_SIZE);
    p->context.ra = (uint64)proc_start;
    p->context.sp = (uint64)p->tf;
    return p;
}

// Frees what proc_alloc made. Nobody runs on the stack, nothing links to it.
static void proc_free(struct proc *p)
{
    kmem_free(p->fp);
    kstack_free(p->kstack);
    kmem_free(p);
}

// Enters the family and may run from then on. 0 when there are NPROC processes already.
static int proc_publish(struct proc *p, struct proc *parent)
{
    spin_lock(&wait_lock);
    int pid = proc_count() < NPROC ? new_pid() : 0;
    if (pid) {
        __atomic_fetch_add(&nprocs, 1, __ATOMIC_RELAXED);
        p->pid = pid;
        p->parent = parent;
        if (parent)
            list_push_back(&parent->children, &p->sibling);
        list_push_back(&proc_list, &p->all);
        spin_lock(&p->lock);
        sched_ready(p);
        spin_unlock(&p->lock);
    }
    spin_unlock(&wait_lock);
    return pid;
}

struct proc *kthread_create(const char *name, void (*body)(void))
{
    struct proc *p = proc_alloc();
    assert(p, "no memory for a kernel thread");
    p->kthread = body;
    safestrcpy(p->name, name, sizeof(p->name));
    if (proc_publish(p, init_proc) == 0) // init reaps it, should the body return
        panic("no process number for kernel thread %s", name);
    return p;
}

// Copies the parent's side of p: memory, registers, floating point. False when there is no memory.
static bool copy_image(struct proc *p, struct proc *parent)
{
    irq_push();
    fp_save_current();
    irq_pop();
    if (parent->fp) {
        p->fp = kmem_alloc(sizeof(*p->fp));
        if (!p->fp)
            return false;
        *p->fp = *parent->fp;
    }
    p->as = as_fork(parent->as);
    if (!p->as)
        return false;
    p->mmu = &p->as->mmu;
    *p->tf = *parent->tf;
    p->tf->a0 = 0;
    return true;
}

static void close_files(struct proc *p)
{
    for (int fd = 0; fd < NOFILE; fd++)
        if (p->ofile[fd]) {
            file_close(p->ofile[fd]);
            p->ofile[fd] = 0;
        }
    if (p->cwd)
        inode_put(p->cwd);
    p->cwd = 0;
}

// A child that ended (an orphan, if so asked), out of the family and the list, or 0. Locks: wait_lock.
static struct proc *take_zombie(struct proc *parent, bool orphans_only)
{
    list_for_each(pos, &parent->children)
    {
        struct proc *p = container_of(pos, struct proc, sibling);
        spin_lock(&p->lock); // it may still be on its way out of its stack
        bool ended = p->state == ZOMBIE && (p->orphan || !orphans_only);
        spin_unlock(&p->lock);
        if (ended) {
            list_del(&p->sibling);
            list_del(&p->all);
            norphans -= p->orphan;
            return p;
        }
    }
    return 0;
}

// Frees a process that take_zombie gave. It counts until the last of it is free: who sees the count fall
// finds the memory back.
static void bury(struct proc *p)
{
    proc_free(p);
    __atomic_fetch_sub(&nprocs, 1, __ATOMIC_RELEASE);
}

// Does a piece of init's work, so that orphans do not fill the table while init gets no hart.
static void bury_orphan(void)
{
    if (__atomic_load_n(&norphans, __ATOMIC_RELAXED) == 0)
        return;
    spin_lock(&wait_lock);
    struct proc *p = take_zombie(init_proc, true);
    spin_unlock(&wait_lock);
    if (p)
        bury(p);
}

int proc_fork(void)
{
    struct proc *parent = my_proc();
    bury_orphan();
    struct proc *p = proc_alloc();
    if (!p)
        return -ENOMEM;
    if (!copy_image(p, parent)) {
        proc_free(p);
        return -ENOMEM;
    }
    for (int fd = 0; fd < NOFILE; fd++)
        if (parent->ofile[fd])
            p->ofile[fd] = file_dup(parent->ofile[fd]);
    p->cwd = inode_dup(parent->cwd);
    safestrcpy(p->name, parent->name, sizeof(p->name));
    p->allocfail = parent->allocfail;
    int pid = proc_publish(p, parent);
    if (pid)
        return pid;
    close_files(p);
    as_put(p->as);
    proc_free(p);
    return -EAGAIN;
}

// Children of a process that ends become init's. Locks: wait_lock.
static void orphan_children(struct proc *p)
{
    bool zombies = false;
    struct list *item;
    while ((item = list_pop_front(&p->children)) != 0) {
        struct proc *child = container_of(item, struct proc, sibling);
        child->parent = init_proc;
        child->orphan = true;
        norphans++;
        list_push_back(&init_proc->children, item);
        zombies |= child->state == ZOMBIE;
    }
    if (zombies)
        wakeup(init_proc);
}

static int leaving; // processes that are giving their address spaces back; atomic
static uint64 left; // how often one has done that; atomic

// Leaves the address space; it dies with its last user.
void proc_drop_as(struct proc *p)
{
    struct as *as = p->as;
    __atomic_fetch_add(&leaving, 1, __ATOMIC_SEQ_CST); // before it can no longer be found by p
    spin_lock(&p->lock);                               // lookers-on take a reference under it
    p->as = 0;
    p->mmu = 0;
    mmu_switch(0);
    spin_unlock(&p->lock);
    if (as)
        as_put(as);
    __atomic_fetch_add(&left, 1, __ATOMIC_SEQ_CST);
    __atomic_fetch_sub(&leaving, 1, __ATOMIC_SEQ_CST);
}

void proc_exit(int status)
{
    struct proc *p = my_proc();
    if (p == init_proc)
        panic("init exited with status %d", status);
    close_files(p);
    proc_drop_as(p);

    spin_lock(&wait_lock);
    orphan_children(p);
    if (p->parent)
        wakeup(p->parent);
    spin_lock(&p->lock);
    p->xstate = status;
    p->state = ZOMBIE;
    spin_unlock(&wait_lock);
    sched();
    panic("a zombie runs");
}

// A child whose status did not reach the program, for want of memory or a disk: the next wait finds it again.
static void put_zombie_back(struct proc *parent, struct proc *child)
{
    spin_lock(&wait_lock);
    list_push_front(&parent->children, &child->sibling);
    list_push_back(&proc_list, &child->all);
    norphans += child->orphan;
    spin_unlock(&wait_lock);
}

int proc_wait(uint64 user_status)
{
    struct proc *p = my_proc(), *child = 0;
    int error = 0;
    if (user_status && !user_range_ok(user_status, sizeof(int), true))
        return -EFAULT;
    spin_lock(&wait_lock);
    while (!error && !(child = take_zombie(p, false))) {
        if (list_empty(&p->children))
            error = -ECHILD;
        else if (killed())
            error = -EINTR;
        else
            sleep_on(p, &wait_lock);
    }
    spin_unlock(&wait_lock);
    if (error)
        return error;

    int pid = child->pid, status = child->xstate;
    if (user_status && copy_to_user(user_status, &status, sizeof(status)) != sizeof(status)) {
        put_zombie_back(p, child);
        return -EFAULT;
    }
    bury(child);
    return pid;
}

// Locks: wait_lock. init and kernel threads live on.
static int kill_locked(struct proc *p)
{
    if (p == init_proc || p->kthread)
        return -EPERM;
    spin_lock(&p->lock);
    p->killed = true;
    p->kill_pending = true;
    spin_unlock(&p->lock);
    wakeup_proc(p);
    return 0;
}

static struct proc *find_locked(int pid)
{
    list_for_each(pos, &proc_list)
    {
        struct proc *p = container_of(pos, struct proc, all);
        if (p->pid == pid)
            return p;
    }
    return 0;
}

int proc_kill(int pid)
{
    spin_lock(&wait_lock);
    struct proc *p = find_locked(pid);
    int error = p ? kill_locked(p) : -ENOENT;
    spin_unlock(&wait_lock);
    return error;
}

static bool descends_from(struct proc *p, int pid)
{
    for (; p; p = p->parent)
        if (p->pid == pid)
            return true;
    return false;
}

void proc_kill_tree(int pid)
{
    spin_lock(&wait_lock);
    list_for_each(pos, &proc_list)
    {
        struct proc *p = container_of(pos, struct proc, all);
        if (descends_from(p, pid))
            kill_locked(p);
    }
    spin_unlock(&wait_lock);
}

const char *proc_state_name(int state)
{
    static const char *const names[] = {[UNUSED] = "unused",
                                        [SLEEPING] = "sleeping",
                                        [RUNNABLE] = "runnable",
                                        [RUNNING] = "running",
                                        [ZOMBIE] = "zombie"};
    return state >= UNUSED && state <= ZOMBIE ? names[state] : "?";
}

// The function that called sleep_on: two frames above the saved context, which is sched's.
static const char *sleeps_in(struct proc *p)
{
    uint64 off, fp = p->context.s[0];
    for (int i = 0; i < 2; i++) {
        if (fp < p->kstack + 16 || fp > p->kstack + KSTACK_BYTES)
            return 0;
        if (i == 0)
            fp = ((uint64 *)fp)[-2];
    }
    return symbol_find(((uint64 *)fp)[-1], &off);
}

void proc_dump(void)
{
    if (!spin_trylock(&wait_lock)) {
        printf("process list busy\n");
        return;
    }
    printf("\npid  ppid  state     hart  name\n");
    list_for_each(pos, &proc_list)
    {
        struct proc *p = container_of(pos, struct proc, all);
        printf("%-4d %-5d %-9s %-5d %s", p->pid, p->parent ? p->parent->pid : 0, proc_state_name(p->state),
               p->hart, p->name);
        const char *where = p->state == SLEEPING ? sleeps_in(p) : 0;
        printf("%s%s\n", where ? " in " : "", where ? where : "");
    }
    spin_unlock(&wait_lock);
}

int proc_count(void)
{
    return __atomic_load_n(&nprocs, __ATOMIC_ACQUIRE);
}

// What a process takes, in pages.
struct appetite {
    uint64 pages; // page tables included: they stay when a heap shrinks
    uint64 swapped;
};

static struct appetite appetite(const struct as *as)
{
    return (struct appetite){.pages = as->resident - as->zeros + as->swapped + as->mmu.tables,
                             .swapped = as->swapped};
}

// The process that can be killed and takes most memory. Locks: wait_lock.
static struct proc *largest(struct appetite *most)
{
    struct proc *best = 0;
    *most = (struct appetite){0};
    list_for_each(pos, &proc_list)
    {
        struct proc *p = container_of(pos, struct proc, all);
        spin_lock(&p->lock);
        struct appetite its = {0};
        if (p->as && p != init_proc)
            its = appetite(p->as);
        spin_unlock(&p->lock);
        if (its.pages > most->pages) {
            best = p;
            *most = its;
        }
    }
    return best;
}

static void report_kill(const struct proc *victim, struct appetite its)
{
    uint64 kib = PGSIZE / 1024;
    printf("out of memory: killed %d %s, the largest process (%lu KiB, in swap %lu KiB), for %d %s\n",
           victim->pid, victim->name, its.pages * kib, its.swapped * kib, my_proc()->pid, my_proc()->name);
}

bool proc_out_of_memory(uint64 *seen)
{
    struct appetite its;
    if (killed())
        return false;
    spin_lock(&wait_lock);
    struct proc *victim = largest(&its);
    bool on_its_way = __atomic_load_n(&leaving, __ATOMIC_SEQ_CST) > 0;
    uint64 came = __atomic_load_n(&left, __ATOMIC_SEQ_CST); // read last: who left before that is in it
    if (on_its_way || came != *seen) {                      // nobody has to go for memory that comes or came
        *seen = came;
        spin_unlock(&wait_lock);
        yield();
        return true;
    }
    bool self = !victim || victim == my_proc();
    bool already = victim && victim->killed;
    if (victim && !self && !already) {
        report_kill(victim, its);
        kill_locked(victim);
    }
    spin_unlock(&wait_lock);
    if (self)
        return false;
    yield(); // it gives its memory back on its way out
    return true;
}
