// The first process. Opens the console as descriptors 0, 1 and 2, which every other process inherits, then
// either keeps a shell running for ever, or, when the kernel command line has run=LINE, runs that one line
// and powers the machine off with its status (tools/run). Waits for every orphan: they are init's children.
//
// Kernel command line: run=LINE, mark=TEXT printed just before the line starts so that tools/run can tell the
// boot messages from the line's output, shell=PROGRAM to have another program in its place.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/file.h"
#include "kernel/syscall.h"
#include "user/user.h"

#define LINE_MAX      4096
#define NAME_MAX      128
#define CONSOLE_TRIES 3
#define RETRY_TICKS   10 // 1 s between attempts to start a shell

static char line[LINE_MAX];
static char mark[LINE_MAX];
static char program[NAME_MAX] = "sh";

// The image has no device files: the first boot makes this one. A call that fails for once, for want of
// memory, is not the machine's end.
static void console_open(void)
{
    for (int i = 0; open("console", O_RDWR) < 0; i++) {
        if (i == CONSOLE_TRIES)
            exit(1);
        mknod("console", CONSOLE, 0);
    }
    dup(0);
    dup(0);
}

// Starts program with these arguments. Returns its pid, -1 when there is no memory.
static int spawn(char **argv)
{
    int pid = fork();
    if (pid == 0) {
        exec(argv[0], argv);
        fprintf(2, "init: cannot run %s\n", argv[0]);
        exit(127);
    }
    if (pid < 0)
        fprintf(2, "init: fork failed\n");
    return pid;
}

// Waits for pid and for every other child that ends before it. Returns pid's status.
static int wait_for(int pid)
{
    int status;
    for (;;) {
        int ended = wait(&status);
        if (ended == pid)
            return status;
        if (ended < 0)
            return -1;
    }
}

// Runs the line of the kernel command line; does not return.
static void run_once(void)
{
    char *argv[] = {program, "-c", line, 0};
    if (bootarg("mark", mark, sizeof(mark)) >= 0)
        printf("%s\n", mark);
    int pid = spawn(argv);
    int status = pid < 0 ? 1 : wait_for(pid);
    sync();
    shutdown(SHUTDOWN_OFF, status & 0xff);
    fprintf(2, "init: shutdown failed\n");
    for (;;)
        sleep(RETRY_TICKS);
}

int main(void)
{
    char *argv[] = {program, 0};
    console_open();
    bootarg("shell", program, sizeof(program));
    if (bootarg("run", line, sizeof(line)) > 0)
        run_once();
    for (;;) {
        int pid = spawn(argv);
        if (pid < 0) {
            sleep(RETRY_TICKS);
            continue;
        }
        if (wait_for(pid) == 127)
            sleep(RETRY_TICKS);
    }
}
