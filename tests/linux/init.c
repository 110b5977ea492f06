// The first process of the Linux machine that tests/linux/run starts: runs /vmbench with its own arguments
// (the words after `--` of Linux's command line) and switches the machine off.
//
// If the file system holds /module0, /module1 .., they are loaded first, in this order; if there is a disk
// then, it becomes the swap area.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "user/user.h"
#include "tests/linux/calls.h"

#define POWER_OFF      0x4321fedc // include/uapi/linux/reboot.h
#define SETTLE_SECONDS 5
#define REBOOT_MAGIC   0xfee1dead
#define REBOOT_AGAIN   672274793

static void load_modules(void)
{
    char name[] = "/module0";
    int fd;
    for (; (fd = open(name, O_RDONLY)) >= 0; name[7]++) {
        if (linux_call(NR_finit_module, fd, (int64) "", 0, 0, 0) < 0)
            printf("%s: not loaded\n", name);
        close(fd);
    }
}

static void find_swap(void)
{
    linux_call(NR_mount, (int64) "proc", (int64) "/proc", (int64) "proc", 0, 0);
    linux_call(NR_mount, (int64) "devtmpfs", (int64) "/dev", (int64) "devtmpfs", 0, 0);
    linux_call(NR_swapon, (int64) "/dev/vda", 0, 0, 0, 0);
}

// Linux starts this process before its own work is done: for some seconds, kernel threads would be measured
// too.
static void let_linux_settle(void)
{
    struct {
        int64 seconds, nanoseconds;
    } time = {SETTLE_SECONDS, 0};
    linux_call(NR_nanosleep, (int64)&time, 0, 0, 0, 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    load_modules();
    find_swap();
    let_linux_settle();
    int pid = fork();
    if (pid == 0) {
        argv[0] = "/vmbench";
        exec(argv[0], argv);
        exit(1);
    }
    wait(0);
    linux_call(NR_reboot, (int64)REBOOT_MAGIC, REBOOT_AGAIN, POWER_OFF, 0, 0);
    return 1;
}
