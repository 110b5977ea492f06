// What the device tree says about this machine, read once at boot (boot/dt.c). Read-only afterwards.
#ifndef KERNEL_BOOT_MACHINE_H
#define KERNEL_BOOT_MACHINE_H
#include <stdbool.h>
#include "kernel/param.h"
#include "kernel/types.h"

#define MACHINE_MAXVIRTIO   16
#define MACHINE_MAXRESERVED 8

struct range {
    uint64 base; // physical
    uint64 size; // bytes
};

struct machine {
    struct range ram;
    struct range reserved[MACHINE_MAXRESERVED]; // firmware and others: not ours
    int nreserved;
    int nharts;
    uint64 hartid[NCPU]; // of cpus[i]
    uint64 timebase;     // ticks of `time` a second
    uint64 entered;      // time when the boot hart came to kmain
    struct range uart;   // ns16550a
    uint uart_irq;
    struct range plic;
    uint plic_ndev;                         // highest interrupt number
    int plic_context[NCPU];                 // supervisor context of cpus[i], -1 = none
    struct range virtio[MACHINE_MAXVIRTIO]; // virtio-mmio slots, lowest address first
    uint virtio_irq[MACHINE_MAXVIRTIO];
    int nvirtio;
    struct range finisher; // sifive,test: ends QEMU with a status; size 0 = none
    char bootargs[4096];
};

extern struct machine machine;

// Kernel command line: words `key=value`; %XX stands for the byte XX in a value.
// Copies key's value, decoded, into buf[n] (always terminated). Its length, or -ENOENT.
int bootarg_get(const char *key, char *buf, uint64 n);
int bootarg_get_from(const char *key, uint64 from, char *buf, uint64 n); // the value from byte `from` on
uint64 bootarg_uint(const char *key, uint64 dflt); // dflt when absent or not a number; K, M, G suffixes
// Reports the words that nobody knows (boot/cmdline.c has the list).
void bootarg_report_unknown(void);

#endif
