// sync: returns when everything written so far is on the disk.
#include "user/util.h"

int main(int argc, char *argv[])
{
    (void)argv;
    if (argc > 1)
        usage("sync");
    if (sync() == 0)
        return 0;
    fprintf(2, "sync: failed\n");
    return 1;
}
