// vmbench-large: a program of a mebibyte of constants that touches one page in sixteen, and ends. For
// vmbench, which measures what starting it costs.
#include "kernel/types.h"
#include "kernel/riscv.h"
#include "user/user.h"

#define LARGE_PAGES 256
#define STEP        16

// Each page starts with its number and one.
asm(".pushsection .rodata.large, \"a\"\n"
    ".globl large\n"
    ".balign 4096\n"
    "large:\n"
    ".set page, 0\n"
    ".rept 256\n"
    ".dword page + 1\n"
    ".balign 4096\n"
    ".set page, page + 1\n"
    ".endr\n"
    ".popsection\n");
extern const char large[];

int main(void)
{
    uint64 sum = 0;
    for (int i = 0; i < LARGE_PAGES; i += STEP)
        sum += *(const volatile uint64 *)(large + (uint64)i * PGSIZE);
    exit(sum == 0);
}
