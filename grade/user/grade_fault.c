// Accesses and children of the programs of lab 1 (grade/user/grade_fault.h).
#include "kernel/fcntl.h"
#include "kernel/proc/elf.h"
#include "kernel/stat.h"
#include "grade/user/grade_fault.h"

#define RETURN     0x8082 // c.jr ra
#define MOST_HEADS 20

uint64 access(int kind, const void *addr, uint64 value)
{
    uint64 found = 0;
    switch (kind) {
    case LOAD_1:
        asm volatile("lbu %0, 0(%1)" : "=r"(found) : "r"(addr) : "memory");
        break;
    case LOAD_8:
        asm volatile("ld %0, 0(%1)" : "=r"(found) : "r"(addr) : "memory");
        break;
    case STORE_1:
        asm volatile("sb %0, 0(%1)" : : "r"(value), "r"(addr) : "memory");
        break;
    case STORE_8:
        asm volatile("sd %0, 0(%1)" : : "r"(value), "r"(addr) : "memory");
        break;
    case AMO:
        asm volatile("amoadd.d %0, %2, (%1)" : "=r"(found) : "r"(addr), "r"(value) : "memory");
        break;
    case JUMP:
        asm volatile("jalr ra, 0(%0)" : : "r"(addr) : "ra", "memory");
        break;
    }
    return found;
}

void attempt(int kind, const void *addr)
{
    int status = 0, pid = must_fork();
    if (pid == 0) {
        stop("try", kind, addr, getpid());
        stop("lived", access(kind, addr, 1));
        exit(0);
    }
    int who = wait(&status);
    stop("reaped", status, who == pid);
}

struct bystander make_bystander(uint64 seed)
{
    struct bystander b;
    int fd[2], ready[2];
    char c;
    if (pipe(fd) < 0 || pipe(ready) < 0)
        exit(5);
    b.pid = must_fork();
    b.fd = fd[1];
    if (b.pid == 0) {
        char *p = heap(1);
        fill_page(p, seed, 0);
        close(fd[1]);
        write(ready[1], "", 1);
        read(fd[0], &c, 1);
        stop("still", p, wrong_words(p, seed, 0));
        exit(0);
    }
    read(ready[0], &c, 1);
    close(ready[0]);
    close(ready[1]);
    close(fd[0]);
    return b;
}

void release_bystander(struct bystander *b)
{
    int status = -2;
    write(b->fd, "", 1);
    if (wait(&status) != b->pid || status != 0)
        exit(6);
}

static void must(int ok, const char *what)
{
    if (!ok) {
        fprintf(2, "%s failed\n", what);
        exit(7);
    }
}

// Copies the file, page by page; gives its first page the new table's place.
static void copy_program(int to, int from, uint64 size, uint64 phoff, int heads)
{
    static uint64 buffer[WORDS];
    struct elfhdr *head = (struct elfhdr *)buffer;
    for (uint64 at = 0; at < size; at += PAGE) {
        memset(buffer, 0, PAGE);
        must(read(from, buffer, PAGE) > 0, "read");
        if (at == 0) {
            head->phoff = phoff;
            head->phnum = heads;
        }
        must(write(to, buffer, PAGE) == PAGE, "write");
    }
}

// The program's own loadable segments. How many.
static int own_heads(const char *self, struct proghdr *ph)
{
    static char buffer[PAGE];
    int n = 0, fd = open(self, O_RDONLY);
    must(fd >= 0 && read(fd, buffer, PAGE) == (int)PAGE, "reading this program");
    close(fd);
    struct elfhdr *head = (struct elfhdr *)buffer;
    struct proghdr *p = (struct proghdr *)(buffer + head->phoff);
    for (int i = 0; i < head->phnum; i++)
        if (p[i].type == ELF_PROG_LOAD)
            ph[n++] = p[i];
    return n;
}

void make_image(const char *path, const char *self, const struct segment *s, int n, uint64 seed)
{
    static uint64 page[WORDS];
    static struct proghdr ph[MOST_HEADS];
    struct stat st;
    uint64 filled = 0, heads = own_heads(self, ph);
    int from = open(self, O_RDONLY), to = open(path, O_CREATE | O_WRONLY);
    must(from >= 0 && to >= 0 && fstat(from, &st) == 0, "open");
    uint64 end = (st.size + PAGE - 1) / PAGE * PAGE;
    for (int i = 0; i < n; i++, s++) {
        ph[heads++] = (struct proghdr){.type = ELF_PROG_LOAD,
                                       .flags = s->rights,
                                       .off = end,
                                       .vaddr = s->start,
                                       .filesz = s->filled * PAGE,
                                       .memsz = s->pages * PAGE};
        if (s->filled > filled)
            filled = s->filled;
    }
    copy_program(to, from, end, end + filled * PAGE, heads);
    for (uint64 i = 0; i < filled; i++) {
        fill_page(page, seed, i);
        page[0] = RETURN;
        must(write(to, page, PAGE) == (int)PAGE, "write");
    }
    must(write(to, ph, sizeof(ph)) == sizeof(ph), "write");
    close(from);
    close(to);
}
