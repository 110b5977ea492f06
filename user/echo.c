// echo: prints its arguments with blanks in between and a newline, which -n leaves out, in one write.
#include "user/util.h"

int main(int argc, char *argv[])
{
    static char buf[4096];
    int first = 1, n = 0;
    if (argc > 1 && strcmp(argv[1], "-n") == 0)
        first = 2;
    for (int i = first; i < argc; i++) {
        int length = strlen(argv[i]);
        if (n + length + 2 > (int)sizeof(buf)) {
            if (write_all(1, buf, n) < 0 || write_all(1, argv[i], length) < 0)
                return 1;
            n = 0;
        } else {
            memmove(buf + n, argv[i], length);
            n += length;
        }
        if (i + 1 < argc)
            buf[n++] = ' ';
    }
    if (first == 1)
        buf[n++] = '\n';
    return write_all(1, buf, n) < 0;
}
