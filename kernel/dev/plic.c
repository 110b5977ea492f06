// Platform-level interrupt controller: which device wants attention (RISC-V PLIC specification 1.0.0).
//
// A source is raised by one device; a context is one hart in one privilege mode. Every hart that runs the
// kernel takes every routed source: the first to claim it handles it, the others claim nothing and go on. A
// claimed source stays quiet until it is completed, so a handler never runs twice at once.
//
// The handler table and the set of routed sources change at boot only, under `plic.lock`; plic_handle reads
// the table without it. Where to read next: trap dispatch calls plic_handle; uart.c and virtio_blk.c are the
// handlers.
#include "kernel/dev/dev.h"
#include "kernel/boot/machine.h"
#include "kernel/lib/cpu.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/spinlock.h"
#include "kernel/vm/frame.h"

#define PLIC_SOURCES 1024 // the specification's limit; source 0 is "none"

// Registers, as byte offsets from the base (PLIC specification, memory map).
#define PLIC_PRIORITY     0x000000 // one word a source; 0 = never interrupts
#define PLIC_ENABLE       0x002000 // one bit a source, a block for each context
#define ENABLE_STRIDE     0x80
#define PLIC_CONTEXT      0x200000 // threshold and claim/complete, a page for each context
#define CONTEXT_STRIDE    0x1000
#define CONTEXT_THRESHOLD 0
#define CONTEXT_CLAIM     4

#define PRIORITY_ON 1 // all sources alike

// L = guarded by plic.lock, I = does not change after boot.
static struct {
    struct spinlock lock;
    uint sources;                     // I highest source number
    uint32 routed[PLIC_SOURCES / 32]; // L sources that harts take
    bool takes[NCPU];                 // L harts that take them
    struct {
        void (*fn)(void *);
        void *arg;
    } handler[PLIC_SOURCES]; // I by source number
} plic = {.lock = SPINLOCK("plic")};

// A register, through the direct map.
static volatile uint32 *plic_reg(uint64 offset)
{
    return (volatile uint32 *)pa2kva(machine.plic.base + offset);
}

// A register of a hart's supervisor context. Which context that is, the device tree says.
static volatile uint32 *context_reg(int cpu, uint64 offset)
{
    return plic_reg(PLIC_CONTEXT + CONTEXT_STRIDE * (uint64)machine.plic_context[cpu] + offset);
}

// Copies one word of `routed` to a hart's enable bits.
// Locks: plic.lock.
static void context_enable(int cpu, uint word)
{
    *plic_reg(PLIC_ENABLE + ENABLE_STRIDE * (uint64)machine.plic_context[cpu] + 4 * word) = plic.routed[word];
}

// Nothing interrupts until plic_enable gives its source a priority; the firmware may have left any.
void plic_init(void)
{
    plic.sources = machine.plic_ndev < PLIC_SOURCES ? machine.plic_ndev : PLIC_SOURCES - 1;
    for (uint irq = 1; irq <= plic.sources; irq++)
        *plic_reg(PLIC_PRIORITY + 4 * irq) = 0;
}

// A hart without a supervisor context in the device tree runs without device interrupts; others take them.
void plic_init_hart(void)
{
    int cpu = my_cpu()->index;
    if (machine.plic_context[cpu] < 0)
        return;
    spin_lock(&plic.lock);
    for (uint word = 0; word <= plic.sources / 32; word++)
        context_enable(cpu, word);
    *context_reg(cpu, CONTEXT_THRESHOLD) = 0; // takes every priority above 0
    plic.takes[cpu] = true;
    spin_unlock(&plic.lock);
}

// May come before or after plic_init_hart of any hart.
void plic_enable(uint irq)
{
    assert(irq > 0 && irq <= plic.sources, "interrupt source that the PLIC does not have");
    spin_lock(&plic.lock);
    plic.routed[irq / 32] |= 1U << irq % 32;
    *plic_reg(PLIC_PRIORITY + 4 * irq) = PRIORITY_ON;
    // A hart that is not up yet copies the whole set in plic_init_hart, under the same lock.
    for (int i = 0; i < ncpu; i++) {
        if (plic.takes[i])
            context_enable(i, irq / 32);
    }
    spin_unlock(&plic.lock);
}

// Comes before plic_enable. The argument is in place before the handler can be seen.
void irq_register(uint irq, void (*handler)(void *), void *arg)
{
    assert(irq > 0 && irq < PLIC_SOURCES, "interrupt number out of range");
    assert(!plic.handler[irq].fn, "interrupt has a handler already");
    plic.handler[irq].arg = arg;
    plic.handler[irq].fn = handler;
}

// A claim gives 0 when another hart was faster. The gateway passes on the next interrupt of this source only
// after the completion, so a device that raises its line again meanwhile is not lost: the handlers run until
// their device has nothing left to say.
void plic_handle(void)
{
    int cpu = my_cpu()->index;
    volatile uint32 *claim = context_reg(cpu, CONTEXT_CLAIM);
    uint32 irq;
    while ((irq = *claim) != 0) {
        if (irq < PLIC_SOURCES && plic.handler[irq].fn)
            plic.handler[irq].fn(plic.handler[irq].arg);
        else
            printf("plic: interrupt %u has no handler\n", irq);
        *claim = irq;
    }
}
