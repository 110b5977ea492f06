// System calls on processes, memory and the machine: here arguments are taken apart and checked, the work is
// done in proc/proc.c, proc/exec.c, vm/as.c and boot/poweroff.c.
//
// Strings and pointers of exec are copied into kernel pages before anything else looks at them, so the
// program cannot change them afterwards; what was copied is freed on every way out, also when exec has
// replaced the program.
//
// Locks: none. User copies may sleep, and nothing is held over them. Next: trap/uaccess.c for the copies,
// proc/exec.c.
#include "kernel/boot/machine.h"
#include "kernel/boot/poweroff.h"
#include "kernel/fcntl.h"
#include "kernel/fs/file.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"
#include "kernel/proc/proc.h"
#include "kernel/proc/sched.h"
#include "kernel/proc/syscall.h"
#include "kernel/riscv.h"
#include "kernel/syscall.h"
#include "kernel/trap/uaccess.h"
#include "kernel/vm/as.h"
#include "kernel/vm/frame.h"
#include "kernel/vm/kmem.h"

#define ARG_PAGES     3 // exec's strings: 12 KiB at most, none longer than a page
#define BOOTARG_KEY   32
#define BOOTARG_PIECE 256
#define TICKS_MAX     0x7fffffff

int64 sys_fork(const uint64 *arg)
{
    (void)arg;
    return proc_fork();
}

int64 sys_exit(const uint64 *arg)
{
    proc_exit((int)arg[0]);
}

int64 sys_wait(const uint64 *arg)
{
    return proc_wait(arg[0]);
}

int64 sys_kill(const uint64 *arg)
{
    return proc_kill((int)arg[0]);
}

int64 sys_getpid(const uint64 *arg)
{
    (void)arg;
    return my_proc()->pid;
}

// Both of xv6's flavours are lazy: a page gets a frame when it is touched.
int64 sys_sbrk(const uint64 *arg)
{
    return as_sbrk(my_proc()->as, (int)arg[0], arg[1] == SBRK_LAZY);
}

// No time at all: whoever else can run goes first.
int64 sys_sleep(const uint64 *arg)
{
    int n = (int)arg[0];
    if (n > 0)
        return sleep_ticks(n);
    sched_preempt();
    return 0;
}

int64 sys_uptime(const uint64 *arg)
{
    (void)arg;
    return uptime_ticks() & TICKS_MAX;
}

// exec's argument strings, packed into kernel pages.
struct args {
    char *page[ARG_PAGES];
    char *argv[MAXARG + 1];
    int npages;
    uint64 used; // bytes of the last page
};

static void args_free(struct args *a)
{
    for (int i = 0; i < a->npages; i++)
        kpage_free(a->page[i]);
    kmem_free(a);
}

// A fresh page for the next strings. 0 or a negative error.
static int args_new_page(struct args *a)
{
    if (a->npages == ARG_PAGES)
        return -E2BIG;
    char *page = kpage_alloc();
    if (!page)
        return -ENOMEM;
    a->page[a->npages++] = page;
    a->used = 0;
    return 0;
}

// Appends one string; one that does not fit behind the others starts a page.
static int args_add(struct args *a, int i, uint64 user_str)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        char *at = a->page[a->npages - 1] + a->used;
        int64 n = strncpy_from_user(at, user_str, PGSIZE - a->used);
        if (n >= 0) {
            a->argv[i] = at;
            a->used += n + 1;
            return 0;
        }
        if (n != -ENAMETOOLONG)
            return n;
        int error = args_new_page(a);
        if (error)
            return error;
    }
    return -E2BIG;
}

// Number of arguments, or a negative error.
static int args_fetch(struct args *a, uint64 user_argv)
{
    int error = args_new_page(a);
    for (int i = 0; !error && i <= MAXARG; i++) {
        uint64 user_str;
        if (copy_from_user(&user_str, user_argv + i * sizeof(user_str), sizeof(user_str)) != sizeof(user_str))
            return -EFAULT;
        if (!user_str)
            return i;
        if (i == MAXARG)
            return -E2BIG;
        if (a->used == PGSIZE)
            error = args_new_page(a);
        if (!error)
            error = args_add(a, i, user_str);
    }
    return error;
}

int64 sys_exec(const uint64 *arg)
{
    char path[MAXPATH];
    int64 n = strncpy_from_user(path, arg[0], sizeof(path));
    if (n < 0)
        return n;
    struct args *a = kmem_alloc(sizeof(*a));
    if (!a)
        return -ENOMEM;
    int argc = args_fetch(a, arg[1]);
    int result = argc < 0 ? argc : proc_exec(path, a->argv, argc);
    args_free(a);
    if (result >= 0)
        proc_enter_program(result);
    return result;
}

int64 sys_shutdown(const uint64 *arg)
{
    if (arg[0] != SHUTDOWN_OFF && arg[0] != SHUTDOWN_REBOOT)
        return -EINVAL;
    fs_sync();
    if (arg[0] == SHUTDOWN_REBOOT)
        machine_reboot();
    machine_off((int)arg[1] & 0xff);
}

// Piece by piece: init asks for its words before anything else, and must not fail for want of a page.
int64 sys_bootarg(const uint64 *arg)
{
    char key[BOOTARG_KEY], piece[BOOTARG_PIECE];
    int64 n = strncpy_from_user(key, arg[0], sizeof(key));
    if (n < 0)
        return n;
    int64 room = (int)arg[2];
    if (room <= 0 || !user_range_ok(arg[1], room, true))
        return -EFAULT;
    int64 length = bootarg_get(key, piece, sizeof(piece));
    if (length >= room)
        return -EFAULT;
    for (int64 done = 0; done <= length; done += sizeof(piece) - 1) {
        bootarg_get_from(key, done, piece, sizeof(piece));
        uint64 left = length - done + 1; // with the zero, which the next piece overwrites
        uint64 size = left < sizeof(piece) ? left : sizeof(piece);
        if (copy_to_user(arg[1] + done, piece, size) != size)
            return -EFAULT;
    }
    return length;
}
