// The operations of the fuzz target, each decoded from a few bytes, done on vm/ and on the reference, and
// compared.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/lib/err.h"
#include "tests/fuzz/fuzz.h"

#define MAX_KWRITE (3 * PGSIZE)

static _Thread_local uint mine; // processes that this operation has made busy

static uint64 special_address(int p)
{
    const uint64 list[] = {0,
                           PGSIZE - 1,
                           HOST_TEXT - 1,
                           HOST_TEXT_END,
                           HOST_DATA - 1,
                           procs[p].ref.brk,
                           procs[p].ref.brk - 1,
                           STACK_LIMIT,
                           STACK_LIMIT - 1,
                           STACK_LIMIT - STACK_GAP,
                           STACK_LIMIT - STACK_GAP - 1,
                           USTACK_TOP,
                           MAXVA - 1,
                           MAXVA,
                           ~0UL,
                           DIRECT_BASE,
                           procs[p].sp - STACK_SLACK,
                           procs[p].sp - STACK_SLACK - 1,
                           procs[p].sp - 1,
                           1UL << 62};
    return list[next() % (sizeof(list) / sizeof(list[0]))];
}

uint64 next_address(int p)
{
    uint where = next() % 10;
    if (where == 9)
        return special_address(p);
    uint page = next(), byte = next();
    uint64 off = byte < 128 ? byte * 32 + byte % 32 : byte < 192 ? byte - 128 : PGSIZE - 1 - (byte - 192);
    const uint64 base[] = {HOST_TEXT + page % 4 * PGSIZE,
                           HOST_DATA + page % 3 * PGSIZE,
                           HOST_HEAP + page % 48 * PGSIZE,
                           HOST_HEAP + page % 4 * PGSIZE,
                           HOST_HEAP + ((uint64)page << 23),
                           PGROUNDDOWN(procs[p].ref.brk - 1) - page % 4 * PGSIZE,
                           window_base(0) + page % WINDOW_PAGES * PGSIZE,
                           window_base(1) + page % WINDOW_PAGES * PGSIZE,
                           USTACK_TOP - (page % 128 + 1) * PGSIZE};
    return base[where] + off;
}

// Most fetches are of text.
static uint64 next_text(int p)
{
    uint where = next();
    return where % 4 == 0 ? next_address(p) : HOST_TEXT + where % 3 * PGSIZE + next() * 16;
}

int next_proc(void)
{
    uint b = next();
    int p = b % 8 % PROCS;
    for (int i = 0; i < PROCS && !procs[p].as; i++)
        p = (p + 1) % PROCS;
    if (!procs[p].as || (busy & 1U << p))
        return -1;
    busy |= 1U << p;
    mine |= 1U << p;
    host_run_on(b / 8 % HOST_HARTS);
    say("  hart %d process %d ", host_hart(), p);
    return p;
}

void operation_meanwhile(void *arg)
{
    (void)arg;
    say(" [meanwhile");
    one_operation();
    say(" ]");
}

// Another program runs while a fault waits for its file.
static void meanwhile(struct inode *ip)
{
    ip->on_read = 0;
    host_run(operation_meanwhile, 0);
}

static void op_access(enum access access)
{
    static const char *const names[] = {
        [ACCESS_READ] = "read", [ACCESS_WRITE] = "write", [ACCESS_EXEC] = "fetch"};
    int p = next_proc();
    if (p < 0)
        return;
    uint64 va = access == ACCESS_EXEC ? next_text(p) : next_address(p), switches = host_switches(),
           traps = host_traps(), sum = fault_sum();
    uchar *byte = 0, value = next();
    say("%s %#lx (sp %#lx)", names[access], va, procs[p].sp);
    enum fault_reason r = host_access(procs[p].as, va, access, procs[p].sp, &byte);
    if (r == FAULT_OK && access == ACCESS_WRITE)
        *byte = value;
    uchar got = r == FAULT_OK ? *byte : 0;
    enum fault_reason want = ref_access(&procs[p].ref, va, access, procs[p].sp);
    check_reason(names[access], va, r, want);
    sum = fault_sum() - sum;
    if (switches == host_switches() && sum != host_traps() - traps - (r == FAULT_NOMEM))
        diverge("%lu faults counted as %lu", host_traps() - traps, sum);
    if (r != FAULT_OK)
        return;
    if (access == ACCESS_WRITE)
        ref_write(&procs[p].ref, va, value);
    else if (got != ref_read(&procs[p].ref, va))
        diverge("%s at %#lx gives %#x, should be %#x", names[access], va, got, ref_read(&procs[p].ref, va));
}

// A fault that the program's own access did not need, as another hart's stale entry would cause.
static void op_fault(void)
{
    int p = next_proc();
    if (p < 0)
        return;
    static const enum access accesses[] = {ACCESS_READ, ACCESS_WRITE, ACCESS_EXEC};
    uint64 va = next_address(p);
    enum access access = accesses[next() % 3];
    say("fault %#lx access %d", va, access);
    enum fault_reason r = vm_fault(procs[p].as, va, access, procs[p].sp);
    check_reason("fault", va, r, ref_access(&procs[p].ref, va, access, procs[p].sp));
}

int free_slot(void)
{
    for (int i = 0; i < PROCS; i++)
        if (!procs[i].as && !(busy & 1U << i))
            return i;
    return -1;
}

static void op_fork(void)
{
    int p = next_proc(), c = free_slot();
    if (p < 0 || c < 0)
        return;
    say("fork -> %d", c);
    busy |= 1U << c;
    mine |= 1U << c;
    procs[c].as = as_fork(procs[p].as);
    if (!allocation_failed() && !procs[c].as)
        diverge("fork failed without a reason");
    if (!procs[c].as)
        return;
    ref_copy(&procs[c].ref, &procs[p].ref);
    procs[c].sp = procs[p].sp;
}

void end_process(int p)
{
    host_exit(procs[p].as);
    procs[p].as = 0;
    ref_clear(&procs[p].ref);
}

static void op_exit(void)
{
    int p = next_proc();
    if (p < 0)
        return;
    say("exit");
    compare_process(p);
    end_process(p);
}

void start_process(int p, struct inode *file)
{
    procs[p].as = host_program(file);
    if (!allocation_failed() && !procs[p].as)
        diverge("no program without a reason");
    procs[p].sp = USTACK_TOP - 64;
    ref_init(&procs[p].ref, file->data);
}

static void op_exec(void)
{
    uint file = next() % FILES;
    int p = next_proc();
    if (p < 0)
        return;
    say("exec file %u", file);
    end_process(p);
    start_process(p, &files[file]);
}

static int64 next_delta(int p)
{
    uint kind = next() % 6, n = next();
    switch (kind) {
    case 0:
        return (int64)n * 97;
    case 1:
        return -(int64)n * 97;
    case 2:
        return (int64)(n % 40) * PGSIZE;
    case 3:
        return -(int64)(n % 40) * PGSIZE;
    case 4:
        return n % 2 ? (int64)n << 26 : -((int64)n << 26);
    default:
        return n % 2 ? -(int64)(procs[p].ref.brk - HOST_HEAP) - n % 4 / 2
                     : (int64)(STACK_LIMIT - STACK_GAP - procs[p].ref.brk) + n % 4 / 2;
    }
}

static void op_sbrk(void)
{
    int p = next_proc();
    if (p < 0)
        return;
    int64 delta = next_delta(p);
    uint64 old = procs[p].ref.brk;
    say("sbrk %ld", delta);
    int64 got = host_sbrk(procs[p].as, delta);
    if (got == -ENOMEM && allocation_failed())
        return;
    bool ok = ref_sbrk(&procs[p].ref, delta);
    if (ok ? got != (int64)old : got >= 0)
        diverge("sbrk(%ld) at %#lx gives %ld, should %s", delta, old, got, ok ? "succeed" : "fail");
}

struct piece {
    int w, first, n;
};

static struct piece next_piece(void)
{
    struct piece piece = {.w = next() % WINDOWS, .first = next() % WINDOW_PAGES, .n = next() % 6 + 1};
    if (piece.n > WINDOW_PAGES - piece.first)
        piece.n = WINDOW_PAGES - piece.first;
    return piece;
}

static void op_map(void)
{
    static const uchar perms[] = {VMA_R, VMA_R | VMA_W, VMA_R | VMA_X, VMA_X, VMA_R | VMA_W};
    int p = next_proc();
    if (p < 0)
        return;
    struct piece at = next_piece();
    struct vma v = {.start = window_base(at.w) + at.first * (uint64)PGSIZE,
                    .perm = perms[next() % sizeof(perms)],
                    .kind = VMA_ANON};
    v.end = v.start + at.n * (uint64)PGSIZE;
    say("map %#lx-%#lx %d", v.start, v.end, v.perm);
    int error = as_map(procs[p].as, &v);
    bool is_free = ref_window_free(&procs[p].ref, at.w, at.first, at.n);
    if (error == -ENOMEM && allocation_failed())
        return;
    if (error != (is_free ? 0 : -EEXIST))
        diverge("map %#lx-%#lx gives %d", v.start, v.end, error);
    if (!error)
        ref_map(&procs[p].ref, at.w, at.first, at.n, v.perm);
}

// Only what lies in the window's own areas, since heap and stack have rules of their own.
static void op_unmap(void)
{
    int p = next_proc();
    if (p < 0)
        return;
    struct piece at = next_piece();
    for (int i = 0; i < at.n; i++)
        if (!procs[p].ref.perm[at.w][at.first + i])
            return;
    uint64 start = window_base(at.w) + at.first * (uint64)PGSIZE, end = start + at.n * (uint64)PGSIZE;
    struct as *as = procs[p].as;
    say("unmap %#lx-%#lx", start, end);
    as_lock(as);
    int error = vma_remove(&as->vmas, start, end);
    if (!error)
        anon_release(as, start, end);
    as_unlock(as);
    if (error && !(error == -ENOMEM && allocation_failed()))
        diverge("unmap %#lx-%#lx gives %d", start, end, error);
    if (!error)
        ref_unmap(&procs[p].ref, at.w, at.first, at.n);
}

// The kernel writes, up to the first page that it may not.
static void op_kernel_write(void)
{
    uchar bytes[PGSIZE];
    int p = next_proc();
    if (p < 0)
        return;
    uint64 va = next_address(p), end = va + (next() << 6 | next() % 64) % MAX_KWRITE;
    memset(bytes, next(), sizeof(bytes));
    say("kernel write %#lx-%#lx", va, end);
    enum fault_reason r = FAULT_OK;
    while (va < end && r == FAULT_OK) {
        uint64 n = PGROUNDDOWN(va) + PGSIZE < end ? PGROUNDDOWN(va) + PGSIZE - va : end - va;
        r = as_write(procs[p].as, va, bytes, n);
        check_reason("kernel write", va, r, ref_access(&procs[p].ref, va, ACCESS_WRITE, va));
        for (uint64 i = 0; i < n && r == FAULT_OK; i++)
            ref_write(&procs[p].ref, va + i, bytes[i]);
        va += n;
    }
}

static void op_range(void)
{
    int p = next_proc();
    if (p < 0)
        return;
    uint64 va = next_address(p), n = next() % 8 * PGSIZE / 2 + next() % 3;
    int perm = next() % 2 ? VMA_R : VMA_W;
    if (va + n < va) // as.h: the caller has checked that
        return;
    say("range %#lx + %lu", va, n);
    bool got = as_range_ok(procs[p].as, va, n, perm, procs[p].sp);
    bool want = ref_range_ok(&procs[p].ref, va, n, perm, procs[p].sp);
    if (got != want)
        diverge("range %#lx + %lu for %d: %d", va, n, perm, got);
}

static void op_stack_pointer(void)
{
    int p = next_proc();
    if (p < 0)
        return;
    uint n = next();
    procs[p].sp = n < 200   ? USTACK_TOP - n * 512
                  : n < 240 ? USTACK_TOP - (n - 200) * (STACK_MAX / 36)
                            : HOST_HEAP;
    say("sp %#lx", procs[p].sp);
}

static void op_fail(void)
{
    uint kinds = next() % 8, skip = next() % 8, count = next() % 4 + 1;
    say("  fail kinds %u after %u: %u", kinds, skip, count);
    host_fail(kinds, skip, count);
}

static void op_file(void)
{
    uint what = next();
    struct inode *file = &files[what % FILES];
    say("  file %u mode %u", what % FILES, what / FILES % 4);
    file->broken = what / FILES % 4 == 3;
    file->cached = what / FILES % 4 == 2;
    file->on_read = what / FILES % 4 == 1 ? meanwhile : 0;
    file_broken = file_broken || file->broken;
}

static void choose_operation(void)
{
    switch (next() % 32) {
    case 0 ... 2:
        op_access(ACCESS_READ);
        break;
    case 4 ... 9:
        op_access(ACCESS_WRITE);
        break;
    case 3:
    case 10:
        op_access(ACCESS_EXEC);
        break;
    case 11 ... 12:
        op_fork();
        break;
    case 13:
        op_exit();
        break;
    case 14 ... 15:
        op_sbrk();
        break;
    case 16:
        op_map();
        break;
    case 17:
        op_unmap();
        break;
    case 18:
        op_kernel_write();
        break;
    case 19:
        op_range();
        break;
    case 20:
        op_stack_pointer();
        break;
    case 21:
        op_fail();
        break;
    case 22:
        op_file();
        break;
    case 23:
        if (next() % 4 == 0)
            op_exec();
        else
            op_fault();
        break;
    case 24 ... 31:
        op_swap();
        break;
    }
}

void one_operation(void)
{
    uint outer = mine;
    mine = 0;
    compare_begin();
    choose_operation();
    busy &= ~mine;
    mine = outer;
}
