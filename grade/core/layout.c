// Where the kernel keeps what the grader reads from outside, as the compiler lays it out: compiled to
// assembly, of which grade/core/guest.py reads the lines `->NAME VALUE`. All of it belongs to files that
// students do not write.
#include <stddef.h>
#include "kernel/lib/cpu.h"
#include "kernel/param.h"
#include "kernel/swap/slot.h"
#include "kernel/vm/as.h"
#include "kernel/vm/fault.h"
#include "kernel/vm/frame.h"

#define SAY(name, value) asm volatile("->" #name " %0" ::"i"(value))

void layout(void);
void layout(void)
{
    SAY(DIRECT_BASE, DIRECT_BASE);
    SAY(NCPU, NCPU);
    SAY(CPU_SIZE, sizeof(struct cpu));
    SAY(CPU_IDLE, offsetof(struct cpu, idle));
    SAY(CPU_IDLE_TICKS, offsetof(struct cpu, idle_ticks));
    SAY(CPU_IDLE_SINCE, offsetof(struct cpu, idle_since));
    SAY(FRAME_SIZE, sizeof(struct frame));
    SAY(FRAME_REF, offsetof(struct frame, ref));
    SAY(FRAME_KIND, offsetof(struct frame, kind));
    SAY(MMU_ROOT, offsetof(struct mmu, root));
    SAY(AS_LINK, offsetof(struct as, link));
    SAY(AS_ROOT, offsetof(struct as, mmu.root));
    SAY(AS_FAMILY, offsetof(struct as, family));
    SAY(VMA_SIZE, sizeof(struct vma));
    SAY(VMA_START, offsetof(struct vma, start));
    SAY(VMA_END, offsetof(struct vma, end));
    SAY(VMA_PERM, offsetof(struct vma, perm));
    SAY(VMA_KIND, offsetof(struct vma, kind));
    SAY(VMA_FILE, offsetof(struct vma, file));
    SAY(VMA_OFF, offsetof(struct vma, off));
    SAY(VMA_FILELEN, offsetof(struct vma, filelen));
    SAY(PTE_SWAP, PTE_SWAP);
    SAY(USTACK_TOP, USTACK_TOP);
    SAY(STACK_LIMIT, STACK_LIMIT);
    SAY(STACK_SLACK, STACK_SLACK);
    SAY(STACK_GAP, STACK_GAP);
    SAY(FAULT_OK, FAULT_OK);
    SAY(FAULT_UNMAPPED, FAULT_UNMAPPED);
    SAY(FAULT_NULL, FAULT_NULL);
    SAY(FAULT_STACK, FAULT_STACK);
    SAY(FAULT_GUARD, FAULT_GUARD);
}
