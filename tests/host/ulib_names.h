// The user library has the names of the C library's functions; for a test that needs both it goes by these.
// Included a second time, in the files that call the C library, this takes the names back.
#ifndef ULIB_NAMES
#define ULIB_NAMES
#define atoi    u_atoi
#define close   u_close
#define exit    u_exit
#define fprintf u_fprintf
#define free    u_free
#define fstat   u_fstat
#define gets    u_gets
#define malloc  u_malloc
#define memcmp  u_memcmp
#define memcpy  u_memcpy
#define memmove u_memmove
#define memset  u_memset
#define open    u_open
#define printf  u_printf
#define read    u_read
#define sbrk    u_sbrk
#define stat    u_stat
#define strchr  u_strchr
#define strcmp  u_strcmp
#define strcpy  u_strcpy
#define strlen  u_strlen
#define write   u_write
#else
#undef atoi
#undef close
#undef exit
#undef fprintf
#undef free
#undef fstat
#undef gets
#undef malloc
#undef memcmp
#undef memcpy
#undef memmove
#undef memset
#undef open
#undef printf
#undef read
#undef sbrk
#undef stat
#undef strchr
#undef strcmp
#undef strcpy
#undef strlen
#undef write
#endif
