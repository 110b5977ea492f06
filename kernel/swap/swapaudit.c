// Audit of invariant 3 (swap/swapaudit.h). A page is held while its slot is read, like one that is being
// evicted: nobody can write to it meanwhile (a held frame with a slot is not taken over), and its slot stays.
//
// Locks: as_list_lock and pages_lock while a frame is taken from the policy, nothing during the read.
#include "kernel/swap/swapaudit.h"
#include "kernel/lib/err.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/string.h"
#include "kernel/proc/sched.h"
#include "kernel/riscv.h"
#include "kernel/swap/managed.h"
#include "kernel/swap/slot.h"
#include "kernel/swap/swapdev.h"
#include "kernel/vm/as.h"
#include "kernel/vm/page.h"

// Whether it was a clean page at rest, which we hold now.
static bool hold_clean(struct frame *f)
{
    bool clean = false;
    if (f->kind != FRAME_USER || !frame_slot(f)) // a look without locks: most are not
        return false;
    sleep_lock(&as_list_lock);
    spin_lock(&pages_lock);
    if (f->kind == FRAME_USER && frame_slot(f) && !(f->state & (FRAME_HELD | FRAME_READING))) {
        clean = true;
        managed_remove(f);
        f->state |= FRAME_HELD;
        page_get(f);
    }
    spin_unlock(&pages_lock);
    sleep_unlock(&as_list_lock);
    return clean;
}

int64 swap_audit(void)
{
    void *page = kpage_alloc();
    struct frame *copy = page ? pa2frame(kva2pa(page)) : 0, *free = 0;
    int64 n = 0;
    if (!page)
        return -ENOMEM;
    for (uint64 i = 0; i < frame_count && n >= 0 && !killed(); i++) {
        struct frame *f = &frame_table[i];
        if (!hold_clean(f))
            continue;
        int error = swapdev_read(f->slot, &copy, 1);
        if (!error && memcmp(page, frame2kva(f), PGSIZE) != 0)
            panic("audit: frame %p counts as clean, but slot %lu has other bytes", (void *)frame2pa(f),
                  f->slot);
        page_unhold(f, &free);
        frame_free_batch(free);
        free = 0;
        n = error ? error : n + 1;
    }
    kpage_free(page);
    return n;
}
