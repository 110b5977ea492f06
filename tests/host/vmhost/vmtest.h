// What the cmocka tests of vm/ share: a machine, a program's accesses, and the check after each test that the
// audit is clean and that every frame, object and file reference has come back.
#ifndef TESTS_HOST_VMHOST_VMTEST_H
#define TESTS_HOST_VMHOST_VMTEST_H
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "kernel/lib/err.h"
#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "kernel/vm/audit.h"
#include "kernel/vm/page.h"
#include "tests/host/vmhost/vmhost.h"

#define TEST_FRAMES  4096
#define SMALL_FRAMES 400
#define TEST_SLOTS   1024 // of the swap disk, when a test asks for one

// Group set-up: the machine. Test set-up and tear-down: balance before equals balance after.
int vmtest_start(void **state);
int vmtest_start_swap(
    void **state); // with a swap disk; evicts one page at a time, by fifo, and reads none ahead
int vmtest_begin(void **state);
int vmtest_end(void **state);
int vmtest_start_small(void **state); // the same with less RAM, which an audit goes through faster
#define VMTEST(f) cmocka_unit_test_setup_teardown(f, vmtest_begin, vmtest_end)

extern struct inode vmtest_file; // its byte i is vmtest_byte(i)
uchar vmtest_byte(uint64 off);
struct as *vmtest_program(void); // of that file; sbrk'ed to 64 pages of heap
#define HEAP_PAGES 64
#define HEAP(page) (HOST_HEAP + (page) * (uint64)PGSIZE)

// Accesses that must succeed, at sp = the address.
void put(struct as *as, uint64 va, uchar byte);
uchar get(struct as *as, uint64 va);
void fill(struct as *as, uint64 va, uchar byte); // a whole page, through the kernel (as_write)
// Whether every byte of va's page is `byte`, as the program sees it.
bool filled(struct as *as, uint64 va, uchar byte);
enum fault_reason attempt(struct as *as, uint64 va, enum access access); // the reason, or FAULT_OK

pte_t pte_of(struct as *as, uint64 va); // 0 when there is none
static inline uint refs_of(const struct frame *f)
{
    return f->ref;
}
struct frame *frame_of(struct as *as, uint64 va);

// ---- pages that are out

bool is_out(struct as *as, uint64 va);                 // the PTE names a slot
uint slot_at(struct as *as, uint64 va);                // that slot
void push_out(struct as *as, uint64 va);               // evicts the page, which must go
void push_out_pages(struct as *as, uint64 va, uint n); // n of them, in order
uint slot_refs_at(struct as *as, uint64 va);           // references of the slot
struct frame *cache_at(struct as *as, uint64 va);      // the slot's cache, or 0
uint64 slots_used(void);

// The counters of `as` rose by these since the last call with it, and no others.
void assert_counted(struct as *as, struct faultcount delta);

#endif
