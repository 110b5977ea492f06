// What several of the utilities share. Programs of others need not know of it.
#ifndef USER_UTIL_H
#define USER_UTIL_H
#include "kernel/stat.h"
#include "kernel/types.h"
#include "user/user.h"

#define STATUS_USAGE 2

// Ends a program that was called in a wrong way.
static inline void __attribute__((noreturn)) usage(const char *text)
{
    fprintf(2, "usage: %s\n", text);
    exit(STATUS_USAGE);
}

// A decimal number without sign that takes the whole of s, at most INT_MAX; -1 if s is something else.
static inline int number(const char *s)
{
    uint64 n = 0;
    if (*s == 0)
        return -1;
    for (; *s != 0; s++) {
        if (*s < '0' || *s > '9')
            return -1;
        n = n * 10 + (*s - '0');
        if (n > 0x7fffffff)
            return -1;
    }
    return n;
}

// Leading option letters of argv: each must be in `known`, and *set gets bit i for letter known[i]. `--` ends
// them. Returns the index of the first other argument, -1 for an unknown letter.
static inline int options(int argc, char **argv, const char *known, uint *set)
{
    int i = 1;
    for (*set = 0; i < argc && argv[i][0] == '-' && argv[i][1] != 0; i++) {
        if (strcmp(argv[i], "--") == 0)
            return i + 1;
        for (const char *p = argv[i] + 1; *p != 0; p++) {
            const char *at = strchr(known, *p);
            if (at == 0)
                return -1;
            *set |= 1u << (at - known);
        }
    }
    return i;
}

// The last component of a path; trailing slashes do not count. Points into path.
static inline const char *base_name(const char *path, uint *length)
{
    uint end = strlen(path), start;
    while (end > 1 && path[end - 1] == '/')
        end--;
    for (start = end; start > 0 && path[start - 1] != '/'; start--)
        ;
    *length = end - start;
    return path + start;
}

// dir/name in buf[max]; 0 when that is too short.
static inline char *path_join(char *buf, uint max, const char *dir, const char *name, uint length)
{
    uint n = strlen(dir);
    int slash = n > 0 && dir[n - 1] != '/';
    if (n + slash + length >= max)
        return 0;
    memmove(buf, dir, n);
    if (slash)
        buf[n++] = '/';
    memmove(buf + n, name, length);
    buf[n + length] = 0;
    return buf;
}

// Writes all n bytes. Returns 0, or -1 when not all could be.
static inline int write_all(int fd, const char *buf, int n)
{
    for (int done = 0; done < n;) {
        int r = write(fd, buf + done, n - done);
        if (r <= 0)
            return -1;
        done += r;
    }
    return 0;
}

// Ends a program that cannot write its output. That a pipe's reader has left is not worth a message.
static inline void __attribute__((noreturn)) write_failed(const char *program)
{
    struct stat st;
    if (fstat(1, &st) == 0)
        fprintf(2, "%s: write error\n", program);
    exit(1);
}

static inline uint64 rdtime(void)
{
    uint64 t;
    asm volatile("rdtime %0" : "=r"(t));
    return t;
}

#endif
