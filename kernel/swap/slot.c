// The table of swap slots (swap/slot.h): who refers to each, and which frame caches it.
//
// Slots are handed out next-fit: the search goes on where the last one ended, so pages that leave memory one
// after the other get neighbouring slots, and one request writes, and later reads, several. slot_seek moves
// to a stretch that is free as a whole when the present one is not.
//
// Lock: pages_lock (spin) guards all of it, together with frame.slot: the two sides of a cache change at
// once.
#include "kernel/swap/slot.h"
#include "kernel/lib/err.h"
#include "kernel/lib/panic.h"
#include "kernel/vm/frame.h"
#include "kernel/vm/kmem.h"

#define WORD_BITS  64
#define STRETCH    32      // slots; two stretches a word
#define SEEK_WORDS 64      // so far slot_seek looks
#define BAD        0x8000U // in slot.ref: the disk did not take it
#define REF_MAX    0x7fffU

struct slot {
    uint frame; // its cache, by number in the frame table and one more; 0 = none
    ushort ref; // swapped PTEs that name it, one more for the cache; BAD
    ushort audit;
};

static struct {
    struct slot *slot;
    uint64 *taken; // bit set: not to be had
    uint n;        // slot 0 included
    uint cursor;   // where the search goes on
    uint used;
    uint bad;
} swap;

int slot_init(uint64 n)
{
    uint64 words = (n + WORD_BITS - 1) / WORD_BITS;
    swap.slot = kmem_alloc(n * sizeof(struct slot));
    swap.taken = kmem_alloc(words * sizeof(uint64));
    if (!swap.slot || !swap.taken) {
        kmem_free(swap.slot);
        kmem_free(swap.taken);
        swap.slot = 0;
        return -ENOMEM;
    }
    swap.taken[0] = 1; // the header page
    for (uint64 i = n; i < words * WORD_BITS; i++)
        swap.taken[i / WORD_BITS] |= 1UL << (i % WORD_BITS);
    swap.n = n;
    swap.cursor = 1;
    swap.used = swap.bad = 0;
    return 0;
}

// Number of the lowest bit set. (The compiler's own needs a library, without the Zbb extension.)
static uint lowest_bit(uint64 word)
{
    uint n = 0;
    for (uint half = WORD_BITS / 2; half > 0; half /= 2)
        if ((word & ((1UL << half) - 1)) == 0) {
            word >>= half;
            n += half;
        }
    return n;
}

static bool is_taken(uint s)
{
    return swap.taken[s / WORD_BITS] >> (s % WORD_BITS) & 1;
}

static bool free_from(uint s, uint want)
{
    for (uint i = 0; i < want; i++)
        if (s + i >= swap.n || is_taken(s + i))
            return false;
    return true;
}

void slot_seek(uint want)
{
    if (want <= 1 || free_from(swap.cursor, want))
        return;
    uint words = (swap.n + WORD_BITS - 1) / WORD_BITS, w = swap.cursor / WORD_BITS;
    for (uint i = 0; i < words && i < SEEK_WORDS; i++) {
        for (uint half = 0; half < WORD_BITS; half += STRETCH)
            if ((uint32)(swap.taken[w] >> half) == 0) {
                swap.cursor = w * WORD_BITS + half;
                return;
            }
        w = w + 1 < words ? w + 1 : 0;
    }
}

bool slot_full(void)
{
    return swap.n == 0 || swap.used + swap.bad == swap.n - 1;
}

uint slot_alloc(void)
{
    uint words = (swap.n + WORD_BITS - 1) / WORD_BITS, w = swap.cursor / WORD_BITS;
    if (slot_full())
        return 0;
    uint64 open = ~swap.taken[w] & ~0UL << (swap.cursor % WORD_BITS); // from the cursor on
    for (uint i = 0; i <= words && !open; i++) {                      // the first word again, at the end
        w = w + 1 < words ? w + 1 : 0;
        open = ~swap.taken[w];
    }
    if (!open)
        return 0;
    uint s = w * WORD_BITS + lowest_bit(open);
    swap.taken[w] |= open & -open;
    swap.cursor = s + 1 < swap.n ? s + 1 : 0;
    swap.used++;
    return s;
}

void slot_unalloc(uint s)
{
    struct slot *slot = &swap.slot[s];
    assert(is_taken(s) && (slot->ref & REF_MAX) == 0 && !slot->frame, "freeing a swap slot that is in use");
    swap.used--;
    if (slot->ref & BAD)
        swap.bad++;
    else
        swap.taken[s / WORD_BITS] &= ~(1UL << (s % WORD_BITS));
}

static struct slot *slot_of(uint s)
{
    assert(s > 0 && s < swap.n && is_taken(s), "not a swap slot in use");
    return &swap.slot[s];
}

static void slot_ref(struct slot *slot)
{
    assert((slot->ref & REF_MAX) < REF_MAX, "too many references to a swap slot");
    slot->ref++;
}

static void slot_unref(uint s, struct slot *slot)
{
    assert(slot->ref & REF_MAX, "reference count of a swap slot below zero");
    if ((--slot->ref & REF_MAX) == 0)
        slot_unalloc(s);
}

void slot_attach(uint s, struct frame *frame)
{
    struct slot *slot = slot_of(s);
    assert(!slot->frame && !frame->slot && frame->kind == FRAME_USER,
           "a slot with two caches, or a frame of two");
    slot->frame = frame - frame_table + 1;
    frame->slot = s;
    slot_ref(slot);
}

void slot_detach(struct frame *frame)
{
    uint s = frame->slot;
    struct slot *slot = slot_of(s);
    assert(slot_frame(s) == frame, "slot and frame do not agree");
    slot->frame = 0;
    frame->slot = 0;
    slot_unref(s, slot);
}

struct frame *slot_frame(uint s)
{
    struct slot *slot = slot_of(s);
    return slot->frame ? frame_table + slot->frame - 1 : 0;
}

void slot_get(uint s)
{
    slot_ref(slot_of(s));
}

struct frame *slot_put(uint s)
{
    struct slot *slot = slot_of(s);
    struct frame *cache = slot_frame(s);
    slot_unref(s, slot);
    if (!cache || cache->ref > 0 || (slot->ref & REF_MAX) > 1 || (cache->state & FRAME_READING))
        return 0;
    slot_detach(cache);
    return cache;
}

uint slot_refs(uint s)
{
    return slot_of(s)->ref & REF_MAX;
}

bool slot_readable(uint s)
{
    return s > 0 && s < swap.n && is_taken(s) && !swap.slot[s].frame && swap.slot[s].ref & REF_MAX;
}

void slot_mark_bad(uint s)
{
    slot_of(s)->ref |= BAD;
}

void slot_get_stats(struct slot_stats *st)
{
    spin_lock(&pages_lock);
    st->total = swap.n ? swap.n - 1 : 0;
    st->used = swap.used;
    st->bad = swap.bad;
    spin_unlock(&pages_lock);
}

void slot_audit_begin(void)
{
    for (uint s = 0; s < swap.n; s++)
        swap.slot[s].audit = 0;
}

bool slot_audit_pte(uint s)
{
    if (s == 0 || s >= swap.n || !is_taken(s))
        return false;
    swap.slot[s].audit++;
    return true;
}

// The PTEs stand still, but caches come and go: a slot is looked at under the lock.
void slot_audit_end(void)
{
    for (uint s = 1; s < swap.n; s++) {
        spin_lock(&pages_lock);
        struct slot slot = swap.slot[s];
        struct frame *cache = slot.frame ? frame_table + slot.frame - 1 : 0;
        if (cache && cache->slot != s)
            panic("audit: slot %u says that frame %p caches it, which names slot %lu", s,
                  (void *)frame2pa(cache), cache->slot);
        if ((slot.ref & REF_MAX) != slot.audit + (cache ? 1U : 0))
            panic("audit: slot %u has %u references; %u PTEs name it, %u frames cache it", s,
                  slot.ref & REF_MAX, slot.audit, cache ? 1 : 0);
        bool in_use = slot.ref != 0;
        if (is_taken(s) != in_use)
            panic("audit: slot %u has %u references but is %s", s, slot.ref, is_taken(s) ? "taken" : "free");
        spin_unlock(&pages_lock);
    }
}
