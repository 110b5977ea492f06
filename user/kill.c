// kill: ends processes.
#include "user/util.h"

int main(int argc, char *argv[])
{
    int status = 0;
    if (argc < 2)
        usage("kill pid ..");
    for (int i = 1; i < argc; i++) {
        int pid = number(argv[i]);
        if (pid < 0)
            usage("kill pid ..");
        if (kill(pid) < 0) {
            fprintf(2, "kill: no process %d\n", pid);
            status = 1;
        }
    }
    return status;
}
