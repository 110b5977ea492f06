// Damaged programs: this one's own file with one thing changed, or cut short anywhere. exec refuses what
// cannot be, and the caller lives on with its memory; what it does not refuse runs or dies alone.
#include "kernel/fcntl.h"
#include "user/t_lib.h"

#define COPY    "/t_damage.tmp"
#define REFUSED 70 // exec returned
#define RAN     71 // the program ran, as far as main

static char image[256 * KIB];
static int size;

// Offsets in an ELF file: the header's fields, then those of the program headers of text and data (the linker
// puts one of attributes before them).
enum {
    MAGIC = 0,
    CLASS = 4,
    ORDER = 5,
    TYPE = 16,
    MACHINE = 18,
    ENTRY = 24,
    PHOFF = 32,
    PHENTSIZE = 54,
    PHNUM = 56
};
enum {
    P_TYPE = 0,
    P_FLAGS = 4,
    P_OFFSET = 8,
    P_VADDR = 16,
    P_FILESZ = 32,
    P_MEMSZ = 40,
    P_SIZE = 56,
    P_LOAD = 1
};
#define TEXT(field) (64 + 1 * P_SIZE + (field))
#define DATA(field) (64 + 2 * P_SIZE + (field))

static const struct damage {
    const char *what;
    int at, bytes;
    uint64 value;
} damages[] = {
    {"no magic number", MAGIC, 4, 0},
    {"a 32-bit file", CLASS, 1, 1},
    {"big-endian", ORDER, 1, 2},
    {"a shared object", TYPE, 2, 3},
    {"another machine", MACHINE, 2, 62},
    {"starts in page 0", ENTRY, 8, 0},
    {"starts in the kernel", ENTRY, 8, DIRECT_BASE},
    {"starts at an odd address", ENTRY, 8, USER_BASE + 1},
    {"headers beyond the file", PHOFF, 8, 1UL << 40},
    {"headers that wrap", PHOFF, 8, -8UL},
    {"headers of another size", PHENTSIZE, 2, 32},
    {"65535 headers", PHNUM, 2, 0xffff},
    {"no header", PHNUM, 2, 0},
    {"text in page 0", TEXT(P_VADDR), 8, 0},
    {"text in the kernel", TEXT(P_VADDR), 8, KSTACK_BASE},
    {"text at an odd address", TEXT(P_VADDR), 8, USER_BASE + 8},
    {"text at an odd offset", TEXT(P_OFFSET), 8, 24},
    {"text that is writable", TEXT(P_FLAGS), 4, 7},
    {"text that cannot run", TEXT(P_FLAGS), 4, 4},
    {"text longer than the file", TEXT(P_FILESZ), 8, GIB},
    {"text longer than memory", TEXT(P_MEMSZ), 8, 1UL << 62},
    {"less memory than file", TEXT(P_MEMSZ), 8, 8},
    {"data over text", DATA(P_VADDR), 8, USER_BASE},
    {"data on the stack", DATA(P_VADDR), 8, USTACK_TOP - PGSIZE},
    {"data in the gap below the stack", DATA(P_VADDR), 8, (uint64)STACK_LOWEST - PGSIZE},
    {"data that wraps", DATA(P_MEMSZ), 8, -(uint64)PGSIZE},
    {"data beyond the file", DATA(P_OFFSET), 8, 1UL << 40},
    {"data outside Sv39", DATA(P_VADDR), 8, 1UL << 44},
};

static int run_copy(int bytes)
{
    char *vector[] = {"t_damage.tmp", "@run", 0};
    int fd = open(COPY, O_CREATE | O_WRONLY | O_TRUNC), status;
    T_CHECK(fd >= 0);
    for (int n, at = 0; at < bytes; at += n)
        T_CHECK((n = write(fd, image + at, bytes - at)) > 0);
    close(fd);
    if (t_fork() == 0) {
        exec(COPY, vector);
        exit(REFUSED);
    }
    T_CHECK(wait(&status) > 0);
    return status;
}

static void one_damage(const struct damage *d)
{
    char whole[8];
    memmove(whole, image + d->at, d->bytes);
    memmove(image + d->at, &d->value, d->bytes);
    int status = run_copy(size);
    memmove(image + d->at, whole, d->bytes);
    printf("%s:   %s\n", t_name, d->what);
    T_EQ(status, REFUSED);
}

static uint64 field(int at)
{
    uint64 value;
    memmove(&value, image + at, sizeof(value));
    return value;
}

// As long as the end of the data is missing, nothing can run; behind it are only names for debuggers.
static void cut_short(void)
{
    int end = field(DATA(P_OFFSET)) + field(DATA(P_FILESZ));
    for (int n = 0; n < end; n += n < 256 ? 13 : 1333)
        T_EQ(run_copy(n), REFUSED);
    T_EQ(run_copy(end - 1), REFUSED);
    T_EQ(run_copy(end), RAN);
}

int main(int argc, char **argv)
{
    if (argc == 2)
        exit(RAN);
    t_begin(argv);
    int fd = open("/t_exec_damage", O_RDONLY), n;
    T_CHECK(fd >= 0);
    while ((n = read(fd, image + size, sizeof(image) - size)) > 0)
        size += n;
    T_CHECK(size > 3 * PGSIZE && size < (int)sizeof(image));
    T_CHECK(image[TEXT(P_TYPE)] == P_LOAD && image[DATA(P_TYPE)] == P_LOAD);
    t_step("whole, it runs");
    T_EQ(run_copy(size), RAN);
    t_step("one thing changed: refused");
    for (int i = 0; i < NELEM(damages); i++)
        one_damage(&damages[i]);
    t_step("cut short: refused");
    cut_short();
    t_step("a program still runs after all that");
    T_EQ(run_copy(size), RAN);
    T_EQ(unlink(COPY), 0);
    t_ok();
}
