// The user library by its names on the host, and what the stand-ins for the kernel's calls record.
#ifndef TESTS_HOST_ULIB_CALLS_H
#define TESTS_HOST_ULIB_CALLS_H
#include <setjmp.h>
#include <stddef.h>

#define ULIB_HEAP (64 * 1024 * 1024) // most that u_sbrk() gives

extern char ulib_output[4096]; // what was written, terminated
extern const char *ulib_input; // what is left to be read
extern int ulib_writes;
extern int ulib_exits;
extern jmp_buf ulib_exit; // where u_exit() goes
size_t ulib_heap_size(void);

char *u_sbrk(int n);
int u_atoi(const char *s);
unsigned u_strlen(const char *s);
int u_strcmp(const char *a, const char *b);
char *u_strcpy(char *dst, const char *src);
char *u_strchr(const char *s, char c);
void *u_memset(void *dst, int c, unsigned n);
void *u_memmove(void *dst, const void *src, int n);
int u_memcmp(const void *a, const void *b, unsigned n);
char *u_gets(char *buf, int max);
void u_printf(const char *fmt, ...);
void *u_malloc(unsigned n);
void u_free(void *p);

#endif
