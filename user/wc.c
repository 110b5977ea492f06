// wc: lines, words and bytes of files, or of standard input.
#include "user/util.h"
#include "kernel/fcntl.h"

struct counts {
    uint64 lines, words, bytes;
};

static char buf[4096];

// Returns 0, or 1 when reading fails.
static int count(int fd, const char *name, struct counts *total)
{
    struct counts c = {0};
    int n, in_word = 0;
    while ((n = read(fd, buf, sizeof(buf))) > 0) {
        for (int i = 0; i < n; i++) {
            int blank = strchr(" \r\t\n\v", buf[i]) != 0;
            c.lines += buf[i] == '\n';
            c.words += !blank && !in_word;
            in_word = !blank;
        }
        c.bytes += n;
    }
    if (n < 0) {
        fprintf(2, "wc: cannot read %s\n", name);
        return 1;
    }
    printf("%lu %lu %lu %s\n", c.lines, c.words, c.bytes, name);
    total->lines += c.lines;
    total->words += c.words;
    total->bytes += c.bytes;
    return 0;
}

int main(int argc, char *argv[])
{
    struct counts total = {0};
    int status = 0;
    if (argc > 1 && argv[1][0] == '-')
        usage("wc [file ..]");
    if (argc < 2)
        return count(0, "", &total);
    for (int i = 1; i < argc; i++) {
        int fd = open(argv[i], O_RDONLY);
        if (fd < 0) {
            fprintf(2, "wc: cannot open %s\n", argv[i]);
            status = 1;
            continue;
        }
        status |= count(fd, argv[i], &total);
        close(fd);
    }
    if (argc > 2)
        printf("%lu %lu %lu total\n", total.lines, total.words, total.bytes);
    return status;
}
