// Lab 4, third file: eviction (swap/evict.h is the contract).
//
// What is here evicts nothing: when the user pool is empty, memory is full. lab/swap/README.md has the task.
//
// Your task: one round (evict_round) has four steps, and their order is what keeps it right.
//
//   choose   managed_update() shows the policy what came in since; managed_victim() names a page, and
//            forgets it. Hold the frame: one reference more, FRAME_HELD, so that nobody frees it. A private
//            page (FRAME_USER) without a slot gets one. A page of a file (FRAME_FILE) needs none: its file
//            has the bytes. A page that cannot go (FRAME_HELD, FRAME_READING, no slot left) goes to
//            managed_refuse(); managed_take_back() when you have chosen. A frame without a slot may have lost
//            its last user this moment: page_get_live().
//   unmap    rmap_unmap(): in every space, PTE present -> PTE names the slot, and a flush.
//   write    swapdev_write(): pages that the disk lacks; neighbouring slots in one request. Failed: try
//            each page alone, and map it back if that fails too (rmap_restore, under as_list_lock).
//   settle   page_unhold(): a frame that nobody has come back for is free.
//
// as_list_lock is held for the first two steps and for no disk: it keeps spaces from coming and going.
// evict_busy() and evict_done() tell those who find nothing to evict that there will soon be something.
//
//   evict_frame   a frame, evicting as often as it takes; 0 when nothing can go, or the caller was killed.
//                 A frame of the round can change hands at once: frame_reuse(). When nothing can be evicted
//                 but others hold or fill frames (managed_filling), wait for them: docs/swap.md calls that
//                 wait_for_others.
//   evict_range   evicts the pages of a range, whatever the policy thinks. Tests use it.
//
// A round begins with managed_end_only() and takes swap_batch pages at most, so with swap_batch == 1 the
// order is exactly the policy's; and what the pool has too many (frame_excess). When swap is full only clean
// pages can go: README, "Almost nothing left".
//
// Rules of docs/memory.md that rest on this file: invariants 1 to 4, and TLB rule 1.
#include "kernel/swap/evict.h"
#include "kernel/vm/frame.h"

struct evict_stats evict_stats;
uint swap_batch = EVICT_BATCH_MAX;

struct frame *evict_frame(uint64 va, uint family)
{
    return frame_alloc(va, family);
}

uint64 evict_range(struct as *as, uint64 start, uint64 end)
{
    (void)as;
    (void)start;
    (void)end;
    return 0;
}

bool evict_round(struct frame **free)
{
    *free = 0;
    return false;
}

void evict_done(void) {}

void evict_busy(void) {}
