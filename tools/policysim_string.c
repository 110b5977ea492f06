// Reference strings for policysim: page numbers as given, or generated. The same seed makes the same string
// on every machine.
#include "tools/policysim.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_REFS  10000000
#define MOST_PAGES 1000000
#define HOT        90   // phases: percent of references that stay in the working set
#define SCAN_EVERY 2000 // scan: references between two scans

const char string_usage[] =
    "belady                            1 2 3 4 1 2 5 1 2 3 4 5, all reads\n"
    "loop[:PAGES[:LENGTH]]             page after page, over and over\n"
    "zipf[:PAGES[:LENGTH[:ALPHA]]]     page k with probability 1/k^ALPHA, independent\n"
    "phases[:PAGES[:LENGTH[:SET[:PHASE]]]]  90 % within SET random pages, other ones every PHASE\n"
    "scan[:PAGES[:LENGTH[:SCAN]]]      zipf, and now and then SCAN pages that are used once\n";

static uint64 state;

static uint64 random64(void) // splitmix64 (Steele, Lea, Flood 2014)
{
    uint64 z = state += 0x9e3779b97f4a7c15UL;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9UL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebUL;
    return z ^ z >> 31;
}

static uint below(uint n)
{
    return random64() % n;
}

static bool append(struct string *s, uint page, bool write)
{
    if (s->n == MOST_REFS || page >= MOST_PAGES)
        return false;
    if ((s->n & (s->n - 1)) == 0) // a power of two: full
        s->refs = realloc(s->refs, sizeof(*s->refs) * (s->n ? 2 * s->n : 1));
    s->refs[s->n++] = (struct ref){.page = page, .write = write};
    if (page >= s->pages)
        s->pages = page + 1;
    return true;
}

// ---- generated

static void refer(struct string *s, uint page, uint write_percent)
{
    append(s, page, below(100) < write_percent);
}

enum { PAGES, LENGTH, THIRD, FOURTH, PARAMETERS };

// Cumulative probabilities of Zipf's law.
static double *zipf_table(uint pages, double alpha)
{
    double *sum = malloc(pages * sizeof(*sum)), total = 0;
    for (uint i = 0; i < pages; i++)
        sum[i] = total += pow(i + 1, -alpha);
    for (uint i = 0; i < pages; i++)
        sum[i] /= total;
    return sum;
}

static uint zipf_draw(const double *sum, uint pages)
{
    double x = (random64() >> 11) * 0x1p-53;
    uint low = 0, high = pages - 1;
    while (low < high) {
        uint middle = low + (high - low) / 2;
        if (sum[middle] > x)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static void make_belady(struct string *s, const double *p, uint write_percent)
{
    static const uint pages[] = {1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5};
    (void)p;
    (void)write_percent;
    for (uint i = 0; i < sizeof(pages) / sizeof(*pages); i++)
        append(s, pages[i], false);
}

static void make_loop(struct string *s, const double *p, uint write_percent)
{
    for (uint i = 0; i < p[LENGTH]; i++)
        refer(s, i % (uint)p[PAGES], write_percent);
}

static void make_zipf(struct string *s, const double *p, uint write_percent)
{
    double *sum = zipf_table(p[PAGES], p[THIRD]);
    for (uint i = 0; i < p[LENGTH]; i++)
        refer(s, zipf_draw(sum, p[PAGES]), write_percent);
    free(sum);
}

static void make_phases(struct string *s, const double *p, uint write_percent)
{
    uint pages = p[PAGES], set = p[THIRD], phase = p[FOURTH];
    uint *order = malloc(pages * sizeof(*order)); // its first `set` are the working set
    for (uint i = 0; i < pages; i++)
        order[i] = i;
    for (uint i = 0; i < p[LENGTH]; i++) {
        for (uint k = 0; i % phase == 0 && k < set && k < pages; k++) {
            uint other = k + below(pages - k), was = order[k];
            order[k] = order[other];
            order[other] = was;
        }
        bool hot = below(100) < HOT && set < pages;
        refer(s, order[hot ? below(set) : below(pages)], write_percent);
    }
    free(order);
}

static void make_scan(struct string *s, const double *p, uint write_percent)
{
    uint pages = p[PAGES], once = pages; // pages from here on are used once
    double *sum = zipf_table(pages, 1);
    for (uint i = 0; i < p[LENGTH]; i++) {
        bool scanning = i % SCAN_EVERY >= SCAN_EVERY - p[THIRD];
        refer(s, scanning ? once++ : zipf_draw(sum, pages), write_percent);
    }
    free(sum);
}

static const struct generator {
    const char *name;
    void (*make)(struct string *s, const double *p, uint write_percent);
    double p[PARAMETERS];    // by default
    double most[PARAMETERS]; // 0: there is no such parameter
} generators[] = {
    {"belady", make_belady, {0}, {0}},
    {"loop", make_loop, {100, 10000}, {MOST_PAGES, MOST_REFS}},
    {"zipf", make_zipf, {512, 50000, 1}, {MOST_PAGES, MOST_REFS, 10}},
    {"phases", make_phases, {512, 50000, 64, 5000}, {MOST_PAGES, MOST_REFS, MOST_PAGES, MOST_REFS}},
    {"scan", make_scan, {512, 50000, 400}, {MOST_PAGES / 2, MOST_REFS / 10, SCAN_EVERY}},
};

// Parameters of NAME:A:B:.. . False when they make no sense.
static bool parameters(const struct generator *g, const char *text, double *p)
{
    memcpy(p, g->p, sizeof(g->p));
    for (int i = 0; *text == ':'; i++) {
        char *end;
        if (i == PARAMETERS || g->most[i] == 0)
            return false;
        p[i] = strtod(text + 1, &end);
        if (end == text + 1 || !(p[i] > 0) || p[i] > g->most[i])
            return false;
        if (!(g->make == make_zipf && i == THIRD) && (p[i] < 1 || p[i] != floor(p[i])))
            return false;
        text = end;
    }
    return *text == '\0';
}

static const struct generator *generator_of(const char *word, size_t *len)
{
    *len = strcspn(word, ":");
    for (size_t i = 0; i < sizeof(generators) / sizeof(*generators); i++)
        if (strlen(generators[i].name) == *len && strncmp(generators[i].name, word, *len) == 0)
            return &generators[i];
    return 0;
}

// ---- given

static bool numbers(struct string *s, const char *text)
{
    while (*text) {
        char *end;
        if (isspace((unsigned char)*text)) {
            text++;
            continue;
        }
        if (!isdigit((unsigned char)*text))
            return false;
        unsigned long page = strtoul(text, &end, 10);
        bool write = *end == 'w';
        text = end + write;
        if (page >= MOST_PAGES || (*text && !isspace((unsigned char)*text)) || !append(s, page, write))
            return false;
    }
    return true;
}

static bool numbers_of_file(struct string *s, const char *path)
{
    char word[32];
    FILE *f = fopen(path, "r");
    bool good = f != 0;
    while (good && fscanf(f, "%31s", word) == 1)
        good = numbers(s, word);
    if (f)
        fclose(f);
    return good;
}

// ----

static void set_next(struct string *s)
{
    uint *next = malloc(s->pages * sizeof(*next));
    for (uint i = 0; i < s->pages; i++)
        next[i] = NEVER;
    for (uint i = s->n; i-- > 0;) {
        s->refs[i].next = next[s->refs[i].page];
        next[s->refs[i].page] = i;
    }
    free(next);
}

const char *string_make(struct string *s, char *const *words, int nwords, uint64 seed, uint write_percent)
{
    size_t len;
    double p[PARAMETERS];
    const struct generator *g = nwords == 1 ? generator_of(words[0], &len) : 0;
    *s = (struct string){.n = 0};
    snprintf(s->name, sizeof(s->name), "%s", g ? words[0] : "given");
    state = seed;
    if (g) {
        if (!parameters(g, words[0] + len, p))
            return words[0];
        g->make(s, p, write_percent);
    }
    for (int i = 0; i < nwords && !g; i++)
        if (words[i][0] == '@' ? !numbers_of_file(s, words[i] + 1) : !numbers(s, words[i]))
            return words[i];
    if (s->n == 0)
        return "nothing";
    set_next(s);
    return 0;
}

void string_free(struct string *s)
{
    free(s->refs);
}

uint string_distinct(const struct string *s)
{
    uint n = 0;
    for (uint i = 0; i < s->n; i++)
        n += s->refs[i].next == NEVER;
    return n;
}
