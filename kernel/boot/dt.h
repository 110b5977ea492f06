// Reading the device tree that the firmware hands over.
#ifndef KERNEL_BOOT_DT_H
#define KERNEL_BOOT_DT_H
#include "kernel/boot/machine.h"

#define DT_MAXSIZE (2 * 1024 * 1024) // no blob is larger

// Fills *m from the flattened device tree at fdt, which is readable for maxlen bytes. The blob is not
// trusted: nothing outside it is read. cpus[0] becomes boot_hartid. What the machine does not have stays 0
// (plic_context: -1). Returns 0; -EINVAL for a blob that is malformed; -ENODEV when memory, the boot hart or
// the timebase is not there; -E2BIG for more reserved ranges than fit.
int dt_parse(const void *fdt, uint64 maxlen, uint64 boot_hartid, struct machine *m);

#endif
