// Small kernel objects: one list of partly used pages for each power of two from 32 to 2048 bytes. A page
// starts with its own header and is given back when its last object is freed, so that a leak check can count
// frames.
//
// Lock: kmem.lock (spin).
#include "kernel/vm/kmem.h"
#include "kernel/lib/allocfail.h"
#include "kernel/lib/list.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/spinlock.h"
#include "kernel/lib/string.h"
#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "kernel/vm/frame.h"
#include "kernel/vm/kmap.h"

#define MIN_SHIFT 5
#define MAX_SHIFT 11
#define MAGIC     0x6b6d656dU // "kmem": this page is cut into objects

struct object {
    struct object *next;
};

struct slab {
    struct list link; // in its class's list while it has free objects
    struct object *free;
    uint magic;
    ushort used;
    ushort shift;
};

static struct {
    struct spinlock lock;
    struct list partial[MAX_SHIFT + 1];
    uint64 used;
    bool ready;
} kmem = {.lock = SPINLOCK("kmem")};

// Locks: kmem.lock held.
static struct slab *slab_create(int shift)
{
    struct slab *s = kpage_alloc();
    if (!s)
        return 0;
    s->magic = MAGIC;
    s->shift = shift;
    uint64 size = 1UL << shift;
    uint64 first = (sizeof(*s) + size - 1) & ~(size - 1);
    for (uint64 off = first; off + size <= PGSIZE; off += size) {
        struct object *o = (struct object *)((char *)s + off);
        o->next = s->free;
        s->free = o;
    }
    list_push_front(&kmem.partial[shift], &s->link);
    return s;
}

static void lists_init(void)
{
    for (int i = 0; i <= MAX_SHIFT; i++)
        list_init(&kmem.partial[i]);
    kmem.ready = true;
}

static void *alloc_small(int shift)
{
    struct object *o = 0;
    if (alloc_fails())
        return 0;
    spin_lock(&kmem.lock);
    if (!kmem.ready)
        lists_init();
    struct list *head = &kmem.partial[shift];
    struct slab *s = list_empty(head) ? slab_create(shift) : container_of(head->next, struct slab, link);
    if (s) {
        o = s->free;
        s->free = o->next;
        s->used++;
        if (!s->free)
            list_del(&s->link);
        kmem.used += 1UL << shift;
    }
    spin_unlock(&kmem.lock);
    return o ? memset(o, 0, 1UL << shift) : 0;
}

void *kmem_alloc(uint64 size)
{
    if (size > PGSIZE)
        return vmalloc(size);
    if (size > 1UL << MAX_SHIFT)
        return kpage_alloc();
    int shift = MIN_SHIFT;
    while (1UL << shift < size)
        shift++;
    return alloc_small(shift);
}

void kmem_free(void *p)
{
    if (!p)
        return;
    if ((uint64)p >= VMALLOC_BASE) {
        vfree(p);
        return;
    }
    if (((uint64)p & (PGSIZE - 1)) == 0) {
        kpage_free(p);
        return;
    }
    struct slab *s = (struct slab *)PGROUNDDOWN(p);
    assert(s->magic == MAGIC, "kmem_free of something that kmem_alloc did not give");
    spin_lock(&kmem.lock);
    struct object *o = p;
    if (!s->free)
        list_push_front(&kmem.partial[s->shift], &s->link);
    o->next = s->free;
    s->free = o;
    kmem.used -= 1UL << s->shift;
    bool empty = --s->used == 0;
    if (empty) {
        list_del(&s->link);
        s->magic = 0;
    }
    spin_unlock(&kmem.lock);
    if (empty)
        kpage_free(s);
}

uint64 kmem_used(void)
{
    return kmem.used;
}
