// Every disk that a crash could leave behind, made from the log of what was written (tests/crash/states.c).
#ifndef TESTS_CRASH_STATES_H
#define TESTS_CRASH_STATES_H
#include <stdbool.h>
#include "kernel/types.h"

#define SECTOR 512
#define UNIT   1024 // what is written or lost as a whole, but for torn units: a block

// One request that the disk completed, in order.
struct wentry {
    bool flush;    // everything before is durable; else a write
    uint64 sector; // of a write
    uint len;      // bytes
    uchar *data;
};

struct wlog {
    struct wentry *entry;
    uint n, room;
};

void wlog_write(struct wlog *w, uint64 sector, const void *data, uint len); // keeps a copy
void wlog_flush(struct wlog *w);
void wlog_free(struct wlog *w);

enum state_kind { STATE_PREFIX, STATE_TORN, STATE_LOST, STATE_RANDOM, STATE_KINDS };
extern const char *const state_names[STATE_KINDS];

struct states {
    const uchar *base; // the disk before the first entry
    uint64 bytes;
    const struct wlog *log;
    uint random;                // random subsets of each epoch
    uint sample;                // look at about one state in so many; 1: at all
    uint part, parts;           // this call looks at every parts-th state only
    bool (*ignore)(uint flush); // leaves this flush out, as if the kernel had not sent it; may be null
    // Recovers and checks one state; may change disk, which is a copy. `entries`: so many log entries had
    // been started when the crash came. Returns the number of violations.
    uint (*check)(uchar *disk, uint64 bytes, uint entries);
    uchar *disk; // of states_run: the state at hand
    // results
    uint count[STATE_KINDS];
    uint bad[STATE_KINDS];
};

void states_run(struct states *s);

#endif
