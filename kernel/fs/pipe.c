// Pipes: a ring of bytes in one kernel page, the bookkeeping at the page's start.
//
// User copies happen with the lock released, through a small buffer on the stack: a copy may fault, and a
// fault may sleep. A write of up to PIPE_CHUNK bytes goes in as a whole. Rules, as in xv6: a reader waits
// while the pipe is empty and somebody could still write; a writer waits while there is no room, and
// fails when nobody could read any more, whatever it had already written; a killed process leaves with an
// error.
//
// Locks: p->lock (spin) guards everything in the page. Sleeping writers wait on &p->writers, readers on
// &p->readers.
#include "kernel/fs/pipe.h"
#include "kernel/lib/err.h"
#include "kernel/lib/spinlock.h"
#include "kernel/lib/string.h"
#include "kernel/proc/sched.h"
#include "kernel/riscv.h"
#include "kernel/trap/uaccess.h"
#include "kernel/vm/frame.h"

#define PIPE_CHUNK 512 // bytes moved at a time

struct pipe {
    struct spinlock lock;
    uint head;    // where the oldest byte is
    uint count;   // bytes in the ring
    uint readers; // asleep; a wakeup is not free, so it is made for somebody only
    uint writers;
    bool readable; // the read end is open
    bool writable;
    char ring[];
};

#define PIPE_SIZE (PGSIZE - sizeof(struct pipe))

struct pipe *pipe_create(void)
{
    struct pipe *p = kpage_alloc();
    if (p == 0)
        return 0;
    spin_init(&p->lock, "pipe");
    p->readable = true;
    p->writable = true;
    return p;
}

// Everybody who sleeps is woken to see that an end is gone. The second close frees the page: by then
// nobody can be inside, for a process in read or write holds its end open.
void pipe_close(struct pipe *p, bool writer)
{
    spin_lock(&p->lock);
    if (writer)
        p->writable = false;
    else
        p->readable = false;
    bool last = !p->readable && !p->writable;
    wakeup(&p->readers);
    wakeup(&p->writers);
    spin_unlock(&p->lock);
    if (last)
        kpage_free(p);
}

// Waits on one of the two counters for the other side to do something. The counter tells that side
// whether anybody is there to be woken.
// Locks: p->lock, let go meanwhile.
static void pipe_wait(struct pipe *p, uint *sleepers)
{
    ++*sleepers;
    sleep_on(sleepers, &p->lock);
    --*sleepers;
}

// Copies n bytes behind the youngest one, round the end of the ring if need be. There is room.
// Locks: p->lock.
static void ring_put(struct pipe *p, const char *src, uint n)
{
    uint tail = (p->head + p->count) % PIPE_SIZE;
    uint first = n < PIPE_SIZE - tail ? n : PIPE_SIZE - tail;
    memcpy(p->ring + tail, src, first);
    if (first < n)
        memcpy(p->ring, src + first, n - first);
    p->count += n;
}

// Takes the n oldest bytes out. They are there.
// Locks: p->lock.
static void ring_take(struct pipe *p, char *dst, uint n)
{
    uint first = n < PIPE_SIZE - p->head ? n : PIPE_SIZE - p->head;
    memcpy(dst, p->ring + p->head, first);
    if (first < n)
        memcpy(dst + first, p->ring, n - first);
    p->head = (p->head + n) % PIPE_SIZE;
    p->count -= n;
}

// Puts n <= PIPE_CHUNK bytes in as a whole, waiting until all of them fit. The condition is looked at
// again after every sleep: another writer may have been faster, the reader may have gone, or this process
// was killed.
// Returns: 0, -EPIPE or -EINTR.
static int chunk_put(struct pipe *p, const char *src, uint n)
{
    int err = 0;
    spin_lock(&p->lock);
    while (p->readable && !killed() && PIPE_SIZE - p->count < n)
        pipe_wait(p, &p->writers);
    if (!p->readable)
        err = -EPIPE;
    else if (killed())
        err = -EINTR;
    else
        ring_put(p, src, n);
    if (err == 0 && p->readers > 0)
        wakeup(&p->readers);
    spin_unlock(&p->lock);
    return err;
}

// Takes up to n <= PIPE_CHUNK bytes out, waiting for the first when asked to. Bytes, 0 when there are
// none,
// -EINTR.
static int64 chunk_take(struct pipe *p, char *dst, uint n, bool wait)
{
    spin_lock(&p->lock);
    while (wait && p->count == 0 && p->writable && !killed())
        pipe_wait(p, &p->readers);
    int64 got = p->count < n ? p->count : n;
    if (got == 0 && wait && p->writable)
        got = -EINTR;
    if (got > 0)
        ring_take(p, dst, got);
    if (p->writers > 0)
        wakeup(&p->writers);
    spin_unlock(&p->lock);
    return got;
}

// A write that fits into one chunk is copied in before anything else happens, so its address needs no
// check of its own; this is the short way that small messages take.
// Sleeps.
// Returns: n, or negative, as in xv6 also when a part was written before the reader went away.
int64 pipe_write(struct pipe *p, uint64 user_src, int64 n)
{
    char buf[PIPE_CHUNK];
    if (n > PIPE_CHUNK && !user_range_ok(user_src, n, false))
        return -EFAULT;
    for (int64 done = 0; done < n;) {
        uint m = n - done < PIPE_CHUNK ? n - done : PIPE_CHUNK;
        if (copy_from_user(buf, user_src + done, m) != m)
            return done ? done : -EFAULT;
        int err = chunk_put(p, buf, m);
        if (err)
            return err;
        done += m;
    }
    return n;
}

// Waits for the first byte only, then takes what is there, up to n. The destination is checked before
// anything is taken out, so a bad pointer loses no bytes.
// Sleeps.
// Returns: bytes, 0 when the pipe is empty and nobody can write, -EINTR or -EFAULT.
int64 pipe_read(struct pipe *p, uint64 user_dst, int64 n)
{
    char buf[PIPE_CHUNK];
    int64 done = 0;
    if (!user_range_ok(user_dst, n, true))
        return -EFAULT;
    while (done < n) {
        int64 got = chunk_take(p, buf, n - done < PIPE_CHUNK ? n - done : PIPE_CHUNK, done == 0);
        if (got <= 0)
            return done ? done : got;
        uint64 copied = copy_to_user(user_dst + done, buf, got);
        done += copied;
        if (copied < (uint64)got)
            return done ? done : -EFAULT;
    }
    return done;
}
