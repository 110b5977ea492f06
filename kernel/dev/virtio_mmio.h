// Virtio over MMIO: one device's registers (virtio 1.2, section 4.2). virtio_init is in dev.h.
#ifndef KERNEL_DEV_VIRTIO_MMIO_H
#define KERNEL_DEV_VIRTIO_MMIO_H
#include <stdbool.h>
#include "kernel/dev/virtq.h"
#include "kernel/types.h"

#define VIRTIO_BLOCK 2 // device id (section 5)

// Feature bits every device may have (section 6)
#define VIRTIO_F_INDIRECT_DESC (1UL << 28)
#define VIRTIO_F_VERSION_1     (1UL << 32)

// Reasons for an interrupt (4.2.2, InterruptStatus)
#define VIRTIO_USED_BUFFER   1
#define VIRTIO_CONFIG_CHANGE 2

struct vmmio {
    uint64 base; // physical
    uint irq;
};

// Initialisation, in this order (3.1.1)
uint vmmio_probe(const struct vmmio *io);      // device id, 0 = none, or one that we cannot drive (reported)
void vmmio_reset(const struct vmmio *io);      // on return the device leaves memory alone
uint64 vmmio_features(const struct vmmio *io); // what the device offers, after reset
bool vmmio_negotiate(const struct vmmio *io, uint64 features); // whether the device agrees to this subset
uint vmmio_queue_max(const struct vmmio *io);                  // largest size of queue 0; 0 = it has none
void vmmio_queue_start(const struct vmmio *io, const struct virtq *q); // queue 0
void vmmio_start(const struct vmmio *io);
void vmmio_fail(const struct vmmio *io); // gives the device up

// Operation
void vmmio_notify(const struct vmmio *io); // queue 0 has new buffers
uint vmmio_ack(const struct vmmio *io);    // reasons for the interrupt, now acknowledged
bool vmmio_broken(const struct vmmio *io); // the device asks for a reset
void vmmio_config(const struct vmmio *io, uint offset, uint32 *word, uint n); // n words, consistent

#endif
