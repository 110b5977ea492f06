// Virtual memory areas: what a program may do where. A VMA is the truth about permission and about what an
// empty PTE means (zeros, or a piece of a file).
//
// A set is a sorted array of disjoint, page-aligned areas: a lookup is a check of the last hit and then a
// binary search, and a thousand areas cost ten comparisons. Pointers into it are good until the set changes.
// The lock of the address space guards it.
#ifndef KERNEL_VM_VMA_H
#define KERNEL_VM_VMA_H
#include <stdbool.h>
#include "kernel/types.h"
#include "kernel/vmstat.h"

struct inode;

enum access { ACCESS_READ = VMA_R, ACCESS_WRITE = VMA_W, ACCESS_EXEC = VMA_X };

struct vma {
    uint64 start;       // first address, page-aligned
    uint64 end;         // first address past it, page-aligned
    uint8 perm;         // VMA_R | VMA_W | VMA_X
    uint8 kind;         // VMA_TEXT ..
    struct inode *file; // what fills its pages; 0 = zeros
    uint64 off;         // offset in the file of `start`, page-aligned
    uint64 filelen;     // bytes that come from the file; zeros behind them
};

#define VMASET_INLINE 6

struct vmaset {
    struct vma *v; // n areas, sorted
    int n;
    int room; // areas that v has space for
    int hit;  // index of the last one found
    struct vma inl[VMASET_INLINE];
};

void vmaset_init(struct vmaset *s);
void vmaset_destroy(struct vmaset *s);                         // frees the array
int vmaset_copy(struct vmaset *to, const struct vmaset *from); // to is empty; 0 or -ENOMEM

struct vma *vma_find(struct vmaset *s, uint64 va);        // the area that contains va, or 0
struct vma *vma_at_or_above(struct vmaset *s, uint64 va); // first area that ends above va, or 0
struct vma *vma_nearest(struct vmaset *s, uint64 va);     // for reports; 0 when the set is empty

// Adds an area, merged with a neighbour that it continues. 0, -EINVAL (not aligned, empty, wrapping), -EEXIST
// (overlap) or -ENOMEM; nothing changes on failure.
int vma_insert(struct vmaset *s, const struct vma *v);

// Takes [start, end) out, splitting areas at its ends. 0, -EINVAL or -ENOMEM; nothing changes on failure.
int vma_remove(struct vmaset *s, uint64 start, uint64 end);

// Moves one boundary. 0, -EINVAL (would be empty or upside down) or -EEXIST (would overlap a neighbour).
int vma_set_start(struct vmaset *s, struct vma *v, uint64 start);
int vma_set_end(struct vmaset *s, struct vma *v, uint64 end);

static inline bool vma_allows(const struct vma *v, enum access access)
{
    return (v->perm & access) != 0;
}
const char *vma_kind_name(int kind);

#endif
