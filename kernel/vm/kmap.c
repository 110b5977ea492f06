// The kernel's page tables: built once, then changed only in the stack and vmalloc areas.
//
// The direct map uses the largest leaf that fits (privileged spec 4.4.1: leaves of 4 KiB, 2 MiB and 1 GiB).
// The kernel image lies in it, so the pages of text and constants get their own permission there and have no
// writable alias. Firmware memory is not mapped.
//
// User roots copy the upper half of kernel_root when they are made. The root entry of the stack area is
// filled at boot, so a stack is visible everywhere at once (a trap must never fault on its own stack). A root
// entry of the vmalloc area that appears later reaches the other roots one by one, by a vmalloc fault.
//
// Lock: kmap.lock (spin) guards the tables and the list of vmalloc areas.
#include "kernel/vm/kmap.h"
#include "kernel/boot/machine.h"
#include "kernel/lib/list.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/spinlock.h"
#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "kernel/vm/frame.h"
#include "kernel/vm/kmem.h"
#include "kernel/vm/kstack.h"
#include "kernel/vm/mmu.h"
#include "kernel/vm/tlb.h"

#define KPTE (PTE_V | PTE_G | PTE_A | PTE_D)

pagetable_t kernel_root;
uint64 kernel_satp;
extern char kernel_start[], text_end[], rodata_end[], kernel_end[];

// One vmalloc allocation.
struct varea {
    struct list link; // sorted by address
    uint64 start;
    uint64 npages; // without the guard page
};

static struct {
    struct spinlock lock;
    struct list areas;
} kmap = {.lock = SPINLOCK("kmap"), .areas = LIST_INIT(kmap.areas)};

// The PTE for va at `level` (0 = 4 KiB), making tables on the way. 0 when there is no memory.
static pte_t *walk(uint64 va, int level, bool alloc)
{
    pagetable_t t = kernel_root;
    for (int l = 2; l > level; l--) {
        pte_t *entry = &t[PX(l, va)];
        assert((*entry & (PTE_R | PTE_X)) == 0, "a larger leaf is in the way");
        if (*entry) {
            t = pa2kva(PTE2PA(*entry));
            continue;
        }
        t = alloc ? kpage_alloc() : 0;
        if (!t)
            return 0;
        __atomic_store_n(entry, PA2PTE(kva2pa(t)) | PTE_V, __ATOMIC_RELEASE);
    }
    return &t[PX(level, va)];
}

// Direct-maps [pa, end) with the largest leaves that fit.
static void map_range(uint64 pa, uint64 end, uint64 perm)
{
    pa = PGROUNDDOWN(pa);
    end = PGROUNDUP(end);
    while (pa < end) {
        int level = 2;
        while (level > 0 && ((pa & ((1UL << PXSHIFT(level)) - 1)) || pa + (1UL << PXSHIFT(level)) > end))
            level--;
        pte_t *pte = walk(DIRECT_BASE + pa, level, true);
        assert(pte, "no memory for the kernel's page tables");
        *pte = PA2PTE(pa) | KPTE | perm;
        pa += 1UL << PXSHIFT(level);
    }
}

// RAM, less the ranges that are not ours.
static void map_ram(const struct machine *m)
{
    uint64 kstart = kva2pa(kernel_start), ktext = kva2pa(text_end), krodata = kva2pa(rodata_end);
    uint64 pa = m->ram.base, end = m->ram.base + m->ram.size;
    while (pa < kstart) { // below the kernel: page by page around the firmware
        bool ours = true;
        for (int i = 0; i < m->nreserved; i++)
            if (pa + PGSIZE > m->reserved[i].base && pa < m->reserved[i].base + m->reserved[i].size)
                ours = false;
        if (ours)
            map_range(pa, pa + PGSIZE, PTE_R | PTE_W);
        pa += PGSIZE;
    }
    map_range(kstart, ktext, PTE_R | PTE_X);
    map_range(ktext, krodata, PTE_R);
    map_range(krodata, end, PTE_R | PTE_W);
}

void kmap_init(const struct machine *m)
{
    kernel_root = kpage_alloc();
    if (!kernel_root)
        panic("no memory for the kernel's page tables");
    map_ram(m);
    map_range(m->uart.base, m->uart.base + m->uart.size, PTE_R | PTE_W);
    map_range(m->plic.base, m->plic.base + m->plic.size, PTE_R | PTE_W);
    for (int i = 0; i < m->nvirtio; i++)
        map_range(m->virtio[i].base, m->virtio[i].base + m->virtio[i].size, PTE_R | PTE_W);
    if (m->finisher.size)
        map_range(m->finisher.base, m->finisher.base + m->finisher.size, PTE_R | PTE_W);
    for (uint64 i = 0; i < KSTACK_MAX; i++) // now, so that a table is never a fork's to pay
        assert(walk(KSTACK_BASE + i * KSTACK_STRIDE, 0, true), "no memory for the kernel's page tables");
    kernel_satp = MAKE_SATP(kva2pa(kernel_root));
    CSR_WRITE(satp, kernel_satp);
    sfence_vma();
}

bool kmap_page(uint64 va, uint64 pa)
{
    spin_lock(&kmap.lock);
    pte_t *pte = walk(va, 0, true);
    if (pte) {
        assert(*pte == 0, "kernel page mapped twice");
        *pte = PA2PTE(pa) | KPTE | PTE_R | PTE_W;
    }
    spin_unlock(&kmap.lock);
    return pte != 0;
}

uint64 kmap_unmap_page(uint64 va)
{
    spin_lock(&kmap.lock);
    pte_t *pte = walk(va, 0, false);
    assert(pte && *pte, "kernel page unmapped twice");
    uint64 pa = PTE2PA(__atomic_exchange_n(pte, 0, __ATOMIC_SEQ_CST));
    spin_unlock(&kmap.lock);
    return pa;
}

bool kmap_mapped(uint64 va)
{
    spin_lock(&kmap.lock);
    pte_t *pte = walk(va, 0, false);
    bool mapped = pte && *pte;
    spin_unlock(&kmap.lock);
    return mapped;
}

// First gap that holds npages and a guard page; the area joins the list.
static bool area_insert(struct varea *a, uint64 npages)
{
    uint64 at = VMALLOC_BASE;
    a->npages = npages;
    spin_lock(&kmap.lock);
    struct list *before = &kmap.areas;
    list_for_each(pos, &kmap.areas)
    {
        struct varea *other = container_of(pos, struct varea, link);
        if (other->start - at >= (npages + 1) * PGSIZE)
            break;
        at = other->start + (other->npages + 1) * PGSIZE;
        before = pos;
    }
    bool fits = npages < (VMALLOC_END - at) / PGSIZE;
    if (fits) {
        a->start = at;
        list_insert(&a->link, before, before->next);
    }
    spin_unlock(&kmap.lock);
    return fits;
}

static void unmap_area(struct varea *a, uint64 npages)
{
    for (uint64 i = 0; i < npages; i++) {
        uint64 va = a->start + i * PGSIZE;
        uint64 pa = kmap_unmap_page(va);
        tlb_flush_kernel(va, 1);
        kpage_free(pa2kva(pa));
    }
    spin_lock(&kmap.lock);
    list_del(&a->link);
    spin_unlock(&kmap.lock);
    kmem_free(a);
}

void *vmalloc(uint64 size)
{
    struct varea *a = kmem_alloc(sizeof(*a));
    uint64 npages = PGROUNDUP(size) / PGSIZE;
    if (!a || npages == 0 || !area_insert(a, npages)) {
        kmem_free(a);
        return 0;
    }
    for (uint64 i = 0; i < npages; i++) {
        void *page = kpage_alloc();
        if (!page || !kmap_page(a->start + i * PGSIZE, kva2pa(page))) {
            if (page)
                kpage_free(page);
            unmap_area(a, i);
            return 0;
        }
    }
    return (void *)a->start;
}

void vfree(void *p)
{
    struct varea *found = 0;
    spin_lock(&kmap.lock);
    list_for_each(pos, &kmap.areas)
    {
        struct varea *a = container_of(pos, struct varea, link);
        if (a->start == (uint64)p)
            found = a;
    }
    spin_unlock(&kmap.lock);
    assert(found, "vfree of something that vmalloc did not give");
    unmap_area(found, found->npages);
}

bool vmalloc_fault(uint64 va)
{
    if (va < VMALLOC_BASE || va >= VMALLOC_END)
        return false;
    pagetable_t root = pa2kva((CSR_READ(satp) & ((1UL << 44) - 1)) << PGSHIFT);
    pte_t entry = __atomic_load_n(&kernel_root[PX(2, va)], __ATOMIC_ACQUIRE);
    if (!entry || root[PX(2, va)] == entry)
        return false;
    root[PX(2, va)] = entry;
    sfence_vma(); // an invalid entry may be cached as well (privileged spec 4.2.1)
    return true;
}
