// Known reference strings, played in a region for which there are exactly so many frames: how many faults
// each replacement policy takes, how many pages it has written, and which pages go in which order. That FIFO
// shows Belady's anomaly is checked here; tests/tools/test_policy_exact.py compares all of it with
// tools/policysim.
//
//   policy-exact                          every policy on every string
//   policy-exact FRAMES TICK PAGE[w] ..   every policy on one string: page numbers, w: written; a tick after
//                                         every TICK references, 0: never
//
// Every other page of this program is in memory before a string begins and stays there (SWAPCTL_ONLY), and
// pages go and come one at a time, so each reference to an absent page costs one frame, and the user pool is
// made to have FRAMES more than are in use. The first reference to a page writes, since reading it would show
// the zero page.
#include "user/swap_lib.h"

#define PAGES     64  // of the region, most there can be
#define REFS      240 // of a string, most there can be
#define MARK_STEP 131 // a page's content depends on its number

struct ref {
    uint page;
    bool write;
};

struct string {
    const char *name;
    uint tick;
    uint n;
    uint pages;
    struct ref refs[REFS];
};

struct result {
    uint faults;
    uint written;
    uint nvictims;
    uint victims[REFS];
};

static const char *const policies[] = {"fifo", "clock", "eclock", "aging", "random", "sieve", "mine"};
static const uint belady[] = {1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5};
static const uint belady_victims[][6] = {{1, 2, 3, 4, 1, 2}, {1, 2, 3, 4, 5, 1}};

static char *region;
static struct pageinfo before[PAGES], after[PAGES];

// ---- one string

static void look(const struct string *s, struct pageinfo *pages)
{
    T_EQ(pageinfo(region, s->pages, pages), s->pages);
}

// Byte 0 says whose page it is.
static void use(uint page, bool first, bool write)
{
    volatile char *p = region + page * PGSIZE;
    char mark = (char)(page * MARK_STEP + 1);
    if (!first)
        T_EQ(p[0], mark);
    if (first || write)
        p[0] = mark;
}

// The page that was there and is not any more.
static void note_victim(const struct string *s, struct result *r)
{
    uint gone = 0;
    for (uint i = 0; i < s->pages; i++) {
        if (!before[i].present || after[i].present)
            continue;
        T_CHECK(after[i].swapped);
        r->victims[r->nvictims++] = i;
        gone++;
    }
    T_CHECK(gone <= 1);
}

static void refer(const struct string *s, struct result *r, uint i)
{
    const struct ref *ref = &s->refs[i];
    look(s, before);
    bool absent = !before[ref->page].present;
    use(ref->page, absent && !before[ref->page].swapped, ref->write);
    look(s, after);
    r->faults += absent;
    T_CHECK(after[ref->page].present);
    note_victim(s, r);
    if (s->tick && (i + 1) % s->tick == 0)
        swap_knob(SWAPCTL_TICK, 0);
}

static uint64 frames_used(void)
{
    struct vmstat v;
    T_EQ(vmstat(&v), 0);
    return v.user;
}

// frames 0: as many as it takes.
static void play(const struct string *s, const char *policy, uint frames, struct result *r)
{
    memset(r, 0, sizeof(*r));
    region = t_heap(s->pages);
    T_EQ(swapctl(SWAPCTL_POLICY, (uint64)policy, 0), 0);
    T_EQ(swapctl(SWAPCTL_ONLY, (uint64)region, s->pages * PGSIZE), 0);
    uint64 want = frames ? frames_used() + frames : 0;
    if (want)
        T_EQ(swapctl(SWAPCTL_LIMIT, want, 0), want);
    struct swapinfo start = swap_info();
    for (uint i = 0; i < s->n; i++)
        refer(s, r, i);
    struct swapinfo end = swap_info();
    r->written = end.writes - start.writes;
    T_EQ(end.evicted - start.evicted, r->nvictims);
    swap_knob(SWAPCTL_LIMIT, 0);
    swap_knob(SWAPCTL_ONLY, 0);
    T_CHECK(sbrk(-(int)(s->pages * PGSIZE)) != SBRK_ERROR);
}

// tools/policysim.c prints the same line.
static void say(const char *policy, uint frames, const struct result *r)
{
    printf("%s %d: %d faults, %d written, victims", policy, frames, r->faults, r->written);
    for (uint i = 0; i < r->nvictims; i++)
        printf(" %d", r->victims[i]);
    printf("\n");
}

static void play_all(const struct string *s, uint frames)
{
    static struct result r;
    printf("string %s tick %d:", s->name, s->tick);
    for (uint i = 0; i < s->n; i++)
        printf(" %d%s", s->refs[i].page, s->refs[i].write ? "w" : "");
    printf("\n");
    for (int i = 0; i < NELEM(policies); i++) {
        play(s, policies[i], frames, &r);
        say(policies[i], frames, &r);
    }
}

// ---- strings

static void append(struct string *s, uint page, bool write)
{
    T_CHECK(s->n < REFS && page < PAGES);
    s->refs[s->n++] = (struct ref){page, write};
    if (page >= s->pages)
        s->pages = page + 1;
}

static void begin_string(struct string *s, const char *name, uint tick)
{
    s->name = name;
    s->tick = tick;
    s->n = s->pages = 0;
}

static void make_belady(struct string *s)
{
    begin_string(s, "belady", 0);
    for (int i = 0; i < NELEM(belady); i++)
        append(s, belady[i], false);
}

static void make_loop(struct string *s)
{
    begin_string(s, "loop", 3);
    for (uint i = 0; i < 60; i++)
        append(s, i % 9, i % 4 == 0);
}

// The smaller of two random numbers: low pages are used more.
static void make_uneven(struct string *s)
{
    uint64 seed = 4;
    begin_string(s, "uneven", 7);
    for (uint i = 0; i < REFS; i++) {
        uint a = t_rand(&seed) % 24, b = t_rand(&seed) % 24;
        append(s, MIN(a, b), t_rand(&seed) % 4 == 0);
    }
}

// Six pages at a time, other ones every 40 references, and one page in ten from anywhere.
static void make_phases(struct string *s)
{
    uint64 seed = 5;
    begin_string(s, "phases", 10);
    for (uint i = 0; i < REFS; i++) {
        bool stray = t_rand(&seed) % 10 == 0;
        uint page = stray ? t_rand(&seed) % 40 : (i / 40 * 5 + t_rand(&seed) % 6) % 40;
        append(s, page, t_rand(&seed) % 3 == 0);
    }
}

static void make_given(struct string *s, int argc, char **argv)
{
    begin_string(s, "given", atoi(argv[2]));
    for (int i = 3; i < argc; i++)
        append(s, atoi(argv[i]), argv[i][strlen(argv[i]) - 1] == 'w');
}

// ----

static void check_belady(struct string *s)
{
    static struct result r;
    t_step("Belady's anomaly: 9 faults with 3 frames, 10 with 4");
    make_belady(s);
    for (uint i = 0; i < 2; i++) {
        play(s, "fifo", 3 + i, &r);
        T_EQ(r.faults, 9 + i);
        T_EQ(r.nvictims, NELEM(belady_victims[i]));
        T_EQ(memcmp(r.victims, belady_victims[i], sizeof(belady_victims[i])), 0);
    }
}

// Everything that a string needs is in memory behind this: text, buffers, page tables.
static void warm_up(struct string *s)
{
    static struct result r;
    make_uneven(s);
    play(s, "clock", 0, &r);
    say("warm-up", 0, &r);
}

static void play_strings(struct string *s)
{
    static void (*const make[])(struct string *) = {make_belady, make_loop, make_uneven, make_phases};
    static const uint frames[] = {3, 4, 8};
    check_belady(s);
    t_step("known strings");
    for (int i = 0; i < NELEM(make); i++) {
        make[i](s);
        for (int k = 0; k < NELEM(frames); k++)
            play_all(s, frames[k]);
    }
}

int main(int argc, char **argv)
{
    static struct string s;
    struct swapinfo was = {0};
    if (argc == 2 || argc == 3 || (argc > 3 && atoi(argv[1]) < 1)) {
        fprintf(2, "usage: policy-exact [frames tick page[w] ..]\n");
        return 2;
    }
    swap_begin(argv, 1);
    was = swap_info();
    swap_knob(SWAPCTL_LIMIT, 0);
    swap_knob(SWAPCTL_BATCH, 1);
    swap_knob(SWAPCTL_READAHEAD, 1);
    warm_up(&s);
    if (argc > 3) {
        make_given(&s, argc, argv);
        play_all(&s, atoi(argv[1]));
    } else {
        play_strings(&s);
    }
    swap_knob(SWAPCTL_BATCH, was.batch);
    swap_knob(SWAPCTL_READAHEAD, was.readahead);
    T_EQ(swapctl(SWAPCTL_POLICY, (uint64)was.policy, 0), 0);
    t_ok();
}
