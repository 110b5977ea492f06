// Areas in a linked list, sorted by address. The links are numbers, behind the array of areas in one block of
// memory; `hit` is the first area. The array itself is in no order, and has no holes.
#include "kernel/vm/vma.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"
#include "kernel/riscv.h"
#include "kernel/vm/kmem.h"

#define NONE (-1)

void vmaset_init(struct vmaset *s)
{
    s->v = 0;
    s->n = s->room = 0;
    s->hit = NONE;
}

void vmaset_destroy(struct vmaset *s)
{
    kmem_free(s->v);
    vmaset_init(s);
}

static int *links(const struct vmaset *s)
{
    return (int *)(s->v + s->room);
}

static bool grow(struct vmaset *s, int room)
{
    if (room <= s->room)
        return true;
    struct vma *v = kmem_alloc(room * (sizeof(*v) + sizeof(int)));
    if (!v)
        return false;
    if (s->v) {
        memcpy(v, s->v, s->n * sizeof(*v));
        memcpy(v + room, links(s), s->n * sizeof(int));
        kmem_free(s->v);
    }
    s->v = v;
    s->room = room;
    return true;
}

int vmaset_copy(struct vmaset *to, const struct vmaset *from)
{
    if (from->n > 0) {
        if (!grow(to, from->n))
            return -ENOMEM;
        memcpy(to->v, from->v, from->n * sizeof(*to->v));
        memcpy(links(to), links(from), from->n * sizeof(int));
    }
    to->n = from->n;
    to->hit = from->hit;
    return 0;
}

// The link that leads to the first area that ends above va, or to NONE.
static int *link_to(struct vmaset *s, uint64 va)
{
    int *link = &s->hit;
    while (*link != NONE && s->v[*link].end <= va)
        link = &links(s)[*link];
    return link;
}

struct vma *vma_at_or_above(struct vmaset *s, uint64 va)
{
    int i = *link_to(s, va);
    return i == NONE ? 0 : &s->v[i];
}

struct vma *vma_find(struct vmaset *s, uint64 va)
{
    struct vma *v = vma_at_or_above(s, va);
    return v && v->start <= va ? v : 0;
}

// The area before the one that the link leads to.
static struct vma *before(struct vmaset *s, const int *link)
{
    return link == &s->hit ? 0 : &s->v[link - links(s)];
}

struct vma *vma_nearest(struct vmaset *s, uint64 va)
{
    int *link = link_to(s, va);
    struct vma *below = before(s, link), *above = *link == NONE ? 0 : &s->v[*link];
    if (!above || !below)
        return above ? above : below;
    return above->start > va && va - below->end + 1 <= above->start - va ? below : above;
}

// Takes the area out that the link leads to; the last one of the array moves to its place.
static void unlink_area(struct vmaset *s, int *link)
{
    int gone = *link, last = s->n - 1;
    *link = links(s)[gone];
    for (int i = 0; i <= last && gone != last; i++)
        if (i != gone && links(s)[i] == last)
            links(s)[i] = gone;
    if (s->hit == last && gone != last)
        s->hit = gone;
    s->v[gone] = s->v[last];
    links(s)[gone] = links(s)[last];
    s->n--;
}

// There is room for it.
static void link_area(struct vmaset *s, const struct vma *v)
{
    int *link = link_to(s, v->start);
    s->v[s->n] = *v;
    links(s)[s->n] = *link;
    *link = s->n++;
}

static int range_error(uint64 start, uint64 end)
{
    return start >= end || end > MAXVA || (start | end) % PGSIZE ? -EINVAL : 0;
}

static bool zeros_go_on(const struct vma *a, const struct vma *b)
{
    return a && b && a->end == b->start && !a->file && !b->file && a->perm == b->perm && a->kind == b->kind;
}

int vma_insert(struct vmaset *s, const struct vma *v)
{
    int error = range_error(v->start, v->end);
    if (error)
        return error;
    int *link = link_to(s, v->start);
    struct vma *below = before(s, link), *above = *link == NONE ? 0 : &s->v[*link];
    if (above && above->start < v->end)
        return -EEXIST;
    bool joins_below = zeros_go_on(below, v), joins_above = zeros_go_on(v, above);
    if (joins_below && joins_above) {
        below->end = above->end;
        unlink_area(s, link);
    } else if (joins_below) {
        below->end = v->end;
    } else if (joins_above) {
        above->start = v->start;
    } else {
        if (!grow(s, s->n < s->room ? s->room : s->room + 4))
            return -ENOMEM;
        link_area(s, v);
    }
    return 0;
}

static void cut_front(struct vma *v, uint64 n)
{
    v->start += n;
    if (!v->file)
        return;
    v->off += n;
    v->filelen = n < v->filelen ? v->filelen - n : 0;
}

static void cut_back(struct vma *v, uint64 end)
{
    v->end = end;
    if (v->filelen > end - v->start)
        v->filelen = end - v->start;
}

// An area that reaches into both sides is cut in two first; then each one lies in it or not.
int vma_remove(struct vmaset *s, uint64 start, uint64 end)
{
    int error = range_error(start, end);
    struct vma *v = error ? 0 : vma_find(s, start);
    if (v && v->start < start) {
        struct vma rest = *v;
        if (v->end > end) {
            if (!grow(s, s->n + 1))
                return -ENOMEM;
            v = vma_find(s, start);
        }
        cut_back(v, start);
        if (rest.end > end) {
            cut_front(&rest, end - rest.start);
            link_area(s, &rest);
        }
    }
    for (int *link; !error && *(link = link_to(s, start)) != NONE && s->v[*link].start < end;) {
        if (s->v[*link].end > end) {
            cut_front(&s->v[*link], end - s->v[*link].start);
            break;
        }
        unlink_area(s, link);
    }
    return error;
}

int vma_set_start(struct vmaset *s, struct vma *v, uint64 start)
{
    int error = range_error(start, v->end);
    struct vma *below = before(s, link_to(s, v->start));
    if (error || (below && below->end > start))
        return error ? error : -EEXIST;
    v->start = start;
    return 0;
}

int vma_set_end(struct vmaset *s, struct vma *v, uint64 end)
{
    int error = range_error(v->start, end), next = links(s)[v - s->v];
    if (error || (next != NONE && s->v[next].start < end))
        return error ? error : -EEXIST;
    v->end = end;
    return 0;
}

const char *vma_kind_name(int kind)
{
    static const char names[][6] = {"text", "data", "heap", "stack", "anon"};
    return kind < VMA_TEXT || kind > VMA_ANON ? "?" : names[kind - VMA_TEXT];
}
