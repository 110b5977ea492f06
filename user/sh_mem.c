// Memory of the shell. A parse tree, the words made from it and the buffers on the way are taken from a stack
// of chunks and dropped together, by going back to a mark: no part of the shell frees single pieces, and a
// loop that runs for days uses no more than one round of it.
#include "kernel/types.h"
#include "user/sh.h"
#include "user/user.h"

#define CHUNK_BYTES 4096
#define ALIGNMENT   16

struct mem_chunk {
    struct mem_chunk *below;
    uint size; // of data
    uint used;
    uint64 pad; // data is aligned
    char data[];
};

static struct mem_chunk *top;

// Something larger than a chunk gets one of its own.
static void chunk_push(uint n)
{
    uint size = n > CHUNK_BYTES - sizeof(struct mem_chunk) ? n : CHUNK_BYTES - sizeof(struct mem_chunk);
    struct mem_chunk *c = malloc(sizeof(*c) + size);
    if (c == 0) {
        complain("out of memory");
        exit(STATUS_SYNTAX);
    }
    c->below = top;
    c->size = size;
    c->used = 0;
    top = c;
}

void *mem_alloc(uint n)
{
    n = (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (top == 0 || top->size - top->used < n)
        chunk_push(n);
    void *p = top->data + top->used;
    top->used += n;
    memset(p, 0, n);
    return p;
}

// The first n characters of s, terminated.
char *mem_copy(const char *s, uint n)
{
    char *p = mem_alloc(n + 1);
    memmove(p, s, n);
    return p;
}

struct mem_mark mem_mark(void)
{
    return (struct mem_mark){top, top != 0 ? top->used : 0};
}

// Drops all that was taken since the mark was made.
void mem_release(struct mem_mark mark)
{
    while (top != mark.chunk) {
        struct mem_chunk *c = top;
        top = c->below;
        free(c);
    }
    if (top != 0)
        top->used = mark.used;
}
