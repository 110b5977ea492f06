// Files that are byte arrays, and programs made of them.
#include <string.h>
#include "kernel/lib/err.h"
#include "kernel/lib/panic.h"
#include "kernel/memlayout.h"
#include "kernel/proc/proc.h"
#include "kernel/riscv.h"
#include "tests/host/vmhost/internal.h"
#include "tests/host/vmhost/vmhost.h"

static uint64 areas; // of all files; atomic, as are the files' counters

static void file_get(struct inode *ip)
{
    __atomic_fetch_add(&ip->areas, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&areas, 1, __ATOMIC_RELAXED);
}

static void file_put(struct inode *ip)
{
    host_assert_unlocked("a file put");
    int before = __atomic_fetch_sub(&ip->areas, 1, __ATOMIC_RELAXED);
    assert(before > 0, "a file put more often than got");
    __atomic_fetch_sub(&areas, 1, __ATOMIC_RELAXED);
}

static int64 file_read(struct inode *ip, void *dst, uint64 off, uint64 n)
{
    host_assert_unlocked("a file read");
    assert(__atomic_load_n(&ip->areas, __ATOMIC_RELAXED) > 0, "a file read that nothing maps");
    assert(n <= PGSIZE, "more than a page read at once");
    __atomic_fetch_add(&ip->reads, 1, __ATOMIC_RELAXED);
    my_proc()->disk_waits += !ip->cached;
    if (ip->on_read)
        ip->on_read(ip);
    if (ip->broken)
        return -EIO;
    if (off >= ip->size)
        return 0;
    if (n > ip->size - off)
        n = ip->size - off;
    memcpy(dst, ip->data + off, n);
    return n;
}

void host_files_start(void)
{
    vm_file_ops = (struct vm_file_ops){.get = file_get, .put = file_put, .read = file_read};
}

uint64 host_file_areas(void)
{
    return areas;
}

struct as *host_program(struct inode *ip)
{
    const struct vma layout[] = {
        {.start = HOST_TEXT,
         .end = HOST_TEXT_END,
         .perm = VMA_R | VMA_X,
         .kind = VMA_TEXT,
         .file = ip,
         .filelen = HOST_TEXT_LEN},
        {.start = HOST_DATA,
         .end = HOST_DATA_END,
         .perm = VMA_R | VMA_W,
         .kind = VMA_DATA,
         .file = ip,
         .off = HOST_DATA_OFF,
         .filelen = HOST_BSS - HOST_DATA},
        {.start = USTACK_TOP - PGSIZE, .end = USTACK_TOP, .perm = VMA_R | VMA_W, .kind = VMA_STACK},
    };
    struct as *as = as_create();
    if (!as)
        return 0;
    for (uint64 i = 0; i < sizeof(layout) / sizeof(layout[0]); i++)
        if (as_map(as, &layout[i]) != 0) {
            as_put(as);
            return 0;
        }
    as->heap_start = as->brk = HOST_HEAP;
    return as;
}

void host_exit(struct as *as)
{
    host_leave(as);
    as_put(as);
    host_assert_unlocked("as_put returned");
}
