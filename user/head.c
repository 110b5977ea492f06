// head: the first lines of files, or of standard input.
#include "user/util.h"
#include "kernel/fcntl.h"

#define USAGE "head [-n lines] [file ..]"
#define LINES 10

static char buf[1024];

// Returns 0, or 1 when reading fails.
static int head(int fd, const char *name, int lines)
{
    int n = 0;
    while (lines > 0 && (n = read(fd, buf, sizeof(buf))) > 0) {
        int i = 0;
        while (i < n && lines > 0)
            lines -= buf[i++] == '\n';
        if (write_all(1, buf, i) < 0)
            return 1;
    }
    if (n < 0)
        fprintf(2, "head: cannot read %s\n", name);
    return n < 0;
}

// -n 5, -n5 or -5: the number, and in *used how many arguments that was.
static int line_option(int argc, char **argv, int *used)
{
    *used = 0;
    if (argc < 2 || argv[1][0] != '-')
        return LINES;
    const char *digits = argv[1] + 1;
    *used = 1;
    if (*digits == 'n' && *++digits == 0) {
        *used = 2;
        digits = argc > 2 ? argv[2] : "";
    }
    return number(digits);
}

int main(int argc, char *argv[])
{
    int used, status = 0, lines = line_option(argc, argv, &used);
    if (lines < 0)
        usage(USAGE);
    if (used + 1 >= argc)
        return head(0, "standard input", lines);
    for (int i = used + 1; i < argc; i++) {
        int fd = open(argv[i], O_RDONLY);
        if (fd < 0) {
            fprintf(2, "head: cannot open %s\n", argv[i]);
            status = 1;
            continue;
        }
        if (argc - used > 2)
            printf("==> %s <==\n", argv[i]);
        status |= head(fd, argv[i], lines);
        close(fd);
    }
    return status;
}
