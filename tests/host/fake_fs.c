// See fake_fs.h.
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/boot/machine.h"
#include "kernel/dev/blk.h"
#include "kernel/lib/err.h"
#include "kernel/lib/list.h"
#include "kernel/lib/panic.h"
#include "kernel/proc/proc.h"
#include "kernel/proc/sched.h"
#include "kernel/proc/sleeplock.h"
#include "kernel/riscv.h"
#include "kernel/trap/uaccess.h"
#include "kernel/vm/kmem.h"
#include "tests/host/fake_lock.c"

struct machine machine = {.ram = {.size = 16 << 20}};
struct fake_disk fake_disk;
uint64 fake_alloc_fail;
uchar *fake_user;
uint64 fake_user_size;
void (*fake_wait)(const void *chan);

static struct proc process;

struct proc *my_proc(void)
{
    return &process;
}

static void broken(const char *what, const char *name)
{
    fprintf(stderr, "%s: %s\n", what, name);
    abort();
}

void panic(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    abort();
}

// Memory: every piece is on one list, so that a boot can take it all back. What is behind the link is aligned
// to 16.
struct piece {
    struct list link;
};

static struct list pieces = LIST_INIT(pieces);
static uint64 npieces;

void *kmem_alloc(uint64 size)
{
    if (fake_alloc_fail > 0 && --fake_alloc_fail == 0)
        return 0;
    struct piece *p = calloc(1, sizeof(*p) + size);
    list_push_back(&pieces, &p->link);
    npieces++;
    return p + 1;
}

void kmem_free(void *mem)
{
    if (mem == 0)
        return;
    struct piece *p = (struct piece *)mem - 1;
    list_del(&p->link);
    npieces--;
    free(p);
}

void *kpage_alloc(void)
{
    return kmem_alloc(PGSIZE);
}

void kpage_free(void *page)
{
    kmem_free(page);
}

uint64 fake_allocated(void)
{
    return npieces;
}

void fake_boot(uchar *disk, uint64 bytes)
{
    while (!list_empty(&pieces))
        kmem_free(container_of(pieces.next, struct piece, link) + 1);
    memset(&process, 0, sizeof(process));
    fake_disk = (struct fake_disk){.data = disk, .bytes = bytes};
    fake_alloc_fail = 0;
}

// Sleeping.
void sleep_init(struct sleeplock *lk, const char *name)
{
    *lk = (struct sleeplock){.name = name};
}

void sleep_lock(struct sleeplock *lk)
{
    if (fake_locks_held > 0)
        broken("a sleep lock is taken with a spinlock held", lk->name);
    if (lk->holder)
        broken("waits for itself", lk->name);
    lk->holder = &process;
}

bool sleep_lock_killable(struct sleeplock *lk)
{
    sleep_lock(lk);
    return true;
}

bool sleep_trylock(struct sleeplock *lk)
{
    bool got = lk->holder == 0;
    lk->holder = &process;
    return got;
}

void sleep_unlock(struct sleeplock *lk)
{
    if (lk->holder == 0)
        broken("let go, but not held", lk->name);
    lk->holder = 0;
}

bool sleep_held(struct sleeplock *lk)
{
    return lk->holder != 0;
}

void sleep_on(const void *chan, struct spinlock *lk)
{
    spin_unlock(lk);
    if (fake_wait == 0)
        broken("sleeps for ever with lock", lk->name);
    fake_wait(chan);
    spin_lock(lk);
}

void wakeup(const void *chan)
{
    (void)chan;
}

int sleep_ticks(uint64 ticks)
{
    (void)ticks;
    return 0;
}

bool killed(void)
{
    return process.killed;
}

struct proc *kthread_create(const char *name, void (*body)(void))
{
    (void)name, (void)body;
    return 0;
}

// The disk.
struct disk {
    int unused;
};
static struct disk the_disk;

struct disk *disk_get(int i)
{
    return i == 0 ? &the_disk : 0;
}

uint64 disk_sectors(struct disk *d)
{
    (void)d;
    return fake_disk.bytes / SECTOR_SIZE;
}

static void disk_move(struct blkreq *r)
{
    uint64 at = r->sector * SECTOR_SIZE;
    for (int i = 0; i < r->nseg; i++) {
        struct blkseg *s = &r->seg[i];
        if (at + s->len > fake_disk.bytes) {
            r->status = -EIO;
            return;
        }
        if (r->op == BLK_READ) {
            memcpy(s->buf, fake_disk.data + at, s->len);
        } else {
            if (fake_disk.on_write)
                fake_disk.on_write(at / SECTOR_SIZE, s->buf, s->len);
            memcpy(fake_disk.data + at, s->buf, s->len);
        }
        at += s->len;
    }
}

void disk_submit(struct disk *d, struct blkreq *r)
{
    (void)d;
    if (fake_locks_held > 0)
        broken("disk_submit with a spinlock held", "?");
    uint64 n = ++fake_disk.ops[r->op], bad = fake_disk.fail_at[r->op];
    r->status = 0;
    if (bad != 0 && (n == bad || (n > bad && fake_disk.fail_later)))
        r->status = -EIO;
    else if (r->op != BLK_FLUSH)
        disk_move(r);
    else if (fake_disk.on_flush)
        fake_disk.on_flush();
    r->done = true;
}

int disk_wait(struct blkreq *r)
{
    return r->status;
}

int disk_rw(struct disk *d, enum blk_op op, uint64 sector, void *buf, uint len)
{
    struct blkreq r = {.op = op, .sector = sector, .seg = {{buf, len}}, .nseg = op != BLK_FLUSH};
    disk_submit(d, &r);
    return disk_wait(&r);
}

// User memory.
static uint64 user_part(uint64 va, uint64 n)
{
    uint64 start = (uint64)fake_user;
    if (fake_locks_held > 0)
        broken("a user copy with a spinlock held", "?");
    if (va < start || va >= start + fake_user_size)
        return 0;
    return n < start + fake_user_size - va ? n : start + fake_user_size - va;
}

uint64 copy_to_user(uint64 dst, const void *src, uint64 n)
{
    n = user_part(dst, n);
    if (n > 0)
        memcpy((void *)dst, src, n);
    return n;
}

uint64 copy_from_user(void *dst, uint64 src, uint64 n)
{
    n = user_part(src, n);
    if (n > 0)
        memcpy(dst, (const void *)src, n);
    return n;
}

int64 strncpy_from_user(char *dst, uint64 src, uint64 max)
{
    for (uint64 i = 0; i < max; i++) {
        if (copy_from_user(dst + i, src + i, 1) != 1)
            return -EFAULT;
        if (dst[i] == 0)
            return i;
    }
    return -ENAMETOOLONG;
}

bool user_range_ok(uint64 va, uint64 n, bool write)
{
    (void)write;
    return n == 0 || user_part(va, n) == n;
}
