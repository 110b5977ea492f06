// What the system tells about itself: vmstat, pageinfo, procinfo, vmainfo, bootarg; and that structures
// arrive with every byte set.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/memlayout.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "kernel/vmstat.h"
#include "user/usertests.h"

// Every field is set, within what it can be, and they agree with each other.
static void vmstat_sane(void)
{
    struct vmstat vs;
    memset(&vs, 0xaa, sizeof(vs));
    CHECK_EQ(vmstat(&vs), 0);
    CHECK_EQ(vs.pagesize, PGSIZE);
    CHECK(vs.frames > 1000 && vs.frames < 1UL << 22);
    CHECK(vs.free > 0 && vs.free < vs.frames);
    CHECK(vs.kfree <= vs.free);
    CHECK(vs.user > 0 && vs.user < vs.frames);
    CHECK(vs.pagetables > 0 && vs.pagetables < vs.frames);
    CHECK(vs.free + vs.user + vs.pagetables <= vs.frames);
    CHECK(vs.harts >= 1 && vs.harts <= NCPU);
    CHECK(vs.timebase >= 1000000);
    CHECK(vs.procs >= 3 && vs.procs <= NPROC);
    CHECK(vs.files >= 1 && vs.files <= NFILE);
    CHECK(vs.inodes >= 1 && vs.inodes <= NINODE);
    CHECK(vs.swap_used <= vs.swap_slots);
    CHECK(vs.switches > 0 && vs.syscalls > 0 && vs.interrupts > 0);
}

// The counters of things move by what this process does.
static void vmstat_counts(void)
{
    struct vmstat a, b;
    struct gate g;
    ut_create("f", "x", 1);
    ut_gate_make(&g);
    vmstat(&a);
    int fd = ut_open("f", O_RDONLY);
    vmstat(&b);
    CHECK_EQ(b.files, a.files + 1);
    CHECK_EQ(b.inodes, a.inodes + 1);
    CHECK(b.syscalls >= a.syscalls + 2);
    close(fd);
    vmstat(&b);
    CHECK_EQ(b.files, a.files);
    CHECK_EQ(b.inodes, a.inodes);
    if (ut_fork() == 0) {
        ut_gate_wait(&g);
        exit(0);
    }
    vmstat(&b);
    CHECK_EQ(b.procs, a.procs + 1);
    CHECK(b.pagetables > a.pagetables);
    CHECK(b.free + b.user < a.free + a.user);
    ut_gate_open(&g);
    ut_reap(1);
    vmstat(&a);
    memset(ut_heap(20), 1, 20 * PGSIZE);
    vmstat(&b);
    if (a.swap_slots == 0) { // else others' pages may have made room
        CHECK(b.user >= a.user + 20);
        CHECK(b.free + 20 <= a.free);
    }
}

// A heap page before and after its first touch.
static void pageinfo_page(void)
{
    struct pageinfo pi[3];
    char *p = ut_heap(3);
    memset(pi, 0xaa, sizeof(pi));
    CHECK(pageinfo(p, 3, pi) >= 0);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(pi[i].addr, (uint64)p + i * PGSIZE);
        CHECK(pi[i].present == 0 && pi[i].frame == 0 && pi[i].swapped == 0);
    }
    p[PGSIZE] = 1;
    CHECK(pageinfo(p, 3, pi) >= 0);
    CHECK(!pi[0].present && pi[1].present && !pi[2].present);
    CHECK_EQ(pi[1].writable, 1);
    CHECK_EQ(pi[1].executable, 0);
    CHECK_EQ(pi[1].accessed, 1);
    CHECK_EQ(pi[1].dirty, 1);
    CHECK_EQ(pi[1].shared, 1);
    CHECK(pi[1].frame != 0);
    CHECK(pageinfo((void *)PGROUNDDOWN((uint64)pageinfo_page), 1, pi) >= 0);
    CHECK(pi[0].present && pi[0].executable && !pi[0].writable);
}

// Addresses and counts that make no sense: -1, or pages that are not present; never a crash.
static void pageinfo_bad(void)
{
    struct pageinfo pi[2];
    uint64 bad[] = {0,           0x2000000000UL, MAXVA - PGSIZE,
                    MAXVA,       1UL << 63,      DIRECT_BASE + KERNBASE,
                    KSTACK_BASE, -4096UL,        -1UL};
    for (int i = 0; i < NELEM(bad); i++) {
        memset(pi, 0, sizeof(pi));
        int n = pageinfo((void *)bad[i], 1, pi);
        CHECK(n == -1 || !pi[0].present);
        CHECK(pi[0].frame == 0);
    }
    CHECK_EQ(pageinfo(pi, -1, pi), -1);
    CHECK_EQ(pageinfo(pi, 0x7fffffff, pi), -1);
    CHECK(pageinfo(pi, 0, pi) <= 0);
}

// Walking the processes: ascending pids, this one and init among them.
static void procinfo_walk(void)
{
    struct procinfo pi;
    int seen = 0, last = 0;
    for (int pid = 0; procinfo(pid, &pi) == 0; pid = pi.pid + 1) {
        CHECK(pi.pid >= pid && pi.pid > last);
        last = pi.pid;
        CHECK(pi.state >= PROC_SLEEPING && pi.state <= PROC_ZOMBIE);
        CHECK(pi.hart >= 0 && pi.hart < NCPU);
        CHECK(pi.name[sizeof(pi.name) - 1] == 0);
        if (pi.pid == 1)
            seen |= 1;
        if (pi.pid == getpid())
            seen |= 2;
    }
    CHECK_EQ(seen, 3);
    CHECK_EQ(procinfo(0x7fffffff, &pi), -1);
}

// A process's own entry: every byte set, and the counters follow what it does.
static void procinfo_self(void)
{
    struct procinfo a, b;
    memset(&a, 0xaa, sizeof(a));
    CHECK_EQ(procinfo(getpid(), &a), 0);
    CHECK_EQ(a.pid, getpid());
    CHECK_EQ(a.state, PROC_RUNNING);
    CHECK_EQ(strcmp(a.name, "usertests"), 0);
    CHECK(ut_is_all(a.name + 9, sizeof(a.name) - 9, 0));
    CHECK(a.resident > 2 && a.resident * PGSIZE <= a.size);
    uint64 pages = ut_own_pages();
    memset(ut_heap(10), 1, 10 * PGSIZE);
    for (volatile int i = 0; i < 3000000; i++)
        ;
    CHECK_EQ(procinfo(getpid(), &b), 0);
    CHECK_EQ(b.resident + b.swapped, pages + 10);
    CHECK(b.size >= a.size + 10 * PGSIZE);
    CHECK(b.cputime > a.cputime);
}

// The regions: in order, apart from each other, with the rights their kinds have; never writable and
// executable.
static void vmainfo_walk(void)
{
    struct vmainfo vi;
    uint64 end = USER_BASE, here = (uint64)vmainfo_walk;
    int kinds = 0, i;
    ut_heap(1)[0] = 1;
    for (i = 0; vmainfo(getpid(), i, &vi) == 0; i++) {
        CHECK(vi.start >= end && vi.end > vi.start && vi.end <= USTACK_TOP);
        CHECK(vi.start % PGSIZE == 0);
        CHECK((vi.perm & (VMA_W | VMA_X)) != (VMA_W | VMA_X));
        CHECK(vi.kind >= VMA_TEXT && vi.kind <= VMA_ANON);
        CHECK(vi.shared <= vi.resident);
        CHECK(vi.resident <= (vi.end - vi.start + PGSIZE - 1) / PGSIZE);
        if (here >= vi.start && here < vi.end)
            CHECK_EQ(vi.kind, VMA_TEXT);
        if ((uint64)&vi >= vi.start && (uint64)&vi < vi.end)
            CHECK_EQ(vi.kind, VMA_STACK);
        kinds |= 1 << vi.kind;
        end = vi.end;
    }
    CHECK(i >= 4);
    CHECK_EQ(kinds & 0x1e, 0x1e);
    CHECK_EQ(vmainfo(getpid(), -1, &vi), -1);
    CHECK_EQ(vmainfo(getpid(), 0x7fffffff, &vi), -1);
    CHECK_EQ(vmainfo(0x7fffffff, 0, &vi), -1);
    CHECK_EQ(vmainfo(-1, 0, &vi), -1);
    CHECK_EQ(vmainfo(0, 0, &vi), -1);
}

static void info_loop(void *arg)
{
    struct procinfo pi;
    struct vmainfo vi;
    for (int round = 0; round < 15; round++) {
        for (int pid = 1; procinfo(pid, &pi) == 0; pid = pi.pid + 1) {
            for (int i = 0; vmainfo(pi.pid, i, &vi) == 0; i++)
                CHECK(vi.end > vi.start);
        }
    }
    (void)arg;
}

static void churn_loop(void *arg)
{
    for (int i = 0; i < 25; i++) {
        if (ut_fork() == 0) {
            memset(ut_heap(4), 1, 4 * PGSIZE);
            exit(0);
        }
        ut_reap(1);
    }
    (void)arg;
}

// Looking at processes while they come and go.
static void info_race(void)
{
    for (int i = 0; i < 3; i++) {
        ut_spawn(info_loop, 0);
        ut_spawn(churn_loop, 0);
    }
    ut_reap(6);
}

// A word that is not there leaves the buffer alone.
static void bootarg_absent(void)
{
    char buf[16] = "untouched";
    CHECK_EQ(bootarg("no-such-word", buf, sizeof(buf)), -1);
    CHECK_EQ(bootarg("", buf, sizeof(buf)), -1);
    CHECK_EQ(bootarg("no-such-word", (char *)8, 16), -1);
    CHECK_EQ(bootarg("no-such-word", buf, -1), -1);
    CHECK_EQ(strcmp(buf, "untouched"), 0);
}

const struct testcase ut_info[] = {
    {"vmstat_sane", vmstat_sane, 0},       {"vmstat_counts", vmstat_counts, 0},
    {"pageinfo_page", pageinfo_page, 0},   {"pageinfo_bad", pageinfo_bad, 0},
    {"procinfo_walk", procinfo_walk, 0},   {"procinfo_self", procinfo_self, 0},
    {"vmainfo_walk", vmainfo_walk, 0},     {"info_race", info_race, 0},
    {"bootarg_absent", bootarg_absent, 0}, {0},
};
