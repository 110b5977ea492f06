// Block devices: what the file system and the swap device see of a disk. One instance a virtio disk; many
// requests may be in flight on each. Sectors are 512 bytes. Buffers lie in the direct map (kpage_alloc,
// kmem_alloc up to a page): the device reads them by physical address.
#ifndef KERNEL_DEV_BLK_H
#define KERNEL_DEV_BLK_H
#include <stdbool.h>
#include "kernel/types.h"

#define SECTOR_SIZE  512
#define BLK_MAXSEG   32 // segments of one request
#define BLK_MAXDISKS 8

enum blk_op { BLK_READ, BLK_WRITE, BLK_FLUSH };

struct disk;

struct blkseg {
    void *buf;
    uint len; // bytes, a multiple of SECTOR_SIZE
};

// One request: `nseg` pieces of memory, one run of sectors. The caller owns it until it is done.
struct blkreq {
    enum blk_op op;
    uint64 sector;
    struct blkseg seg[BLK_MAXSEG];
    int nseg;
    volatile bool done;
    int status;                       // after done: 0 or -EIO
    void (*on_done)(struct blkreq *); // optional; interrupt context, must not sleep
    void *arg;                        // the caller's
    struct disk *disk;                // the driver's
    bool waited;                      // the driver's: someone sleeps in disk_wait
};

// Disks in the order of their virtio-mmio slots (lowest address first); 0 when i is past the last.
struct disk *disk_get(int i);
uint64 disk_sectors(struct disk *d);
const char *disk_serial(struct disk *d); // VIRTIO_BLK_T_GET_ID, "" when it has none
const char *disk_name(struct disk *d);   // "vd0" ..

// Hands a request to the device; waits for a free descriptor if need be. Sleeps. Ends by r->done; a request
// that the device cannot take (outside the disk, no memory) is done at once with -EIO.
void disk_submit(struct disk *d, struct blkreq *r);

// Waits until r is done. Returns its status. Sleeps. Not ended by kill.
int disk_wait(struct blkreq *r);

// One buffer, submit and wait: 0 or -EIO. Sleeps.
int disk_rw(struct disk *d, enum blk_op op, uint64 sector, void *buf, uint len);

#endif
