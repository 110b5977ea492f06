// Disks as arrays (fake_disk.h).
#include <string.h>
#include "kernel/lib/err.h"
#include "tests/host/fake_disk.h"

struct disk disk[DISKS];
int ndisks;

struct disk *disk_get(int i)
{
    return i < ndisks ? &disk[i] : 0;
}

uint64 disk_sectors(struct disk *d)
{
    return d->sectors;
}

const char *disk_serial(struct disk *d)
{
    return d->serial;
}

const char *disk_name(struct disk *d)
{
    return d->name;
}

static int serve(struct disk *d, const struct blkreq *r)
{
    uint64 sector = r->sector;
    d->requests[r->op]++;
    d->served++;
    for (int i = 0; i < r->nseg; i++) {
        uint64 n = r->seg[i].len / SECTOR_SIZE;
        if (sector + n > d->sectors || (int)r->op == d->fail_op)
            return -EIO;
        uchar *at = d->data + sector * SECTOR_SIZE;
        if (r->op == BLK_READ)
            memcpy(r->seg[i].buf, at, r->seg[i].len);
        else
            memcpy(at, r->seg[i].buf, r->seg[i].len);
        d->written += r->op == BLK_WRITE ? n : 0;
        sector += n;
    }
    if (r->op == BLK_WRITE)
        d->write_at = d->served;
    if (r->op == BLK_FLUSH)
        d->flush_at = d->served;
    return (int)r->op == d->fail_op ? -EIO : 0;
}

void disk_submit(struct disk *d, struct blkreq *r)
{
    r->status = serve(d, r);
    r->done = true;
    r->disk = d;
    d->last = *r;
}

int disk_wait(struct blkreq *r)
{
    return r->done ? r->status : -EBUSY;
}

int disk_rw(struct disk *d, enum blk_op op, uint64 sector, void *buf, uint len)
{
    struct blkreq r = {.op = op, .sector = sector, .nseg = op != BLK_FLUSH, .seg[0] = {buf, len}};
    return serve(d, &r);
}
