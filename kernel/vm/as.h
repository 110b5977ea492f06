// Address spaces: the areas, page tables and counts of one user program.
//
// Locks: as->lock (sleep) guards everything below it, PTEs included. The list of spaces is guarded by
// as_list_lock (sleep), taken before any as->lock; a child comes after its parent on it, so that whoever
// locks several spaces (fork, the audit) goes in that order. Nobody waits for a disk with either of them: the
// evictor holds as_list_lock while it chooses pages and unmaps them, so no space comes or goes meanwhile.
#ifndef KERNEL_VM_AS_H
#define KERNEL_VM_AS_H
#include <stdbool.h>
#include "kernel/lib/list.h"
#include "kernel/proc/sleeplock.h"
#include "kernel/vm/mmu.h"
#include "kernel/vm/vma.h"
#include "kernel/vmstat.h"

struct frame;

#define STACK_MAX   (8UL << 20)              // bytes a stack grows to
#define STACK_LIMIT (USTACK_TOP - STACK_MAX) // lowest stack address
#define STACK_GAP   (1UL << 20)              // never mapped below that
#define STACK_SLACK (64UL << 10)             // how far below sp an access may be and still grow the stack

// Where a program last read from swap, and how many pages at once that was worth.
struct swapahead {
    uint next;   // slot behind the last ones read
    uint window; // pages to read
};

struct as {
    struct sleeplock lock;
    struct mmu mmu;
    struct vmaset vmas;
    uint64 heap_start; // end of the program image, page-aligned
    uint64 brk;        // end of the heap, any byte
    uint64 crept;      // bytes of the heap that came in small steps (as_sbrk)
    uint64 resident;   // PTEs that map a frame, the zero page included
    uint64 zeros;      // of them, those that map the zero page
    uint64 swapped;    // PTEs that name a swap slot
    uint family;       // the same for all that come from one exec by forks: who may share its private pages
    bool aged;         // the evictor cleared A bits: flush; as_list_lock
    struct swapahead ahead; // swap/swapin.c: how this program reads back
    struct faultcount faults;
    int ref;          // process + lookers-on; atomic
    struct list link; // list of spaces
};

// How the pages of a file are read: set by the file system at boot, so that vm/ does not depend on it.
struct vm_file_ops {
    void (*get)(struct inode *ip);                                    // one more area maps it
    void (*put)(struct inode *ip);                                    // may sleep; no as->lock held
    int64 (*read)(struct inode *ip, void *dst, uint64 off, uint64 n); // may sleep; nothing locked
};
extern struct vm_file_ops vm_file_ops;

static inline void as_lock(struct as *as)
{
    sleep_lock(&as->lock);
}

static inline void as_unlock(struct as *as)
{
    if (tlbcheck)
        tlb_assert_flushed(&as->mmu);
    sleep_unlock(&as->lock);
}

struct as *as_create(void); // empty, one reference; 0 when there is no memory
void as_get(struct as *as);
void as_put(struct as *as);            // the last reference frees it; may sleep. Not loaded on this hart
struct as *as_fork(struct as *parent); // copy on write; 0 when there is no memory

int as_map(struct as *as, const struct vma *v); // adds an area (takes a reference to its file)
// Moves the end of the heap by `delta` bytes. The old end, or -ENOMEM / -EINVAL with nothing changed. Memory
// is overcommitted: any size below the stack will do. But a program that grows in steps of less than
// SBRK_LEAP is about to use what it asks for: together, such steps get no more than user pool and swap have
// (unless `lazy`), so that malloc says no before the out-of-memory killer has to.
int64 as_sbrk(struct as *as, int64 delta, bool lazy);
#define SBRK_LEAP (1L << 20)

// Whether every byte of [va, va + n), which does not wrap, may be read (perm VMA_R) or written (VMA_W); sp:
// the program's stack pointer.
bool as_range_ok(struct as *as, uint64 va, uint64 n, int perm, uint64 sp);
// Copies kernel memory to va, faulting pages in: for exec, whose new space is not loaded. 0 or a fault
// reason.
int as_write(struct as *as, uint64 va, const void *src, uint64 n);

uint64 as_size(struct as *as); // bytes in areas; as->lock held

extern struct sleeplock as_list_lock;
extern struct list as_list;

#endif
