// What the fuzzer compares with the reference, and what counts as an excuse: an allocation that failed on
// purpose, a full swap disk, a file that is broken, a read of the swap disk that failed on purpose.
#include <stdio.h>
#include <stdlib.h>
#include "kernel/vm/frame.h"
#include "kernel/swap/slot.h"
#include "kernel/vm/mmu.h"
#include "tests/fuzz/fuzz.h"

#define NEARLY_FULL 4 // slots: an operation may have used and given back as many

// What had failed on purpose when the operation began; each process has one under way.
static _Thread_local uint64 allocations, reads;

void compare_begin(void)
{
    allocations = host_failures();
    reads = host_disk_failures(HOST_READ);
}

uint64 fault_sum(void)
{
    struct faultcount c;
    fault_totals(&c);
    return c.minor + c.major + c.cow + c.spurious + c.vmalloc + c.invalid;
}

bool allocation_failed(void)
{
    struct slot_stats swap;
    slot_get_stats(&swap);
    return host_failures() != allocations || swap.used + swap.bad + NEARLY_FULL >= swap.total;
}

bool disk_failed(void)
{
    return host_disk_failures(HOST_READ) != reads;
}

void check_reason(const char *what, uint64 va, enum fault_reason got, enum fault_reason want)
{
    bool short_of = allocation_failed();
    if (got == want || (want == FAULT_OK && got == FAULT_NOMEM && short_of) ||
        (want == FAULT_OK && got == FAULT_DISK && (file_broken || disk_failed())))
        return;
    diverge("%s at %#lx: %s, should be: %s", what, va, fault_reason_name(got), fault_reason_name(want));
}

// The page that the program sees; nobody else runs meanwhile.
static void compare_page(int p, uint64 va, const uchar *bytes)
{
    uchar want[PGSIZE];
    ref_read_page(&procs[p].ref, va, want);
    for (uint64 i = 0; i < PGSIZE; i++)
        if (bytes[i] != want[i])
            diverge("process %d byte %#lx is %#x, should be %#x", p, va + i, bytes[i], want[i]);
}

void compare_process(int p)
{
    struct as *as = procs[p].as;
    uint64 va = 0;
    uchar *byte;
    for (struct ref_page *page = procs[p].ref.pages; page; page = page->next) {
        enum fault_reason r = host_access(as, page->va, ACCESS_READ, procs[p].sp, &byte);
        if (r == FAULT_OK) // at once: others may come in between
            compare_page(p, page->va, byte);
        else
            check_reason("comparing", page->va, r, FAULT_OK);
    }
    for (pte_t *pte; (pte = mmu_next(&as->mmu, &va, MAXVA)) != 0; va += PGSIZE)
        if (*pte & PTE_V)
            compare_page(p, va, pa2kva(PTE2PA(*pte)));
        else if (*pte && host_access(as, va, ACCESS_READ, procs[p].sp, &byte) == FAULT_OK)
            compare_page(p, va, byte);
}
