// fsck: checks a file system image, changing nothing.
//
//   fsck [-l] [-m] IMAGE
//
// A transaction in the log is first applied, in memory, as the next mount would do. Each violation is one
// line on standard output. -l lists all files with a hash of their contents, to compare images. -m: the image
// was mounted last, so files that were unlinked while open must be gone. Exit status: 0 clean, 1 violations,
// 2 no file system.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "mkfs/check.h"

static void print_line(const char *message)
{
    printf("fsck: %s\n", message);
}

// Private memory with the file's contents; false and a message when that cannot be had.
static bool image_map(struct check *c, const char *path)
{
    int fd = open(path, O_RDONLY);
    off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    void *p = size > 0 ? mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    if (fd < 0 || size < 0 || (size > 0 && p == MAP_FAILED))
        fprintf(stderr, "fsck: %s: %s\n", path, strerror(errno));
    else if (size == 0)
        fprintf(stderr, "fsck: %s: empty\n", path);
    if (fd >= 0)
        close(fd);
    c->image = p;
    c->bytes = size;
    return p != MAP_FAILED;
}

int main(int argc, char *argv[])
{
    struct check c = {.report = print_line};
    bool list = false;
    int opt;
    while ((opt = getopt(argc, argv, "lm")) != -1) {
        if (opt == '?')
            return 2;
        list |= opt == 'l';
        c.mounted |= opt == 'm';
    }
    if (optind + 1 != argc) {
        fprintf(stderr, "usage: fsck [-l] [-m] IMAGE\n");
        return 2;
    }
    if (!image_map(&c, argv[optind]))
        return 2;
    if (!check_open(&c)) {
        fprintf(stderr, "fsck: %s: the superblock makes no sense\n", argv[optind]);
        return 2;
    }
    uint replayed = check_replay(&c);
    if (replayed)
        fprintf(stderr, "fsck: the log holds a transaction of %u blocks\n", replayed);
    uint violations = check_all(&c);
    if (list && violations == 0)
        check_list(&c);
    check_close(&c);
    return violations ? 1 : 0;
}
