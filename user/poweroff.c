// poweroff: writes everything to the disk and switches the machine off.
#include "kernel/syscall.h"
#include "user/util.h"

int main(int argc, char *argv[])
{
    int status = argc > 1 ? number(argv[1]) : 0;
    if (argc > 2 || status < 0)
        usage("poweroff [status]");
    sync();
    shutdown(SHUTDOWN_OFF, status & 0xff);
    fprintf(2, "poweroff: failed\n");
    return 1;
}
