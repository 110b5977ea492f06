// Other names for the kernel's memory and string routines, so that the C library's stay what they are.
#ifndef TESTS_HOST_STRING_NAMES_H
#define TESTS_HOST_STRING_NAMES_H

#define memset  k_memset
#define memcpy  k_memcpy
#define memmove k_memmove
#define memcmp  k_memcmp
#define strlen  k_strlen
#define strcmp  k_strcmp
#define strncmp k_strncmp
#define strncpy k_strncpy

#endif
