// copyload SECONDS [PROCESSES]: keeps the kernel's copy routines busy. Each process writes a file and reads
// it over and over, and hands it through a pipe. Prints the bytes moved. tests/inspect looks at the machine
// meanwhile.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "user/user.h"

#define BUF               4096
#define FILE_SIZE         (8 * BUF)
#define TICKS             10 // of uptime() in a second
#define DEFAULT_PROCESSES 2

static char buf[BUF];

static void read_back(const char *name, uint64 *moved)
{
    int fd = open(name, O_RDONLY), n;
    while ((n = read(fd, buf, BUF)) > 0)
        *moved += n;
    close(fd);
}

static void read_to_fresh_memory(const char *name, uint64 *moved)
{
    char *fresh = sbrk(FILE_SIZE);
    int fd = open(name, O_RDONLY);
    if (fresh != SBRK_ERROR) {
        *moved += read(fd, fresh, FILE_SIZE);
        sbrk(-FILE_SIZE);
    }
    close(fd);
}

static void through_pipe(uint64 *moved)
{
    int fd[2];
    if (pipe(fd) < 0)
        return;
    for (int i = 0; i < 8; i++) {
        int n = write(fd[1], buf, 256);
        *moved += n + read(fd[0], buf, n);
    }
    close(fd[0]);
    close(fd[1]);
}

static void work(int number, int seconds)
{
    char name[] = "copyload.0";
    uint64 moved = 0;
    int end = uptime() + seconds * TICKS;
    name[sizeof(name) - 2] += number;
    int fd = open(name, O_CREATE | O_WRONLY);
    for (int i = 0; i < FILE_SIZE / BUF; i++)
        write(fd, buf, BUF);
    close(fd);
    while (uptime() < end) {
        read_back(name, &moved);
        read_to_fresh_memory(name, &moved);
        through_pipe(&moved);
    }
    unlink(name);
    printf("copyload: %lu KiB\n", moved >> 10);
    exit(0);
}

int main(int argc, char *argv[])
{
    if (argc < 2 || atoi(argv[1]) <= 0) {
        fprintf(2, "usage: copyload SECONDS [PROCESSES]\n");
        exit(2);
    }
    int n = argc > 2 ? atoi(argv[2]) : DEFAULT_PROCESSES;
    for (int i = 0; i < n && i < 10; i++)
        if (fork() == 0)
            work(i, atoi(argv[1]));
    int status, bad = 0;
    while (wait(&status) >= 0)
        bad |= status;
    exit(bad ? 1 : 0);
}
