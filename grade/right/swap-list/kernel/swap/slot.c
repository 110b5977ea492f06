// The table of swap slots (swap/slot.h), as a list: free slots are a stack, the one that was given back last
// goes first, and a fresh disk is used from its end. So pages that leave together have no neighbouring slots,
// mostly.
//
// Lock: pages_lock (spin) guards all of it.
#include "kernel/swap/slot.h"
#include "kernel/lib/err.h"
#include "kernel/lib/panic.h"
#include "kernel/vm/frame.h"
#include "kernel/vm/kmem.h"

struct entry {
    struct frame *cache;
    uint ptes; // that name it
    uint next; // the free one below it
    uint audit;
    uchar used, bad;
};

static struct entry *table;
static uint slots, top, used, bad;

int slot_init(uint64 n)
{
    table = kmem_alloc(n * sizeof(*table));
    if (!table)
        return -ENOMEM;
    slots = n;
    for (uint s = 1; s < n; s++) {
        table[s].next = top;
        top = s;
    }
    return 0;
}

void slot_seek(uint want)
{
    (void)want;
}

bool slot_full(void)
{
    return top == 0;
}

uint slot_alloc(void)
{
    uint s = top;
    if (s) {
        top = table[s].next;
        table[s].used = 1;
        used++;
    }
    return s;
}

void slot_unalloc(uint s)
{
    struct entry *e = &table[s];
    assert(e->used && !e->ptes && !e->cache, "a slot in use is freed");
    e->used = 0;
    used--;
    if (e->bad) {
        bad++;
        return;
    }
    e->next = top;
    top = s;
}

static struct entry *entry_of(uint s)
{
    assert(s > 0 && s < slots && table[s].used, "no slot in use");
    return &table[s];
}

static void free_unused(uint s)
{
    if (!table[s].ptes && !table[s].cache)
        slot_unalloc(s);
}

void slot_attach(uint s, struct frame *frame)
{
    struct entry *e = entry_of(s);
    assert(!e->cache && !frame->slot, "two caches of a slot, or two slots of a frame");
    e->cache = frame;
    frame->slot = s;
}

void slot_detach(struct frame *frame)
{
    uint s = frame->slot;
    entry_of(s)->cache = 0;
    frame->slot = 0;
    free_unused(s);
}

struct frame *slot_frame(uint s)
{
    return entry_of(s)->cache;
}

void slot_get(uint s)
{
    entry_of(s)->ptes++;
}

struct frame *slot_put(uint s)
{
    struct entry *e = entry_of(s);
    struct frame *cache = e->cache;
    assert(e->ptes, "a PTE less than none");
    e->ptes--;
    if (e->ptes == 0 && cache && cache->ref == 0 && !(cache->state & FRAME_READING)) {
        slot_detach(cache);
        return cache;
    }
    free_unused(s);
    return 0;
}

uint slot_refs(uint s)
{
    return entry_of(s)->ptes + (entry_of(s)->cache ? 1 : 0);
}

bool slot_readable(uint s)
{
    return s > 0 && s < slots && table[s].used && !table[s].cache && table[s].ptes;
}

void slot_mark_bad(uint s)
{
    entry_of(s)->bad = 1;
}

void slot_get_stats(struct slot_stats *st)
{
    spin_lock(&pages_lock);
    *st = (struct slot_stats){.total = slots ? slots - 1 : 0, .used = used, .bad = bad};
    spin_unlock(&pages_lock);
}

void slot_audit_begin(void)
{
    for (uint s = 0; s < slots; s++)
        table[s].audit = 0;
}

bool slot_audit_pte(uint s)
{
    if (s == 0 || s >= slots || !table[s].used)
        return false;
    table[s].audit++;
    return true;
}

void slot_audit_end(void)
{
    for (uint s = 1; s < slots; s++) {
        spin_lock(&pages_lock);
        if (table[s].used && table[s].audit != table[s].ptes)
            panic("audit: slot %u: %u PTEs, %u counted", s, table[s].audit, table[s].ptes);
        spin_unlock(&pages_lock);
    }
}
