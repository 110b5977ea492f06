// Devices, as boot and the interrupt path see them.
#ifndef KERNEL_DEV_DEV_H
#define KERNEL_DEV_DEV_H
#include "kernel/types.h"

// Platform-level interrupt controller (dev/plic.c). plic_init comes before console_init and virtio_init.
void plic_init(void);       // once: priorities, all sources off
void plic_init_hart(void);  // on each hart that takes interrupts
void plic_enable(uint irq); // route a source to the harts that take interrupts
void plic_handle(void);     // external interrupt: claim, run the handler, complete; interrupts off
void irq_register(uint irq, void (*handler)(void *), void *arg);

void uart_init(void);    // takes over printf_sink
void console_init(void); // devsw[CONSOLE], Ctrl characters
void virtio_init(void);  // probes every virtio-mmio slot and starts the disks; before processes run: polls

#endif
