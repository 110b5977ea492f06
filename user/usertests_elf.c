// Program files, whole and broken. A tiny program is put together in memory, one thing about it is changed,
// and the file is run: exec must refuse it, or the new process must die, but nothing worse. Some changes are
// legal, and the program must then run with exactly the memory its headers describe.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/memlayout.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "user/usertests.h"

struct ehdr {
    uchar ident[16]; // magic, class, data, version
    ushort type, machine;
    uint version;
    uint64 entry, phoff, shoff;
    uint flags;
    ushort ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct phdr {
    uint type, flags;
    uint64 offset, vaddr, paddr, filesz, memsz, align;
};

#define PT_LOAD        1
#define PF_X           1
#define PF_W           2
#define PF_R           4
#define ET_EXEC        2
#define EM_RISCV       243
#define STATUS_RUN     42 // the program's own exit status
#define STATUS_REFUSED 99

// Text at USER_BASE, data a page after it; the file has a page for each after the one of the headers.
#define TEXT  USER_BASE
#define DATA  (USER_BASE + 2 * PGSIZE)
#define PAGES 3

static struct {
    struct ehdr eh;
    struct phdr ph[8];
} head;
static uchar file[PAGES * PGSIZE];

static const uint exit_42[] = {
    0x02a00513, // li a0, 42
    0x00200893, // li a7, SYS_exit
    0x00000073, // ecall
};

static void segment(int i, uint flags, uint64 offset, uint64 vaddr, uint64 filesz, uint64 memsz)
{
    head.ph[i] = (struct phdr){PT_LOAD, flags, offset, vaddr, vaddr, filesz, memsz, PGSIZE};
}

// The program that works.
static void good(void)
{
    static const uchar ident[16] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    memset(&head, 0, sizeof(head));
    memset(file, 0, sizeof(file));
    memmove(head.eh.ident, ident, sizeof(ident));
    head.eh.type = ET_EXEC;
    head.eh.machine = EM_RISCV;
    head.eh.version = 1;
    head.eh.entry = TEXT;
    head.eh.phoff = sizeof(struct ehdr);
    head.eh.ehsize = sizeof(struct ehdr);
    head.eh.phentsize = sizeof(struct phdr);
    head.eh.phnum = 2;
    segment(0, PF_R | PF_X, PGSIZE, TEXT, sizeof(exit_42), sizeof(exit_42));
    segment(1, PF_R | PF_W, 2 * PGSIZE, DATA, 16, 16);
    memmove(file + PGSIZE, exit_42, sizeof(exit_42));
}

// Writes the first n bytes of the file and runs it.
static int run_bytes(int n)
{
    char *argv[] = {"prog", 0};
    memmove(file, &head, sizeof(head));
    ut_create("prog", file, n);
    if (ut_fork() == 0) {
        exec("prog", argv);
        exit(STATUS_REFUSED);
    }
    int status = ut_wait();
    CHECK_EQ(unlink("prog"), 0);
    return status;
}

static int run(void)
{
    return run_bytes(sizeof(file));
}

// Replaces the program's text.
static void text(const uint *code, int n)
{
    memmove(file + PGSIZE, code, n);
    head.ph[0].filesz = head.ph[0].memsz = n;
}

// The program as it is, without its data, and with a header that is not to be loaded.
static void elf_good(void)
{
    good();
    CHECK_EQ(run(), STATUS_RUN);
    good();
    head.eh.phnum = 1;
    CHECK_EQ(run(), STATUS_RUN);
    good();
    head.ph[1].type = 0; // not to be loaded
    head.ph[1].vaddr = -1;
    CHECK_EQ(run(), STATUS_RUN);
}

static void magic(void)
{
    head.eh.ident[0] = 0;
}
static void class32(void)
{
    head.eh.ident[4] = 1;
}
static void machine(void)
{
    head.eh.machine = 62;
}
static void phentsize(void)
{
    head.eh.phentsize = 8;
}
static void phoff_far(void)
{
    head.eh.phoff = 1 << 30;
}
static void phoff_wraps(void)
{
    head.eh.phoff = -32;
}
static void phnum_many(void)
{
    head.eh.phnum = 0xffff;
}
static void page0(void)
{
    segment(0, PF_R | PF_X, PGSIZE, 0, 12, 12);
}
static void in_kernel(void)
{
    segment(0, PF_R | PF_X, PGSIZE, DIRECT_BASE + KERNBASE, 12, 12);
}
static void at_maxva(void)
{
    segment(1, PF_R | PF_W, 2 * PGSIZE, MAXVA - PGSIZE, 16, 2 * PGSIZE);
}
static void not_canonical(void)
{
    segment(1, PF_R | PF_W, 2 * PGSIZE, 1UL << 45, 16, 16);
}
static void end_wraps(void)
{
    head.ph[1].memsz = -(uint64)PGSIZE;
}
static void end_wraps_far(void)
{
    head.ph[1].memsz = -DATA;
}
static void memsz_small(void)
{
    head.ph[1].filesz = 32;
}
static void filesz_huge(void)
{
    head.ph[1].filesz = head.ph[1].memsz = 1UL << 62;
}
static void offset_wraps(void)
{
    head.ph[1].offset = -(uint64)PGSIZE;
}
static void offset_odd(void)
{
    head.ph[1].offset += 8;
}
static void vaddr_odd(void)
{
    head.ph[1].vaddr += 8;
}
static void overlap(void)
{
    segment(1, PF_R | PF_W, 2 * PGSIZE, TEXT, 16, 16);
}
static void in_stack(void)
{
    segment(1, PF_R | PF_W, 2 * PGSIZE, USTACK_TOP - PGSIZE, 16, 16);
}
static void below_stack(void)
{
    segment(1, PF_R | PF_W, 2 * PGSIZE, USTACK_TOP - MIB, 16, 16);
}
static void file_ends(void)
{
    segment(1, PF_R | PF_W, 100 * PGSIZE, DATA, 16, 16);
}
static void no_segment(void)
{
    head.eh.phnum = 0;
}
static void entry_null(void)
{
    head.eh.entry = 0;
}
static void entry_data(void)
{
    head.eh.entry = DATA;
}
static void entry_kernel(void)
{
    head.eh.entry = DIRECT_BASE + KERNBASE + 0x200000;
}
static void entry_far(void)
{
    head.eh.entry = 1UL << 37;
}
static void entry_odd(void)
{
    head.eh.entry = 1UL << 60 | TEXT;
}
static void no_exec_flag(void)
{
    head.ph[0].flags = PF_R;
}
static void text_after_eof(void)
{
    segment(0, PF_R | PF_X, 64 * PGSIZE, TEXT, 12, 12);
}

// Neither of these may run.
static void elf_bad(void)
{
    static void (*const change[])(void) = {
        magic,        class32,      machine,   phentsize,     phoff_far,      phoff_wraps,   phnum_many,
        page0,        in_kernel,    at_maxva,  not_canonical, end_wraps,      end_wraps_far, memsz_small,
        filesz_huge,  offset_wraps, overlap,   in_stack,      no_segment,     entry_null,    entry_data,
        entry_kernel, entry_far,    entry_odd, no_exec_flag,  text_after_eof,
    };
    for (int i = 0; i < NELEM(change); i++) {
        good();
        change[i]();
        int status = run();
        if (status != STATUS_REFUSED && status != UT_KILLED) {
            printf("%s: FAILED change %d: status %d (%s:%d)\n", ut_name, i, status, __FILE__, __LINE__);
            exit(UT_REPORTED);
        }
    }
}

// Doubtful ones: run or not, the machine lives.
static void elf_odd(void)
{
    static void (*const change[])(void) = {offset_odd, vaddr_odd, below_stack, file_ends};
    for (int i = 0; i < NELEM(change); i++) {
        good();
        change[i]();
        int status = run();
        CHECK(status == STATUS_REFUSED || status == UT_KILLED || status == STATUS_RUN);
    }
}

// The file ends anywhere.
static void elf_short(void)
{
    int len[] = {0, 1, 4, 16, 63, 64, 65, 119, 120, 175, 176, 1000, PGSIZE};
    for (int i = 0; i < NELEM(len); i++) {
        good();
        int status = run_bytes(len[i]);
        CHECK(status == STATUS_REFUSED || status == UT_KILLED);
    }
}

// Headers of random bytes where there should be numbers.
static void elf_random(void)
{
    uint rnd = 4711;
    for (int i = 0; i < 60; i++) {
        good();
        uchar *at =
            (uchar *)&head + 16 + ut_rand(&rnd) % (sizeof(struct ehdr) + 2 * sizeof(struct phdr) - 24);
        for (int j = 0; j < 1 + i % 8; j++)
            at[j] = ut_rand(&rnd);
        run();
    }
}

// Bytes of the file after the data segment's end do not show in the rest of its last page, nor in the bss
// pages.
static void elf_bss_tail(void)
{
    static const uint code[] = {
        0x00003537, // lui a0, DATA >> 12
        0x01052583, // lw a1, 16(a0)
        0x7fc52603, // lw a2, 2044(a0)
        0x00c5e5b3, // or a1, a1, a2
        0x00004537, // lui a0, (DATA + PGSIZE) >> 12
        0x00052603, // lw a2, 0(a0)
        0x00c5e533, // or a0, a1, a2
        0x00200893, // li a7, SYS_exit
        0x00000073, // ecall
    };
    good();
    text(code, sizeof(code));
    memset(file + 2 * PGSIZE, 0x11, PGSIZE);
    head.ph[1].memsz = 3 * PGSIZE;
    CHECK_EQ(run(), 0);
    head.ph[1].filesz = PGSIZE; // the same file, now with its whole page
    CHECK_EQ(run(), 0x11111111);
}

// A segment that asks to be writable and executable does not get both.
static void elf_wx(void)
{
    static const uint code[] = {
        0x00000517, // auipc a0, 0
        0x04052023, // sw zero, 64(a0)
        0x02a00513, // li a0, 42
        0x00200893, // li a7, SYS_exit
        0x00000073, // ecall
    };
    good();
    text(code, sizeof(code));
    head.ph[0].memsz = PGSIZE;
    CHECK_EQ(run(), UT_KILLED);
    head.ph[0].flags = PF_R | PF_W | PF_X;
    int status = run();
    CHECK(status == UT_KILLED || status == STATUS_REFUSED);
}

// Code runs across the border of two pages that are read on demand, even within one instruction.
static void elf_page_border(void)
{
    static const uint code[] = {
        0x02a00513, // li a0, 42
        0x00200893, // li a7, SYS_exit
        0x00000073, // ecall
    };
    static const ushort nop = 1; // c.nop
    for (int back = 2; back <= 12; back += 2) {
        good();
        for (int i = 0; i < PGSIZE; i += 2)
            memmove(file + PGSIZE + i, &nop, sizeof(nop));
        memmove(file + 2 * PGSIZE - back, code, sizeof(code));
        head.eh.phnum = 1;
        head.ph[0].filesz = head.ph[0].memsz = 2 * PGSIZE;
        CHECK_EQ(run(), STATUS_RUN);
    }
}

// A bss of a GiB costs nothing until it is touched.
static void elf_large_bss(void)
{
    good();
    head.ph[1].memsz = 1UL << 30;
    int status = run();
    CHECK(status == STATUS_RUN || status == STATUS_REFUSED);
}

const struct testcase ut_elf[] = {
    {"elf_good", elf_good, 0},
    {"elf_bad", elf_bad, 0},
    {"elf_odd", elf_odd, 0},
    {"elf_short", elf_short, 0},
    {"elf_random", elf_random, 0},
    {"elf_bss_tail", elf_bss_tail, 0},
    {"elf_wx", elf_wx, 0},
    {"elf_page_border", elf_page_border, 0},
    {"elf_large_bss", elf_large_bss, 0},
    {0},
};
