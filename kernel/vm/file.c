// Pages that start as a piece of a file: program text and data, read when first touched.
//
// The file is read with nothing locked, into a frame that nobody sees yet; the fault then starts over and
// finds the frame waiting. So a fault never holds as->lock while it waits for an inode or the disk, and
// read(fd, p) into a mapping of that very file cannot deadlock. The area keeps a reference to its inode, so
// an unlinked program runs on.
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"
#include "kernel/proc/proc.h"
#include "kernel/riscv.h"
#include "kernel/vm/fault.h"
#include "kernel/vm/page.h"
#include "kernel/vm/tlb.h"

struct vm_file_ops vm_file_ops;

// A page that the program may not write is shared with everybody who runs the same file.
static enum fault_reason map_shared(struct fault *f, uint64 off, uint64 len)
{
    const struct vma *v = f->vma;
    struct frame *frame =
        f->filled ? page_share(v->file, off, len, f->spare) : page_cached(v->file, off, len);
    if (!frame)
        return FAULT_RETRY;
    if (frame == f->spare)
        f->spare = 0;
    fault_install(f, frame, false);
    if (v->perm & VMA_X)
        icache_flush(&f->as->mmu);
    return FAULT_OK;
}

static enum fault_reason map_private(struct fault *f)
{
    if (!f->filled)
        return FAULT_RETRY;
    struct frame *frame = fault_frame(f);
    page_get(frame);
    fault_install(f, frame, f->access == ACCESS_WRITE);
    return FAULT_OK;
}

enum fault_reason fault_file(struct fault *f)
{
    const struct vma *v = f->vma;
    uint64 pos = f->va - v->start;
    if (pos >= v->filelen) // bss
        return fault_zero(f);
    uint64 len = v->filelen - pos < PGSIZE ? v->filelen - pos : PGSIZE;
    if (!f->filled) {
        f->class = FAULT_MINOR;
        f->want = v->file;
        f->want_off = v->off + pos;
        f->want_len = len;
    }
    return v->perm & VMA_W ? map_private(f) : map_shared(f, v->off + pos, len);
}

enum fault_reason file_fetch(struct fault *f)
{
    char *page = frame2kva(f->spare);
    uint64 waits = my_proc()->disk_waits;
    int64 n = vm_file_ops.read(f->want, page, f->want_off, f->want_len);
    if (n < 0)
        return n == -ENOMEM ? FAULT_NOMEM : FAULT_DISK;
    memset(page + n, 0, PGSIZE - n); // bss behind the data, and a file that is shorter than its headers say
    f->filled = true;
    if (my_proc()->disk_waits != waits) // else all of it was in the buffer cache
        f->class = FAULT_MAJOR;
    return FAULT_RETRY;
}
