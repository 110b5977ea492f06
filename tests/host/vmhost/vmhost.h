// A machine made of host memory for kernel/vm/ and kernel/swap/, which are compiled for it unchanged: RAM,
// harts with TLBs and instruction caches, locks that check their rules, files, a swap disk, and memory and
// disks that fail when a test says so.
//
// One process runs at a time and is "on" one hart; a test may start others at any point of its way (sched.c).
// Or each thread is a hart (test_vmrace.c). The TLB model is the worst one that the privileged specification
// allows: it keeps every translation until a fence names it, over changes of satp too. So a missing fence is
// seen by the next access. Whatever breaks a rule ends the program through panic().
#ifndef TESTS_HOST_VMHOST_H
#define TESTS_HOST_VMHOST_H
#include <stdbool.h>
#include "kernel/types.h"
#include "kernel/vm/as.h"
#include "kernel/vm/fault.h"

#define HOST_HARTS 4

// ---- RAM and memory (ram.c)

struct host_config {
    uint64 frames;  // RAM, in pages
    uint64 uframes; // most pages for users, 0 = what the kernel leaves
    uint64 swap;    // pages of the swap disk, its header included; 0 = there is none
};
void host_start(const struct host_config *config); // once, first of all; freed frames are filled with junk

enum { HOST_FRAME = 1, HOST_TABLE = 2, HOST_KMEM = 4, HOST_ANY = 7 };
// From now on, of the allocations of the kinds `which`, the first `skip` succeed, `count` fail, the rest
// succeed.
void host_fail(int which, uint64 skip, uint64 count);
uint64 host_fail_end(void); // all succeed again; how many had failed
uint64 host_failures(void); // all that ever failed on purpose

// What must be the same before and after: free frames, kernel objects, references to files, swap slots in
// use.
struct host_balance {
    uint64 free, user, tables, objects, areas, slots;
};
struct host_balance host_balance(void);

// ---- harts (hart.c)

void host_run_on(int hart);          // what follows happens there
int host_hart(void);                 // where we are
void host_reset(void);               // TLBs and instruction caches empty, on hart 0
void host_leave(struct as *as);      // no hart has the space loaded any more
uint64 host_traps(void);             // page faults that accesses have raised so far
extern bool host_tlb_keeps_refusals; // the TLB remembers also that there was no translation (4.2.1 allows it)

// A program's access on this hart: loads the space, translates, faults as often as it takes. FAULT_OK and
// *byte, or the reason. *byte of a fetch is what the instruction cache holds: read only.
enum fault_reason host_access(struct as *as, uint64 va, enum access access, uint64 sp, uchar **byte);

// The same with the byte moved within the access, which other harts' fences wait for; sp = va.
enum fault_reason host_load(struct as *as, uint64 va, uchar *value);
enum fault_reason host_store(struct as *as, uint64 va, uchar value);

extern bool host_threads; // several threads run, each on a hart of its own

extern void (*host_on_fence)(void); // called before each fence takes effect; may be 0

// ---- processes (sched.c)

// Runs f(arg) as another process, on another hart, until it ends or waits. False when there are too many.
bool host_run(void (*f)(void *arg), void *arg);
void host_settle(void);     // lets all others run until they have ended; panics when one never does
uint64 host_switches(void); // times that another process has gone on

// From now on, at the (after + 1)-th point of this process's way, host_run(f, arg). A point is before a sleep
// lock is taken, after any lock is released, before a fence, and in the middle of a transfer of the swap
// disk.
// Of four that still wait for theirs, a fifth takes the last one's place.
void host_preempt(uint64 after, void (*f)(void *arg), void *arg);
bool host_preempt_end(void); // forgets those to come; whether all have run

void host_pass_time(uint64 ticks); // of r_time

// ---- the swap disk (disk.c)

enum { HOST_READ = 1, HOST_WRITE = 2 };
// From now on, of the requests `which`, the first `skip` succeed, `count` fail, the rest succeed.
void host_disk_fail(int which, uint64 skip, uint64 count);
uint64 host_disk_fail_end(void);            // how many had failed
uint64 host_disk_failures(int which);       // requests that ever failed on purpose
void host_disk_break(uint slot, int which); // every request with this page fails
void host_disk_mend(void);                  // none does
void host_swap_renew(uint64 slots);         // a disk, in place of none or of one of which no slot is in use
const uchar *host_disk_page(uint slot);     // what it holds; 0 when it was not written as a whole
struct host_disk {
    // Called in the middle of each request with nothing locked, may do anything; may be 0.
    void (*on_request)(int what, uint slot, uint n);
};
extern struct host_disk host_disk;

// ---- locks (lock.c)

void host_assert_unlocked(const char *where); // no lock of any kind is held
void host_drop_locks(void);                   // after a panic

// ---- panic (panic.c)

// The message of the panic that f(arg) ended in, or 0 when it returned. Locks are dropped.
const char *host_panics(void (*f)(void *arg), void *arg);

// ---- files and programs (file.c)

// What vm/ knows only as struct inode.
struct inode {
    const uchar *data;
    uint64 size;
    int areas;                         // areas that map it
    uint64 reads;                      // times that somebody read it
    bool broken;                       // reads fail
    bool cached;                       // reads need not wait for the disk
    void (*on_read)(struct inode *ip); // called at each read with nothing locked, may do anything; may be 0
};

// A program as exec makes it, from a file of at least HOST_FILE_SIZE bytes.
//   text  r-x  HOST_TEXT .. HOST_TEXT_END, ends with a piece of a page
//   data  rw-  HOST_DATA .. HOST_DATA_END, from the file up to HOST_BSS (within a page), zeros behind
//   heap       starts at HOST_HEAP, empty
//   stack      one page
#define HOST_TEXT      0x1000UL
#define HOST_TEXT_LEN  0x2800UL
#define HOST_TEXT_END  0x4000UL
#define HOST_DATA      0x5000UL
#define HOST_DATA_OFF  0x3000UL // in the file
#define HOST_BSS       0x6400UL
#define HOST_DATA_END  0x8000UL
#define HOST_HEAP      HOST_DATA_END
#define HOST_FILE_SIZE (HOST_DATA_OFF + HOST_BSS - HOST_DATA)

struct as *host_program(struct inode *ip); // 0 when memory ran out; nothing is left then
static inline int64 host_sbrk(struct as *as, int64 delta)
{
    return as_sbrk(as, delta, true);
}
void host_exit(struct as *as); // leaves it and drops the reference

#endif
