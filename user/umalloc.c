// malloc and free. Free blocks form a list in order of address, so that neighbours find each other and melt
// into one; allocation takes the first that fits. Every block starts with a header, and everything is a
// multiple of its 16 bytes, which is also the alignment of what malloc() returns.
//
// Memory comes from sbrk() in pieces of at least GROW_BYTES. When the block at the very top of the heap has
// TRIM_BYTES free, whole pages of it go back. Programs may call sbrk() too: pieces need not touch each other.
#include "kernel/types.h"
#include "kernel/riscv.h"
#include "user/user.h"

#define UNIT       sizeof(struct block)
#define GROW_BYTES (64 * 1024UL)
#define TRIM_BYTES (128 * 1024UL)
#define MAX_BYTES  0x7fff0000UL // sbrk() takes an int
#define USED       ((struct block *)0x5a11c0deUL)

struct block {
    struct block *next; // next free block, higher up; USED while it belongs to the program
    uint64 size;        // bytes, header included
};

static struct block *free_list;

static struct block *block_end(struct block *b)
{
    return (struct block *)((char *)b + b->size);
}

// Puts b into the list and joins it with its neighbours. Returns the block that it is part of now.
static struct block *block_insert(struct block *b)
{
    struct block *prev = 0, *next = free_list;
    while (next != 0 && next < b) {
        prev = next;
        next = next->next;
    }
    b->next = next;
    if (next != 0 && block_end(b) == next) {
        b->size += next->size;
        b->next = next->next;
    }
    if (prev == 0) {
        free_list = b;
        return b;
    }
    if (block_end(prev) != b) {
        prev->next = b;
        return b;
    }
    prev->size += b->size;
    prev->next = b->next;
    return prev;
}

// Gets a new piece with a block of at least `size` bytes into the list. Returns 0 when there is no memory.
// One unit more than asked for, since a program may have left the break unaligned.
static int heap_grow(uint64 size)
{
    uint64 bytes = PGROUNDUP(size + UNIT);
    if (bytes < GROW_BYTES)
        bytes = GROW_BYTES;
    char *p = sbrk(bytes);
    if (p == SBRK_ERROR)
        return 0;
    uint64 skip = -(uint64)p % UNIT;
    struct block *b = (struct block *)(p + skip);
    b->size = (bytes - skip) / UNIT * UNIT;
    block_insert(b);
    return 1;
}

// Gives whole pages of b back to the kernel if b ends the heap. Keeps GROW_BYTES, so that a program that goes
// to and fro around the limit does not call the kernel each time.
static void heap_trim(struct block *b)
{
    if (b->next != 0 || b->size < TRIM_BYTES || (char *)block_end(b) != sbrk(0))
        return;
    uint64 bytes = PGROUNDDOWN(b->size - GROW_BYTES);
    if (bytes > MAX_BYTES)
        bytes = PGROUNDDOWN(MAX_BYTES);
    if (sbrk(-(int)bytes) != SBRK_ERROR)
        b->size -= bytes;
}

// Takes `size` bytes from the first block that has them: its front, so that the top of the heap stays free
// longest.
static struct block *block_take(uint64 size)
{
    for (struct block **link = &free_list; *link != 0; link = &(*link)->next) {
        struct block *b = *link;
        if (b->size < size)
            continue;
        if (b->size == size) {
            *link = b->next;
            return b;
        }
        struct block *rest = (struct block *)((char *)b + size);
        rest->size = b->size - size;
        rest->next = b->next;
        *link = rest;
        b->size = size;
        return b;
    }
    return 0;
}

// First fit. 0 when there is no memory; never 0 for size 0.
void *malloc(uint nbytes)
{
    if (nbytes > MAX_BYTES)
        return 0;
    uint64 size = (nbytes + UNIT - 1) / UNIT * UNIT + UNIT;
    struct block *b = block_take(size);
    if (b == 0 && heap_grow(size))
        b = block_take(size);
    if (b == 0)
        return 0;
    b->next = USED;
    return b + 1;
}

// A pointer that malloc() did not give, or that was freed before, ends the program.
void free(void *p)
{
    static const char complaint[] = "free: not an allocated block\n";
    if (p == 0)
        return;
    struct block *b = (struct block *)p - 1;
    if (b->next != USED) {
        write(2, complaint, sizeof(complaint) - 1);
        exit(-1);
    }
    heap_trim(block_insert(b));
}
