// Found before the kernel's own header when vm/ is compiled for the host: the running hart is a variable of
// tests/host/vmhost/hart.c instead of register tp.
#ifndef VMHOST_CPU_H
#define VMHOST_CPU_H
#include_next "kernel/lib/cpu.h"

struct cpu *host_my_cpu(void);
struct proc *host_my_proc(void);
int host_irq_depth(void);

#define my_cpu    host_my_cpu
#define my_proc   host_my_proc
#define irq_depth host_irq_depth

#endif
