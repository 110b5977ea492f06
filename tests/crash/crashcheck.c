// crashcheck: recovers and checks every state that a crash during a recorded load could have left.
//
//   crashcheck [-w workers] [-n ops] [-s seed] [-r random] [-e every] [-j jobs] [-x odd|even] IMAGE LOG
//   crashcheck [-w workers] [-n ops] [-s seed] [-d] IMAGE
//
// IMAGE is the disk before the load, LOG what QEMU's blklogwrites recorded of it (the dm-log-writes format).
// Each state is recovered by the kernel's own code, compiled into this program, then checked by fsck's code,
// then compared with the model: nothing that was synced may be missing, and no operation may be half done. -x
// leaves out every odd or even flush, as a kernel that forgets it would; the run must then find violations.
// Without a LOG the image itself is the only state; -d: the whole load was done and synced.
// Prints the number of states and violations; the exit status is 1 if there were any, 2 for bad arguments or
// input.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "kernel/fs/log.h"
#include "tests/crash/model.h"
#include "tests/crash/states.h"
#include "tests/host/fake_fs.h"
#include "tests/host/fs_load.h"
#include "user/crashload.h"

#define LOG_MAGIC 0x6a736677736872UL
#define LOG_FLUSH 1
#define MAXJOBS   16

struct log_super {
    uint64 magic;
    uint64 version;
    uint64 entries;
    uint sector_size;
};

struct log_entry {
    uint64 sector;
    uint64 sectors;
    uint64 flags;
    uint64 data_len;
};

struct mark {
    uint entry; // of the log, that started to write it
    uint worker;
    uint ops;
};

static struct wlog writes;
static struct mark *marks;
static uint nmarks;
static uint workers = 4, ops = 200, seed = 1, jobs = 2;
static bool all_done;

// Thousands of mounts: freed memory is soon used again, instead of fetching ever new pages from the host.
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=4";
}

static void die(const char *what, const char *name)
{
    fprintf(stderr, "crashcheck: %s: %s\n", name, what);
    exit(2);
}

static uchar *file_read(const char *path, uint64 *size)
{
    FILE *f = fopen(path, "rb");
    if (f == 0)
        die("cannot be opened", path);
    fseek(f, 0, SEEK_END);
    *size = ftell(f);
    rewind(f);
    uchar *data = malloc(*size + 1);
    if (fread(data, 1, *size, f) != *size)
        die("cannot be read", path);
    fclose(f);
    return data;
}

static void marks_add(const uchar *data, uint len)
{
    for (uint at = 0; at + UNIT <= len; at += UNIT) {
        struct crash_mark m;
        memcpy(&m, data + at, sizeof(m));
        if (memcmp(m.magic, CRASH_MAGIC, sizeof(m.magic)) != 0 || m.worker >= workers || m.ops > ops)
            continue;
        marks = realloc(marks, (nmarks + 1) * sizeof(*marks));
        marks[nmarks++] = (struct mark){writes.n, m.worker, m.ops};
    }
}

static void log_read(const char *path)
{
    uint64 size;
    uchar *log = file_read(path, &size);
    struct log_super super;
    if (size < SECTOR)
        die("too short", path);
    memcpy(&super, log, sizeof(super));
    if (super.magic != LOG_MAGIC || super.sector_size != SECTOR)
        die("not a log of writes", path);
    uint64 at = SECTOR;
    for (uint64 i = 0; i < super.entries; i++) {
        struct log_entry e;
        if (at + SECTOR > size)
            die("ends too early", path);
        memcpy(&e, log + at, sizeof(e));
        at += SECTOR;
        uint64 len = e.sectors * SECTOR;
        if (e.flags & LOG_FLUSH)
            wlog_flush(&writes);
        if (len == 0)
            continue;
        if (len > size - at)
            die("ends too early", path);
        marks_add(log + at, len);
        wlog_write(&writes, e.sector, log + at, len);
        at += len;
    }
    free(log);
}

// What was synced before log entry `entries` was started: a marker is written after its sync has returned.
static void synced(uint entries, uint done[CRASH_WORKERS])
{
    memset(done, 0, CRASH_WORKERS * sizeof(*done));
    for (uint i = 0; i < nmarks; i++)
        if (marks[i].entry < entries && marks[i].ops > done[marks[i].worker])
            done[marks[i].worker] = marks[i].ops;
}

static uint check_state(uchar *disk, uint64 bytes, uint entries)
{
    uint done[CRASH_WORKERS];
    if (!load_mount(disk, bytes)) {
        printf("the file system cannot be mounted\n");
        return 1;
    }
    log_sync();
    if (load_check(disk, bytes, true) != 0)
        return 1;
    synced(entries, done);
    return model_check(done);
}

// The image as the only state. Returns the exit status.
static int check_image(uchar *disk, uint64 bytes)
{
    struct mark all[CRASH_WORKERS];
    for (uint w = 0; w < workers; w++)
        all[w] = (struct mark){0, w, ops};
    marks = all;
    nmarks = all_done ? workers : 0;
    uint bad = check_state(disk, bytes, 1);
    free(disk);
    return bad > 0;
}

static bool is_odd(uint flush)
{
    return flush % 2 == 1;
}
static bool is_even(uint flush)
{
    return flush % 2 == 0;
}

// Shares the states among several processes; their results are added up in shared memory.
static void run_jobs(struct states *all)
{
    struct states *result =
        mmap(0, jobs * sizeof(*result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    fflush(stdout);
    for (uint j = 0; j < jobs; j++) {
        result[j] = *all;
        result[j].part = j;
        result[j].parts = jobs;
        if (fork() == 0) {
            states_run(&result[j]);
            fflush(stdout);
            _exit(0);
        }
    }
    for (uint j = 0; j < jobs; j++) {
        int status;
        if (wait(&status) < 0 || status != 0)
            die("a job ended badly", "recovery");
    }
    for (uint j = 0; j < jobs; j++) {
        for (int k = 0; k < STATE_KINDS; k++) {
            all->count[k] += result[j].count[k];
            all->bad[k] += result[j].bad[k];
        }
    }
}

// Every state of a recorded load. Returns the exit status.
static int check_log(struct states *s, const char *path)
{
    uint count = 0, bad = 0;
    log_read(path);
    s->log = &writes;
    run_jobs(s);
    for (int k = 0; k < STATE_KINDS; k++) {
        printf("%-7s %6u states, %u bad\n", state_names[k], s->count[k], s->bad[k]);
        count += s->count[k];
        bad += s->bad[k];
    }
    printf("%u log entries, %u markers, %u states, %u violations\n", writes.n, nmarks, count, bad);
    free((uchar *)s->base);
    free(marks);
    wlog_free(&writes);
    return bad > 0;
}

static void options(int argc, char *argv[], struct states *s)
{
    uint *const numbers[] = {&workers, &ops, &seed, &s->random, &s->sample, &jobs};
    static const char letters[] = "wnsrej";
    int opt;
    while ((opt = getopt(argc, argv, "w:n:s:r:e:j:x:d")) != -1) {
        const char *number = opt == '?' ? 0 : strchr(letters, opt);
        if (number)
            *numbers[number - letters] = strtoul(optarg, 0, 10);
        else if (opt == 'x')
            s->ignore = strcmp(optarg, "odd") == 0 ? is_odd : is_even;
        else if (opt == 'd')
            all_done = true;
        else
            exit(2);
    }
    if ((optind + 1 != argc && optind + 2 != argc) || workers > CRASH_WORKERS || jobs < 1 || jobs > MAXJOBS ||
        s->sample < 1)
        die("wrong arguments", "crashcheck");
}

int main(int argc, char *argv[])
{
    struct states s = {.random = 10, .sample = 1, .check = check_state};
    options(argc, argv, &s);
    s.base = file_read(argv[optind], &s.bytes);
    model_init(seed, workers, ops);
    return optind + 1 == argc ? check_image((uchar *)s.base, s.bytes) : check_log(&s, argv[optind + 1]);
}
