// The system calls that the user library makes, for test_ulib.c.
#include "tests/host/ulib_names.h" // from here on they are the C library's
#include <stdint.h>
#include <string.h>
#include "tests/host/ulib_calls.h"

char ulib_output[4096];
const char *ulib_input = "";
int ulib_writes;
int ulib_exits;
jmp_buf ulib_exit;

static char heap[ULIB_HEAP] __attribute__((aligned(4096)));
static size_t brk = 8; // not aligned, as after a program's own sbrk()

size_t ulib_heap_size(void)
{
    return brk;
}

char *sys_sbrk(int n, int how)
{
    (void)how;
    char *old = heap + brk;
    if ((int64_t)brk + n < 0 || (int64_t)brk + n > ULIB_HEAP)
        return (char *)-1;
    if (n < 0)
        memset(old + n, 0xdd, -n);
    brk += n;
    return old;
}

int u_write(int fd, const void *buf, int n)
{
    (void)fd;
    size_t have = strlen(ulib_output);
    if (have + n < sizeof(ulib_output)) {
        memcpy(ulib_output + have, buf, n);
        ulib_output[have + n] = 0;
    }
    ulib_writes++;
    return n;
}

// Standard input holds ulib_input.
int u_read(int fd, void *buf, int n)
{
    size_t have = strlen(ulib_input);
    (void)fd;
    if ((size_t)n > have)
        n = (int)have;
    memcpy(buf, ulib_input, n);
    ulib_input += n;
    return n;
}

// There are no files.
int u_open(const char *path, int flags)
{
    (void)path;
    (void)flags;
    return -1;
}

int u_fstat(int fd, void *st)
{
    (void)fd;
    (void)st;
    return -1;
}

int u_close(int fd)
{
    (void)fd;
    return 0;
}

void u_exit(int status)
{
    (void)status;
    ulib_exits++;
    longjmp(ulib_exit, 1);
}
