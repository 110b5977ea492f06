// The only code that touches user memory: sstatus.SUM is set nowhere else. A bad address does not fault the
// kernel; the copy stops there (exception table, trap/extable.h). A page that is not there yet is faulted in,
// so every one of these may sleep: they assert that the caller holds no spinlock.
#ifndef KERNEL_TRAP_UACCESS_H
#define KERNEL_TRAP_UACCESS_H
#include <stdbool.h>
#include "kernel/types.h"

// Each returns the number of bytes copied: n, or less when it met an address the process has no right to.
uint64 copy_to_user(uint64 dst, const void *src, uint64 n);
uint64 copy_from_user(void *dst, uint64 src, uint64 n);

// Copies a string with its terminating zero into dst[max]. Returns its length, -EFAULT for a bad address, or
// -ENAMETOOLONG when there is no zero in the first max bytes.
int64 strncpy_from_user(char *dst, uint64 src, uint64 max);

// Whether [va, va + n) lies in the process's VMAs and allows reading (or writing): what a system call asks
// before it does anything that it could not take back. A copy may still come up short (memory, disk), so its
// result counts.
bool user_range_ok(uint64 va, uint64 n, bool write);

#endif
