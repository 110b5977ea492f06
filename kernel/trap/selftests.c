// Self-tests of the trap path: exceptions under fixups, vmalloc faults, stray addresses. They run in a
// process that asks
// (`dbg selftest`, one at a time) and at boot (`selftest` on the kernel command line), where there is no user
// memory.
//
// What they break on purpose is their own: no lock is held, and other harts go on. Next: trap/uaccess.S,
// vm/kmap.c.
#include "kernel/lib/cpu.h"
#include "kernel/lib/selftest.h"
#include "kernel/memlayout.h"
#include "kernel/proc/proc.h"
#include "kernel/riscv.h"
#include "kernel/trap/extable.h"
#include "kernel/trap/uaccess.h"
#include "kernel/vm/fault.h"
#include "kernel/vm/frame.h"
#include "kernel/vm/kmap.h"
#include "kernel/vm/mmu.h"
#include "kernel/vm/tlb.h"

#define CAUSE_ILLEGAL 2
#define CAUSE_LOAD    13
#define ROOT_SPAN     (1UL << PXSHIFT(2)) // addresses of one root entry

SELFTEST(fixup_page_fault)
{
    uint64 value = 1;
    CHECK(probe_read((uint64)&value, &value) == 0 && value == 1, "a probe of good memory reads it");
    CHECK(probe_read(VMALLOC_END - PGSIZE, &value) == CAUSE_LOAD,
          "an unmapped kernel address faults and recovers");
    CHECK(probe_read(MAXVA, &value) == CAUSE_LOAD, "so does an address that Sv39 does not have");
    CHECK(value == 1, "a probe that faults stores nothing");
}

SELFTEST(fixup_illegal_instruction)
{
    CHECK(probe_illegal() == CAUSE_ILLEGAL, "an illegal instruction recovers at its fixup");
}

SELFTEST(user_memory_is_closed)
{
    uint64 value;
    if (!my_proc()->as) // at boot: there is no user memory yet
        return;
    CHECK((r_sstatus() & (SSTATUS_SUM | SSTATUS_MXR)) == 0,
          "SUM and MXR are clear outside the copy routines");
    CHECK(probe_read(USER_BASE, &value) == CAUSE_LOAD,
          "a load from user memory faults outside the copy routines");
    CHECK(copy_from_user(&value, USER_BASE, sizeof(value)) == sizeof(value), "a copy reads it");
    CHECK((r_sstatus() & SSTATUS_SUM) == 0, "SUM is clear again");
}

SELFTEST(user_copy_ranges)
{
    char buf[16];
    if (!my_proc()->as)
        return;
    CHECK(copy_from_user(buf, DIRECT_BASE, 8) == 0, "no copy from kernel addresses");
    CHECK(copy_to_user(DIRECT_BASE, buf, 8) == 0, "no copy to kernel addresses");
    CHECK(copy_from_user(buf, ~0UL - 3, 8) == 0, "no copy that wraps round");
    CHECK(copy_from_user(buf, MAXVA - 4, 8) == 0, "no copy across the end of the user half");
    CHECK(copy_to_user(0, buf, 8) == 0, "nothing goes to page 0");
    CHECK(strncpy_from_user(buf, 0, sizeof(buf)) < 0, "no string at 0");
}

// The span that nobody else reaches, since areas are placed from the front. This process's root is made one
// that is older than the kernel's entry.
SELFTEST(vmalloc_fault)
{
    struct faultcount before, after;
    const uint64 va = VMALLOC_END - ROOT_SPAN;
    if (!my_proc()->as) // at boot: nobody has a root of his own yet
        return;
    pte_t *entry = &my_proc()->as->mmu.root[PX(2, va)];
    uint64 *page = kpage_alloc();
    CHECK(page, "there is room to try");
    if (!page)
        return;
    page[0] = 0x5ca1ab1e;
    fault_totals(&before);
    CHECK(kmap_page(va, kva2pa(page)), "a page is mapped");
    *(volatile pte_t *)entry = 0;
    sfence_vma();
    CHECK(*(volatile uint64 *)va == 0x5ca1ab1e, "a touch brings it in");
    CHECK(*(volatile pte_t *)entry == kernel_root[PX(2, va)], "the root has the kernel's entry now");
    fault_totals(&after);
    CHECK(after.vmalloc == before.vmalloc + 1, "it counted as one vmalloc fault");
    kmap_unmap_page(va);
    tlb_flush_kernel(va, 1);
    kpage_free(page);
}
