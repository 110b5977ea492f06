// exec's arguments lie on the new stack, as many as there may be, in pages that are part of it and of its
// limit.
#include "user/t_lib.h"

#define LONG 190 // bytes of an argument: 20 to a page, 12 KiB in all

static char word[MAXARG][LONG + 1];

static int check(int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        if (strlen(argv[i]) != LONG || argv[i][LONG / 2] != 'a' + i % 26)
            return 1;
        if (argv[i] < STACK_LOWEST || argv[i] >= (char *)USTACK_TOP)
            return 2;
    }
    t_stack_reach(STACK_LOWEST); // all 8 MiB, arguments included
    return argc == MAXARG ? 0 : 3;
}

static void past_limit(void *arg)
{
    (void)arg;
    t_stack_reach(STACK_LOWEST - 1);
}

int main(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "@check") == 0) {
        if (fork() == 0)
            past_limit(0);
        int status;
        wait(&status);
        exit(status == T_KILLED ? check(argc, argv) : 4);
    }
    char *vector[MAXARG + 2] = {"t_stack_args", "@check"};
    t_begin(argv);
    for (int i = 2; i < MAXARG; i++) {
        memset(word[i], 'a' + i % 26, LONG);
        vector[i] = word[i];
    }
    t_step("64 arguments, 12 KiB: all arrive, and the limit of the stack stays where it is");
    if (t_fork() == 0) {
        exec("/t_stack_args", vector);
        exit(5);
    }
    T_EQ(t_wait(), 0);
    t_step("65 arguments: refused, and the caller lives");
    vector[MAXARG] = "one too many";
    T_EQ(exec("/t_stack_args", vector), -1);
    t_ok();
}
