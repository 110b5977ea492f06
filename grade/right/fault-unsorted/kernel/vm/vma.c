// Areas in no order, looked through one after the other; nothing is remembered. What is taken out is replaced
// by the last one.
#include "kernel/vm/vma.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"
#include "kernel/riscv.h"
#include "kernel/vm/kmem.h"

void vmaset_init(struct vmaset *s)
{
    s->v = s->inl;
    s->n = s->hit = 0;
    s->room = VMASET_INLINE;
}

void vmaset_destroy(struct vmaset *s)
{
    if (s->v != s->inl)
        kmem_free(s->v);
    vmaset_init(s);
}

// Room for so many more. One at a time: what is asked for is what there is.
static bool more(struct vmaset *s, int n)
{
    if (s->n + n <= s->room)
        return true;
    struct vma *v = kmem_alloc((s->n + n) * sizeof(*v));
    if (!v)
        return false;
    memcpy(v, s->v, s->n * sizeof(*v));
    if (s->v != s->inl)
        kmem_free(s->v);
    s->v = v;
    s->room = s->n + n;
    return true;
}

int vmaset_copy(struct vmaset *to, const struct vmaset *from)
{
    if (!more(to, from->n))
        return -ENOMEM;
    for (to->n = 0; to->n < from->n; to->n++)
        to->v[to->n] = from->v[to->n];
    return 0;
}

struct vma *vma_find(struct vmaset *s, uint64 va)
{
    for (int i = 0; i < s->n; i++)
        if (va - s->v[i].start < s->v[i].end - s->v[i].start)
            return &s->v[i];
    return 0;
}

struct vma *vma_at_or_above(struct vmaset *s, uint64 va)
{
    struct vma *best = 0;
    for (struct vma *v = s->v; v < s->v + s->n; v++)
        if (v->end > va && (!best || v->start < best->start))
            best = v;
    return best;
}

static uint64 distance(const struct vma *v, uint64 va)
{
    return va < v->start ? v->start - va : va < v->end ? 0 : va - v->end + 1;
}

struct vma *vma_nearest(struct vmaset *s, uint64 va)
{
    struct vma *best = 0;
    for (struct vma *v = s->v; v < s->v + s->n; v++)
        if (!best || distance(v, va) < distance(best, va))
            best = v;
    return best;
}

static bool aligned(uint64 start, uint64 end)
{
    return start % PGSIZE == 0 && end % PGSIZE == 0 && start < end && end <= MAXVA;
}

// Whether somebody else than `but` has a byte of [start, end).
static bool taken(const struct vmaset *s, uint64 start, uint64 end, const struct vma *but)
{
    for (const struct vma *v = s->v; v < s->v + s->n; v++)
        if (v != but && v->start < end && start < v->end)
            return true;
    return false;
}

static bool alike(const struct vma *a, const struct vma *b)
{
    return !a->file && !b->file && a->kind == b->kind && a->perm == b->perm;
}

static void drop(struct vmaset *s, struct vma *v)
{
    *v = s->v[--s->n];
}

int vma_insert(struct vmaset *s, const struct vma *new)
{
    struct vma *below = 0, *above = 0;
    if (!aligned(new->start, new->end))
        return -EINVAL;
    if (taken(s, new->start, new->end, 0))
        return -EEXIST;
    for (struct vma *v = s->v; v < s->v + s->n; v++) {
        if (alike(v, new) && v->end == new->start)
            below = v;
        if (alike(v, new) && v->start == new->end)
            above = v;
    }
    if (below) {
        below->end = above ? above->end : new->end;
        if (above)
            drop(s, above);
    } else if (above) {
        above->start = new->start;
    } else {
        if (!more(s, 1))
            return -ENOMEM;
        s->v[s->n++] = *new;
    }
    return 0;
}

// The part of v that lies in [start, end), which is not empty.
static struct vma part(const struct vma *v, uint64 start, uint64 end)
{
    struct vma p = *v;
    uint64 skipped = start - v->start;
    p.start = start;
    p.end = end;
    if (v->file) {
        p.off += skipped;
        p.filelen = v->filelen < skipped ? 0 : v->filelen - skipped;
        if (p.filelen > end - start)
            p.filelen = end - start;
    }
    return p;
}

int vma_remove(struct vmaset *s, uint64 start, uint64 end)
{
    if (!aligned(start, end))
        return -EINVAL;
    struct vma *whole = vma_find(s, start);
    bool hole = whole && whole->start < start && whole->end > end;
    if (hole && !more(s, 1))
        return -ENOMEM;
    for (int i = s->n - 1; i >= 0; i--) {
        struct vma old = s->v[i];
        if (old.start >= end || old.end <= start)
            continue;
        if (old.start < start)
            s->v[i] = part(&old, old.start, start);
        if (old.end > end)
            s->v[hole ? s->n++ : i] = part(&old, end, old.end);
        if (old.start >= start && old.end <= end)
            drop(s, &s->v[i]);
    }
    return 0;
}

static int move(struct vmaset *s, struct vma *v, uint64 start, uint64 end)
{
    if (!aligned(start, end))
        return -EINVAL;
    if (taken(s, start, end, v))
        return -EEXIST;
    v->start = start;
    v->end = end;
    return 0;
}

int vma_set_start(struct vmaset *s, struct vma *v, uint64 start)
{
    return move(s, v, start, v->end);
}

int vma_set_end(struct vmaset *s, struct vma *v, uint64 end)
{
    return move(s, v, v->start, end);
}

const char *vma_kind_name(int kind)
{
    switch (kind) {
    case VMA_TEXT:
        return "text";
    case VMA_DATA:
        return "data";
    case VMA_HEAP:
        return "heap";
    case VMA_STACK:
        return "stack";
    case VMA_ANON:
        return "anon";
    }
    return "?";
}
