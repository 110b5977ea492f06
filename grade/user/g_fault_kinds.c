// Each kind of access to memory with each set of rights. The program makes a program file that is itself with
// twelve more segments, in a random order in the file, and runs that: children load from, store to and jump
// to pages of each, and of the holes around them.
//
//   g_fault_kinds SEED PLACE       PLACE: of the segments, in pages
//   g_fault_kinds SEED PLACE 1     what the made file is run with
#include "grade/user/grade_fault.h"

#define NSEGMENTS 12

// In the order of addresses. gap: pages that are left free before it.
static const struct {
    uint64 gap, pages, filled, rights;
} layout[NSEGMENTS] = {
    {9, 2, 2, ELF_R},         {0, 2, 2, ELF_R | ELF_X}, {0, 1, 1, ELF_X},         {3, 2, 0, ELF_R},
    {0, 3, 0, ELF_R},         {0, 2, 0, ELF_R | ELF_W}, {0, 1, 0, ELF_R | ELF_W}, {0, 2, 0, ELF_R | ELF_W},
    {2, 3, 1, ELF_R | ELF_W}, {0, 2, 2, ELF_R | ELF_W}, {5, 1, 1, ELF_X},         {1, 1, 1, ELF_R},
};

static void place(struct segment *s, uint64 page)
{
    for (int i = 0; i < NSEGMENTS; i++, s++) {
        page += layout[i].gap;
        *s = (struct segment){page * PAGE, layout[i].pages, layout[i].filled, layout[i].rights};
        page += layout[i].pages;
    }
}

static void shuffle(struct segment *s, uint64 seed)
{
    for (int i = NSEGMENTS - 1; i > 0; i--) {
        int j = mix(seed, i) % (i + 1);
        struct segment t = s[i];
        s[i] = s[j];
        s[j] = t;
    }
}

// A page of the segment: the first or the last, or one between.
static char *some_page(const struct segment *s, uint64 number)
{
    uint64 pages = s->filled ? s->filled : s->pages;
    return (char *)s->start + number % pages * PAGE;
}

static void try_all(struct segment *s, uint64 seed)
{
    stop("segments", s, NSEGMENTS, sizeof(*s));
    for (int i = 0; i < NSEGMENTS; i++, s++) {
        attempt(LOAD_8, some_page(s, mix(seed, 3 * i)));
        attempt(mix(seed, i) % 2 ? STORE_8 : AMO, some_page(s, mix(seed, 3 * i + 1)));
        if (s->filled || !(s->rights & ELF_X))
            attempt(JUMP, some_page(s, mix(seed, 3 * i + 2)));
    }
    stop("rights");
    s -= NSEGMENTS;
    for (int i = 0; i < NSEGMENTS; i++, s++) {
        if (layout[i].gap)
            attempt(LOAD_1, (char *)s->start - 1);
        if (i + 1 == NSEGMENTS || layout[i + 1].gap)
            attempt(STORE_1, (char *)s->start + s->pages * PAGE);
    }
    stop("holes");
}

int main(int argc, char **argv)
{
    static struct segment s[NSEGMENTS];
    uint64 seed = grade_arg(argc, argv, 1);
    place(s, grade_arg(argc, argv, 2));
    if (argc == 3) {
        char *again[] = {"again", argv[1], argv[2], "1", 0};
        shuffle(s, seed);
        make_image(again[0], argv[0], s, NSEGMENTS, seed);
        stop("made");
        exec(again[0], again);
        exit(8);
    }
    try_all(s, seed);
    return 0;
}
