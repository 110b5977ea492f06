// The naive model of a program's memory (reference.h).
#include "tests/fuzz/reference.h"
#include <stdlib.h>
#include <string.h>
#include "kernel/lib/panic.h"

uint64 window_base(int w)
{
    return w ? WINDOW_HIGH : WINDOW_LOW;
}

void ref_init(struct ref *r, const uchar *file)
{
    *r = (struct ref){.file = file, .brk = HOST_HEAP, .stack_low = USTACK_TOP - PGSIZE};
}

void ref_copy(struct ref *to, const struct ref *from)
{
    *to = *from;
    to->pages = 0;
    for (const struct ref_page *p = from->pages; p; p = p->next) {
        struct ref_page *copy = malloc(sizeof(*copy));
        *copy = *p;
        copy->next = to->pages;
        to->pages = copy;
    }
}

// Forgets what was written in [start, end).
static void drop_pages(struct ref *r, uint64 start, uint64 end)
{
    struct ref_page **at = &r->pages;
    while (*at) {
        struct ref_page *p = *at;
        if (p->va >= start && p->va < end) {
            *at = p->next;
            free(p);
        } else {
            at = &p->next;
        }
    }
}

void ref_clear(struct ref *r)
{
    drop_pages(r, 0, ~0UL);
}

// The permission at va: VMA_* or 0.
static int perm_at(const struct ref *r, uint64 va)
{
    if (va >= HOST_TEXT && va < HOST_TEXT_END)
        return VMA_R | VMA_X;
    if ((va >= HOST_DATA && va < HOST_DATA_END) || (va >= HOST_HEAP && va < PGROUNDUP(r->brk)) ||
        (va >= r->stack_low && va < USTACK_TOP))
        return VMA_R | VMA_W;
    for (int w = 0; w < WINDOWS; w++)
        if (va >= window_base(w) && va < window_base(w) + WINDOW_PAGES * PGSIZE)
            return r->perm[w][(va - window_base(w)) / PGSIZE];
    return 0;
}

// Whether the first area above va is the stack.
static bool below_stack(const struct ref *r, uint64 va)
{
    for (uint64 page = va; page < r->stack_low; page += PGSIZE)
        if (perm_at(r, page))
            return false;
    return va < r->stack_low;
}

static enum fault_reason outside(struct ref *r, uint64 va, uint64 sp)
{
    if (va < PGSIZE)
        return FAULT_NULL;
    if (va < STACK_LIMIT - STACK_GAP || va >= USTACK_TOP)
        return FAULT_UNMAPPED;
    bool near = va >= sp || sp - va <= STACK_SLACK;
    if (va < STACK_LIMIT)
        return near ? FAULT_STACK : FAULT_GUARD;
    if (!near || !below_stack(r, va))
        return FAULT_UNMAPPED;
    r->stack_low = PGROUNDDOWN(va);
    return FAULT_OK;
}

enum fault_reason ref_access(struct ref *r, uint64 va, enum access access, uint64 sp)
{
    static const int needs[] = {[ACCESS_READ] = VMA_R, [ACCESS_WRITE] = VMA_W, [ACCESS_EXEC] = VMA_X};
    if (va >= MAXVA)
        return FAULT_KERNEL;
    if (!perm_at(r, va)) {
        enum fault_reason reason = outside(r, va, sp);
        if (reason != FAULT_OK)
            return reason;
    }
    if (perm_at(r, va) & needs[access])
        return FAULT_OK;
    return access == ACCESS_WRITE ? FAULT_READONLY : access == ACCESS_EXEC ? FAULT_NOEXEC : FAULT_NOREAD;
}

bool ref_range_ok(struct ref *r, uint64 va, uint64 n, int perm, uint64 sp)
{
    if (n > 0 && va + n < va)
        return false;
    for (uint64 at = va; at < va + n; at = PGROUNDDOWN(at) + PGSIZE) {
        if (at >= MAXVA || (!perm_at(r, at) && outside(r, at, sp) != FAULT_OK))
            return false;
        if ((perm_at(r, at) & perm) != perm)
            return false;
    }
    return true;
}

static struct ref_page *find(const struct ref *r, uint64 va)
{
    struct ref_page *p = r->pages;
    while (p && p->va != PGROUNDDOWN(va))
        p = p->next;
    return p;
}

// What a page holds before anybody has written to it.
static void fresh_page(const struct ref *r, uint64 page, uchar *out)
{
    memset(out, 0, PGSIZE);
    uint64 off = 0, len = 0; // its piece of the file
    if (page >= HOST_TEXT && page < HOST_TEXT + HOST_TEXT_LEN) {
        off = page - HOST_TEXT;
        len = HOST_TEXT_LEN - off;
    } else if (page >= HOST_DATA && page < HOST_BSS) {
        off = page - HOST_DATA + HOST_DATA_OFF;
        len = HOST_BSS - page;
    }
    memcpy(out, r->file + off, len < PGSIZE ? len : PGSIZE);
}

void ref_read_page(const struct ref *r, uint64 va, uchar *out)
{
    struct ref_page *p = find(r, va);
    if (p)
        memcpy(out, p->bytes, PGSIZE);
    else
        fresh_page(r, PGROUNDDOWN(va), out);
}

uchar ref_read(const struct ref *r, uint64 va)
{
    uchar page[PGSIZE];
    ref_read_page(r, va, page);
    return page[va & (PGSIZE - 1)];
}

void ref_write(struct ref *r, uint64 va, uchar byte)
{
    assert(perm_at(r, va) & VMA_W, "the reference writes where it may not");
    struct ref_page *p = find(r, va);
    if (!p) {
        p = malloc(sizeof(*p));
        p->va = PGROUNDDOWN(va);
        fresh_page(r, p->va, p->bytes);
        p->next = r->pages;
        r->pages = p;
    }
    p->bytes[va & (PGSIZE - 1)] = byte;
}

bool ref_sbrk(struct ref *r, int64 delta)
{
    uint64 top = STACK_LIMIT - STACK_GAP;
    if (delta < 0 && (uint64)-delta > r->brk - HOST_HEAP)
        return false;
    if (delta > 0 && (uint64)delta > top - r->brk)
        return false;
    uint64 brk = r->brk + delta;
    for (int i = 0; i < WINDOW_PAGES; i++)
        if (r->perm[0][i] && PGROUNDUP(brk) > WINDOW_LOW + i * (uint64)PGSIZE &&
            PGROUNDUP(r->brk) <= WINDOW_LOW + i * (uint64)PGSIZE)
            return false;
    if (PGROUNDUP(brk) < PGROUNDUP(r->brk))
        drop_pages(r, PGROUNDUP(brk), PGROUNDUP(r->brk));
    r->brk = brk;
    return true;
}

bool ref_window_free(const struct ref *r, int w, int first, int n)
{
    for (int i = first; i < first + n; i++)
        if (perm_at(r, window_base(w) + i * (uint64)PGSIZE))
            return false;
    return true;
}

void ref_map(struct ref *r, int w, int first, int n, int perm)
{
    memset(&r->perm[w][first], perm, n);
}

void ref_unmap(struct ref *r, int w, int first, int n)
{
    uint64 base = window_base(w);
    for (int i = first; i < first + n; i++)
        if (r->perm[w][i])
            drop_pages(r, base + i * (uint64)PGSIZE, base + (i + 1) * (uint64)PGSIZE);
    memset(&r->perm[w][first], 0, n);
}
