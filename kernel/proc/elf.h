// ELF64 program files: what exec reads of them (System V ABI, chapters 4 and 5).
#ifndef KERNEL_PROC_ELF_H
#define KERNEL_PROC_ELF_H
#include "kernel/types.h"

#define ELF_MAGIC         0x464c457fU // "\x7fELF"
#define ELF_CLASS64       2
#define ELF_DATA_LSB      1
#define ELF_TYPE_EXEC     2
#define ELF_MACHINE_RISCV 243
#define ELF_PROG_LOAD     1
#define ELF_FLAG_X        1
#define ELF_FLAG_W        2
#define ELF_FLAG_R        4

struct elfhdr {
    uint magic;
    uchar class;
    uchar data;
    uchar ident[10];
    ushort type;
    ushort machine;
    uint version;
    uint64 entry;
    uint64 phoff;
    uint64 shoff;
    uint flags;
    ushort ehsize;
    ushort phentsize;
    ushort phnum;
    ushort shentsize;
    ushort shnum;
    ushort shstrndx;
};

struct proghdr {
    uint type;
    uint flags;
    uint64 off;
    uint64 vaddr;
    uint64 paddr;
    uint64 filesz;
    uint64 memsz;
    uint64 align;
};

#endif
