// touch: makes empty files where there are none yet.
#include "user/util.h"
#include "kernel/fcntl.h"

int main(int argc, char *argv[])
{
    int status = 0;
    if (argc < 2)
        usage("touch file ..");
    for (int i = 1; i < argc; i++) {
        int fd = open(argv[i], O_WRONLY | O_CREATE);
        if (fd < 0) {
            fprintf(2, "touch: cannot create %s\n", argv[i]);
            status = 1;
            continue;
        }
        close(fd);
    }
    return status;
}
