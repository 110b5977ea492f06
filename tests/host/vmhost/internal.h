// Between the files of this folder.
#ifndef TESTS_HOST_VMHOST_INTERNAL_H
#define TESTS_HOST_VMHOST_INTERNAL_H
#include <stdbool.h>
#include "kernel/types.h"

struct spinlock;

void host_files_start(void);                          // sets vm_file_ops
uint64 host_file_areas(void);                         // areas that map some file
void host_assert_forgotten(bool (*freed)(uint64 pa)); // no TLB has a translation to such a page
void host_disk_start(uint64 slots);                   // an empty swap disk

// sched.c
void host_point(void);            // another process may come in here
void host_wait(const void *chan); // until host_wake; others run
void host_wake(const void *chan);
// lock.c
void host_spin_drop(struct spinlock *lk); // spin_unlock without a point
// hart.c
int host_next_hart(void);  // another one, in the middle of nothing
void host_enter(int hart); // a process starts there

#endif
