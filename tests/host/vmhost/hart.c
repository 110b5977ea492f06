// Harts: which page table each has loaded, what its TLB and instruction cache remember, and accesses through
// them.
//
// The TLB holds what a walk has found until a fence names the page, whatever happens to the page table or to
// satp meanwhile (privileged spec 4.2.1 and 4.3.2: implementations may cache anything they have seen).
// Hardware here never sets A or D itself: an access that needs them is a page fault (4.3.1). Without a
// fence.i a fetch sees what the page held when this hart last fetched from it.
#include <pthread.h>
#include <string.h>
#include "kernel/boot/sbi.h"
#include "kernel/lib/cpu.h"
#include "kernel/lib/panic.h"
#include "kernel/memlayout.h"
#include "kernel/proc/proc.h"
#include "kernel/riscv.h"
#include "kernel/vm/frame.h"
#include "tests/host/vmhost/internal.h"
#include "tests/host/vmhost/vmhost.h"

#define TLB_ENTRIES   256 // of each of the three
#define KINDS         3
#define ICACHE_PAGES  32
#define MAX_FAULTS    4 // of one access; a kernel that makes no progress needs more
#define SBI_WHOLE     (~0UL)
#define SBI_BAD_PARAM (-3)
#define HASH_FACTOR   0x9e3779b97f4a7c15UL

struct translation {
    uint64 vpn;
    pte_t pte;    // 0: known to be missing
    uint64 epoch; // valid while it equals the TLB's
};

struct hart {
    pthread_mutex_t busy; // an access is under way, or a fence from another hart
    uint64 satp;
    uint64 epoch; // a full fence starts a new one
    struct translation tlb[KINDS][TLB_ENTRIES];
    uint64 filled[KINDS][TLB_ENTRIES / 64]; // bit: the entry was filled since the last full fence
    uint64 icache_epoch;
    struct {
        uint64 pa, epoch;
        uchar bytes[PGSIZE];
    } icache[ICACHE_PAGES];
};

struct cpu cpus[NCPU] = {
    {.index = 0, .hartid = 5, .online = true},
    {.index = 1, .hartid = 0, .online = true},
    {.index = 2, .hartid = 17, .online = true},
    {.index = 3, .hartid = 2, .online = true},
};
int ncpu = HOST_HARTS;
bool host_tlb_keeps_refusals;
bool host_threads;
void (*host_on_fence)(void);

#define NEW_HART                                                                                             \
    {                                                                                                        \
        .busy = PTHREAD_MUTEX_INITIALIZER, .epoch = 1, .icache_epoch = 1                                     \
    }
static struct hart harts[HOST_HARTS] = {NEW_HART, NEW_HART, NEW_HART, NEW_HART};
static _Thread_local int current;
static _Thread_local uint64 traps;
static _Thread_local bool
    switching; // satp has been written and not fenced yet: the hart is between two spaces

struct cpu *host_my_cpu(void)
{
    return &cpus[current];
}

struct proc *host_my_proc(void)
{
    static _Thread_local struct proc process;
    return &process;
}

int host_irq_depth(void)
{
    return cpus[current].noff;
}

void host_run_on(int hart)
{
    if (!host_threads) // then it is a thread's first step
        host_assert_unlocked("a move to another hart");
    while (cpus[hart].noff > 0) // a process of sched.c stands there in the middle of a fence
        hart = (hart + 1) % HOST_HARTS;
    current = hart;
}

int host_next_hart(void)
{
    int hart = (current + 1) % HOST_HARTS;
    while (cpus[hart].noff > 0)
        hart = (hart + 1) % HOST_HARTS;
    return hart;
}

void host_enter(int hart)
{
    current = hart;
}

int host_hart(void)
{
    return current;
}

uint64 host_traps(void)
{
    return traps;
}

static void forget_tlb(struct hart *h)
{
    h->epoch++;
    memset(h->filled, 0, sizeof(h->filled));
}

void host_reset(void)
{
    for (int i = 0; i < HOST_HARTS; i++) {
        forget_tlb(&harts[i]);
        harts[i].icache_epoch++;
    }
    host_run_on(0);
}

void host_leave(struct as *as)
{
    int here = current;
    for (int i = 0; i < HOST_HARTS; i++)
        if (cpus[i].mmu == &as->mmu) {
            current = i;
            mmu_switch(0);
        }
    current = here;
    assert(as->mmu.cpus == 0, "a hart is marked as using a space that it has left");
}

// ---- what vm/ does to the hart

void host_csr_write(const char *name, uint64 value)
{
    assert(strcmp(name, "satp") == 0, "vm/ writes another register than satp");
    harts[current].satp = value;
    switching = true;
}

// What other harts may do to this one, they do between its accesses.
static void begin(struct hart *h)
{
    pthread_mutex_lock(&h->busy);
}

static void done(struct hart *h)
{
    pthread_mutex_unlock(&h->busy);
}

static void before_fence(void)
{
    if (host_on_fence)
        host_on_fence();
    if (!switching)
        host_point();
    switching = false;
}

static void forget_all(struct hart *h)
{
    before_fence();
    begin(h);
    forget_tlb(h);
    done(h);
}

void host_sfence_vma(void)
{
    forget_all(&harts[current]);
}

// Loads, stores and fetches have a TLB each.
static uint kind_of(enum access access)
{
    return access == ACCESS_READ ? 0 : access == ACCESS_WRITE ? 1 : 2;
}

static struct translation *tlb_slot(struct hart *h, uint kind, uint64 va)
{
    return &h->tlb[kind][((va >> PGSHIFT) * HASH_FACTOR) >> 56];
}

static void forget_page(struct hart *h, uint64 va)
{
    before_fence();
    begin(h);
    for (uint kind = 0; kind < KINDS; kind++) {
        struct translation *t = tlb_slot(h, kind, va);
        if (t->vpn == va >> PGSHIFT)
            t->epoch = 0;
    }
    done(h);
}

void host_sfence_vma_page(uint64 va)
{
    forget_page(&harts[current], va);
}

void host_fence_i(void)
{
    harts[current].icache_epoch++;
}

// Locks: none of the caller's matter: the firmware does it.
int64 sbi_remote_sfence_vma(uint64 hart_mask, uint64 mask_base, uint64 start, uint64 size)
{
    for (int bit = 0; bit < 64; bit++) {
        if (!(hart_mask & (1UL << bit)))
            continue;
        int i = 0;
        while (i < HOST_HARTS && cpus[i].hartid != mask_base + bit)
            i++;
        if (i == HOST_HARTS)
            return SBI_BAD_PARAM;
        if (size == SBI_WHOLE || (start == 0 && size == 0)) {
            forget_all(&harts[i]);
            continue;
        }
        for (uint64 va = PGROUNDDOWN(start); va < start + size; va += PGSIZE)
            forget_page(&harts[i], va);
    }
    return 0;
}

// Frames are about to be reused: no hart may still be able to reach them.
void host_assert_forgotten(bool (*freed)(uint64 pa))
{
    for (int i = 0; i < HOST_HARTS; i++) {
        struct hart *h = &harts[i];
        begin(h);
        for (uint kind = 0; kind < KINDS; kind++)
            for (uint word = 0; word < TLB_ENTRIES / 64; word++)
                for (uint64 bits = h->filled[kind][word]; bits; bits &= bits - 1) {
                    const struct translation *t = &h->tlb[kind][word * 64 + __builtin_ctzl(bits)];
                    if (t->epoch == h->epoch && (t->pte & PTE_V) && freed(PTE2PA(t->pte)))
                        panic("hart %d still knows page %p, which is being freed", i,
                              (void *)(t->vpn << PGSHIFT));
                }
        done(h);
    }
}

// ---- what a program's access does

// The leaf PTE that the loaded root has for va, 0 when there is none.
static pte_t walk(uint64 satp, uint64 va)
{
    pagetable_t t = pa2kva((satp << PGSHIFT) & (((1UL << 44) - 1) << PGSHIFT));
    for (int level = 2; level > 0; level--) {
        pte_t pte = t[PX(level, va)];
        if (!(pte & PTE_V))
            return 0;
        assert((pte & (PTE_R | PTE_W | PTE_X)) == 0, "a superpage in a user space");
        t = pa2kva(PTE2PA(pte));
    }
    pte_t pte = __atomic_load_n(&t[PX(0, va)], __ATOMIC_RELAXED); // the evictor clears A bits meanwhile
    if (!(pte & PTE_V))
        return 0;
    assert((pte & (PTE_R | PTE_X)) != 0, "a leaf PTE that points to another table");
    assert((pte & PTE_R) || !(pte & PTE_W), "reserved PTE: W without R");
    return pte;
}

static bool permits(pte_t pte, enum access access)
{
    static const pte_t needs[] = {[ACCESS_READ] = PTE_V | PTE_U | PTE_A | PTE_R,
                                  [ACCESS_WRITE] = PTE_V | PTE_U | PTE_A | PTE_W | PTE_D,
                                  [ACCESS_EXEC] = PTE_V | PTE_U | PTE_A | PTE_X};
    return (pte & needs[access]) == needs[access];
}

// The PTE that the hart uses for this access.
static pte_t translate(struct hart *h, uint64 va, enum access access)
{
    struct translation *t = tlb_slot(h, kind_of(access), va);
    if (t->epoch == h->epoch && t->vpn == va >> PGSHIFT &&
        (host_tlb_keeps_refusals || permits(t->pte, access)))
        return t->pte;
    pte_t pte = walk(h->satp, va);
    if (host_tlb_keeps_refusals || permits(pte, access)) {
        uint entry = t - h->tlb[kind_of(access)];
        *t = (struct translation){.vpn = va >> PGSHIFT, .pte = pte, .epoch = h->epoch};
        h->filled[kind_of(access)][entry / 64] |= 1UL << entry % 64;
    }
    return pte;
}

static uchar *fetch(struct hart *h, uint64 pa)
{
    typeof(h->icache[0]) *line = &h->icache[(pa >> PGSHIFT) % ICACHE_PAGES];
    uint64 page = PGROUNDDOWN(pa);
    if (line->epoch != h->icache_epoch || line->pa != page) {
        memcpy(line->bytes, pa2kva(page), PGSIZE);
        line->pa = page;
        line->epoch = h->icache_epoch;
    }
    return &line->bytes[pa & (PGSIZE - 1)];
}

// What is done with the byte that an access reaches.
struct use {
    uchar **where; // tells its address
    uchar *load;
    const uchar *store;
};

static bool try_access(struct hart *h, uint64 va, enum access access, const struct use *use)
{
    begin(h);
    pte_t pte = va < MAXVA ? translate(h, va, access) : 0;
    bool ok = permits(pte, access);
    if (ok) {
        uint64 pa = PTE2PA(pte) | (va & (PGSIZE - 1));
        uchar *byte = access == ACCESS_EXEC ? fetch(h, pa) : pa2kva(pa);
        if (use->where)
            *use->where = byte;
        if (use->load)
            *use->load = *byte;
        if (use->store)
            *byte = *use->store;
    }
    done(h);
    return ok;
}

static enum fault_reason access_byte(struct as *as, uint64 va, enum access access, uint64 sp,
                                     const struct use *use)
{
    for (int i = 0; i <= MAX_FAULTS; i++) {
        irq_push();
        mmu_switch(&as->mmu);
        irq_pop();
        if (try_access(&harts[current], va, access, use)) // a fault may sleep, and wake up elsewhere
            return FAULT_OK;
        traps++;
        enum fault_reason r = vm_fault(as, va, access, sp);
        host_assert_unlocked("vm_fault returned");
        if (r != FAULT_OK)
            return r;
    }
    panic("%d faults at %p and no end", MAX_FAULTS, (void *)va);
}

enum fault_reason host_access(struct as *as, uint64 va, enum access access, uint64 sp, uchar **byte)
{
    return access_byte(as, va, access, sp, &(struct use){.where = byte});
}

enum fault_reason host_load(struct as *as, uint64 va, uchar *value)
{
    return access_byte(as, va, ACCESS_READ, va, &(struct use){.load = value});
}

enum fault_reason host_store(struct as *as, uint64 va, uchar value)
{
    return access_byte(as, va, ACCESS_WRITE, va, &(struct use){.store = &value});
}
