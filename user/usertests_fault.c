// Illegal accesses and instructions: each ends the process that made it, with status -1, and nobody else. The
// kernel prints a line for each, so the console is busy here.
#include "kernel/types.h"
#include "kernel/memlayout.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "kernel/vmstat.h"
#include "user/usertests.h"

static const char constant[] = "constant";
static char in_data[64] = {1};

static void load(void *p)
{
    (void)*(volatile char *)p;
}
static void store(void *p)
{
    *(volatile char *)p = 1;
}
static void load_word(void *p)
{
    (void)*(volatile long *)p;
}
static void jump(void *p)
{
    ((void (*)(void))p)();
}
static void amo(void *p)
{
    asm volatile("amoadd.w zero, zero, (%0)" : : "r"(p) : "memory");
}
static void lr_sc(void *p)
{
    asm volatile("lr.w t0, (%0)\n sc.w t0, t0, (%0)" : : "r"(p) : "t0", "memory");
}
static void load_fp(void *p)
{
    asm volatile("fld ft0, (%0)" : : "r"(p) : "ft0");
}
static void store_fp(void *p)
{
    asm volatile("fsd ft0, (%0)" : : "r"(p) : "memory");
}

static void killed_by(void (*access)(void *), const void *p)
{
    CHECK_EQ(ut_status(access, (void *)p), UT_KILLED);
}

// Page 0 is never there.
static void null_page(void)
{
    void *addr[] = {0, (void *)8, (void *)(PGSIZE - 1)};
    for (int i = 0; i < NELEM(addr); i++) {
        killed_by(load, addr[i]);
        killed_by(store, addr[i]);
    }
    killed_by(jump, 0);
}

// Text and constants are read-only, whatever the kind of store.
static void text_write(void)
{
    killed_by(store, (void *)text_write);
    killed_by(store, constant);
    killed_by(amo, (void *)PGROUNDDOWN((uint64)text_write));
    killed_by(store_fp, (void *)PGROUNDDOWN((uint64)text_write));
}

static const void *kernel_addresses[] = {
    (void *)KERNBASE,
    (void *)(KERNBASE + 0x200000),
    (void *)DIRECT_BASE,
    (void *)(DIRECT_BASE + KERNBASE),
    (void *)(DIRECT_BASE + KERNBASE + 0x200000),
    (void *)(DIRECT_BASE + 0x10000000), // UART
    (void *)KSTACK_BASE,
    (void *)VMALLOC_BASE,
    (void *)-8L,
};

// The kernel half: no loads,
static void kernel_read(void)
{
    for (int i = 0; i < NELEM(kernel_addresses); i++)
        killed_by(load, kernel_addresses[i]);
}

// no stores,
static void kernel_write(void)
{
    for (int i = 0; i < NELEM(kernel_addresses); i++)
        killed_by(store, kernel_addresses[i]);
}

// and no code of it.
static void kernel_jump(void)
{
    for (int i = 0; i < NELEM(kernel_addresses); i++)
        killed_by(jump, kernel_addresses[i]);
}

// Addresses outside Sv39's two halves, and the edges of the lower one.
static void odd_addresses(void)
{
    const void *addr[] = {(void *)MAXVA,       (void *)(1UL << 39),
                          (void *)(1UL << 63), (void *)(MAXVA - PGSIZE),
                          (void *)USTACK_TOP,  (void *)0x2000000000UL};
    for (int i = 0; i < NELEM(addr); i++) {
        killed_by(load, addr[i]);
        killed_by(store, addr[i]);
        killed_by(jump, addr[i]);
    }
}

// Heap, data and stack hold no code, even when an instruction stands there.
static void no_exec(void)
{
    static const ushort ret = 0x8082; // c.jr ra
    ushort on_stack[4];
    char *heap = ut_heap(1);
    memmove(heap, &ret, sizeof(ret));
    memmove(on_stack, &ret, sizeof(ret));
    memmove(in_data, &ret, sizeof(ret));
    killed_by(jump, heap);
    killed_by(jump, on_stack);
    killed_by(jump, in_data);
    killed_by(jump, ut_heap(1));
}

// The last byte of the heap is there and the next is not, for every kind of access and across the border.
static void heap_end(void)
{
    char *end = ut_heap(1) + PGSIZE;
    CHECK_EQ(ut_status(load, end - 1), 0);
    CHECK_EQ(ut_status(store, end - 1), 0);
    killed_by(load, end);
    killed_by(store, end);
    killed_by(load_word, end - 4);
    killed_by(amo, end);
    killed_by(lr_sc, end);
    killed_by(load_fp, end);
    killed_by(store_fp, end);
}

// Atomic and floating-point accesses bring in lazy pages and break sharing like any other.
static void lazy_accesses(void)
{
    char *p = ut_heap(4);
    CHECK_EQ(ut_status(amo, p), 0);
    CHECK_EQ(ut_status(lr_sc, p), 0);
    CHECK_EQ(ut_status(load_fp, p), 0);
    CHECK_EQ(ut_status(store_fp, p), 0);
    amo(p);
    lr_sc(p + PGSIZE);
    load_fp(p + 2 * PGSIZE);
    store_fp(p + 3 * PGSIZE);
    CHECK_EQ(ut_status(store, p + PGSIZE), 0);
}

#define INSTRUCTION(name, text)                                                                              \
    static void name(void *arg)                                                                              \
    {                                                                                                        \
        (void)arg;                                                                                           \
        asm volatile(text);                                                                                  \
    }
INSTRUCTION(i_zero, ".4byte 0")
INSTRUCTION(i_ones, ".4byte 0xffffffff")
INSTRUCTION(i_sret, "sret")
INSTRUCTION(i_mret, ".4byte 0x30200073")
INSTRUCTION(i_sfence, "sfence.vma zero, zero")
INSTRUCTION(i_read_sstatus, "csrr t0, sstatus")
INSTRUCTION(i_read_satp, "csrr t0, satp")
INSTRUCTION(i_set_sum, "li t0, 0x40000\n csrs sstatus, t0")
INSTRUCTION(i_write_stvec, "csrw stvec, zero")
INSTRUCTION(i_write_cycle, "csrw cycle, zero")
INSTRUCTION(i_read_machine, "csrr t0, mhartid")
INSTRUCTION(i_ebreak, "ebreak")

// Instructions that are no instructions or not for user mode.
static void bad_instruction(void)
{
    static void (*const bad[])(void *) = {
        i_zero,      i_ones,    i_sret,        i_mret,        i_sfence,       i_read_sstatus,
        i_read_satp, i_set_sum, i_write_stvec, i_write_cycle, i_read_machine, i_ebreak,
    };
    for (int i = 0; i < NELEM(bad); i++)
        CHECK_EQ(ut_status(bad[i], 0), UT_KILLED);
}

static void fault_loop(void *arg)
{
    for (int i = 0; i < 10; i++)
        CHECK_EQ(ut_status(store, arg), UT_KILLED);
}

// Faults on all harts at once stay each with its process.
static void fault_parallel(void)
{
    enum { CHILDREN = 6 };
    for (int i = 0; i < CHILDREN; i++)
        ut_spawn(fault_loop, (void *)(long)(i * 8));
    ut_reap(CHILDREN);
}

// The counters: an illegal access is `invalid`, a first touch `minor`, or `major` if another page had to go
// to the disk for it, a write after fork `cow`.
static void fault_counters(void)
{
    struct procinfo a, b;
    char *p = ut_heap(8);
    CHECK_EQ(procinfo(getpid(), &a), 0);
    for (int i = 0; i < 8; i++)
        p[i * PGSIZE] = 1;
    CHECK_EQ(procinfo(getpid(), &b), 0);
    CHECK(b.faults.minor + b.faults.major - a.faults.minor - a.faults.major >= 8);
    struct gate g;
    ut_gate_make(&g);
    if (ut_fork() == 0) {
        ut_gate_wait(&g);
        exit(0);
    }
    CHECK_EQ(procinfo(getpid(), &a), 0);
    for (int i = 0; i < 8; i++)
        p[i * PGSIZE] = 2;
    CHECK_EQ(procinfo(getpid(), &b), 0);
    CHECK(b.faults.cow - a.faults.cow >= 8);
    ut_gate_open(&g);
    ut_reap(1);
    struct vmstat va, vb;
    vmstat(&va);
    killed_by(store, 0);
    CHECK_EQ(vmstat((void *)8), -1);
    vmstat(&vb);
    CHECK(vb.faults.invalid - va.faults.invalid >= 1);
}

const struct testcase ut_fault[] = {
    {"null_page", null_page, 0},
    {"text_write", text_write, 0},
    {"kernel_read", kernel_read, 0},
    {"kernel_write", kernel_write, 0},
    {"kernel_jump", kernel_jump, 0},
    {"odd_addresses", odd_addresses, 0},
    {"no_exec", no_exec, 0},
    {"heap_end", heap_end, 0},
    {"lazy_accesses", lazy_accesses, 0},
    {"bad_instruction", bad_instruction, 0},
    {"fault_parallel", fault_parallel, 0},
    {"fault_counters", fault_counters, 0},
    {0},
};
