// System calls that let programs look inside: counters, pages, processes, areas. Each fills a structure that
// was zeroed first, so that no padding carries kernel bytes out.
#include "kernel/boot/machine.h"
#include "kernel/fs/file.h"
#include "kernel/fs/fs.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"
#include "kernel/proc/proc.h"
#include "kernel/proc/sched.h"
#include "kernel/proc/syscall.h"
#include "kernel/riscv.h"
#include "kernel/swap/slot.h"
#include "kernel/swap/swapdev.h"
#include "kernel/trap/uaccess.h"
#include "kernel/vm/as.h"
#include "kernel/vm/fault.h"
#include "kernel/vm/page.h"
#include "kernel/vm/kmem.h"
#include "kernel/vm/kstack.h"

static int64 give(uint64 user, const void *src, uint64 n)
{
    return copy_to_user(user, src, n) == n ? 0 : -EFAULT;
}

int64 sys_vmstat(const uint64 *arg)
{
    struct frame_stats fs;
    struct slot_stats swap;
    struct vmstat st;
    memset(&st, 0, sizeof(st));
    st.procs = proc_count(); // first: what ended by now has its memory in the counts below
    frame_get_stats(&fs);
    slot_get_stats(&swap);
    st.pagesize = PGSIZE;
    st.frames = fs.total;
    uint64 promised = fs.user < fs.user_limit ? fs.user_limit - fs.user : 0; // to user pages
    uint64 stacks = kstack_cached(); // kept for the next process, the kernel's
    st.free = fs.free + stacks;
    st.kfree = stacks + (fs.free > promised ? fs.free - promised : 0);
    st.user = fs.user;
    st.pagetables = fs.tables;
    st.harts = ncpu;
    st.timebase = machine.timebase;
    st.entered = machine.entered;
    for (int i = 0; i < ncpu; i++) {
        st.switches += cpus[i].switches;
        st.syscalls += cpus[i].syscalls;
        st.interrupts += cpus[i].interrupts;
        st.idle += cpus[i].idle_ticks;
    }
    st.swap_slots = swap.total;
    st.swap_used = swap.used;
    st.swap_in = swapdev_stats.reads;
    st.swap_out = swapdev_stats.writes;
    st.kmem = kmem_used();
    st.files = file_count();
    st.inodes = inode_count();
    fault_totals(&st.faults);
    return give(arg[0], &st, sizeof(st));
}

// Locks: as->lock.
static void page_look(struct as *as, uint64 va, struct pageinfo *pi)
{
    uint64 at = va;
    pte_t *pte = mmu_next(&as->mmu, &at, va + PGSIZE);
    memset(pi, 0, sizeof(*pi));
    pi->addr = va;
    pi->swapped = pte && !(*pte & PTE_V) && *pte;
    if (!pte || !(*pte & PTE_V))
        return;
    struct frame *f = pa2frame(PTE2PA(*pte));
    uint refs = page_refs(f);
    pi->present = 1;
    pi->writable = (*pte & PTE_W) != 0;
    pi->executable = (*pte & PTE_X) != 0;
    pi->accessed = (*pte & PTE_A) != 0;
    pi->dirty = (*pte & PTE_D) != 0;
    pi->shared = refs < 0xffff ? refs : 0xffff;
    pi->frame = f - frame_table + 1;
}

int64 sys_pageinfo(const uint64 *arg)
{
    struct as *as = my_proc()->as;
    uint64 va = PGROUNDDOWN(arg[0]), out = arg[2];
    int n = (int)arg[1];
    if (n < 0 || va >= MAXVA || (uint64)n > (MAXVA - va) / PGSIZE)
        return -EINVAL;
    if (!user_range_ok(out, n * sizeof(struct pageinfo), true))
        return -EFAULT;
    for (int i = 0; i < n; i++) {
        struct pageinfo pi;
        as_lock(as);
        page_look(as, va + (uint64)i * PGSIZE, &pi);
        as_unlock(as);
        if (give(out + i * sizeof(pi), &pi, sizeof(pi)) != 0)
            return -EFAULT;
        if (killed())
            return -EINTR;
    }
    return n;
}

// The process with the smallest number not below pid. Locks: wait_lock.
static struct proc *proc_at_or_above(int pid)
{
    struct proc *best = 0;
    list_for_each(pos, &proc_list)
    {
        struct proc *p = container_of(pos, struct proc, all);
        if (p->pid >= pid && (!best || p->pid < best->pid))
            best = p;
    }
    return best;
}

static void proc_look(struct proc *p, struct procinfo *pi)
{
    spin_lock(&p->lock);
    pi->pid = p->pid;
    pi->ppid = p->parent ? p->parent->pid : 0;
    pi->state = p->state;
    pi->hart = p->hart;
    pi->cputime = p->cputime + (p->state == RUNNING ? r_time() - p->started : 0);
    if (p->as) {
        pi->size = p->as->resident * PGSIZE;
        pi->resident = p->as->resident;
        pi->swapped = p->as->swapped;
        pi->faults = p->as->faults;
    }
    safestrcpy(pi->name, p->name, sizeof(pi->name));
    spin_unlock(&p->lock);
}

// The address space of a process, with a reference, or 0.
static struct as *as_of(int pid)
{
    struct as *as = 0;
    spin_lock(&wait_lock);
    struct proc *p = proc_at_or_above(pid);
    if (p && p->pid == pid) {
        spin_lock(&p->lock);
        as = p->as;
        if (as)
            as_get(as);
        spin_unlock(&p->lock);
    }
    spin_unlock(&wait_lock);
    return as;
}

int64 sys_procinfo(const uint64 *arg)
{
    struct procinfo pi;
    memset(&pi, 0, sizeof(pi));
    spin_lock(&wait_lock);
    struct proc *p = proc_at_or_above((int)arg[0]);
    if (p)
        proc_look(p, &pi);
    spin_unlock(&wait_lock);
    if (!p)
        return -ENOENT;
    struct as *as = as_of(pi.pid);
    if (as) {
        as_lock(as);
        pi.size = as_size(as);
        as_unlock(as);
        as_put(as);
    }
    return give(arg[1], &pi, sizeof(pi));
}

// Locks: as->lock.
static void vma_look(struct as *as, const struct vma *v, struct vmainfo *vi)
{
    uint64 va = v->start;
    pte_t *pte;
    vi->start = v->start;
    vi->end = v->end;
    vi->perm = v->perm;
    vi->kind = v->kind;
    while ((pte = mmu_next(&as->mmu, &va, v->end)) != 0) {
        vi->swapped += *pte && !(*pte & PTE_V);
        if (*pte & PTE_V) {
            vi->resident++;
            vi->shared += page_refs(pa2frame(PTE2PA(*pte))) > 1;
        }
        va += PGSIZE;
    }
}

int64 sys_vmainfo(const uint64 *arg)
{
    struct vmainfo vi;
    int i = (int)arg[1];
    struct as *as = as_of((int)arg[0]);
    if (!as)
        return -ENOENT;
    memset(&vi, 0, sizeof(vi));
    as_lock(as);
    bool found = i >= 0 && i < as->vmas.n;
    if (found)
        vma_look(as, &as->vmas.v[i], &vi);
    as_unlock(as);
    as_put(as);
    return found ? give(arg[2], &vi, sizeof(vi)) : -ENOENT;
}
