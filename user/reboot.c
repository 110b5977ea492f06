// reboot: writes everything to the disk and starts the machine afresh.
#include "kernel/syscall.h"
#include "user/util.h"

int main(int argc, char *argv[])
{
    (void)argv;
    if (argc > 1)
        usage("reboot");
    sync();
    shutdown(SHUTDOWN_REBOOT, 0);
    fprintf(2, "reboot: failed\n");
    return 1;
}
