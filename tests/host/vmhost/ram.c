// Fake RAM behind vm/frame.c, kernel objects on malloc, and allocations that fail on request.
//
// The linker routes frame_alloc(), frame_alloc_table(), frame_free_batch(), frame_reuse(), slot_alloc() and
// as_fork() through this folder (--wrap), so vm/ and swap/ need no hook. A kernel object is a block of
// malloc, which AddressSanitizer watches; a freed frame is filled with junk.
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "kernel/boot/machine.h"
#include "kernel/lib/allocfail.h"
#include "kernel/lib/err.h"
#include "kernel/lib/panic.h"
#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "kernel/swap/managed.h"
#include "kernel/swap/slot.h"
#include "kernel/vm/frame.h"
#include "kernel/vm/kmem.h"
#include "tests/host/vmhost/internal.h"
#include "tests/host/vmhost/vmhost.h"

#define IMAGE_FRAMES 16 // of RAM that the "kernel image" takes
#define SLOT_TABLES  2  // objects that slot_init makes

uint64 host_direct_base;
struct machine machine = {.timebase = 10000000};
pagetable_t kernel_root;
uint64 kernel_satp;

static struct host_config boot;
static void **kept;    // where the next objects are noted; 0: nowhere
static uint64 objects; // kernel objects alive; atomic

// Here allocations fail by host_fail.
bool allocfail_armed;

bool allocfail_count(void)
{
    return false;
}

static struct {
    int which;
    uint64 skip, count;
    uint64 failed; // since host_fail
} failing;
static uint64 failures; // of all time

void host_start(const struct host_config *config)
{
    uint64 size = config->frames * PGSIZE;
    char *ram = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert(ram != MAP_FAILED, "no memory for the fake RAM");
    memset(ram, 0xa5, size); // firmware leaves junk
    host_direct_base = (uint64)ram - KERNBASE;
    boot = *config;
    struct range all = {.base = KERNBASE, .size = size};
    struct range image = {.base = KERNBASE, .size = IMAGE_FRAMES * PGSIZE};
    frame_init(all, &image, 1);
    kernel_root = kpage_alloc();
    kernel_satp = MAKE_SATP(kva2pa(kernel_root));
    host_files_start();
    host_disk_start(config->swap);
    swap_init();
}

// The tables of the disk before are ours to free: the kernel gets one disk in its life and keeps them.
void host_swap_renew(uint64 slots)
{
    static void *tables[SLOT_TABLES];
    for (int i = 0; i < SLOT_TABLES; i++)
        kmem_free(tables[i]);
    host_disk_start(slots);
    kept = tables;
    int error = slot_init(slots);
    kept = 0;
    assert(!error, "no memory for a new swap disk");
    swap_on = true;
}

uint64 bootarg_uint(const char *key, uint64 dflt)
{
    return strcmp(key, "uframes") == 0 && boot.uframes ? boot.uframes : dflt;
}

int bootarg_get(const char *key, char *buf, uint64 n)
{
    (void)buf, (void)n;
    return strcmp(key, "poison") == 0 ? 0 : -ENOENT;
}

void host_fail(int which, uint64 skip, uint64 count)
{
    failing = (typeof(failing)){.which = which, .skip = skip, .count = count};
}

uint64 host_fail_end(void)
{
    failing.which = 0;
    return failing.failed;
}

uint64 host_failures(void)
{
    return failures;
}

static bool fails(int kind)
{
    if (!(failing.which & kind))
        return false;
    if (failing.skip > 0) {
        failing.skip--;
        return false;
    }
    if (failing.count == 0)
        return false;
    failing.count--;
    failing.failed++;
    failures++;
    return true;
}

struct frame *__real_frame_alloc(uint64 va, uint family);
struct frame *__wrap_frame_alloc(uint64 va, uint family)
{
    return fails(HOST_FRAME) ? 0 : __real_frame_alloc(va, family);
}

void *__real_frame_alloc_table(void);
void *__wrap_frame_alloc_table(void)
{
    return fails(HOST_TABLE) ? 0 : __real_frame_alloc_table();
}

static _Thread_local struct frame *freeing;

static bool is_freed(uint64 pa)
{
    const struct frame *f = freeing;
    while (f && frame2pa(f) != pa)
        f = f->next;
    return f != 0;
}

void __real_frame_free_batch(struct frame *batch);
void __wrap_frame_free_batch(struct frame *batch)
{
    freeing = batch;
    if (batch)
        host_assert_forgotten(is_freed);
    __real_frame_free_batch(batch);
}

void __real_frame_reuse(struct frame *f, uint64 va, uint family);
void __wrap_frame_reuse(struct frame *f, uint64 va, uint family)
{
    freeing = f;
    f->next = 0;
    host_assert_forgotten(is_freed);
    __real_frame_reuse(f, va, family);
}

void *kmem_alloc(uint64 size)
{
    void *p = fails(HOST_KMEM) ? 0 : calloc(1, size);
    __atomic_fetch_add(&objects, p != 0, __ATOMIC_RELAXED);
    if (kept)
        *kept++ = p;
    return p;
}

void kmem_free(void *p)
{
    __atomic_fetch_sub(&objects, p != 0, __ATOMIC_RELAXED);
    free(p);
}

uint64 kmem_used(void)
{
    return objects;
}

struct host_balance host_balance(void)
{
    struct frame_stats st;
    struct slot_stats swap;
    frame_get_stats(&st);
    slot_get_stats(&swap);
    return (struct host_balance){.free = st.free,
                                 .user = st.user,
                                 .tables = st.tables,
                                 .objects = objects,
                                 .areas = host_file_areas(),
                                 .slots = swap.used};
}
