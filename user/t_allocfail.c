// Every kernel allocation of a number of small scripts fails once: `t_allocfail [SCRIPT..]`.
//
// For n = 1, 2, .. a child arms debug(DEBUG_ALLOCFAIL, n) and runs a script of system calls, until the n-th
// allocation is not reached any more; then again with n and all after it failing. Whatever fails, the calls
// return an error or one process dies: calls that say they succeeded have done what they should, nothing is
// lost (the kernel's counters are what they were before), the audit is clean.
//
// For tests/vm/allocfail, on whose machines any allocation since boot fails: `t_allocfail boot` runs each
// script once, says what is in use then, and how many allocations there have been; `t_allocfail count` just
// that.
#include <stddef.h>
#include "kernel/fcntl.h"
#include "kernel/proc/elf.h"
#include "kernel/stat.h"
#include "kernel/syscall.h"
#include "user/pages.h"
#include "user/t_allocfail.h"

#define RERUNS 5   // what seems lost so often in a row is lost; less may be a cache that has grown
#define WARM   96  // pages of the file that warms the block cache
#define ENOUGH 500 // failures in all
#define LARGE  (3 * PGSIZE)
#define SETTLE 50   // ticks
#define MOST   5000 // allocations of a script

static char large[LARGE];
char *fat;
static bool swap; // there is a swap disk

// What a failed script left in the directory.
static void clean_up(void)
{
    static const char *const names[] = {"d/x", "d/y", "d/dev", "d", "z", "f"};
    for (int i = 0; i < NELEM(names); i++)
        unlink(names[i]);
}

static void child(const struct script *s, int n)
{
    fat = t_heap(FAT);
    memset(fat, 1, FAT * PGSIZE);
    debug(DEBUG_ALLOCFAIL, n);
    s->run();
    exit(0);
}

// What the machine has in use. Pages of programs count wherever they are, in memory or in swap.
struct in_use {
    struct vmstat v;
    uint64 pages;
};

static void look(struct in_use *u)
{
    T_EQ(vmstat(&u->v), 0);
    u->pages = pages_held();
}

// Until all that ends has ended.
static void settle(const struct in_use *before, struct in_use *after)
{
    int end = uptime() + SETTLE;
    do
        look(after);
    while ((after->v.procs > before->v.procs || after->pages > before->pages) && uptime() < end);
}

// What is lost, or 0.
static const char *lost(const struct in_use *a, const struct in_use *b)
{
    return b->v.procs > a->v.procs                         ? "processes"
           : b->v.files > a->v.files                       ? "open files"
           : b->v.inodes > a->v.inodes                     ? "inodes"
           : b->pages > a->pages                           ? "user pages"
           : b->v.pagetables > a->v.pagetables             ? "page tables"
           : b->v.swap_used > b->pages                     ? "swap slots"
           : b->v.kmem > a->v.kmem                         ? "kernel objects"
           : b->v.free + b->v.user < a->v.free + a->v.user ? "frames"
                                                           : 0;
}

// Runs the script with its n-th allocation failing (n < 0: all from the -n-th on). Whether it got so far.
static bool one(const struct script *s, int n)
{
    struct in_use before, after;
    const char *what = 0;
    int made = 0;
    for (int i = 0; i < RERUNS && (i == 0 || what); i++) {
        look(&before);
        int pid = t_fork();
        if (pid == 0)
            child(s, n);
        int status = t_wait();
        T_CHECK(status == 0 || status == T_KILLED);
        settle(&before, &after);
        made = debug(DEBUG_ALLOCFAIL, 0);
        clean_up();
        settle(&before, &after);
        what = lost(&before, &after);
        T_EQ(debug(DEBUG_AUDIT), 0);
        if (swap)
            T_CHECK(swapctl(SWAPCTL_AUDIT, 0, 0) >= 0);
    }
    if (what) {
        printf("%s: FAILED %s, allocation %d: %s lost\n", t_name, s->name, n, what);
        exit(T_FAILED);
    }
    return made >= (n < 0 ? -n : n);
}

static int sweep(const struct script *s)
{
    int n = 1, more = 1;
    while (n < MOST && one(s, n))
        n++;
    while (!swap && !s->programs && more < MOST && one(s, -more))
        more++;
    T_CHECK(n < MOST && more < MOST);
    printf("%s: %s: %d allocations failed, %d with all that follow\n", t_name, s->name, n - 1, more - 1);
    return n - 1 + more - 1;
}

static bool chosen(const char *name, char **names)
{
    bool found = *names == 0;
    for (; *names; names++)
        found |= strcmp(name, *names) == 0;
    return found;
}

// The program of s_segments: a page of headers, and one of text which is mapped several times.
static void make_segments(void)
{
    enum { N = 9 };
    static const uint code[] = {
        0x00100893, // li a7, SYS_fork
        0x00000073, // ecall
        0x00000513, // li a0, 0
        0x00200893, // li a7, SYS_exit
        0x00000073, // ecall
    };
    static struct {
        struct elfhdr eh;
        struct proghdr ph[N];
    } head;
    head.eh = (struct elfhdr){.magic = ELF_MAGIC,
                              .class = ELF_CLASS64,
                              .data = ELF_DATA_LSB,
                              .type = ELF_TYPE_EXEC,
                              .machine = ELF_MACHINE_RISCV,
                              .entry = USER_BASE,
                              .phoff = offsetof(typeof(head), ph),
                              .phentsize = sizeof(struct proghdr),
                              .phnum = N};
    for (uint64 i = 0; i < N; i++)
        head.ph[i] = (struct proghdr){.type = ELF_PROG_LOAD,
                                      .flags = ELF_FLAG_R | ELF_FLAG_X,
                                      .off = PGSIZE,
                                      .vaddr = USER_BASE + 2 * i * PGSIZE,
                                      .filesz = sizeof(code),
                                      .memsz = sizeof(code)};
    memset(large, 0, 2 * PGSIZE);
    memmove(large, &head, sizeof(head));
    memmove(large + PGSIZE, code, sizeof(code));
    int fd = open(SEGMENTS, O_CREATE | O_RDWR);
    T_EQ(write(fd, large, 2 * PGSIZE), 2 * PGSIZE);
    close(fd);
}

// As many blocks of the disk as the scripts use are in memory, and the tables of their inodes.
static void warm_up(void)
{
    int fd = open("warm", O_CREATE | O_RDWR);
    for (int i = 0; i < WARM; i++)
        T_EQ(write(fd, large, PGSIZE), PGSIZE);
    close(fd);
    T_EQ(unlink("warm"), 0);
    make_segments();
}

static void say_count(void)
{
    printf("%s: %d allocations since boot\n", t_name, debug(DEBUG_ALLOCFAIL, 0));
}

// All scripts, one after the other. What fails here fails for once: it is said, and the rest goes on.
static void boot(void)
{
    struct in_use u;
    for (int i = 0; scripts[i].name; i++) {
        int status, pid = fork();
        if (pid == 0) {
            fat = sbrk(FAT * PGSIZE);
            memset(fat, 1, FAT_USED * PGSIZE);
            scripts[i].run();
            exit(0);
        }
        status = pid < 0 ? -1 : t_wait();
        if (status != 0)
            printf("%s: script %s: %d\n", t_name, scripts[i].name, status);
        clean_up();
    }
    T_EQ(debug(DEBUG_AUDIT), 0);
    look(&u);
    printf("%s: in use: procs=%lu files=%lu inodes=%lu pages=%lu pagetables=%lu slots=%lu\n", t_name,
           u.v.procs, u.v.files, u.v.inodes, u.pages, u.v.pagetables, u.v.swap_used);
    say_count();
}

static void sweep_chosen(char **names)
{
    int hits = 0;
    struct swapinfo si;
    T_EQ(swapctl(SWAPCTL_INFO, (uint64)&si, 0), 0);
    swap = si.slots > 0;
    warm_up();
    for (int i = 0; scripts[i].name; i++)
        if (chosen(scripts[i].name, names))
            hits += sweep(&scripts[i]);
    T_EQ(unlink(SEGMENTS), 0);
    printf("%s: %d failures\n", t_name, hits);
    T_CHECK(*names || swap || hits >= ENOUGH);
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "nothing") == 0)
        exit(0);
    t_begin(argv);
    if (strcmp(word, "count") == 0) {
        say_count();
        exit(0);
    }
    mkdir(DIR);
    if (chdir(DIR) < 0) {
        printf("%s: no directory\n", t_name);
        exit(1);
    }
    if (strcmp(word, "boot") == 0)
        boot();
    else
        sweep_chosen(argv + 1);
    T_EQ(chdir("/"), 0);
    unlink(DIR);
    t_ok();
}
