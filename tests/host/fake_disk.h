// Disks for tests of code above kernel/dev/blk.h: arrays that serve each request at once, keep count, and
// fail when a test says so.
#ifndef TESTS_HOST_FAKE_DISK_H
#define TESTS_HOST_FAKE_DISK_H
#include "kernel/dev/blk.h"
#include "kernel/riscv.h"

#define DISKS      3
#define DISK_PAGES 64

struct disk {
    uint64 sectors;
    const char *serial;
    const char *name;
    uchar data[DISK_PAGES * PGSIZE];
    int fail_op;                     // requests of this kind fail; -1: none
    uint requests[3];                // by kind
    struct blkreq last;              // not a flush
    uint64 written;                  // sectors, all in all
    uint served, write_at, flush_at; // requests; number of the last write, of the last flush
};

extern struct disk disk[DISKS];
extern int ndisks; // that disk_get knows

#endif
