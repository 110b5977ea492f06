// The sorted array of a space's areas (vm/vma.h). Nothing here touches page tables: a caller that takes
// memory out of a set has unmapped it (vm/anon.c), so that invariant 5 holds: every user PTE lies inside a
// VMA that allows it.
#include "kernel/vm/vma.h"
#include "kernel/lib/err.h"
#include "kernel/lib/hot.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/string.h"
#include "kernel/riscv.h"
#include "kernel/vm/kmem.h"

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

// Index of the first area that ends above va; n when there is none.
static int search(const struct vmaset *s, uint64 va)
{
    int low = 0, high = s->n;
    while (low < high) {
        int mid = (low + high) / 2;
        if (s->v[mid].end > va)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

COLD static struct vma *find_slowly(struct vmaset *s, uint64 va)
{
    int i = search(s, va);
    if (i == s->n || va < s->v[i].start)
        return 0;
    s->hit = i;
    return &s->v[i];
}

HOT struct vma *vma_find(struct vmaset *s, uint64 va)
{
    if (s->hit < s->n) {
        struct vma *v = &s->v[s->hit];
        if (va >= v->start && va < v->end)
            return v;
    }
    return find_slowly(s, va);
}

struct vma *vma_at_or_above(struct vmaset *s, uint64 va)
{
    int i = search(s, va);
    return i < s->n ? &s->v[i] : 0;
}

struct vma *vma_nearest(struct vmaset *s, uint64 va)
{
    int i = search(s, va);
    if (i == s->n)
        return s->n ? &s->v[s->n - 1] : 0;
    if (i > 0 && va < s->v[i].start && va - s->v[i - 1].end < s->v[i].start - va)
        return &s->v[i - 1];
    return &s->v[i];
}

static bool range_valid(uint64 start, uint64 end)
{
    return start < end && end <= MAXVA && ((start | end) & (PGSIZE - 1)) == 0;
}

// Whether b goes on where a ends: same rights, kind and filling. Only areas of zeros merge; a file's areas
// keep their own offsets.
static bool continues(const struct vma *a, const struct vma *b)
{
    return a->end == b->start && a->perm == b->perm && a->kind == b->kind && !a->file && !b->file;
}

static void open_gap(struct vmaset *s, int i)
{
    memmove(&s->v[i + 1], &s->v[i], (s->n - i) * sizeof(*s->v));
    s->n++;
}

static void close_gap(struct vmaset *s, int i)
{
    s->n--;
    memmove(&s->v[i], &s->v[i + 1], (s->n - i) * sizeof(*s->v));
}

int vma_insert(struct vmaset *s, const struct vma *v)
{
    if (!range_valid(v->start, v->end))
        return -EINVAL;
    int i = search(s, v->start);
    if (i < s->n && s->v[i].start < v->end)
        return -EEXIST;
    bool joins_left = i > 0 && continues(&s->v[i - 1], v);
    bool joins_right = i < s->n && continues(v, &s->v[i]);
    if (joins_left && joins_right) {
        s->v[i - 1].end = s->v[i].end;
        close_gap(s, i);
    } else if (joins_left) {
        s->v[i - 1].end = v->end;
    } else if (joins_right) {
        s->v[i].start = v->start;
    } else {
        if (reserve(s, s->n + 1) != 0)
            return -ENOMEM;
        open_gap(s, i);
        s->v[i] = *v;
    }
    return 0;
}

// Cuts the front of an area off, which then starts at `start`.
static void trim_front(struct vma *v, uint64 start)
{
    uint64 cut = start - v->start;
    v->start = start;
    v->off += v->file ? cut : 0;
    v->filelen = v->filelen > cut ? v->filelen - cut : 0;
}

static void trim_back(struct vma *v, uint64 end)
{
    v->end = end;
    if (v->filelen > end - v->start)
        v->filelen = end - v->start;
}

int vma_remove(struct vmaset *s, uint64 start, uint64 end)
{
    if (!range_valid(start, end))
        return -EINVAL;
    int i = search(s, start);
    if (i < s->n && s->v[i].start < start && s->v[i].end > end) { // a hole in the middle of one
        if (reserve(s, s->n + 1) != 0)
            return -ENOMEM;
        open_gap(s, i);
        s->v[i] = s->v[i + 1];
        trim_back(&s->v[i], start);
        trim_front(&s->v[i + 1], end);
        return 0;
    }
    if (i < s->n && s->v[i].start < start)
        trim_back(&s->v[i++], start);
    while (i < s->n && s->v[i].end <= end)
        close_gap(s, i);
    if (i < s->n && s->v[i].start < end)
        trim_front(&s->v[i], end);
    return 0;
}

int vma_set_start(struct vmaset *s, struct vma *v, uint64 start)
{
    if (!range_valid(start, v->end))
        return -EINVAL;
    if (v > s->v && v[-1].end > start)
        return -EEXIST;
    assert(!v->file, "only areas of zeros grow down");
    v->start = start;
    return 0;
}

int vma_set_end(struct vmaset *s, struct vma *v, uint64 end)
{
    if (!range_valid(v->start, end))
        return -EINVAL;
    if (v + 1 < s->v + s->n && v[1].start < end)
        return -EEXIST;
    v->end = end;
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
