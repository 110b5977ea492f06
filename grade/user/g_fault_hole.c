// Addresses at which there is nothing: children touch them and must die, each alone. A bystander lives on.
//
//   g_fault_hole SEED PAGES
#include "kernel/riscv.h"
#include "grade/user/grade_fault.h"

static const uint64 kernel_addresses[] = {
    DIRECT_BASE + KERNBASE,
    DIRECT_BASE + KERNBASE + 0x200000,
    KSTACK_BASE,
    VMALLOC_BASE,
    -PAGE,
    MAXVA,
    MAXVA - 8,
    1UL << 39,
    1UL << 63,
};
extern char BASE[]; // where the linker put the program

#define NKERNEL (sizeof(kernel_addresses) / sizeof(kernel_addresses[0]))

static int some_kind(uint64 seed, uint64 i)
{
    static const int kinds[] = {LOAD_1, STORE_1, JUMP};
    return kinds[mix(seed, i) % 3];
}

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), pages = grade_arg(argc, argv, 2);
    char *p = heap(pages), *end = p + pages * PAGE;
    struct bystander b = make_bystander(seed);
    stop("heap", p, end);

    // far from everything: below the program and between heap and stack
    char *gap = end + (1UL << 30);
    attempt(STORE_1, gap + mix(seed, 4) % (1UL << 36));
    attempt(LOAD_8, (char *)(PAGE + mix(seed, 1) % 1000 * PAGE));
    attempt(STORE_1, gap + mix(seed, 2) % (1UL << 36));
    attempt(JUMP, gap + mix(seed, 3) % (1UL << 34) * 4);
    stop("far");

    // the last byte that is there, the first that is not; a word across the border; below the program
    attempt(LOAD_1, end - 1);
    attempt(STORE_1, end - 1);
    attempt(LOAD_1, end);
    attempt(STORE_8, end);
    attempt(STORE_8, end - 4);
    attempt(LOAD_1, (char *)((uint64)BASE - 1));
    attempt(STORE_1, (char *)USTACK_TOP);
    stop("edge");

    attempt(LOAD_1, 0);
    attempt(STORE_8, (char *)8);
    attempt(JUMP, 0);
    attempt(STORE_1, (char *)PAGE - 1);
    stop("null");

    for (uint64 i = 0; i < NKERNEL; i++)
        attempt(some_kind(seed, i), (char *)kernel_addresses[i]);
    stop("kernel");

    release_bystander(&b);
    stop("end", p);
    return 0;
}
