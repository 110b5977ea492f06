// Split virtqueue (virtio 1.2, section 2.7): the rings that a driver and a device share in memory.
#ifndef KERNEL_DEV_VIRTQ_H
#define KERNEL_DEV_VIRTQ_H
#include <stdbool.h>
#include "kernel/types.h"

#define VIRTQ_MAX 256 // entries: then the descriptors fill one page, and both rings fit into another

// Descriptor flags (2.7.5)
#define VIRTQ_NEXT     1
#define VIRTQ_WRITE    2 // the device writes the buffer
#define VIRTQ_INDIRECT 4 // the buffer is a table of descriptors

struct virtq_desc {
    uint64 addr; // physical
    uint32 len;
    uint16 flags;
    uint16 next;
};

struct virtq_avail { // 2.7.6: the driver writes it
    uint16 flags;
    uint16 idx;
    uint16 ring[];
};

struct virtq_used { // 2.7.8: the device writes it
    uint16 flags;
    uint16 idx;
    struct {
        uint32 id;
        uint32 len;
    } ring[];
};

// One queue. Its driver's lock guards it.
struct virtq {
    uint num; // entries, a power of two; immutable, as are the three pointers
    struct virtq_desc *desc;
    volatile struct virtq_avail *avail;
    volatile struct virtq_used *used;
    uint16 added;           // chains made available so far, modulo 2^16
    uint16 taken;           // used entries consumed so far
    void *owner[VIRTQ_MAX]; // of the chain that starts at a descriptor, while the device has it
};

// Lays a queue of num entries into two zeroed pages.
void virtq_init(struct virtq *q, uint num, void *descpage, void *ringpage);

// Makes the chain that starts at descriptor `head` available. owner is not null.
void virtq_add(struct virtq *q, uint16 head, void *owner);
bool virtq_wants_notify(struct virtq *q); // whether the device must be told of it

// Next finished chain's owner in *owner: 1; none: 0; the device wrote nonsense into the ring: -EIO.
int virtq_take(struct virtq *q, void **owner);

void virtq_quiet(struct virtq *q, bool quiet); // asks the device not to interrupt (a hint)
bool virtq_pending(const struct virtq *q);     // the used ring holds something to take

// A memory barrier: see virtq.c
void virtq_fence_device(void);

#endif
