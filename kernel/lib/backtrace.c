// Names for addresses, and the call chain.
//
// symbol_find searches a table that the build makes from the linked kernel (tools/) and links in: addresses
// in ascending order, and for each the offset of its name in one block of strings. The first of the two links
// has an empty one.
//
// The kernel is compiled with frame pointers: s0 holds the stack pointer at entry, the return address lies at
// s0 - 8 and the caller's s0 at s0 - 16. A report must not fault, whatever the stack
// looks like, so a frame is believed only if it is aligned, above the last one, near where the chain began,
// and mapped according to the page table in use.
#include "kernel/lib/panic.h"
#include "kernel/lib/printf.h"
#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "kernel/trap/trapframe.h"

#define MAXLINES    32
#define STACK_REACH 16384   // no kernel stack is larger
#define FUNC_MAX    0x10000 // no function is longer: beyond it the last symbol says nothing
#define STACK_ALIGN 16      // psABI: sp is a multiple of 16 at every entry

extern const uint64 ksym_count;
extern const uint64 ksym_addrs[];   // ascending
extern const uint32 ksym_offsets[]; // of each name in ksym_strings
extern const char ksym_strings[];

// Binary search for the last entry at or below pc.
const char *symbol_find(uint64 pc, uint64 *off)
{
    uint64 low = 0, high = ksym_count; // entries below low are <= pc, from high on above it

    while (low < high) {
        uint64 mid = low + (high - low) / 2;
        if (ksym_addrs[mid] <= pc)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == 0 || pc - ksym_addrs[low - 1] >= FUNC_MAX)
        return 0;
    *off = pc - ksym_addrs[low - 1];
    return &ksym_strings[ksym_offsets[low - 1]];
}

// Whether va may be read. Walks the table in satp as the hardware does (privileged spec 4.3.2). Tables lie in
// the direct map.
static bool mapped(uint64 va)
{
    uint64 satp = CSR_READ(satp);
    if ((satp & SATP_SV39) == 0 || va < DIRECT_BASE)
        return false;

    const pte_t *table = (const pte_t *)(DIRECT_BASE + (satp << PGSHIFT));
    for (int level = 2; level >= 0; level--) {
        pte_t pte = table[PX(level, va)];
        if ((pte & PTE_V) == 0)
            return false;
        if (pte & (PTE_R | PTE_W | PTE_X))
            return (pte & PTE_R) != 0;
        table = (const pte_t *)(DIRECT_BASE + PTE2PA(pte));
    }
    return false;
}

// fp looks like a frame of the stack that the chain began on. One below `first` wraps round and is far.
static bool frame_like(uint64 fp, uint64 first)
{
    return fp % STACK_ALIGN == 0 && fp >= DIRECT_BASE && fp - first < STACK_REACH;
}

// What is read of a frame lies in [fp - 16, fp): fp itself may be the end of the stack.
static bool frame_ok(uint64 fp, uint64 first)
{
    return frame_like(fp, first) && mapped(fp - 2 * sizeof(uint64));
}

// A chain while it is printed. A function that calls itself is shown once, with how often.
struct chain {
    int lines;
    uint64 last;    // address of the last line
    uint64 repeats; // of it, not shown
};

// Before the next line, and at the end.
static void show_repeats(struct chain *c)
{
    if (c->repeats > 0)
        printf("  .. %lu more of these\n", c->repeats);
    c->repeats = 0;
}

// A return address points after its call, which may be the last instruction of a function: the name is looked
// up one byte earlier.
static void show_frame(struct chain *c, uint64 pc, bool returned)
{
    uint64 off;

    if (pc == c->last) {
        c->repeats++;
        return;
    }
    show_repeats(c);
    c->last = pc;
    const char *name = symbol_find(returned ? pc - 1 : pc, &off);
    if (name)
        printf("  #%d %p %s+0x%lx\n", c->lines++, (void *)pc, name, returned ? off + 1 : off);
    else
        printf("  #%d %p\n", c->lines++, (void *)pc);
}

// From a frame upwards. The outermost frame has no caller, and so a return address that means nothing.
static void walk(struct chain *c, uint64 fp)
{
    uint64 first = fp;

    while (c->lines < MAXLINES && frame_ok(fp, first)) {
        uint64 back = ((const uint64 *)fp)[-1];
        uint64 up = ((const uint64 *)fp)[-2];
        if (up == 0 || back < DIRECT_BASE)
            break;
        show_frame(c, back, true);
        if (up <= fp)
            break;
        fp = up;
    }
    show_repeats(c);
}

// pc is a return address: in panic's caller, or in the taker of a lock. So the lines begin with #1; #0 is for
// an address that is exact. fp may be stale (the taker has returned): the checks of each frame then end the
// chain early, or let through lines of what was called since.
void backtrace(uint64 pc, uint64 fp)
{
    struct chain c = {.lines = 1};

    show_frame(&c, pc, true);
    walk(&c, fp);
}

int backtrace_callers(uint64 *pc, int n)
{
    uint64 fp = (uint64)__builtin_frame_address(0), first = fp;
    int found = 0;
    while (found < n && frame_ok(fp, first) && ((const uint64 *)fp)[-2] > fp) {
        fp = ((const uint64 *)fp)[-2];
        if (frame_ok(fp, first))
            pc[found++] = ((const uint64 *)fp)[-1];
    }
    return found;
}

// False also when one of them has no name.
static bool same_function(uint64 a, uint64 b)
{
    uint64 off_a, off_b;
    const char *name_a = symbol_find(a, &off_a), *name_b = symbol_find(b, &off_b);
    return name_a && name_a == name_b;
}

// The innermost function may have no frame yet, or a frame without a return address, because it calls
// nothing. In the first case fp is its caller's, in the second the word below fp is the caller's frame
// pointer; both times ra says who the caller is. Otherwise ra is of the function's own last call, and the
// frame tells all.
void backtrace_regs(const struct trapframe *tf)
{
    struct chain c = {0};
    uint64 fp = tf->s0;

    show_frame(&c, tf->sepc, false);
    if (!frame_ok(fp, fp))
        return;
    uint64 back = ((const uint64 *)fp)[-1];
    bool leaf = back > fp && frame_like(back, fp);
    if (tf->ra != back && !same_function(tf->ra - 1, tf->sepc))
        show_frame(&c, tf->ra, true);
    walk(&c, leaf ? back : fp);
}
