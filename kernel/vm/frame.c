// Page frames: allocation and the two pools (vm/frame.h).
//
// Lock: pages_lock (spin, near the end of the order) guards all of it. Each hart has a free list of its own,
// and frames come back to the front of it: the newest is likeliest to be in that hart's cache. A frame that
// went from hart to hart would have to be fetched from the other's cache, which costs more than clearing it.
// The lists are one pool all the same: a hart whose list is empty takes from another's. A user frame is on
// frames_new from its allocation until the evictor looks (swap/managed.c), so that a fault pays for one link
// and not for a replacement policy.
//
// With `poison` on the kernel command line a freed frame is filled with junk, so that a use after free shows.
#include "kernel/vm/frame.h"
#include "kernel/boot/machine.h"
#include "kernel/lib/allocfail.h"
#include "kernel/lib/cpu.h"
#include "kernel/lib/hot.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/spinlock.h"
#include "kernel/lib/string.h"
#include "kernel/riscv.h"

#define POISON_BYTE        0x5a
#define KERNEL_SHARE       8   // the kernel's reserve is this part of RAM
#define KERNEL_MIN_RESERVE 256 // but at least so many frames
#define USER_MIN           4   // frames: one instruction may need as many pages at once
#define FREE_AT_ONCE       256 // frames given back while the lock is held
#define TAKE_OVER          64  // free frames that a hart without any takes from another

// For what changes with every frame that comes and goes: otherwise each change would take the pointers that
// all faults read out of the other harts' caches.
#define OWN_LINE __attribute__((aligned(CPU_ALIGN)))

struct frame *frame_table;
struct frame *frame_of_page_0;
uint64 frame_base;
uint64 frame_count;
uint *frame_audit;
struct frame *zero_frame;

struct spinlock pages_lock OWN_LINE = SPINLOCK("pages");
struct framelist frames_new;
void (*frame_forget)(struct frame *f);
uint frame_waiters;
void (*frame_wake)(const void *chan);

static struct {
    struct frame_stats st;
    uint64 boot;    // user pool's size at boot
    uint listheads; // in use
    bool poison;
} OWN_LINE pages;
_Static_assert(sizeof(pages) % CPU_ALIGN == 0, "something else shares its cache line");

// Whether pa lies in one of the ranges; *next is then where the range ends.
static bool in_ranges(uint64 pa, const struct range *r, int n, uint64 *next)
{
    for (int i = 0; i < n; i++)
        if (pa >= PGROUNDDOWN(r[i].base) && pa < r[i].base + r[i].size) {
            *next = PGROUNDUP(r[i].base + r[i].size);
            return true;
        }
    return false;
}

// First run of `size` bytes of RAM that no range covers.
static uint64 find_room(struct range ram, const struct range *used, int nused, uint64 size)
{
    uint64 pa = PGROUNDUP(ram.base);
    while (pa + size <= ram.base + ram.size) {
        uint64 next = 0, at = pa;
        while (at < pa + size && !in_ranges(at, used, nused, &next))
            at += PGSIZE;
        if (at >= pa + size)
            return pa;
        pa = next;
    }
    panic("no room for the frame table in %lu MiB of RAM", ram.size >> 20);
}

// A user pool of that many frames, or the nearest that is possible.
static uint64 pool_size(uint64 frames)
{
    if (frames < USER_MIN)
        return USER_MIN;
    return frames < pages.st.user_most ? frames : pages.st.user_most;
}

static void set_limits(void)
{
    uint64 reserve = pages.st.total / KERNEL_SHARE;
    if (reserve < KERNEL_MIN_RESERVE)
        reserve = KERNEL_MIN_RESERVE;
    if (pages.st.total <= reserve)
        panic("only %lu page frames: too little RAM", pages.st.total);
    pages.st.user_most = pages.st.total - reserve;
    pages.boot = pool_size(bootarg_uint("uframes", pages.st.user_most));
    pages.st.user_limit = pages.boot;
}

uint64 frame_set_limit(uint64 frames)
{
    spin_lock(&pages_lock);
    uint64 limit = frames == 0 ? pages.boot : pool_size(frames);
    pages.st.user_limit = limit;
    spin_unlock(&pages_lock);
    return limit;
}

uint64 frame_excess(void)
{
    spin_lock(&pages_lock);
    uint64 excess = pages.st.user > pages.st.user_limit ? pages.st.user - pages.st.user_limit : 0;
    spin_unlock(&pages_lock);
    return excess;
}

void framelist_init(struct framelist *l)
{
    if (!l->head) {
        assert(pages.listheads < FRAMELISTS, "too many lists of frames");
        l->head = &frame_table[frame_count + pages.listheads++];
    }
    l->head->prev = l->head->succ = l->head - frame_table;
}

void frame_init(struct range ram, const struct range *used, int nused)
{
    frame_base = PGROUNDUP(ram.base);
    frame_count = (ram.base + ram.size - frame_base) >> PGSHIFT;
    uint64 entries = frame_count + FRAMELISTS;
    struct range table = {.size = PGROUNDUP(entries * (sizeof(struct frame) + sizeof(*frame_audit)))};
    table.base = find_room(ram, used, nused, table.size);
    frame_table = pa2kva(table.base);
    frame_audit = (uint *)(frame_table + entries);
    frame_of_page_0 = frame_table - (frame_base >> PGSHIFT);
    memset(frame_table, 0, table.size);

    for (uint64 i = frame_count; i-- > 0;) {
        struct frame *f = &frame_table[i];
        uint64 pa = frame2pa(f), next;
        if (in_ranges(pa, used, nused, &next) || in_ranges(pa, &table, 1, &next))
            continue;
        f->kind = FRAME_FREE;
        f->next = my_cpu()->free;
        my_cpu()->free = f;
        pages.st.total++;
    }
    pages.st.free = pages.st.total;
    framelist_init(&frames_new);
    set_limits();

    void *zero = kpage_alloc();
    if (!zero)
        panic("no memory for the page of zeros");
    zero_frame = pa2frame(kva2pa(zero));
    zero_frame->kind = FRAME_ZERO;
    zero_frame->ref = 1;
    char buf[8];
    pages.poison = bootarg_get("poison", buf, sizeof(buf)) >= 0;
}

// This hart has no free frame left: moves some of another's here. Locks: pages_lock. Returns: this hart.
COLD static struct cpu *take_over(void)
{
    struct cpu *c = my_cpu(), *other = cpus;
    while (other < &cpus[ncpu] && !other->free)
        other++;
    if (other == &cpus[ncpu])
        return c;
    struct frame *last = c->free = other->free;
    for (int n = 1; n < TAKE_OVER && last->next; n++)
        last = last->next;
    other->free = last->next;
    last->next = 0;
    return c;
}

// pages_lock for an allocation: when there is a free frame, this hart's list has one. Returns: this hart.
static inline struct cpu *lock_frames(void)
{
    spin_lock(&pages_lock);
    struct cpu *c = my_cpu();
    return c->free ? c : take_over();
}

// Locks: lock_frames, which said c.
static inline struct frame *take(struct cpu *c, enum frame_kind kind)
{
    struct frame *f = c->free;
    if (!f)
        return 0;
    c->free = f->next;
    pages.st.free--;
    f->next = 0;
    f->kind = kind;
    return f;
}

// Locks: pages_lock.
COLD static void leave_policy(struct frame *f)
{
    assert(!(f->state & (FRAME_HELD | FRAME_READING)), "freeing a frame that somebody holds");
    if (f->state & FRAME_NEW)
        framelist_del(f);
    else if (f->state & FRAME_MANAGED)
        frame_forget(f);
}

// Locks: pages_lock.
static inline void leave_list(struct frame *f)
{
    if (f->state == FRAME_NEW)
        framelist_del(f);
    else
        leave_policy(f);
    f->state = 0;
}

// Links f before the free frame `head`; the caller counts it. Locks: pages_lock.
static inline void make_free(struct frame *f, struct frame *head)
{
    f->kind = FRAME_FREE;
    f->next = head;
}

// Locks: pages_lock.
static void give(struct frame *f)
{
    if (pages.poison)
        memset(frame2kva(f), POISON_BYTE, PGSIZE);
    struct cpu *c = my_cpu();
    make_free(f, c->free);
    c->free = f;
    pages.st.free++;
}

// Of a page that kpage_alloc gave.
static struct frame *page_frame(const void *page)
{
    uint64 pa = kva2pa(page);
    assert(pa >= frame_base && pa < frame_base + (frame_count << PGSHIFT), "page outside RAM freed");
    assert((pa & (PGSIZE - 1)) == 0, "part of a page freed");
    struct frame *f = pa2frame(pa);
    assert(f->kind == FRAME_KERNEL, "page freed twice, or through the wrong call");
    return f;
}

void *kpage_alloc(void)
{
    if (alloc_fails())
        return 0;
    struct cpu *c = lock_frames();
    struct frame *f = take(c, FRAME_KERNEL);
    spin_unlock(&pages_lock);
    if (!f)
        return 0;
    page_zero(frame2kva(f));
    return frame2kva(f);
}

void kpage_free(void *page)
{
    struct frame *f = page_frame(page);
    spin_lock(&pages_lock);
    give(f);
    spin_unlock(&pages_lock);
}

void *frame_alloc_table(void)
{
    if (alloc_fails())
        return 0;
    struct cpu *c = lock_frames();
    struct frame *f = take(c, FRAME_TABLE);
    if (f)
        pages.st.tables++;
    spin_unlock(&pages_lock);
    if (!f)
        return 0;
    page_zero(frame2kva(f));
    return frame2kva(f);
}

// Locks: pages_lock.
static inline void make_new(struct frame *f, uint64 va, uint family)
{
    f->slot = 0;
    f->vpn = va >> PGSHIFT;
    f->family = family;
    f->state = FRAME_NEW;
    framelist_push_back(&frames_new, f);
}

struct frame *frame_alloc(uint64 va, uint family)
{
    struct frame *f = 0;
    if (alloc_fails())
        return 0;
    struct cpu *c = lock_frames();
    if (pages.st.user < pages.st.user_limit && (f = take(c, FRAME_USER))) {
        pages.st.user++;
        make_new(f, va, family);
    }
    spin_unlock(&pages_lock);
    return f;
}

void frame_reuse(struct frame *f, uint64 va, uint family)
{
    assert(f->ref == 0 && f->kind == FRAME_USER, "reusing a frame that is in use");
    if (pages.poison)
        memset(frame2kva(f), POISON_BYTE, PGSIZE);
    spin_lock(&pages_lock);
    leave_list(f);
    make_new(f, va, family);
    spin_unlock(&pages_lock);
}

// Takes up to FREE_AT_ONCE frames of a batch back. Returns the rest. Locks: pages_lock.
static struct frame *free_some(struct frame *batch, enum frame_kind kind)
{
    struct cpu *c = my_cpu();
    struct frame *head = c->free;
    uint64 n = 0;
    for (; batch && n < FREE_AT_ONCE; n++) {
        struct frame *f = batch;
        batch = f->next;
        leave_list(f);
        make_free(f, head);
        head = f;
    }
    c->free = head;
    pages.st.free += n;
    if (kind == FRAME_TABLE)
        pages.st.tables -= n;
    else
        pages.st.user -= n;
    return batch;
}

// A batch may be most of RAM: the lock goes now and then, and interrupts come.
static void free_batch(struct frame *batch, enum frame_kind kind)
{
    if (pages.poison)
        for (struct frame *f = batch; f; f = f->next)
            memset(frame2kva(f), POISON_BYTE, PGSIZE);
    while (batch) {
        spin_lock(&pages_lock);
        batch = free_some(batch, kind);
        spin_unlock(&pages_lock);
        if (frame_waiters)
            frame_wake(&frame_waiters);
    }
}

void frame_free_batch(struct frame *batch)
{
    free_batch(batch, FRAME_USER);
}

void frame_free_tables(struct frame *list)
{
    for (struct frame *f = list; f; f = f->next)
        assert(f->kind == FRAME_TABLE, "freeing a page table that is none");
    free_batch(list, FRAME_TABLE);
}

void frame_free(struct frame *f)
{
    assert(f->ref == 0 && f->kind == FRAME_USER, "freeing a frame that is in use");
    f->next = 0;
    frame_free_batch(f);
}

void frame_get_stats(struct frame_stats *st)
{
    spin_lock(&pages_lock);
    *st = pages.st;
    spin_unlock(&pages_lock);
}
