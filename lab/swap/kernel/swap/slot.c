// Lab 4, first file: the table of swap slots (swap/slot.h is the contract).
//
// What is here has no slots, so nothing can ever leave memory. lab/swap/README.md has the task.
//
// Your task: for each slot, how many refer to it, which frame caches it, and whether it is bad; and a way to
// find a free one.
//
//   slot_init     makes the table, with kmem_alloc. Slot 0 is the disk's header page and is never handed out.
//   slot_seek     says how many free slots are wanted next. Pages that leave memory together should get
//                 neighbouring slots, since one request can then write them all.
//   slot_alloc    gives a free slot: go on where the last search ended. A disk may have a million slots: do
//                 not look at each one every time.
//   slot_attach   slot and frame name each other, and the cache is one of the slot's references.
//   slot_detach   ends that, on both sides at once.
//   slot_get      a PTE more names the slot.
//   slot_put      a PTE less. The slot is free when its last reference goes. Gives the frame back that caches
//                 the slot, if no PTE is left to want either: mind a cache that is being read
//                 (FRAME_READING), which is its reader's.
//   slot_mark_bad the disk did not take this slot: do not hand it out again.
//   slot_audit_*  recount: the kernel's audit tells you each PTE that names a slot; panic when a count
//                 differs.
//
// Lock: pages_lock guards all of it, together with frame->slot. Rules of docs/memory.md that rest on this
// file: invariants 2 and 3.
#include "kernel/swap/slot.h"
#include "kernel/lib/err.h"
#include "kernel/lib/panic.h"
#include "kernel/vm/frame.h"

static _Noreturn void nothing_can_be_out(void)
{
    panic("there are no swap slots yet (lab 4)");
}

int slot_init(uint64 n)
{
    (void)n;
    return -ENOMEM;
}

void slot_seek(uint want)
{
    (void)want;
}

uint slot_alloc(void)
{
    return 0;
}

bool slot_full(void)
{
    return true;
}

void slot_unalloc(uint s)
{
    (void)s;
    nothing_can_be_out();
}

void slot_attach(uint s, struct frame *frame)
{
    (void)s;
    (void)frame;
    nothing_can_be_out();
}

void slot_detach(struct frame *frame)
{
    (void)frame;
    nothing_can_be_out();
}

struct frame *slot_frame(uint s)
{
    (void)s;
    nothing_can_be_out();
}

void slot_get(uint s)
{
    (void)s;
    nothing_can_be_out();
}

struct frame *slot_put(uint s)
{
    (void)s;
    nothing_can_be_out();
}

uint slot_refs(uint s)
{
    (void)s;
    nothing_can_be_out();
}

bool slot_readable(uint s)
{
    (void)s;
    return false;
}

void slot_mark_bad(uint s)
{
    (void)s;
    nothing_can_be_out();
}

void slot_get_stats(struct slot_stats *st)
{
    *st = (struct slot_stats){0};
}

void slot_audit_begin(void) {}

bool slot_audit_pte(uint s)
{
    (void)s;
    return false;
}

void slot_audit_end(void) {}
