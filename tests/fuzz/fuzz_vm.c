// Random sequences of what programs do to their memory, on vm/ and on a naive reference at once (libFuzzer
// target).
//
// The input is a list of operations, one byte each with a few bytes behind it. Every byte that a program
// reads, every fault reason and every result is compared; at the end every page of every program is, the
// audit runs, and all memory must have come back. Allocations fail where the sequence says so; then an
// operation may fail, but must have changed nothing. The pool is small, so pages are on their way to the swap
// disk and back all the time, and other processes' operations begin in the middle of it. VMFUZZ_TRACE=1 in
// the environment prints the operations.
#include <string.h>
#include "kernel/swap/swapdev.h"
#include "kernel/vm/audit.h"
#include "kernel/vm/tlb.h"
#include "tests/fuzz/fuzz.h"

#define MAX_OPS    120
#define RAM_FRAMES 640

int LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

struct process procs[PROCS];
struct inode files[FILES];
struct input input;
uint busy;
bool file_broken;
uint64 fuzz_sequences, fuzz_swapped;
bool fuzz_trace;

static uchar contents[FILES][HOST_FILE_SIZE];

static void start(void)
{
    static bool started;
    if (started)
        return;
    started = true;
    fuzz_trace = getenv("VMFUZZ_TRACE") != 0;
    for (int f = 0; f < FILES; f++)
        for (uint64 i = 0; i < HOST_FILE_SIZE; i++)
            contents[f][i] = i * (f + 3) + i / 256 + 1;
    host_start(&(struct host_config){.frames = RAM_FRAMES});
}

static void finish(struct host_balance before)
{
    host_fail(0, 0, 0);
    for (int f = 0; f < FILES; f++)
        files[f].on_read = 0, files[f].broken = false;
    file_broken = false;
    swapping_end();
    compare_begin();
    vm_audit();
    for (int p = 0; p < PROCS; p++)
        if (procs[p].as) {
            host_run_on(p % HOST_HARTS);
            compare_process(p);
        }
    for (int p = 0; p < PROCS; p++)
        if (procs[p].as)
            end_process(p);
    vm_audit();
    struct host_balance after = host_balance();
    if (memcmp(&before, &after, sizeof(before)) != 0)
        diverge("lost: %ld frames, %ld user, %ld tables, %ld objects, %ld file areas, %ld slots",
                before.free - after.free, after.user - before.user, after.tables - before.tables,
                after.objects - before.objects, after.areas - before.areas, after.slots - before.slots);
}

int LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
    start();
    input = (struct input){.bytes = data, .left = size};
    host_reset();
    host_fail(0, 0, 0);
    uint64 written = swapdev_stats.writes;
    swapping_begin(size ? data[size - 1] : 0);
    struct host_balance before = host_balance();
    uint mode = next();
    host_tlb_keeps_refusals = mode & 1;
    tlbcheck = mode & 4;
    for (int f = 0; f < FILES; f++)
        files[f] = (struct inode){.data = contents[f], .size = sizeof(contents[f])};
    busy = 0;
    file_broken = false;
    for (int n = 0; n < MAX_OPS && input.left > 0; n++) {
        if (free_slot() == 0) {
            compare_begin();
            busy |= 1;
            start_process(0, &files[0]);
            busy &= ~1U;
        }
        one_operation();
        host_settle();
        say("\n");
        if (mode & 2)
            vm_audit();
    }
    finish(before);
    fuzz_sequences++;
    fuzz_swapped += swapdev_stats.writes != written;
    return 0;
}
