// mkfs inside a test program. A refusal ends in exit(1) there, so it runs in a child process.
#define main mkfs_main
#include "mkfs/mkfs.c"
#undef main
#include <sys/wait.h>
#include "tests/host/fake_fs.h"

#define MAXARGS 70

// The child's part: its exit status is mkfs's.
static int run_mkfs(char *path, uint blocks, uint inodes, char *const *files, int nfiles)
{
    char b[16], i[16];
    char *argv[MAXARGS] = {"mkfs", path, "-b", b, "-i", i};
    int argc = 6;
    snprintf(b, sizeof(b), "%u", blocks);
    snprintf(i, sizeof(i), "%u", inodes);
    for (int k = 0; k < nfiles && argc < MAXARGS - 1; k++)
        argv[argc++] = files[k];
    return mkfs_main(argc, argv);
}

uchar *fake_mkfs(uint blocks, uint inodes, char *const *files, int nfiles)
{
    char path[] = "/tmp/fake_mkfs.XXXXXX";
    uint64 bytes = (uint64)blocks * BSIZE;
    uchar *data = 0;
    int status = 1, fd = mkstemp(path);
    if (fd < 0)
        return 0;
    pid_t pid = fork();
    if (pid == 0)
        _exit(run_mkfs(path, blocks, inodes, files, nfiles));
    waitpid(pid, &status, 0);
    if (status == 0) {
        data = malloc(bytes);
        if (read(fd, data, bytes) != (ssize_t)bytes) {
            free(data);
            data = 0;
        }
    }
    close(fd);
    unlink(path);
    return data;
}
