// Found before the kernel's own header when vm/ is compiled for the host: the direct map of "physical" memory
// is wherever the host has put the fake RAM.
#ifndef VMHOST_MEMLAYOUT_H
#define VMHOST_MEMLAYOUT_H
#include_next "kernel/memlayout.h"
#include "kernel/types.h"

extern uint64 host_direct_base;

#undef DIRECT_BASE
#define DIRECT_BASE host_direct_base

#endif
