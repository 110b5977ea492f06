// time: runs a command and says how long it took, and how many page faults there were meanwhile (in the whole
// system). Its status is the command's.
#include "kernel/param.h"
#include "kernel/vmstat.h"
#include "user/util.h"

#define STATUS_MISSING 127

// As the shell finds programs: by the name, or in the root directory.
static void run(char **argv)
{
    char path[MAXPATH];
    exec(argv[0], argv);
    if (strchr(argv[0], '/') == 0 && path_join(path, sizeof(path), "/", argv[0], strlen(argv[0])) != 0)
        exec(path, argv);
    fprintf(2, "time: cannot run %s\n", argv[0]);
    exit(STATUS_MISSING);
}

static uint64 now_ms(uint64 timebase)
{
    return rdtime() / (timebase / 1000);
}

int main(int argc, char *argv[])
{
    struct vmstat a, b;
    int status = 0;
    if (argc < 2)
        usage("time command [argument ..]");
    if (vmstat(&a) < 0)
        return 1;
    uint64 start = now_ms(a.timebase);
    int pid = fork();
    if (pid == 0)
        run(argv + 1);
    if (pid < 0 || wait(&status) < 0 || vmstat(&b) < 0) {
        fprintf(2, "time: cannot fork\n");
        return 1;
    }
    uint64 ms = now_ms(a.timebase) - start;
    fprintf(2, "real %lu.%03lu s, faults: %lu minor, %lu major, %lu cow\n", ms / 1000, ms % 1000,
            b.faults.minor - a.faults.minor, b.faults.major - a.faults.major, b.faults.cow - a.faults.cow);
    return status & 0xff;
}
