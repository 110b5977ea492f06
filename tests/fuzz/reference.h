// What a program's memory should be, as naively as possible: where its areas lie, and a plain array of bytes
// for each page that it has written. The fuzzer (tests/fuzz/fuzz_vm.c) runs vm/ and this side by side.
#ifndef TESTS_FUZZ_REFERENCE_H
#define TESTS_FUZZ_REFERENCE_H
#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "tests/host/vmhost/vmhost.h"

// Two windows in which the sequences map and unmap areas: close above the heap, and within the stack's reach.
#define WINDOWS      2
#define WINDOW_PAGES 16
#define WINDOW_LOW   (HOST_HEAP + 48 * (uint64)PGSIZE)
#define WINDOW_HIGH  (USTACK_TOP - 96 * (uint64)PGSIZE)

struct ref_page {
    struct ref_page *next;
    uint64 va;
    uchar bytes[PGSIZE];
};

struct ref {
    const uchar *file; // what text and data start as
    uint64 brk;
    uint64 stack_low;                  // lowest address of the stack area
    uchar perm[WINDOWS][WINDOW_PAGES]; // VMA_*; 0 = nothing there
    struct ref_page *pages;            // written ones
};

uint64 window_base(int w);

void ref_init(struct ref *r, const uchar *file);
void ref_copy(struct ref *to, const struct ref *from); // fork
void ref_clear(struct ref *r);                         // exit

// What an access should end in. Grows the stack as the rules say, also when another rule then refuses the
// access.
enum fault_reason ref_access(struct ref *r, uint64 va, enum access access, uint64 sp);
bool ref_range_ok(struct ref *r, uint64 va, uint64 n, int perm, uint64 sp);

void ref_read_page(const struct ref *r, uint64 va, uchar *out); // the whole page at va
uchar ref_read(const struct ref *r, uint64 va);
void ref_write(struct ref *r, uint64 va, uchar byte); // the address is known to be writable
bool ref_sbrk(struct ref *r, int64 delta);            // false: must be refused
bool ref_window_free(const struct ref *r, int w, int first, int n);
void ref_map(struct ref *r, int w, int first, int n, int perm);
void ref_unmap(struct ref *r, int w, int first, int n);

#endif
