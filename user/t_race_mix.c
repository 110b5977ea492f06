// All the races at the same time: the other t_race_* programs run side by side, each for as long as this one
// is told, while the kernel audits every frame again and again.
#include "kernel/syscall.h"
#include "user/t_lib.h"

static char *programs[] = {"t_race_cow",  "t_race_fork", "t_race_exit",
                           "t_race_text", "t_race_heap", "t_race_kill"};

int main(int argc, char **argv)
{
    t_race_begin(argc, argv);
    if (argc < 2) {
        printf("usage: t_race_mix SECONDSs [SEED]\n");
        return 2;
    }
    for (int i = 0; i < NELEM(programs); i++) {
        if (t_fork() == 0) {
            argv[0] = programs[i];
            exec(programs[i], argv);
            exit(1);
        }
    }
    uint64 audits = 0;
    for (; t_race_more(audits); audits++) {
        T_EQ(debug(DEBUG_AUDIT), 0);
        sleep(1);
    }
    t_reap(NELEM(programs));
    printf("%s: %lu audits\n", t_name, audits);
    t_ok();
}
