// dbg: makes the kernel fail on request, or check itself. `dbg selftest` returns the number of failures.
#include "kernel/syscall.h"
#include "user/util.h"

#define STATUS_MOST 99 // 100 and up are tools/run's own

static const struct {
    const char *name;
    int op;
} ops[] = {
    {"panic", DEBUG_PANIC},   {"oops", DEBUG_OOPS}, {"userptr", DEBUG_USERPTR},   {"stack", DEBUG_STACK},
    {"lockup", DEBUG_LOCKUP}, {"hang", DEBUG_HANG}, {"selftest", DEBUG_SELFTEST}, {"audit", DEBUG_AUDIT},
};

int main(int argc, char *argv[])
{
    for (uint i = 0; argc == 2 && i < sizeof(ops) / sizeof(ops[0]); i++) {
        if (strcmp(argv[1], ops[i].name) != 0)
            continue;
        int r = debug(ops[i].op);
        if (r < 0) {
            fprintf(2, "dbg: %s: not possible\n", argv[1]);
            return 1;
        }
        return r < STATUS_MOST ? r : STATUS_MOST;
    }
    usage("dbg panic | oops | userptr | stack | lockup | hang | selftest | audit");
}
