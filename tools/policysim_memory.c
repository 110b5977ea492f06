// Memory for policysim: N frames, and the helpers of swap/policy.h as the kernel has them. Pages come and go
// by the kernel's rules at swap.batch=1 and swap.readahead=1: a page that has come in is shown to the policy
// before the next victim is chosen or the next tick, with its accessed bit on; a victim is deleted right
// after.
#include "tools/policysim.h"
#include <stdlib.h>

// What the machine knows of a frame.
static struct about {
    uint page;
    bool known; // to the policy
    bool accessed;
    bool dirty;
    uint last; // reference that used it last
    uint next; // the next one that will
} about[MOST_FRAMES];

static struct frame table[MOST_FRAMES + FRAMELISTS];
struct frame *frame_table = table;
static uint nframes; // of this run

void framelist_init(struct framelist *l)
{
    static uint nheads;
    if (!l->head)
        l->head = &table[MOST_FRAMES + nheads++];
    l->head->prev = l->head->succ = l->head - table;
}

bool policy_accessed(struct frame *f)
{
    struct about *a = &about[f - frame_table];
    bool accessed = a->accessed;
    a->accessed = false;
    return accessed;
}

bool policy_dirty(const struct frame *f)
{
    return about[f - frame_table].dirty;
}

bool policy_pause(void)
{
    return false; // nobody waits
}

// ---- the yardsticks

static void no_init(void) {}
static void no_change(struct frame *f)
{
    (void)f;
}

static struct frame *furthest(void)
{
    struct about *best = 0;
    for (struct about *a = about; a < about + nframes; a++)
        if (a->known && (!best || a->next > best->next))
            best = a;
    return best ? &frame_table[best - about] : 0;
}

static struct frame *least_recent(void)
{
    struct about *best = 0;
    for (struct about *a = about; a < about + nframes; a++)
        if (a->known && (!best || a->last < best->last))
            best = a;
    return best ? &frame_table[best - about] : 0;
}

const struct policy policy_opt = {"opt", no_init, no_change, no_change, furthest, 0};
const struct policy policy_lru = {"lru", no_init, no_change, no_change, least_recent, 0};

// ---- one run

struct run {
    const struct policy *policy;
    struct cost *cost;
    uint *frame_of; // by page: its frame + 1, or 0
    bool *made;     // by page: it has been referenced before
    uint *fresh;    // frames that the policy has not seen
    uint nfresh;
    uint used; // frames
};

static void show_fresh(struct run *r)
{
    for (uint i = 0; i < r->nfresh; i++) {
        about[r->fresh[i]].known = true;
        r->policy->add(&frame_table[r->fresh[i]]);
    }
    r->nfresh = 0;
}

// Takes a frame from the page that the policy names. The frame's number, or NEVER.
static uint evict(struct run *r)
{
    show_fresh(r);
    struct frame *f = r->policy->victim();
    if (!f || f < frame_table || f >= frame_table + nframes || !about[f - frame_table].known)
        return NEVER;
    struct about *a = &about[f - frame_table];
    r->policy->del(f);
    a->known = false;
    r->frame_of[a->page] = 0;
    r->cost->victim[r->cost->nvictim++] = a->page;
    r->cost->writes += a->dirty;
    return f - frame_table;
}

// False when no frame can be had.
static bool bring_in(struct run *r, uint page)
{
    uint i = r->used < nframes ? r->used++ : evict(r);
    if (i == NEVER)
        return false;
    frame_table[i].vpn = page;
    about[i] = (struct about){.page = page, .dirty = !r->made[page]};
    r->made[page] = true;
    r->frame_of[page] = i + 1;
    r->fresh[r->nfresh++] = i;
    r->cost->faults++;
    return true;
}

static bool play(struct run *r, const struct string *s, uint tick)
{
    for (uint t = 0; t < s->n; t++) {
        const struct ref *ref = &s->refs[t];
        if (!r->frame_of[ref->page] && !bring_in(r, ref->page))
            return false;
        uint i = r->frame_of[ref->page] - 1;
        memory_use(i, ref->write);
        about[i].last = t;
        about[i].next = ref->next;
        if (tick && (t + 1) % tick == 0) {
            show_fresh(r);
            if (r->policy->tick)
                r->policy->tick();
        }
    }
    return true;
}

void memory_start(uint frames)
{
    nframes = policy_words = frames;
    free(policy_word);
    policy_word = calloc(frames, sizeof(*policy_word));
    for (uint i = 0; i < frames; i++)
        about[i] = (struct about){.known = false};
}

void memory_use(uint frame, bool write)
{
    about[frame].accessed = true;
    about[frame].dirty |= write;
}

bool memory_play(struct cost *c, const struct string *s, const struct policy *policy, uint frames, uint tick,
                 uint64 seed)
{
    *c = (struct cost){.victim = calloc(s->n, sizeof(uint))};
    struct run r = {.policy = policy,
                    .cost = c,
                    .frame_of = calloc(s->pages, sizeof(uint)),
                    .made = calloc(s->pages, sizeof(bool)),
                    .fresh = calloc(frames, sizeof(uint))};
    memory_start(frames);
    policy_seed(seed);
    policy->init();
    bool played = play(&r, s, tick);
    free(r.frame_of);
    free(r.made);
    free(r.fresh);
    return played;
}

void cost_free(struct cost *c)
{
    free(c->victim);
}
