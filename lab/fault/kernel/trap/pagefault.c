// Lab 1, first file: what scause and stval say, and what follows from it (privileged spec 4.1.8, 4.1.9).
//
// What is here boots and protects nothing. Every fault is taken for a store, and whoever made it gets the
// page; together with the areas of the stub of vm/vma.c, which may all be written, that is enough for a
// shell. Whatever cannot be had kills without a word. lab/fault/README.md has the task; docs/faults.md the
// whole road of a fault.
//
// Your task, in the order in which it is easiest to test:
//
//   1. Decode: fetch, load or store. An atomic instruction counts as a store.
//   2. A fault from user mode goes to vm_fault(). If the program has no right to the address, print one line
//      (README: "The report") and end the process: its parent's wait() gives -1. Say nothing for a process
//      that was killed while it waited.
//   3. A fault from the kernel is one of four things. The order in which you ask matters; say in a comment
//      why:
//        the vmalloc area            the root in use lacks an entry: counted as FAULT_VMALLOC
//        an EX_ANY instruction       a probe: go on at its fixup, with scause in a0
//        an EX_USER instruction      a user copy: vm_fault for a user address; no right: go on at its fixup
//        anything else               a bug in the kernel: panic_trap, with words that help
//      No instruction but those with an EX_USER entry may have a user page brought in.
//   4. No memory: vm_fault says FAULT_NOMEM. proc_out_of_memory() looks for a process whose memory may be
//      taken; try again as long as it finds one, and once more. If it ends in "no memory", count
//      FAULT_INVALID.
//
// Rules: interrupts are off on entry and must be off on return. vm_fault sleeps, so they are on while it
// runs, and no spinlock may be held: assert that for a fault in a user copy.
#include "kernel/trap/pagefault.h"
#include "kernel/lib/panic.h"
#include "kernel/proc/proc.h"
#include "kernel/proc/sched.h"
#include "kernel/riscv.h"
#include "kernel/trap/extable.h"
#include "kernel/trap/trapframe.h"
#include "kernel/vm/as.h"
#include "kernel/vm/fault.h"
#include "kernel/vm/kmap.h"

static bool bring_in(struct trapframe *tf, uint64 sp)
{
    intr_on();
    enum fault_reason r = vm_fault(my_proc()->as, tf->stval, ACCESS_WRITE, sp);
    intr_off();
    return r == FAULT_OK;
}

static void kernel_fault(struct trapframe *tf)
{
    if (vmalloc_fault(tf->stval))
        return;
    const struct extable_entry *e = extable_find(tf->sepc);
    if (!e)
        panic_trap(tf, "%s at 0x%lx", trap_cause_name(tf->scause), tf->stval);
    if (e->kind == EX_ANY || !my_proc() || !my_proc()->as || !bring_in(tf, my_proc()->tf->sp))
        tf->sepc = e->fixup;
}

void trap_fault(struct trapframe *tf)
{
    if (!trap_from_user(tf))
        kernel_fault(tf);
    else if (!bring_in(tf, tf->sp))
        my_proc()->killed = true;
}
