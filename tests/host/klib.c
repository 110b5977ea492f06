// Parts of kernel/lib for kernel code under test on the host. A test that uses it renames printf (FLAGS),
// because the kernel's returns nothing: -Dprintf=k_printf.
#include <string.h>
#include "kernel/lib/printf.h"
#include "tests/host/klib.h"

#define OUTPUT 65536

char klib_output[OUTPUT];
static uint64 used;

void klib_output_clear(void)
{
    used = 0;
    klib_output[0] = 0;
}

void printf(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(klib_output + used, OUTPUT - used, fmt, ap);
    va_end(ap);
    used = used + (uint64)n < OUTPUT ? used + (uint64)n : OUTPUT - 1;
}

char *safestrcpy(char *dst, const char *src, uint64 n)
{
    uint64 len = strnlen(src, n > 0 ? n - 1 : 0);

    if (n > 0) {
        memcpy(dst, src, len);
        dst[len] = 0;
    }
    return dst;
}
