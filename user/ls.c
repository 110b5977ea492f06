// ls: files and the contents of directories, one line each: name, type (stat.h), inode number, size in bytes.
// -l shows the number of links and the type in words as well.
#include "user/util.h"
#include "kernel/fcntl.h"
#include "kernel/fs.h"
#include "kernel/param.h"
#include "kernel/stat.h"

#define LONG 1

static uint set; // options

static const char *type_name(short type)
{
    return type == T_DIR ? "directory" : type == T_DEVICE ? "device" : "file";
}

static void show(const char *name, uint length, struct stat *st)
{
    char padded[DIRSIZ + 1];
    memset(padded, ' ', DIRSIZ);
    memmove(padded, name, length < DIRSIZ ? length : DIRSIZ);
    padded[DIRSIZ] = 0;
    if (set & LONG)
        printf("%s %-9s %4d %3d %10lu\n", padded, type_name(st->type), st->ino, st->nlink, st->size);
    else
        printf("%s %d %d %lu\n", padded, st->type, st->ino, st->size);
}

// fd is an open directory. Returns 0, or 1 when an entry could not be looked at.
static int list_dir(int fd, const char *path)
{
    struct dirent de;
    struct stat st;
    char name[MAXPATH];
    int status = 0;
    while (read(fd, &de, sizeof(de)) == sizeof(de)) {
        uint length = 0;
        while (length < DIRSIZ && de.name[length] != 0)
            length++;
        if (de.inum == 0)
            continue;
        if (path_join(name, sizeof(name), path, de.name, length) == 0 || stat(name, &st) < 0) {
            fprintf(2, "ls: cannot stat %s in %s\n", name, path);
            status = 1;
            continue;
        }
        show(de.name, length, &st);
    }
    return status;
}

static int list(const char *path)
{
    struct stat st;
    uint length;
    int status = 0, fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &st) < 0) {
        fprintf(2, "ls: cannot open %s\n", path);
        status = 1;
    } else if (st.type == T_DIR) {
        status = list_dir(fd, path);
    } else {
        const char *name = base_name(path, &length);
        show(name, length, &st);
    }
    if (fd >= 0)
        close(fd);
    return status;
}

int main(int argc, char *argv[])
{
    int status = 0, first = options(argc, argv, "l", &set);
    if (first < 0)
        usage("ls [-l] [path ..]");
    if (first == argc)
        return list(".");
    for (int i = first; i < argc; i++)
        status |= list(argv[i]);
    return status;
}
