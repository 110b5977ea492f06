// swapinfo: what swap has done so far; with words NAME=VALUE it changes how swap works from now on.
#include "kernel/syscall.h"
#include "kernel/vmstat.h"
#include "user/util.h"

#define FIELD(name, meaning)                                                                                 \
    {                                                                                                        \
#name, __builtin_offsetof(struct swapinfo, name), meaning                                            \
    }

static const struct {
    const char *name;
    uint offset;
    const char *meaning;
} fields[] = {
    FIELD(slots, "pages of swap"),
    FIELD(used, "slots in use"),
    FIELD(bad, "slots that could not be written"),
    FIELD(reads, "pages read"),
    FIELD(read_requests, "requests that read"),
    FIELD(writes, "pages written"),
    FIELD(write_requests, "requests that wrote"),
    FIELD(read_errors, "pages that could not be read"),
    FIELD(write_errors, "pages that could not be written"),
    FIELD(evicted, "pages that left memory"),
    FIELD(dropped, "of them, without a write"),
    FIELD(refaulted, "pages that were used again while leaving"),
    FIELD(ahead, "pages read before they were asked for"),
    FIELD(limit, "frames for programs"),
    FIELD(batch, "pages evicted at a time"),
    FIELD(readahead, "pages read at a time"),
};

static const struct {
    const char *name;
    int op;
} knobs[] = {
    {"policy", SWAPCTL_POLICY},
    {"batch", SWAPCTL_BATCH},
    {"readahead", SWAPCTL_READAHEAD},
    {"limit", SWAPCTL_LIMIT},
};

static int show(void)
{
    struct swapinfo s;
    if (swapctl(SWAPCTL_INFO, (uint64)&s, 0) < 0)
        return 1;
    for (uint i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        printf("%-14s %9lu  %s\n", fields[i].name, *(uint64 *)((char *)&s + fields[i].offset),
               fields[i].meaning);
    printf("%-14s %9s  %s\n", "policy", s.policy, "which page goes next");
    return 0;
}

// The operation that a word NAME=VALUE stands for; *value points behind the sign. -1: none.
static int knob_find(const char *word, const char **value)
{
    for (uint i = 0; i < sizeof(knobs) / sizeof(knobs[0]); i++) {
        uint n = strlen(knobs[i].name);
        if (memcmp(word, knobs[i].name, n) == 0 && word[n] == '=') {
            *value = word + n + 1;
            return knobs[i].op;
        }
    }
    return -1;
}

static void set(const char *word)
{
    const char *value;
    int op = knob_find(word, &value);
    if (op < 0 || (op != SWAPCTL_POLICY && number(value) < 0))
        usage("swapinfo [policy=name] [batch=pages] [readahead=pages] [limit=pages]");
    if (swapctl(op, op == SWAPCTL_POLICY ? (uint64)value : (uint64)number(value), 0) < 0) {
        fprintf(2, "swapinfo: %s: refused\n", word);
        exit(1);
    }
}

int main(int argc, char *argv[])
{
    for (int i = 1; i < argc; i++)
        set(argv[i]);
    return argc > 1 ? 0 : show();
}
