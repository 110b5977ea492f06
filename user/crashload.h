// The load of the crash tests: what program crashload does, and what tests/crash/model.c knows that it did. A
// worker does operations 0, 1, 2.. in its own directory /wN; each is one system call that changes something,
// or none, so after a crash the directory must look as it did after some whole number of operations.
// Operation number j of worker w is the same in every run. Plain C: also compiled on the host.
#ifndef USER_CRASHLOAD_H
#define USER_CRASHLOAD_H

#define CRASH_WORKERS 8     // at most
#define CRASH_NAMES   8     // names in use: half of them in /wN, half in /wN/sub
#define CRASH_MAXFILE 20000 // a file that has reached this size is cut to nothing instead of growing
#define CRASH_CHUNK   4096  // most bytes of one write: the most that a crash leaves whole
#define CRASH_SYNC    8     // every so many operations: sync, then the marker /mN says so
#define CRASH_BIG     300 // KiB of file /big, which one more process writes, truncates and unlinks all the time
#define CRASH_MAGIC   "FLMARK01"

enum crash_kind {
    CRASH_CREATE, // a, empty if it is new
    CRASH_APPEND, // len bytes of pattern `seed` to a, or cut it
    CRASH_CUT,    // a to size 0
    CRASH_UNLINK, // a; every second one while it is open
    CRASH_LINK,   // a as b
    CRASH_RENAME, // a to b
    CRASH_KINDS
};

struct crash_op {
    enum crash_kind kind;
    unsigned a, b; // names
    unsigned len;
    unsigned seed;
};

// A marker: worker w has seen operations [0, ops) reach the disk. At the start of a block of file /mN.
struct crash_mark {
    char magic[8];
    unsigned worker;
    unsigned ops;
};

static inline unsigned crash_random(unsigned *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static inline struct crash_op crash_op(unsigned seed, unsigned worker, unsigned j)
{
    static const unsigned char kinds[] = {CRASH_CREATE, CRASH_APPEND, CRASH_APPEND, CRASH_APPEND,
                                          CRASH_APPEND, CRASH_CUT,    CRASH_UNLINK, CRASH_LINK,
                                          CRASH_RENAME, CRASH_RENAME};
    unsigned state = (seed * CRASH_WORKERS + worker) * 7919 + j * 104729 + 1;
    struct crash_op op;
    crash_random(&state);
    op.kind = kinds[crash_random(&state) % sizeof(kinds)];
    op.a = crash_random(&state) % CRASH_NAMES;
    op.b = crash_random(&state) % CRASH_NAMES;
    op.len = 1 + crash_random(&state) % CRASH_CHUNK;
    op.seed = crash_random(&state) % 251;
    return op;
}

// Byte i of a chunk of pattern `seed`. File /big is one long chunk of pattern 0: truncating it takes several
// transactions, so after a crash it may have any size, but no other contents.
static inline unsigned char crash_byte(unsigned seed, unsigned i)
{
    return seed + i * 7 + (i >> 8) * 13;
}

#endif
