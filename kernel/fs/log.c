// The log: write-ahead redo logging of whole blocks, with group commit.
//
// Operations (log_begin .. log_end) change buffers and hand them to log_write; together they form the
// running transaction, whose buffers stay in memory. A commit writes them all, in two steps with a flush
// after each:
//
//   1. the log: header and copies of the blocks    FLUSH   now the transaction is durable
//   2. the blocks to their own places              FLUSH   now the log is not needed any more
//
// Two rules make every crash harmless. No block is written to its place before the log that holds it is
// durable. The log is not overwritten before its blocks are durable in their places. A header counts only
// if its checksum over itself and over the logged blocks is right, so a log that was overwritten in part
// reads as empty; rightly, for by then the blocks of the old transaction are all in place, and none of
// the new one's. docs/filesystem.md has the proof, tests/crash tries it.
//
// A commit happens when the log fills up, on log_sync, and about a second after the first change (logd).
// No operation runs during a commit: new ones wait, so the blocks stand still while the device reads
// them.
//
// An I/O error while committing ends all changes: log_begin says -EROFS from then on. The buffers of the
// failed transaction stay in memory for readers and are never written, so the disk keeps what the last
// good commit, or the log, says.
// Locks: log.lock (spin) guards the whole struct; while `committing` is set the committer owns the
// buffers.
#include "kernel/dev/blk.h"
#include "kernel/fs/buf.h"
#include "kernel/fs/log.h"
#include "kernel/fs/mount.h"
#include "kernel/lib/err.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/string.h"
#include "kernel/proc/proc.h"
#include "kernel/proc/sched.h"

#define LOGD_DELAY 10 // ticks of 100 ms between the first change of a transaction and its commit

static struct {
    struct spinlock lock;
    int ops;                        // operations under way
    bool closing;                   // commit as soon as ops is 0: no new operations
    bool committing;                // a commit is under way
    bool failed;                    // after an I/O error: no more changes
    uint waiting;                   // processes in log_wait
    uint64 seq;                     // number of the running transaction
    uint n;                         // its blocks
    struct buf *buf[1 + LOGBLOCKS]; // the header's, then the transaction's
} log;

void log_init(void)
{
    memset(&log, 0, sizeof(log));
    spin_init(&log.lock, "log");
}

// The checksum takes 8 bytes at a step. Each step is a bijection of the state, so no change of one word
// goes unseen; for more than that, 64 bits make chance small enough. It is no defence against somebody
// who wants to deceive: who can write to the disk does not need to.
static uint64 sum_add(uint64 sum, const void *data, uint64 n)
{
    const uint64 *w = data;
    for (uint64 i = 0; i < n / sizeof(*w); i++) {
        sum = (sum ^ w[i]) * 0x9e3779b97f4a7c15UL;
        sum ^= sum >> 32;
    }
    return sum;
}

// The header without the field that holds the sum.
static uint64 sum_header(const struct logheader *h)
{
    return sum_add(1, &h->seq, sizeof(*h) - offsetof(struct logheader, seq));
}

// What the header must say for the blocks of the running transaction, their contents included.
static uint64 sum_all(const struct logheader *h)
{
    uint64 sum = sum_header(h);
    for (uint i = 0; i < h->n; i++)
        sum = sum_add(sum, log.buf[1 + i]->data, BSIZE);
    return sum;
}

// Ascending block numbers, so that installing makes few and long requests. Insertion sort: the list is
// short, and mostly in order, since blocks are allocated in ascending order.
static void log_sort(void)
{
    struct buf **b = log.buf + 1;
    for (uint i = 1; i < log.n; i++) {
        struct buf *x = b[i];
        uint k = i;
        for (; k > 0 && b[k - 1]->block > x->block; k--)
            b[k] = b[k - 1];
        b[k] = x;
    }
}

// Step 1. The header's buffer is in front of the others in log.buf as its block is on the disk, so header
// and copies are one run of blocks. It does not matter in which order they arrive: the sum covers them
// all.
// Returns: 0 when the transaction is durable, or -EIO, and then it may or may not be.
static int log_save(void)
{
    struct logheader *h = (struct logheader *)log.buf[0]->data;
    log_sort();
    memset(h, 0, BSIZE);
    h->seq = log.seq;
    h->n = log.n;
    for (uint i = 0; i < log.n; i++)
        h->block[i] = log.buf[1 + i]->block;
    h->sum = sum_all(h);
    int err = buf_write_many(log.buf, 1 + log.n, fs.sb.logstart);
    return err ? err : buf_flush();
}

// Step 2. Only after the flush may the log be overwritten, and only then do the buffers leave the
// transaction: from now on they are as good as the disk and may be reused. The log still holds the
// transaction, which does no harm: recovery would write once more what is there already.
// Returns: 0, or -EIO: some blocks are in place and some are not, and the log has them all.
static int log_install(void)
{
    int err = buf_write_many(log.buf + 1, log.n, 0);
    if (err == 0)
        err = buf_flush();
    if (err)
        return err;
    for (uint i = 0; i < log.n; i++) {
        log.buf[1 + i]->logged = false;
        buf_unpin(log.buf[1 + i]);
    }
    return 0;
}

// Marks the log as empty on the disk, which spares the next mount the work. Nothing depends on it, so it
// needs no flush and errors do not matter.
// Locks: the caller is the only one to use the log.
static void log_clear(void)
{
    memset(log.buf[0]->data, 0, BSIZE);
    buf_write_many(log.buf, 1, fs.sb.logstart);
}

// The end of all changes, said once.
// Locks: log.lock.
static void log_fail(const char *what)
{
    if (!log.failed)
        printf("fs: %s: the file system is read-only from here on\n", what);
    log.failed = true;
}

// Sleeps until a commit or an operation ends.
// Locks: log.lock, let go meanwhile.
static void log_wait(void)
{
    log.waiting++;
    sleep_on(&log, &log.lock);
    log.waiting--;
}

// Commits the running transaction. No operation is under way and none can begin, so the blocks stand
// still while the device reads them; readers go on. After an error the buffers stay pinned and are never
// written: readers see what was done last, and the disk what was committed last.
// Locks: log.lock, let go during the I/O.
// Sleeps.
static void log_commit(void)
{
    assert(log.ops == 0 && !log.committing, "a commit runs alone");
    log.committing = true;
    spin_unlock(&log.lock);
    int err = log.n > 0 ? log_save() : 0;
    if (err == 0 && log.n > 0)
        err = log_install();
    spin_lock(&log.lock);
    if (err == 0) {
        log.n = 0;
        log.seq++;
    } else {
        log_fail("disk error while committing");
    }
    log.committing = false;
    log.closing = false;
    wakeup(&log);
}

// Brings a commit about: asks for it, and starts it if this is the process that can, for no operation is
// under way; otherwise the last log_end will, and this one waits for news. The caller looks at its
// condition again.
// Locks: log.lock, let go meanwhile.
static void log_progress(void)
{
    log.closing = true;
    if (log.ops == 0 && !log.committing)
        log_commit();
    else
        log_wait();
}

// Each operation under way may still log MAXOPBLOCKS blocks, and so may this one: it waits until all of
// that fits beside what is logged already. That counts blocks twice which an operation has logged by now;
// simple, and on the safe side.
int log_begin(void)
{
    spin_lock(&log.lock);
    while (!log.failed && (log.closing || log.n + (log.ops + 1) * MAXOPBLOCKS > LOGBLOCKS)) {
        if (!log.closing && log.n < LOGBLOCKS / 2)
            log_wait(); // too many operations at once, but room enough: one of them will end
        else
            log_progress();
    }
    int err = log.failed ? -EROFS : 0;
    if (err == 0)
        log.ops++;
    spin_unlock(&log.lock);
    return err;
}

// The last operation to end starts the commit that somebody waits for. Otherwise nothing is written: the
// change stays in memory, and shares its commit with others.
void log_end(void)
{
    spin_lock(&log.lock);
    assert(log.ops > 0, "log_end without log_begin");
    log.ops--;
    if (log.closing && log.ops == 0 && !log.failed)
        log_commit();
    else if (log.waiting > 0)
        wakeup(&log);
    spin_unlock(&log.lock);
}

// `logged` is set with the buffer locked and cleared by a commit, which cannot run during this operation:
// the test needs no lock. A block that is logged again costs nothing, which is where most of the gain of
// group commit comes from.
void log_write(struct buf *b)
{
    assert(sleep_held(&b->lock), "a logged buffer is locked");
    if (b->logged)
        return;
    spin_lock(&log.lock);
    assert(log.ops > 0, "changes belong into a transaction");
    assert(log.n < LOGBLOCKS, "an operation logs more than MAXOPBLOCKS blocks");
    b->logged = true;
    buf_pin(b);
    log.buf[1 + log.n++] = b;
    if (log.n == 1)
        wakeup(&log.n);
    spin_unlock(&log.lock);
}

void log_abort(void)
{
    spin_lock(&log.lock);
    log_fail("disk error within a change");
    spin_unlock(&log.lock);
}

// Waits until the transaction that is running now is no longer the running one. What ended before this
// call is in it, or in an earlier one; a commit that is under way already has it, too, for no operation
// has ended since it began.
int log_sync(void)
{
    spin_lock(&log.lock);
    uint64 seq = log.seq;
    while (!log.failed && log.n > 0 && log.seq == seq)
        log_progress();
    int err = log.failed ? -EIO : 0;
    spin_unlock(&log.lock);
    return err;
}

// The machine goes down. Whoever still changes something may do so; then the log is left as it is.
void log_close(void)
{
    log_sync();
    spin_lock(&log.lock);
    if (log.ops == 0 && log.n == 0 && !log.committing && !log.failed) {
        log.closing = log.committing = true;
        spin_unlock(&log.lock);
        log_clear();
        spin_lock(&log.lock);
        log.closing = log.committing = false;
        wakeup(&log);
    }
    spin_unlock(&log.lock);
}

// Whether the log on the disk holds a whole transaction. A header that makes no sense, or is torn, or
// older than the blocks behind it, has the wrong sum; the file header says why "no" is then the right
// answer.
// Returns: 1, 0 or -EIO.
static int log_complete(const struct logheader *h)
{
    if (h->n == 0 || h->n > LOGBLOCKS)
        return 0;
    uint64 sum = sum_header(h);
    for (uint i = 0; i < h->n; i++) {
        if (!buf_cached(fs.sb.logstart + 1 + i))
            buf_read_ahead(fs.sb.logstart + 1 + i, h->n - i);
        struct buf *b = buf_read(fs.sb.logstart + 1 + i);
        if (b == 0)
            return -EIO;
        sum = sum_add(sum, b->data, BSIZE);
        buf_put(b);
    }
    return sum == h->sum;
}

// Brings the logged blocks into the buffers of their own places, as if they had just been changed:
// log_install then does the rest, the same code as in a commit. One buffer is locked at a time, so the
// contents go over the stack.
static int log_load(const struct logheader *h)
{
    uchar data[BSIZE];
    for (uint i = 0; i < h->n; i++) {
        if (h->block[i] < fs.sb.inodestart || h->block[i] >= fs.sb.size)
            return fs_damaged("log: block number out of range", h->block[i]);
        struct buf *b = buf_read(fs.sb.logstart + 1 + i);
        if (b == 0)
            return -EIO;
        memcpy(data, b->data, BSIZE);
        buf_put(b);
        b = buf_get(h->block[i]);
        memcpy(b->data, data, BSIZE);
        b->valid = true;
        buf_pin(b);
        buf_put(b);
        log.buf[1 + log.n++] = b;
    }
    return 0;
}

// After a crash during recovery this runs again and does the same: nothing that it reads is changed
// before it is done.
// Returns: 0, also when there was nothing to do; -EIO, and then the file system cannot be used.
int log_recover(void)
{
    struct buf *b = buf_read(fs.sb.logstart);
    if (b == 0)
        return -EIO;
    buf_pin(b); // for good: the header's buffer is always log.buf[0]
    buf_put(b);
    log.buf[0] = b;
    const struct logheader *h = (const struct logheader *)b->data;
    log.seq = h->seq + 1;
    int err = log_complete(h);
    if (err <= 0)
        return err;
    err = log_load(h);
    if (err == 0)
        err = log_install();
    if (err)
        return err;
    log.n = 0;
    log_clear();
    return 0;
}

// Commits what has been waiting for a while, so that a crash costs about a second of work at most. The
// delay begins with the first change, not with the last one: steady work cannot put the commit off.
static void logd(void)
{
    for (;;) {
        spin_lock(&log.lock);
        while (log.n == 0 || log.failed)
            sleep_on(&log.n, &log.lock);
        spin_unlock(&log.lock);
        sleep_ticks(LOGD_DELAY);
        log_sync();
    }
}

void log_start(void)
{
    kthread_create("logd", logd);
}
