// Exception table: kernel instructions that may fault, each with the address to go on at (.extable section).
//
//   EX_USER  may touch user memory: a fault on a user address is resolved by vm_fault first; the fixup is
//   taken only when
//            the process has no right to the address. On a kernel address it is an oops: a bug is not hidden.
//   EX_ANY   a probe: any exception goes straight to the fixup.
#ifndef KERNEL_TRAP_EXTABLE_H
#define KERNEL_TRAP_EXTABLE_H

#define EX_USER 1
#define EX_ANY  2

#ifdef __ASSEMBLER__
// clang-format off
// The instruction that follows may fault; resume at `fixup`.
.macro may_fault fixup, kind=EX_USER
    .pushsection .extable, "a"
    .balign 8
    .quad   .Lmay_fault\@, \fixup, \kind
    .popsection
.Lmay_fault\@:
.endm
// clang-format on
#else
#include "kernel/types.h"

struct extable_entry {
    uint64 insn;
    uint64 fixup;
    uint64 kind;
};

const struct extable_entry *extable_find(uint64 pc); // 0 when pc may not fault

// Reads a doubleword anywhere. Returns 0, or the scause of the exception it raised.
uint64 probe_read(uint64 va, uint64 *value);
// Executes an illegal instruction. Returns the scause of the exception.
uint64 probe_illegal(void);
#endif
#endif
