// SOURCES: @tests/host/vmhost/sources tests/host/vmhost/vmtest.c
// FLAGS: @tests/host/vmhost/flags
//
// vm/audit.c finds each kind of damage, and says which. vm/tlb.c's tlbcheck finds a flush that is missing.
#include <string.h>
#include "kernel/swap/slot.h"
#include "kernel/vm/tlb.h"
#include "tests/host/vmhost/vmtest.h"

static struct as *as;

static int begin(void **state)
{
    vmtest_begin(state);
    as = vmtest_program();
    return 0;
}

static int end(void **state)
{
    tlbcheck = false;
    host_exit(as);
    return vmtest_end(state);
}

static void run_audit(void *arg)
{
    (void)arg;
    vm_audit();
}

#define assert_audit_says(words)                                                                             \
    do {                                                                                                     \
        const char *said = host_panics(run_audit, 0);                                                        \
        assert_non_null(said);                                                                               \
        assert_non_null(strstr(said, words));                                                                \
    } while (0)

static void audit_finds_damage(void **state)
{
    (void)state;
    put(as, HEAP(0), 1);
    struct as *child = as_fork(as);
    pte_t *pte = mmu_walk(&as->mmu, HEAP(0), false);
    struct frame *frame = frame_of(as, HEAP(0));
    frame->ref++;
    assert_audit_says("references");
    frame->ref -= 2;
    assert_audit_says("references");
    frame->ref++;
    *pte |= PTE_W | PTE_D; // shared and writable: invariant 4
    assert_audit_says("writable");
    *pte &= ~PTE_W;
    assert_audit_says("D differs");
    *pte &= ~PTE_D;
    *pte |= PTE_X;
    assert_audit_says("more than its area allows");
    *pte &= ~PTE_X;
    as->resident++;
    assert_audit_says("present in a space");
    as->resident--;
    vm_audit();
    host_exit(child);
}

static void audit_finds_damage_of_swap(void **state)
{
    (void)state;
    put(as, HEAP(0), 1);
    put(as, HEAP(1), 1);
    push_out_pages(as, HEAP(0), 2);
    pte_t *pte = mmu_walk(&as->mmu, HEAP(0), false), saved = *pte;
    *pte = swap_pte(TEST_SLOTS + 5);
    assert_audit_says("no swap slot");
    *pte = swap_pte(slot_at(as, HEAP(1)));
    assert_audit_says("references");
    *pte = saved;
    as->swapped++;
    assert_audit_says("pages out of a space");
    as->swapped--;
    get(as, HEAP(0)); // clean now, and its slot's cache
    struct frame *frame = frame_of(as, HEAP(0));
    pte = mmu_walk(&as->mmu, HEAP(0), false);
    *pte |= PTE_W | PTE_D;
    assert_audit_says("is writable but");
    *pte &= ~(PTE_W | PTE_D);
    frame->slot++;
    assert_audit_says("caches it, which names slot");
    frame->slot--;
    vm_audit();
}

static void audit_finds_pages_outside_areas(void **state)
{
    (void)state;
    put(as, HEAP(0), 1);
    sleep_lock(&as->lock);
    struct vma *heap = vma_find(&as->vmas, HEAP(0));
    struct vma saved = *heap;
    heap->start += PGSIZE;
    sleep_unlock(&as->lock);
    assert_audit_says("in no area");
    *heap = saved;
}

static void audit_finds_foreign_frames(void **state)
{
    (void)state;
    put(as, HEAP(0), 1);
    pte_t *pte = mmu_walk(&as->mmu, HEAP(0), false);
    pte_t saved = *pte;
    void *page = kpage_alloc();
    *pte = pte_make(kva2pa(page), VMA_R);
    assert_audit_says("of kind");
    *pte = saved & ~PTE_U;
    assert_audit_says("more than its area allows");
    *pte = saved;
    kpage_free(page);
}

static void take_page(void *flush)
{
    pte_t *pte = mmu_walk(&as->mmu, HEAP(0), false);
    as_lock(as);
    pte_protect(&as->mmu, pte, HEAP(0));
    if (flush)
        tlb_flush(&as->mmu, *(uint64 *)flush, 1);
    as_unlock(as);
}

static void tlbcheck_finds_a_missing_flush(void **state)
{
    (void)state;
    uint64 right = HEAP(0), above = HEAP(1), below = HEAP(0) - PGSIZE;
    put(as, HEAP(0), 1);
    assert_null(host_panics(take_page, 0)); // off
    tlbcheck = true;
    put(as, HEAP(0), 1);
    assert_null(host_panics(take_page, &right));
    put(as, HEAP(0), 1);
    assert_non_null(host_panics(take_page, &above));
    assert_non_null(host_panics(take_page, &below));
    tlb_flush(&as->mmu, HEAP(0), 1);
    put(as, HEAP(0), 1);
    assert_non_null(host_panics(take_page, 0));
    tlb_flush(&as->mmu, HEAP(0), 1);
    put(as, HEAP(0), 2);
}

#define AUDITTEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AUDITTEST(audit_finds_damage_of_swap),      AUDITTEST(audit_finds_damage),
        AUDITTEST(audit_finds_pages_outside_areas), AUDITTEST(audit_finds_foreign_frames),
        AUDITTEST(tlbcheck_finds_a_missing_flush),
    };
    return cmocka_run_group_tests(tests, vmtest_start_swap, 0);
}
