// System calls and library of user programs: xv6's interface, and Faultline's additions below it.
#ifndef USER_USER_H
#define USER_USER_H
#include "kernel/types.h"

struct stat;
struct vmstat;
struct pageinfo;
struct procinfo;
struct vmainfo;

#define SBRK_ERROR ((char *)-1)

// system calls
int fork(void);
int exit(int) __attribute__((noreturn));
int wait(int *);
int pipe(int *);
int write(int, const void *, int);
int read(int, void *, int);
int close(int);
int kill(int);
int exec(const char *, char **);
int open(const char *, int);
int mknod(const char *, short, short);
int unlink(const char *);
int fstat(int fd, struct stat *);
int link(const char *, const char *);
int mkdir(const char *);
int chdir(const char *);
int dup(int);
int getpid(void);
char *sys_sbrk(int, int);
int sleep(int);
int pause(int);
int uptime(void);

int sync(void);
int fsync(int);
int rename(const char *, const char *);
int shutdown(int how, int status);
int bootarg(const char *key, char *buf, int n); // length of the value, -1 when the word is absent
int vmstat(struct vmstat *);
int pageinfo(const void *addr, int n, struct pageinfo *);
int procinfo(int pid, struct procinfo *);
int vmainfo(int pid, int i, struct vmainfo *);
int ttyctl(int op, int arg);
int debug(int op, ...);                    // DEBUG_ALLOCFAIL has an int more
int64 swapctl(int op, uint64 a, uint64 b); // SWAPCTL_*; -1 when refused

// ulib.c
char *sbrk(int);
char *sbrklazy(int);
int stat(const char *, struct stat *);
char *strcpy(char *, const char *);
void *memmove(void *, const void *, int);
char *strchr(const char *, char c);
int strcmp(const char *, const char *);
char *gets(char *, int max);
uint strlen(const char *);
void *memset(void *, int, uint);
int atoi(const char *);
int memcmp(const void *, const void *, uint);
void *memcpy(void *, const void *, uint);

// printf.c: %d %i %u %x %p %c %s %l[diux] %ll[diux] %% with width, '-' and '0' flags
void fprintf(int, const char *, ...) __attribute__((format(printf, 2, 3)));
void printf(const char *, ...) __attribute__((format(printf, 1, 2)));

// umalloc.c
void *malloc(uint);
void free(void *);

#endif
