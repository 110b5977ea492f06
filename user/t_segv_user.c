// Every illegal access by the program itself: the process dies, its parent sees -1, and one line names pid,
// program, kind of access, address, reason, pc and the nearest area (the runner compares it to the letter).
// `t_segv_user REASON` does those of one reason.
#include "user/t_lib.h"

extern char do_load[], do_store[], do_amo[], do_fp[];

static void __attribute__((noinline)) load(void *p)
{
    asm volatile(".globl do_load\ndo_load: lb t0, 0(%0)" : : "r"(p) : "t0");
}
static void __attribute__((noinline)) store(void *p)
{
    asm volatile(".globl do_store\ndo_store: sb zero, 0(%0)" : : "r"(p) : "memory");
}
static void __attribute__((noinline)) amo(void *p)
{
    asm volatile(".globl do_amo\ndo_amo: amoadd.w zero, zero, (%0)" : : "r"(p) : "memory");
}
static void __attribute__((noinline)) fp(void *p)
{
    asm volatile(".globl do_fp\ndo_fp: fsd ft0, 0(%0)" : : "r"(p) : "memory");
}
static void __attribute__((noinline)) jump(void *p)
{
    ((void (*)(void))p)();
}

static const struct verb {
    const char *name; // as the report has it
    void (*run)(void *);
    char *pc; // 0: the address itself
    bool aligned;
} verbs[] = {{"load", load, do_load, false},
             {"store", store, do_store, false},
             {"store", amo, do_amo, true},
             {"store", fp, do_fp, true},
             {"fetch", jump, 0, true}};

#define LOAD  1
#define STORE 14 // the three that store
#define FETCH 16
#define ALL   31

static struct {
    const struct verb *verb;
    void *at;
    const char *reason;
} now;

// QEMU with one hart does an atomic operation as a load and a store, so where nothing can be read the load
// fails first.
static const char *access_name(const struct verb *verb, const char *reason)
{
    struct vmstat v;
    T_EQ(vmstat(&v), 0);
    return verb->run == amo && v.harts == 1 && strcmp(reason, "read-only") != 0 ? "load" : verb->name;
}

static void do_it(void *arg)
{
    (void)arg;
    t_expect_fault(access_name(now.verb, now.reason), now.at, now.reason,
                   now.verb->pc ? now.verb->pc : now.at);
    now.verb->run(now.at);
}

// Each of the accesses in `which` at `at`, in children of this process.
static void dies(int which, void *at, const char *reason)
{
    for (int i = 0; i < NELEM(verbs); i++) {
        if (!(which >> i & 1) || (verbs[i].aligned && (uint64)at % 8))
            continue;
        now.verb = &verbs[i];
        now.at = at;
        now.reason = reason;
        T_EQ(t_status(do_it, 0), T_KILLED);
    }
}

static void unmapped(void)
{
    char *end = t_heap(1) + PGSIZE;
    dies(ALL, end, "unmapped");
    dies(ALL, end + PGSIZE - 8, "unmapped");
    dies(ALL, (char *)GIB, "unmapped");
    dies(ALL, STACK_LOWEST - STACK_GAP - 8, "unmapped");
    dies(ALL, STACK_LOWEST + MIB, "unmapped"); // stack to be, but far below sp
    dies(ALL, (char *)USTACK_TOP, "unmapped");
    dies(ALL, (char *)MAXVA - 8, "unmapped");
}

static void null_page(void)
{
    dies(ALL, 0, "null page");
    dies(ALL, (void *)8, "null page");
    dies(LOAD | STORE, (void *)(PGSIZE - 1), "null page");
}

static const char constant[64] = "constant";

static void read_only(void)
{
    dies(STORE, (void *)PGROUNDDOWN(read_only), "read-only");
    dies(STORE, (void *)constant, "read-only");
    dies(STORE, (void *)((uint64)constant & ~7UL), "read-only");
}

static void pages_no_exec(char *p, enum backing kind)
{
    (void)kind;
    dies(FETCH, p, "no-exec");
    dies(FETCH, p + PGSIZE, "no-exec");
}

static void no_exec(void)
{
    uint64 on_stack;
    t_each_backing(pages_no_exec);
    dies(FETCH, &on_stack, "no-exec");
}

static void kernel_address(void)
{
    char *addr[] = {(char *)MAXVA,
                    (char *)(1UL << 45),
                    (char *)DIRECT_BASE,
                    (char *)(DIRECT_BASE + KERNBASE),
                    (char *)KSTACK_BASE,
                    (char *)VMALLOC_BASE,
                    (char *)(DIRECT_BASE + KERNBASE + 2 * MIB),
                    (char *)-8L};
    for (int i = 0; i < NELEM(addr); i++)
        dies(ALL, addr[i], "kernel address");
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {{"unmapped", unmapped},
             {"null", null_page},
             {"readonly", read_only},
             {"noexec", no_exec},
             {"kernel", kernel_address}};

int main(int argc, char **argv)
{
    t_begin(argv);
    for (int i = 0; i < NELEM(cases); i++) {
        if (argc == 2 && strcmp(argv[1], cases[i].name) == 0) {
            t_step(cases[i].name);
            cases[i].run();
            t_ok();
        }
    }
    printf("usage: t_segv_user unmapped | null | readonly | noexec | kernel\n");
    return 2;
}
