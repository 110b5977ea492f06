// The page-fault loop: find, decide by what the PTE is, install. docs/faults.md follows one fault from the
// vector to here.
//
//   PTE \ access          read, execute          write
//   none, area of zeros   map the zero page      fresh zeroed frame         fault_zero   (vm/anon.c)
//   none, area of a file  read the page          read the page, writable    fault_file   (vm/file.c)
//   swapped               map or read the slot   the same, then fault_write fault_swapin (swap/swapin.c)
//   present, not W        refresh                take over, or copy         fault_write  (vm/cow.c)
//   present, W            refresh                refresh                    fault_refresh
//
// There is no copy-on-write bit: "the area may be written, the PTE may not" is copy-on-write, or a first
// write.
//
// Restart beats repair: a handler that lacks something (a frame, a page of a file) says FAULT_RETRY before it
// has changed anything. The loop fetches it with nothing locked and starts from the top, since the world may
// have moved on.
#include "kernel/vm/fault.h"
#include "kernel/lib/hot.h"
#include "kernel/lib/panic.h"
#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "kernel/swap/evict.h"
#include "kernel/swap/swapin.h"
#include "kernel/vm/page.h"
#include "kernel/vm/mmu.h"

// The classes are the fields of struct faultcount in their order.
_Static_assert(offsetof(struct faultcount, invalid) == FAULT_INVALID * sizeof(uint64),
               "faultcount out of order");
static struct faultcount departed; // of spaces that are gone, and of harts that ran none; atomic

static void add_counts(struct faultcount *to, const struct faultcount *from)
{
    for (int class = FAULT_MINOR; class <= FAULT_INVALID; class ++)
        __atomic_fetch_add((uint64 *)to + class, ((const uint64 *)from)[class], __ATOMIC_RELAXED);
}

void fault_count_nobody(enum fault_class class)
{
    __atomic_fetch_add((uint64 *)&departed + class, 1, __ATOMIC_RELAXED);
}

void fault_retire(const struct as *as)
{
    add_counts(&departed, &as->faults);
}

void fault_totals(struct faultcount *out)
{
    sleep_lock(&as_list_lock);
    *out = departed;
    list_for_each(pos, &as_list) add_counts(out, &container_of(pos, struct as, link)->faults);
    sleep_unlock(&as_list_lock);
}

const char *fault_reason_name(enum fault_reason r)
{
    static const char *const names[] = {
        [FAULT_OK] = "no fault",           [FAULT_UNMAPPED] = "unmapped", [FAULT_NULL] = "null page",
        [FAULT_READONLY] = "read-only",    [FAULT_NOEXEC] = "no-exec",    [FAULT_NOREAD] = "not readable",
        [FAULT_KERNEL] = "kernel address", [FAULT_STACK] = "stack limit", [FAULT_GUARD] = "guard page",
        [FAULT_NOMEM] = "out of memory",   [FAULT_DISK] = "disk error",   [FAULT_RETRY] = "retry",
    };
    return names[r];
}

COLD static enum fault_reason no_permission(enum access access)
{
    return access == ACCESS_WRITE ? FAULT_READONLY : access == ACCESS_EXEC ? FAULT_NOEXEC : FAULT_NOREAD;
}

COLD static enum fault_reason grow_stack(struct fault *f)
{
    enum fault_reason r = anon_grow_stack(f->as, f->addr, f->sp);
    if (r == FAULT_OK)
        f->vma = vma_find(&f->as->vmas, f->va);
    return r;
}

// The area, its permission, and the PTE. FAULT_OK, or why there is no way.
static inline enum fault_reason fault_lookup(struct as *as, struct fault *f)
{
    enum fault_reason r;
    f->vma = vma_find(&as->vmas, f->va);
    if (!f->vma && (r = grow_stack(f)) != FAULT_OK)
        return r;
    if (!vma_allows(f->vma, f->access))
        return no_permission(f->access);
    f->pte = mmu_walk_near(&as->mmu, f->va);
    return f->pte ? FAULT_OK : FAULT_NOMEM;
}

// The PTE allows it already. The TLB held something older and stricter, or this hardware leaves A and D to us
// (privileged spec 4.3.1): set them and drop the stale entry.
COLD static enum fault_reason fault_refresh(struct fault *f)
{
    pte_t bits = PTE_A | (f->access == ACCESS_WRITE ? PTE_D : 0);
    f->class = FAULT_SPURIOUS;
    __atomic_fetch_or(f->pte, bits, __ATOMIC_RELAXED);
    sfence_vma_page(f->va);
    return FAULT_OK;
}

static inline enum fault_reason fault_resolve(struct fault *f)
{
    pte_t pte = *f->pte;
    if (!(pte & PTE_V))
        return pte ? fault_swapin(f) : f->vma->file ? fault_file(f) : fault_zero(f);
    if (f->access == ACCESS_WRITE && !(pte & PTE_W))
        return fault_write(f);
    return fault_refresh(f);
}

// Gets what the handler lacked. FAULT_RETRY when it is there now. Nothing locked; sleeps.
COLD static enum fault_reason fault_fetch(struct fault *f)
{
    if (f->want_slot)
        return swapin_fetch(f);
    if (!f->spare && !(f->spare = evict_frame(f->va, f->as->family)))
        return FAULT_NOMEM;
    return f->want && !f->filled ? file_fetch(f) : FAULT_RETRY;
}

static inline __attribute__((always_inline)) enum fault_reason fault_once(struct as *as, struct fault *f)
{
    as_lock(as);
    enum fault_reason r = fault_lookup(as, f);
    if (r == FAULT_OK)
        r = fault_resolve(f);
    as_unlock(as);
    return r;
}

// When a handler lacked something: gets it and starts over, as often as it takes. Counts the fault if that
// ends badly.
COLD static enum fault_reason fault_restart(struct fault *f, enum fault_reason r)
{
    while (r == FAULT_RETRY && (r = fault_fetch(f)) == FAULT_RETRY &&
           (r = fault_once(f->as, f)) == FAULT_RETRY)
        ;
    if (f->waited) // whatever it did in the end
        f->class = FAULT_MAJOR;
    if (f->spare)
        frame_free(f->spare);
    if (f->held)
        swapin_unhold(f);
    if (r != FAULT_OK && r != FAULT_NOMEM) // that may be tried again, when somebody has given memory back
        fault_count(f->as, FAULT_INVALID);
    return r;
}

enum fault_reason vm_fault(struct as *as, uint64 addr, enum access access, uint64 sp)
{
    struct fault f; // field by field: clearing the rest of it would be a tenth of the whole path
    if (addr >= MAXVA) {
        fault_count(as, FAULT_INVALID);
        return FAULT_KERNEL;
    }
    f.as = as;
    f.va = PGROUNDDOWN(addr);
    f.addr = addr;
    f.sp = sp;
    f.access = access;
    f.spare = 0;
    f.held = 0;
    f.want = 0;
    f.want_slot = 0;
    f.filled = f.waited = false;
    enum fault_reason r = fault_once(as, &f);
    if (r != FAULT_OK && (r = fault_restart(&f, r)) != FAULT_OK)
        return r;
    fault_count(as, f.class);
    return FAULT_OK;
}
