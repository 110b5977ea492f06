// The swap disk: the second virtio disk, one page a slot. Its first page is a header, so that no disk that
// holds anything else is ever written to.
#ifndef KERNEL_SWAP_SWAPDEV_H
#define KERNEL_SWAP_SWAPDEV_H
#include <stdbool.h>
#include "kernel/types.h"

struct frame;

#define SWAP_MAGIC  0x3150415753544c46UL // "FLTSWAP1", little-endian
#define SWAP_SERIAL "swap"               // the disk's serial, when it has one
#define SWAPDEV_MAX 32                   // pages of one request

// The header page. A disk whose first page is all zeros is blank, and gets one.
struct swap_header {
    uint64 magic;
    uint32 version;  // 1
    uint32 pagesize; // 4096
    uint64 pages;    // of the disk when it was made, this one included
};

// Finds the swap disk and checks or writes its header. The number of slots, slot 0 included; 0 when there is
// no swap disk (one line says why, when a disk was refused). Sleeps. Once, at boot.
uint64 swapdev_init(void);

// Moves n <= SWAPDEV_MAX pages between frames and consecutive slots, in one request. 0 or -EIO; a request of
// one page that fails is counted and reported, at most once a second. Sleeps; nothing locked, no spinlock.
int swapdev_read(uint slot, struct frame *const *frame, uint n);
int swapdev_write(uint slot, struct frame *const *frame, uint n);

struct swapdev_stats {
    uint64 reads, writes; // pages
    uint64 read_requests, write_requests;
    uint64 read_errors, write_errors; // pages
};
extern struct swapdev_stats swapdev_stats; // atomic counters

#endif
