// Memory and string routines.
#ifndef KERNEL_LIB_STRING_H
#define KERNEL_LIB_STRING_H
#include "kernel/types.h"

void *memset(void *dst, int c, uint64 n);
void *memcpy(void *dst, const void *src, uint64 n);
void *memmove(void *dst, const void *src, uint64 n);
int memcmp(const void *a, const void *b, uint64 n);
uint64 strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, uint64 n);
char *strncpy(char *dst, const char *src, uint64 n);    // pads with zeros, may leave dst unterminated
char *safestrcpy(char *dst, const char *src, uint64 n); // always terminates
void page_zero(void *page);                             // one aligned page
void page_copy(void *dst, const void *src);             // one aligned page

#endif
