// exec: replaces a process's program. Reads headers only; pages of text and data come in by page faults.
//
// Everything is checked and built in a new address space first. Until the last step nothing of the caller has
// changed, so every failure returns to a caller that lives.
#include "kernel/proc/elf.h"
#include "kernel/fs/fs.h"
#include "kernel/lib/err.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/string.h"
#include "kernel/memlayout.h"
#include "kernel/proc/proc.h"
#include "kernel/riscv.h"
#include "kernel/stat.h"
#include "kernel/trap/trap.h"
#include "kernel/vm/as.h"
#include "kernel/vm/kmem.h"

#define MAX_SEGMENTS 16
#define STACK_ALIGN  16
#define IMAGE_END    (STACK_LIMIT - 2 * STACK_GAP) // no program reaches higher

// A program being made.
struct image {
    struct as *as;
    struct inode *ip;
    uint64 entry;
    uint64 sp;
    uint64 argv;
    bool entry_ok; // the entry lies in an executable segment
};

static bool header_ok(const struct elfhdr *h)
{
    return h->magic == ELF_MAGIC && h->class == ELF_CLASS64 && h->data == ELF_DATA_LSB &&
           h->type == ELF_TYPE_EXEC && h->machine == ELF_MACHINE_RISCV &&
           h->phentsize == sizeof(struct proghdr) && h->phnum > 0 && h->phnum <= MAX_SEGMENTS;
}

// A segment may be mapped page by page from the file: inside the file and the user half, no wrap, offset and
// address congruent, not both writable and executable.
static bool segment_ok(const struct proghdr *ph, uint64 filesize)
{
    bool write = ph->flags & ELF_FLAG_W, exec = ph->flags & ELF_FLAG_X;
    return ph->memsz >= ph->filesz && ph->vaddr >= USER_BASE && ph->vaddr < IMAGE_END &&
           ph->memsz <= IMAGE_END - ph->vaddr && ph->off <= filesize && ph->filesz <= filesize - ph->off &&
           ph->vaddr % PGSIZE == ph->off % PGSIZE && !(write && exec);
}

static int map_segment(struct image *im, const struct proghdr *ph)
{
    uint64 head = ph->vaddr % PGSIZE;
    struct vma v = {
        .start = ph->vaddr - head,
        .end = PGROUNDUP(ph->vaddr + ph->memsz),
        .perm = (ph->flags & ELF_FLAG_R ? VMA_R : 0) | (ph->flags & ELF_FLAG_W ? VMA_W | VMA_R : 0) |
                (ph->flags & ELF_FLAG_X ? VMA_X : 0),
        .kind = ph->flags & ELF_FLAG_W ? VMA_DATA : VMA_TEXT,
        .file = ph->filesz ? im->ip : 0,
        .off = ph->filesz ? ph->off - head : 0,
        .filelen = ph->filesz ? ph->filesz + head : 0,
    };
    int error = as_map(im->as, &v);
    if (error)
        return error == -EEXIST ? -ENOEXEC : error; // two segments in one page, or worse
    if (v.end > im->as->heap_start)
        im->as->heap_start = im->as->brk = v.end;
    if ((ph->flags & ELF_FLAG_X) && im->entry >= ph->vaddr && im->entry - ph->vaddr < ph->memsz)
        im->entry_ok = true;
    return 0;
}

// Locks: the inode's.
static int map_program(struct image *im)
{
    struct elfhdr h;
    struct proghdr ph;
    if (im->ip->type != T_FILE || inode_read(im->ip, &h, 0, sizeof(h)) != sizeof(h) || !header_ok(&h))
        return -ENOEXEC;
    im->entry = h.entry;
    for (int i = 0; i < h.phnum; i++) {
        if (h.phoff > im->ip->size ||
            inode_read(im->ip, &ph, h.phoff + i * sizeof(ph), sizeof(ph)) != sizeof(ph))
            return -ENOEXEC;
        if (ph.type != ELF_PROG_LOAD || ph.memsz == 0)
            continue;
        if (!segment_ok(&ph, im->ip->size))
            return -ENOEXEC;
        int error = map_segment(im, &ph);
        if (error)
            return error;
    }
    return im->entry_ok && im->entry % 2 == 0 ? 0 : -ENOEXEC;
}

// The stack: strings at the top, below them argv[], sp at argv.
static int build_stack(struct image *im, char *const argv[], int argc)
{
    uint64 user_argv[MAXARG + 1];
    struct vma v = {
        .start = USTACK_TOP - PGSIZE, .end = USTACK_TOP, .perm = VMA_R | VMA_W, .kind = VMA_STACK};
    int error = as_map(im->as, &v);
    uint64 sp = USTACK_TOP;
    for (int i = 0; i < argc && !error; i++) {
        uint64 n = strlen(argv[i]) + 1;
        sp -= n;
        error = as_write(im->as, sp, argv[i], n) ? -ENOMEM : 0;
        user_argv[i] = sp;
    }
    if (error)
        return error;
    user_argv[argc] = 0;
    uint64 n = (argc + 1) * sizeof(uint64);
    sp = (sp - n) & ~(uint64)(STACK_ALIGN - 1);
    im->sp = im->argv = sp;
    return as_write(im->as, sp, user_argv, n) ? -ENOMEM : 0;
}

// The program's file name is the process's name. It is printed on the console, so nothing but printable
// characters gets in.
static void set_name(struct proc *p, const char *path)
{
    const char *name = path;
    for (const char *s = path; *s; s++)
        if (*s == '/')
            name = s + 1;
    safestrcpy(p->name, name, sizeof(p->name));
    for (char *s = p->name; *s; s++)
        if (*s < ' ' || *s > '~')
            *s = '?';
}

// The caller becomes the new program: nothing can fail any more.
static void commit(struct proc *p, struct image *im, const char *path)
{
    set_name(p, path);
    proc_drop_as(p);
    spin_lock(&p->lock);
    p->as = im->as;
    p->mmu = &im->as->mmu;
    mmu_switch(p->mmu);
    spin_unlock(&p->lock);
    struct fpstate *fp = p->fp;
    p->fp = 0; // first: a switch of processes here must not save into freed memory
    kmem_free(fp);
    memset(p->tf, 0, sizeof(*p->tf)); // no register of the old program, or of the kernel, reaches the new one
    p->tf->sepc = im->entry;
    p->tf->sp = im->sp;
    p->tf->a1 = im->argv;
    p->tf->sstatus = trap_user_sstatus();
}

int proc_exec(const char *path, char *const argv[], int argc)
{
    struct image im = {0};
    int error;
    im.ip = path_lookup(path, &error);
    if (!im.ip)
        return error;
    error = inode_text_get(im.ip); // nobody writes to it from here on
    if (error) {
        inode_put(im.ip);
        return error;
    }
    im.as = as_create();
    error = im.as ? 0 : -ENOMEM;
    if (!error) {
        inode_lock(im.ip);
        error = map_program(&im);
        inode_unlock(im.ip);
    }
    if (!error)
        error = build_stack(&im, argv, argc);
    inode_text_put(im.ip); // the areas have references of their own
    inode_put(im.ip);
    if (error) {
        if (im.as)
            as_put(im.as);
        return error;
    }
    commit(my_proc(), &im, path);
    return argc;
}

// Not the way that a system call ends: that leaves s1 to s11 as they were in the old program.
void proc_enter_program(int argc)
{
    my_proc()->tf->a0 = argc;
    trap_return_user(my_proc()->tf);
}
