// Flattened device tree: the format (Devicetree Specification 0.4, chapter 5), version 17.
//
// A header of big-endian words points at three blocks: memory reservations (pairs of 64-bit words up to one
// of zeros), the structure block (tokens: begin node with its name, property with length, name offset and
// value, end node, no-op, end), and the strings that properties are named by. A node's properties come before
// its children.
//
// The blob comes from outside, so it is treated as hostile: every offset is compared with the end of its
// block before it is used, sums cannot overflow (offsets and lengths are 32 bits wide, held in 64), and
// whatever does not fit reads as absent. Nothing is copied; the parts stay where they are. boot/dt.c knows
// what the nodes mean.
#include "kernel/boot/fdt.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"

#define FDT_MAGIC       0xd00dfeedU
#define FDT_COMPATIBLE  16 // the version that 17 is compatible with
#define FDT_HEADER_SIZE 40

// Header words, by index
#define H_MAGIC       0
#define H_TOTALSIZE   1
#define H_STRUCTS     2
#define H_STRINGS     3
#define H_RESERVE     4
#define H_COMPATIBLE  6
#define H_STRINGS_LEN 8
#define H_STRUCTS_LEN 9

// Tokens of the structure block
#define T_BEGIN 1
#define T_END   2
#define T_PROP  3
#define T_NOP   4
#define T_STOP  9

#define CELL                  sizeof(uint32)
#define RESERVE_ENTRY         16
#define DEFAULT_ADDRESS_CELLS 2
#define DEFAULT_SIZE_CELLS    1

// The blob's words are big-endian and, in a hostile blob, of any alignment.
static uint be32(const uchar *p)
{
    return (uint)p[0] << 24 | (uint)p[1] << 16 | (uint)p[2] << 8 | p[3];
}

static uint64 be64(const uchar *p)
{
    return (uint64)be32(p) << 32 | be32(p + CELL);
}

static uint64 header(const void *blob, int word)
{
    return be32((const uchar *)blob + word * CELL);
}

// The checks here are what the others rely on: both blocks lie inside the blob.
int fdt_open(struct fdt *f, const void *blob, uint64 maxlen)
{
    if (maxlen < FDT_HEADER_SIZE || header(blob, H_MAGIC) != FDT_MAGIC ||
        header(blob, H_COMPATIBLE) > FDT_COMPATIBLE)
        return -EINVAL;

    f->base = blob;
    f->size = header(blob, H_TOTALSIZE);
    f->structs = header(blob, H_STRUCTS);
    f->structs_end = f->structs + header(blob, H_STRUCTS_LEN);
    f->strings = header(blob, H_STRINGS);
    f->strings_end = f->strings + header(blob, H_STRINGS_LEN);
    f->reserve = header(blob, H_RESERVE);
    if (f->size > maxlen || f->structs_end > f->size || f->strings_end > f->size || f->structs % CELL != 0)
        return -EINVAL;
    return 0;
}

// The block ends with an entry of zeros, or with the blob.
bool fdt_reserved(const struct fdt *f, uint64 i, uint64 *base, uint64 *size)
{
    uint64 at = f->reserve + i * RESERVE_ENTRY;

    if (i >= f->size || at + RESERVE_ENTRY > f->size)
        return false;
    *base = be64(f->base + at);
    *size = be64(f->base + at + sizeof(uint64));
    return *base != 0 || *size != 0;
}

// Whether a zero byte comes in [at, end).
static bool terminated(const struct fdt *f, uint64 at, uint64 end)
{
    for (; at < end; at++)
        if (f->base[at] == 0)
            return true;
    return false;
}

// Tokens stand at multiples of 4 bytes.
static uint64 align_up(uint64 at)
{
    return (at + CELL - 1) & ~(CELL - 1);
}

// Reads the token at *at, no-ops skipped, and moves *at behind it. T_STOP at the end of the block.
static uint next_token(const struct fdt *f, uint64 *at)
{
    while (*at + CELL <= f->structs_end) {
        uint token = be32(f->base + *at);
        *at += CELL;
        if (token != T_NOP)
            return token;
    }
    return T_STOP;
}

// *at is behind a T_PROP token: reads that property and moves on. *name is 0 when its name is no string.
static bool read_prop(const struct fdt *f, uint64 *at, const char **name, struct fdt_prop *p)
{
    if (*at + 2 * CELL > f->structs_end)
        return false;
    uint64 len = be32(f->base + *at);
    uint64 name_at = f->strings + be32(f->base + *at + CELL);
    uint64 value_at = *at + 2 * CELL;

    if (value_at + len > f->structs_end)
        return false;
    *name = terminated(f, name_at, f->strings_end) ? (const char *)f->base + name_at : 0;
    *p = (struct fdt_prop){f->base + value_at, len};
    *at = align_up(value_at + len);
    return true;
}

// Properties precede children, so the first other token ends the search.
bool fdt_prop(const struct fdt *f, const struct fdt_node *n, const char *name, struct fdt_prop *p)
{
    uint64 at = n->props;
    const char *found;

    while (next_token(f, &at) == T_PROP && read_prop(f, &at, &found, p))
        if (found && strcmp(found, name) == 0)
            return true;
    *p = (struct fdt_prop){0};
    return false;
}

// Reads a node's name, moves *at to its properties and fills *n.
static bool enter_node(const struct fdt *f, uint64 *at, struct fdt_node *n, int depth)
{
    struct fdt_prop p;

    if (!terminated(f, *at, f->structs_end))
        return false;
    *n = (struct fdt_node){.name = (const char *)f->base + *at, .depth = depth};
    *at = align_up(*at + strlen(n->name) + 1);
    n->props = *at;
    n->address_cells = fdt_prop(f, n, "#address-cells", &p) ? fdt_u32(&p, 0) : DEFAULT_ADDRESS_CELLS;
    n->size_cells = fdt_prop(f, n, "#size-cells", &p) ? fdt_u32(&p, 0) : DEFAULT_SIZE_CELLS;
    return true;
}

// path holds the chain of nodes from the root to the one that the walk is in: visit may look at node[-1].
int fdt_walk(const struct fdt *f, void (*visit)(const struct fdt *, const struct fdt_node *, void *),
             void *arg)
{
    struct fdt_node path[FDT_MAXDEPTH];
    int depth = 0; // nodes that we are inside of
    uint64 at = f->structs;
    struct fdt_prop p;
    const char *name;

    for (;;) {
        switch (next_token(f, &at)) {
        case T_BEGIN:
            if (depth == FDT_MAXDEPTH || !enter_node(f, &at, &path[depth], depth))
                return -EINVAL;
            visit(f, &path[depth++], arg);
            break;
        case T_PROP:
            if (!read_prop(f, &at, &name, &p))
                return -EINVAL;
            break;
        case T_END:
            if (--depth < 0)
                return -EINVAL;
            break;
        case T_STOP:
            return depth == 0 ? 0 : -EINVAL;
        default:
            return -EINVAL;
        }
    }
}

uint fdt_u32(const struct fdt_prop *p, uint64 cell)
{
    return cell < p->len / CELL ? be32(p->value + cell * CELL) : 0;
}

// Addresses of three cells (PCI) do not fit: they read as absent.
bool fdt_number(const struct fdt_prop *p, uint64 cell, uint cells, uint64 *v)
{
    if (cells > 2 || cell + cells > p->len / CELL)
        return false;
    *v = 0;
    for (uint i = 0; i < cells; i++)
        *v = *v << 32 | fdt_u32(p, cell + i);
    return true;
}

// Terminated by its last byte; an earlier zero only makes it shorter.
const char *fdt_string(const struct fdt_prop *p)
{
    return p->len > 0 && p->value[p->len - 1] == 0 ? (const char *)p->value : 0;
}

// A list is strings one after the other, each with its terminating zero.
bool fdt_has_string(const struct fdt_prop *p, const char *s)
{
    uint64 len = strlen(s) + 1;

    for (uint64 at = 0; at + len <= p->len; at++)
        if ((at == 0 || p->value[at - 1] == 0) && memcmp(p->value + at, s, len) == 0)
            return true;
    return false;
}

// i is limited by reg's length in bytes, so that i * cells cannot overflow. The root has no reg.
bool fdt_reg(const struct fdt *f, const struct fdt_node *n, uint64 i, uint64 *base, uint64 *size)
{
    struct fdt_prop reg;

    if (n->depth == 0 || !fdt_prop(f, n, "reg", &reg))
        return false;
    uint ac = n[-1].address_cells, sc = n[-1].size_cells;
    if (ac == 0 || ac > 2 || sc > 2 || i > reg.len)
        return false;
    uint64 cell = i * (ac + sc);
    return fdt_number(&reg, cell, ac, base) && fdt_number(&reg, cell + ac, sc, size);
}

// Most specific first; any of them will do.
bool fdt_compatible(const struct fdt *f, const struct fdt_node *n, const char *name)
{
    struct fdt_prop p;
    return fdt_prop(f, n, "compatible", &p) && fdt_has_string(&p, name);
}

// Devicetree spec 2.3.4
bool fdt_enabled(const struct fdt *f, const struct fdt_node *n)
{
    struct fdt_prop p;
    return !fdt_prop(f, n, "status", &p) || fdt_has_string(&p, "okay") || fdt_has_string(&p, "ok");
}

// Compares name by name from the root's child down, unit addresses included.
bool fdt_is_path(const struct fdt_node *n, const char *path)
{
    for (int up = n->depth - 1; up >= 0; up--) {
        const char *name = n[-up].name;
        uint64 len = strlen(name);
        if (*path++ != '/' || strncmp(path, name, len) != 0)
            return false;
        path += len;
    }
    return n->depth > 0 && (*path == 0 || *path == ':');
}
