// cat: copies files, or standard input, to standard output.
#include "user/util.h"
#include "kernel/fcntl.h"

static char buf[4096];

// Returns 0, or 1 when reading fails. Ends the program when the output cannot be written.
static int copy(int fd, const char *name)
{
    int n;
    while ((n = read(fd, buf, sizeof(buf))) > 0) {
        if (write_all(1, buf, n) < 0) {
            write_failed("cat");
        }
    }
    if (n == 0)
        return 0;
    fprintf(2, "cat: cannot read %s\n", name);
    return 1;
}

int main(int argc, char *argv[])
{
    uint set;
    int status = 0, first = options(argc, argv, "", &set);
    if (first < 0)
        usage("cat [file ..]");
    if (first == argc)
        return copy(0, "standard input");
    for (int i = first; i < argc; i++) {
        int fd = strcmp(argv[i], "-") == 0 ? dup(0) : open(argv[i], O_RDONLY);
        if (fd < 0) {
            fprintf(2, "cat: cannot open %s\n", argv[i]);
            status = 1;
            continue;
        }
        status |= copy(fd, argv[i]);
        close(fd);
    }
    return status;
}
