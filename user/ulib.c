// The part of the user library that is neither printf nor malloc: the entry point, strings, and small
// wrappers of system calls. Every program is linked with it, so it has no state of its own and pulls in
// nothing else.
//
// The compiler must not turn the loops of memset() and memmove() into calls of themselves, hence the pragma.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/stat.h"
#include "kernel/syscall.h"
#include "user/user.h"

#pragma GCC optimize("no-tree-loop-distribute-patterns")

#define WORD sizeof(uint64)

int main(int argc, char *argv[]);
void start(int argc, char *argv[]) __attribute__((noreturn));

// Where the kernel starts a program: argc in a0, argv in a1, both on the new stack.
void start(int argc, char *argv[])
{
    exit(main(argc, argv));
}

char *strcpy(char *dst, const char *src)
{
    char *p = dst;
    while ((*p++ = *src++) != 0)
        ;
    return dst;
}

// Bytes count as unsigned.
int strcmp(const char *a, const char *b)
{
    while (*a != 0 && *a == *b) {
        a++;
        b++;
    }
    return (uchar)*a - (uchar)*b;
}

uint strlen(const char *s)
{
    uint n = 0;
    while (s[n] != 0)
        n++;
    return n;
}

// First c in s, 0 when there is none; the terminating zero does not count (as in xv6).
char *strchr(const char *s, char c)
{
    for (; *s != 0; s++)
        if (*s == c)
            return (char *)s;
    return 0;
}

// By words once dst is aligned: programs clear megabytes with it.
void *memset(void *dst, int c, uint n)
{
    char *p = dst;
    while (n > 0 && (uint64)p % WORD != 0) {
        *p++ = c;
        n--;
    }
    uint64 pattern = (uchar)c * 0x0101010101010101UL;
    for (; n >= WORD; n -= WORD, p += WORD)
        *(uint64 *)p = pattern;
    while (n-- > 0)
        *p++ = c;
    return dst;
}

// Upwards; right for overlapping ranges when dst is below src.
static void copy_up(char *dst, const char *src, uint64 n)
{
    if (((uint64)dst ^ (uint64)src) % WORD == 0) {
        while (n > 0 && (uint64)dst % WORD != 0) {
            *dst++ = *src++;
            n--;
        }
        for (; n >= WORD; n -= WORD, dst += WORD, src += WORD)
            *(uint64 *)dst = *(const uint64 *)src;
    }
    while (n-- > 0)
        *dst++ = *src++;
}

// As in xv6, a negative n copies nothing.
void *memmove(void *dst, const void *src, int n)
{
    char *d = dst;
    const char *s = src;
    if (n <= 0)
        return dst;
    if (d <= s || d >= s + n) {
        copy_up(d, s, n);
    } else {
        while (n-- > 0)
            d[n] = s[n];
    }
    return dst;
}

// As in C, the ranges must not overlap.
void *memcpy(void *dst, const void *src, uint n)
{
    copy_up(dst, src, n);
    return dst;
}

int memcmp(const void *a, const void *b, uint n)
{
    const uchar *p = a, *q = b;
    for (; n > 0; n--, p++, q++)
        if (*p != *q)
            return *p - *q;
    return 0;
}

// Decimal digits at the start of s, after an optional minus sign; 0 when there are none. Wraps on overflow.
int atoi(const char *s)
{
    int negative = *s == '-';
    uint n = 0;
    for (s += negative; *s >= '0' && *s <= '9'; s++)
        n = n * 10 + (*s - '0');
    return negative ? -n : n;
}

// Reads a line from standard input, its newline included, at most max - 1 characters. An empty string at the
// end.
char *gets(char *buf, int max)
{
    int i = 0;
    char c;
    while (i + 1 < max && read(0, &c, 1) == 1) {
        buf[i++] = c;
        if (c == '\n' || c == '\r')
            break;
    }
    buf[i] = 0;
    return buf;
}

// There is no such system call: a file has to be opened to be asked.
int stat(const char *path, struct stat *st)
{
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return -1;
    int r = fstat(fd, st);
    close(fd);
    return r;
}

// Returns the old break. Both of these only reserve addresses: pages come when they are touched.
char *sbrk(int n)
{
    return sys_sbrk(n, SBRK_EAGER);
}

char *sbrklazy(int n)
{
    return sys_sbrk(n, SBRK_LAZY);
}
