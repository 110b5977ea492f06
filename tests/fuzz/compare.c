// What the fuzzer compares with the reference, and what counts as an excuse: an allocation that failed on
// purpose, a file that is broken.
#include <stdio.h>
#include <stdlib.h>
#include "kernel/vm/frame.h"
#include "kernel/vm/mmu.h"
#include "tests/fuzz/fuzz.h"

static uint64 failed; // allocations that had failed on purpose when the operation began

void compare_begin(void)
{
    failed = host_failures();
}

uint64 fault_sum(void)
{
    struct faultcount c;
    fault_totals(&c);
    return c.minor + c.major + c.cow + c.spurious + c.vmalloc + c.invalid;
}

bool allocation_failed(void)
{
    return host_failures() != failed;
}

void check_reason(const char *what, uint64 va, enum fault_reason got, enum fault_reason want)
{
    bool short_of = allocation_failed();
    if (got == want || (want == FAULT_OK && got == FAULT_NOMEM && short_of) ||
        (want == FAULT_OK && got == FAULT_DISK && file_broken))
        return;
    diverge("%s at %#lx: %s, should be: %s", what, va, fault_reason_name(got), fault_reason_name(want));
}

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
    for (struct ref_page *page = procs[p].ref.pages; page; page = page->next) {
        uchar *byte;
        enum fault_reason r = host_access(as, page->va, ACCESS_READ, procs[p].sp, &byte);
        if (r != FAULT_OK)
            diverge("process %d has lost page %#lx: %s", p, page->va, fault_reason_name(r));
    }
    for (pte_t *pte; (pte = mmu_next(&as->mmu, &va, MAXVA)) != 0; va += PGSIZE)
        if (*pte & PTE_V)
            compare_page(p, va, pa2kva(PTE2PA(*pte)));
}
