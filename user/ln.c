// ln: gives a file another name.
#include "user/util.h"

int main(int argc, char *argv[])
{
    if (argc != 3)
        usage("ln old new");
    if (link(argv[1], argv[2]) == 0)
        return 0;
    fprintf(2, "ln: cannot link %s to %s\n", argv[2], argv[1]);
    return 1;
}
