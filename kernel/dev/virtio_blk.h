// Virtio disks, as the walk over the virtio slots sees them. What users of a disk see is in blk.h.
#ifndef KERNEL_DEV_VIRTIO_BLK_H
#define KERNEL_DEV_VIRTIO_BLK_H

struct vmmio;

void virtio_blk_add(const struct vmmio *io); // starts the disk, or says why not

#endif
