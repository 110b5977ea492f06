// Lab 1, second file: the areas of a space (vm/vma.h is the contract).
//
// What is here boots and protects nothing: areas stand in the order in which they came, all may be read,
// written and executed, each reaches up to the next one, and none ever gets smaller. lab/fault/README.md has
// the task.
//
// Your task: a set of disjoint, page-aligned areas, sorted by address, each with the rights that it was
// given.
//
//   vma_find          the area that contains va. It is asked at every page fault, most often for the area
//                     that it gave last. An area's end is not in it.
//   vma_at_or_above   the first area that ends above va.
//   vma_nearest       for reports: the area that contains va, or the one with the smallest distance to it.
//   vma_insert        checks alignment, order and upper end (MAXVA), refuses overlap, and merges with a
//                     neighbour that it continues: same rights, same kind, and neither has a file. Nothing
//                     changes on failure.
//   vma_remove        takes a range out. It may cover areas, cut the front or the back of one off, or split
//                     one. What is left of an area with a file goes on at the right offset, with the right
//                     filelen.
//   vma_set_start,    move one boundary. Refuse what would be empty, upside down, not aligned, or overlap.
//   vma_set_end
//
// Nothing here touches page tables: a caller that takes memory out of a set has unmapped it before. Invariant
// 5 of docs/memory.md rests on this file: every user PTE lies inside an area that allows it.
#include "kernel/vm/vma.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"
#include "kernel/riscv.h"
#include "kernel/vm/kmem.h"

// ---- given

void vmaset_init(struct vmaset *s)
{
    s->v = s->inl;
    s->n = 0;
    s->room = VMASET_INLINE;
    s->hit = 0;
}

void vmaset_destroy(struct vmaset *s)
{
    if (s->v != s->inl)
        kmem_free(s->v);
    vmaset_init(s);
}

// Space for n areas. 0 or -ENOMEM.
static int reserve(struct vmaset *s, int n)
{
    if (n <= s->room)
        return 0;
    int room = s->room * 2 > n ? s->room * 2 : n;
    struct vma *v = kmem_alloc(room * sizeof(*v));
    if (!v)
        return -ENOMEM;
    memcpy(v, s->v, s->n * sizeof(*v));
    if (s->v != s->inl)
        kmem_free(s->v);
    s->v = v;
    s->room = room;
    return 0;
}

int vmaset_copy(struct vmaset *to, const struct vmaset *from)
{
    int error = reserve(to, from->n);
    if (error)
        return error;
    memcpy(to->v, from->v, from->n * sizeof(*to->v));
    to->n = from->n;
    to->hit = from->hit;
    return 0;
}

const char *vma_kind_name(int kind)
{
    static const char *const names[] = {[VMA_TEXT] = "text",
                                        [VMA_DATA] = "data",
                                        [VMA_HEAP] = "heap",
                                        [VMA_STACK] = "stack",
                                        [VMA_ANON] = "anon"};
    return kind >= VMA_TEXT && kind <= VMA_ANON ? names[kind] : "?";
}

// ---- yours

static struct vma *highest_start_below(struct vmaset *s, uint64 limit)
{
    struct vma *best = 0;
    for (struct vma *v = s->v; v < s->v + s->n; v++)
        if (v->start < limit && (!best || v->start > best->start))
            best = v;
    return best;
}

struct vma *vma_find(struct vmaset *s, uint64 va)
{
    struct vma *v = highest_start_below(s, va + 1);
    if (v && va >= v->end)
        v->end = PGROUNDDOWN(va) + PGSIZE;
    return v;
}

struct vma *vma_at_or_above(struct vmaset *s, uint64 va)
{
    return highest_start_below(s, va + 1);
}

struct vma *vma_nearest(struct vmaset *s, uint64 va)
{
    return highest_start_below(s, va + 1);
}

int vma_insert(struct vmaset *s, const struct vma *v)
{
    struct vma *there = highest_start_below(s, v->end);
    if (there && there->end > v->start)
        return vma_set_end(s, there, v->end);
    if (reserve(s, s->n + 1) != 0)
        return -ENOMEM;
    s->v[s->n] = *v;
    s->v[s->n++].perm = VMA_R | VMA_W | VMA_X;
    return 0;
}

int vma_remove(struct vmaset *s, uint64 start, uint64 end)
{
    (void)s;
    return start < end ? 0 : -EINVAL;
}

int vma_set_start(struct vmaset *s, struct vma *v, uint64 start)
{
    if (highest_start_below(s, v->start) && start < v->start)
        return -EEXIST;
    v->start = start;
    return 0;
}

int vma_set_end(struct vmaset *s, struct vma *v, uint64 end)
{
    struct vma *last = highest_start_below(s, end);
    if (last && last->start > v->start)
        return -EEXIST;
    if (end > v->end)
        v->end = end;
    return 0;
}
