// Formatted output: %d %i %u %x %p %c %s, l and ll before the integer ones, '0' and '-' flags, width, %%.
#ifndef KERNEL_LIB_PRINTF_H
#define KERNEL_LIB_PRINTF_H
#include <stdarg.h>
#include <stdbool.h>
#include "kernel/types.h"

// A whole call's output reaches the console in one piece. Any context; takes a spinlock of its own.
void printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void vprintf(const char *fmt, va_list ap);

// As in C: never writes more than n bytes, always terminates, returns the length without the limit.
int snprintf(char *buf, uint64 n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int vsnprintf(char *buf, uint64 n, const char *fmt, va_list ap);

// Where characters go: the firmware's console until dev/uart.c takes over. Called with interrupts off, must
// not sleep; sync asks it to wait until the characters are out.
extern void (*printf_sink)(const char *s, uint64 n, bool sync);

#endif
