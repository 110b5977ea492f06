// What a disk with a volatile cache may hold after a crash. A flush makes everything before it durable; the
// writes after the last flush, an epoch, are durable or not, each block of them for itself, and a block may
// be torn between its two sectors. For every epoch of the log these states are made:
//
//   prefix   the epoch's first n blocks, for every n
//   torn     the same, and one sector of the next block, either one
//   lost     the whole epoch but one block
//   random   a random subset, some of its blocks torn
//
// Two writes to the same block are applied in their order. The images are copies; the check may do with one
// as it likes.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/crash/states.h"

const char *const state_names[STATE_KINDS] = {"prefix", "torn", "lost", "random"};

enum { NONE = 0, FIRST = 1, SECOND = 2, BOTH = 3 }; // sectors of a unit that reached the disk

// A block of a write in the epoch at hand.
struct unit {
    uint64 sector;
    const uchar *data;
    uint len;   // SECTOR or UNIT
    uint entry; // in the log
};

struct epoch {
    struct unit *unit;
    uchar *keep; // by unit: which sectors
    uint n, room;
    uint next_entry; // first log entry after it
};

static struct wentry *wlog_add(struct wlog *w)
{
    if (w->n == w->room) {
        w->room = w->room ? 2 * w->room : 1024;
        w->entry = realloc(w->entry, w->room * sizeof(*w->entry));
    }
    memset(&w->entry[w->n], 0, sizeof(*w->entry));
    return &w->entry[w->n++];
}

void wlog_write(struct wlog *w, uint64 sector, const void *data, uint len)
{
    struct wentry *e = wlog_add(w);
    e->sector = sector;
    e->len = len;
    e->data = malloc(len);
    memcpy(e->data, data, len);
}

void wlog_flush(struct wlog *w)
{
    wlog_add(w)->flush = true;
}

void wlog_free(struct wlog *w)
{
    for (uint i = 0; i < w->n; i++)
        free(w->entry[i].data);
    free(w->entry);
    memset(w, 0, sizeof(*w));
}

static void epoch_add(struct epoch *e, const struct wentry *w, uint entry)
{
    for (uint at = 0; at < w->len; at += UNIT) {
        if (e->n == e->room) {
            e->room = e->room ? 2 * e->room : 1024;
            e->unit = realloc(e->unit, e->room * sizeof(*e->unit));
            e->keep = realloc(e->keep, e->room);
        }
        uint len = w->len - at < UNIT ? w->len - at : UNIT;
        e->unit[e->n++] = (struct unit){w->sector + at / SECTOR, w->data + at, len, entry};
    }
}

static void unit_apply(const struct states *s, uchar *disk, const struct unit *u, uchar keep)
{
    uint from = keep & FIRST ? 0 : SECTOR;
    uint to = keep & SECOND ? u->len : SECTOR;
    if (to > u->len)
        to = u->len;
    if (keep == NONE || from >= to || u->sector * SECTOR + u->len > s->bytes)
        return;
    memcpy(disk + u->sector * SECTOR + from, u->data + from, to - from);
}

// One state: the stable disk and the kept parts of the epoch. `started`: units whose write had been started.
static void state_make(struct states *s, const uchar *stable, const struct epoch *e, enum state_kind kind,
                       uint started)
{
    static uint serial;
    if (serial++ % (s->parts * s->sample) != s->part * s->sample)
        return;
    uchar *disk = s->disk;
    memcpy(disk, stable, s->bytes);
    for (uint i = 0; i < e->n; i++)
        unit_apply(s, disk, &e->unit[i], e->keep[i]);
    uint entries = started < e->n ? e->unit[started].entry : e->next_entry;
    s->count[kind]++;
    uint bad = s->check(disk, s->bytes, entries);
    if (bad > 0 && s->bad[kind]++ == 0)
        printf("first bad %s state: epoch ending at entry %u, %u of %u blocks started\n", state_names[kind],
               e->next_entry, started, e->n);
}

static uint random_next(uint *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static void epoch_random(struct states *s, const uchar *stable, struct epoch *e, uint *seed)
{
    for (uint r = 0; r < s->random && e->n > 1; r++) {
        uint share = 1 + random_next(seed) % 99; // per cent that is kept
        for (uint i = 0; i < e->n; i++) {
            e->keep[i] = random_next(seed) % 100 < share ? BOTH : NONE;
            if (random_next(seed) % 20 == 0)
                e->keep[i] = random_next(seed) % 4;
        }
        state_make(s, stable, e, STATE_RANDOM, e->n);
    }
}

static void epoch_states(struct states *s, const uchar *stable, struct epoch *e, uint *seed)
{
    memset(e->keep, NONE, e->n);
    for (uint i = 0; i < e->n; i++) {
        state_make(s, stable, e, STATE_PREFIX, i);
        if (e->unit[i].len == UNIT) {
            e->keep[i] = FIRST;
            state_make(s, stable, e, STATE_TORN, i + 1);
            e->keep[i] = SECOND;
            state_make(s, stable, e, STATE_TORN, i + 1);
        }
        e->keep[i] = BOTH;
    }
    state_make(s, stable, e, STATE_PREFIX, e->n);
    for (uint i = 0; i < e->n; i++) {
        e->keep[i] = NONE;
        state_make(s, stable, e, STATE_LOST, e->n);
        e->keep[i] = BOTH;
    }
    epoch_random(s, stable, e, seed);
}

void states_run(struct states *s)
{
    struct epoch e = {0};
    uint seed = 1, flushes = 0;
    uchar *stable = malloc(s->bytes);
    s->disk = malloc(s->bytes);
    memcpy(stable, s->base, s->bytes);
    for (uint i = 0; i <= s->log->n; i++) {
        bool end = i == s->log->n;
        if (!end && !s->log->entry[i].flush) {
            epoch_add(&e, &s->log->entry[i], i);
            continue;
        }
        if (!end && s->ignore && s->ignore(flushes++))
            continue;
        e.next_entry = end ? i : i + 1;
        if (e.n > 0)
            epoch_states(s, stable, &e, &seed);
        for (uint k = 0; k < e.n; k++)
            unit_apply(s, stable, &e.unit[k], BOTH);
        e.n = 0;
    }
    free(e.unit);
    free(e.keep);
    free(stable);
    free(s->disk);
}
