// Many processes start the same program at the same time, again and again, so that its pages are read, found,
// shared and given back in every order: text does what it should and data is the file's.
#include "user/t_lib.h"

#define WORKERS 6
#define PAGES   8

static char data[PAGES * PGSIZE] __attribute__((aligned(PGSIZE))) = {[0 ... sizeof(data) - 1] = 0x31};
static const char constant[PAGES * PGSIZE]
    __attribute__((aligned(PGSIZE))) = {[0 ... sizeof(constant) - 1] = 0x32};

static int look(uint64 from)
{
    for (int i = 0; i < PAGES; i++) {
        int page = (from + i) % PAGES * PGSIZE;
        if (!t_is_all(constant + page, PGSIZE, 0x32) || !t_is_all(data + page, PGSIZE, 0x31))
            return 1;
        data[page] = i;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "@look") == 0)
        return look(argv[2][0]);
    t_race_begin(argc, argv);
    for (uint64 round = 0; t_race_more(round); round++) {
        struct gate g;
        t_gate_make(&g);
        for (int me = 0; me < WORKERS; me++) {
            if (t_fork() == 0) {
                char from[2] = {'A' + me}, *vector[] = {"t_race_text", "@look", from, 0};
                t_gate_wait(&g);
                exec("/t_race_text", vector);
                exit(2);
            }
        }
        t_gate_open(&g);
        t_reap(WORKERS);
    }
    t_ok();
}
