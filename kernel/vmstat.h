// What the system calls vmstat, pageinfo, procinfo, vmainfo, swapctl and debug fill in.
#ifndef KERNEL_VMSTAT_H
#define KERNEL_VMSTAT_H
#include "kernel/types.h"

// Page-fault counters: every fault is counted as exactly one of these.
struct faultcount {
    uint64 minor;    // resolved without waiting for a disk
    uint64 major;    // waited for a disk
    uint64 cow;      // copy-on-write broken or taken over
    uint64 spurious; // the PTE already allowed it: stale TLB entry, or A/D to set
    uint64 vmalloc;  // kernel root entry copied into a process's root table
    uint64 invalid;  // no right to the address: killed, or the system call failed
};

struct vmstat {
    uint64 pagesize;
    uint64 frames;     // page frames that the allocator manages
    uint64 free;       // free frames, both pools
    uint64 kfree;      // free frames of the kernel pool
    uint64 user;       // frames mapped into user space
    uint64 pagetables; // frames used as user page tables
    uint64 harts;      // harts running
    uint64 timebase;   // ticks a second of rdtime
    uint64 entered;    // timebase ticks from reset until the firmware started the kernel
    uint64 procs;      // processes, zombies included
    uint64 switches;   // context switches
    uint64 syscalls;
    uint64 interrupts;
    uint64 idle;       // timebase ticks that harts have waited for work, all added up
    uint64 kmem;       // bytes of small kernel objects in use
    uint64 files;      // open files
    uint64 inodes;     // inodes in use in memory
    uint64 swap_slots; // size of swap, pages
    uint64 swap_used;  // slots in use
    uint64 swap_in;    // pages read from swap
    uint64 swap_out;   // pages written to swap
    struct faultcount faults;
};

struct pageinfo {
    uint64 addr;   // page's address
    uint8 present; // mapped to a frame
    uint8 writable;
    uint8 executable;
    uint8 accessed;
    uint8 dirty;
    uint8 swapped; // in a swap slot
    uint16 shared; // mappings of the frame, this one included
    uint64 frame;  // opaque number, equal for mappings of one frame; 0 when not present
};

struct procinfo {
    int pid;
    int ppid;
    int state;       // PROC_*
    int hart;        // where it runs or last ran
    uint64 size;     // bytes of address space in VMAs
    uint64 resident; // pages present
    uint64 swapped;  // pages in swap slots
    uint64 cputime;  // timebase ticks on a hart
    struct faultcount faults;
    char name[16];
};

#define PROC_SLEEPING 1
#define PROC_RUNNABLE 2
#define PROC_RUNNING  3
#define PROC_ZOMBIE   4

struct vmainfo {
    uint64 start;
    uint64 end;
    int perm;        // VMA_R | VMA_W | VMA_X
    int kind;        // VMA_TEXT ..
    uint64 resident; // pages present
    uint64 shared;   // of them, mapped more than once
    uint64 swapped;
};

struct swapinfo {
    uint64 slots;  // size of swap, pages; 0: there is none
    uint64 used;   // slots in use
    uint64 bad;    // slots that failed to be written
    uint64 reads;  // pages read; one request may read several
    uint64 writes; // pages written
    uint64 read_requests;
    uint64 write_requests;
    uint64 read_errors;  // pages that could not be read: somebody was killed
    uint64 write_errors; // pages that could not be written: they stayed in memory
    uint64 evicted;      // pages that left memory
    uint64 dropped;      // of them, without a write
    uint64 refaulted;    // pages chosen to leave, but used again before they had left
    uint64 ahead;        // pages read ahead
    uint64 limit;        // frames of the user pool
    uint64 batch;        // pages evicted at a time
    uint64 readahead;    // pages read at a time
    char policy[16];
};

// All spinlocks of one name, since boot or since the counts were cleared (debug(DEBUG_LOCKSTAT ..)). Times in
// timebase ticks.
struct lockstat {
    char name[24];
    uint64 acquired;
    uint64 contended; // of them, after a wait
    uint64 waited;    // all waits together
    uint64 longest_wait;
    uint64 held; // all holders' times together
    uint64 longest_hold;
    char where[40]; // function that took it and then held it longest
};

#define VMA_R 1
#define VMA_W 2
#define VMA_X 4

#define VMA_TEXT  1 // program text and constants
#define VMA_DATA  2 // program data and bss
#define VMA_HEAP  3
#define VMA_STACK 4
#define VMA_ANON  5

#endif
