// Flattened device tree, version 17: reading nodes and properties of a blob that is not trusted (boot/fdt.c).
#ifndef KERNEL_BOOT_FDT_H
#define KERNEL_BOOT_FDT_H
#include <stdbool.h>
#include "kernel/types.h"

#define FDT_MAXDEPTH 16

struct fdt {
    const uchar *base;
    uint64 size;
    uint64 structs, structs_end; // offsets of the structure block
    uint64 strings, strings_end; // of the strings block
    uint64 reserve;              // of the memory reservation block
};

// A node while fdt_walk visits it; node[-1] is its parent (the root's depth is 0).
struct fdt_node {
    const char *name; // terminated, inside the blob; "" for the root
    uint64 props;     // offset of its first property
    int depth;
    uint address_cells; // of its children's reg
    uint size_cells;
};

struct fdt_prop {
    const uchar *value; // inside the blob, big-endian, of any alignment
    uint64 len;         // 0 also when there is no such property
};

// Checks the header. 0 or -EINVAL.
int fdt_open(struct fdt *f, const void *blob, uint64 maxlen);

// Entry i of the memory reservation block; false after the last.
bool fdt_reserved(const struct fdt *f, uint64 i, uint64 *base, uint64 *size);

// Calls visit for every node, parents first. 0, or -EINVAL when the structure block is malformed.
int fdt_walk(const struct fdt *f, void (*visit)(const struct fdt *, const struct fdt_node *, void *),
             void *arg);

bool fdt_prop(const struct fdt *f, const struct fdt_node *n, const char *name, struct fdt_prop *p);
uint fdt_u32(const struct fdt_prop *p, uint64 cell); // 32-bit cell; 0 past the end
bool fdt_number(const struct fdt_prop *p, uint64 cell, uint cells,
                uint64 *v);                                   // 0 to 2 cells, all of them there
const char *fdt_string(const struct fdt_prop *p);             // 0 when it is not a terminated string
bool fdt_has_string(const struct fdt_prop *p, const char *s); // s is one of a list of strings

// Entry i of the node's reg, in the cells that its parent says; false past the end.
bool fdt_reg(const struct fdt *f, const struct fdt_node *n, uint64 i, uint64 *base, uint64 *size);

bool fdt_compatible(const struct fdt *f, const struct fdt_node *n, const char *name);
bool fdt_enabled(const struct fdt *f, const struct fdt_node *n); // status is absent, "okay" or "ok"
bool fdt_is_path(const struct fdt_node *n, const char *path);    // n lies at /a/b; ends at ':' or the end

#endif
