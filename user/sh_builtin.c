// Commands that must run inside the shell because they change it, or look at what only it knows.
#include "kernel/types.h"
#include "user/sh.h"
#include "user/user.h"

#define READ_MAX 1024 // longest line that `read` takes

static int usage(const char *text)
{
    fprintf(2, "usage: %s\n", text);
    return STATUS_SYNTAX;
}

// A decimal number that is not negative, -1 if s is something else.
static int number(const char *s)
{
    for (const char *p = s; *p != 0; p++)
        if (*p < '0' || *p > '9' || p - s > 8)
            return -1;
    return *s != 0 ? atoi(s) : -1;
}

static int do_cd(int argc, char **argv)
{
    if (argc > 2)
        return usage("cd [directory]");
    const char *path = argc == 2 ? argv[1] : "/";
    if (chdir(path) == 0)
        return 0;
    complain("cd: %s: cannot change to it", path);
    return STATUS_FAIL;
}

// Without a number: the status of the last command.
static int do_exit(int argc, char **argv)
{
    int status = argc == 2 ? atoi(argv[1]) : sh_status;
    bool sign = argc == 2 && argv[1][0] == '-';
    if (argc > 2 || (argc == 2 && number(argv[1] + sign) < 0))
        return usage("exit [status]");
    exit(status & STATUS_MASK);
}

static int do_wait(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return usage("wait");
    return job_wait_all();
}

static int do_history(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return usage("history");
    for (int i = 0; i < history_count(); i++)
        if (history_get(i) != 0)
            printf("%5d  %s\n", i + 1, history_get(i));
    return 0;
}

// break and continue.
static int leave(int argc, char **argv, bool next)
{
    int loops = argc == 2 ? number(argv[1]) : 1;
    if (argc > 2 || loops < 1)
        return usage(next ? "continue [loops]" : "break [loops]");
    if (run_leave(loops, next))
        return 0;
    complain("%s: not in a loop", argv[0]);
    return STATUS_FAIL;
}

static int do_break(int argc, char **argv)
{
    return leave(argc, argv, false);
}

static int do_continue(int argc, char **argv)
{
    return leave(argc, argv, true);
}

// The name of the shell or script, $0, stays.
static int do_shift(int argc, char **argv)
{
    int n = argc == 2 ? number(argv[1]) : 1;
    if (argc > 2 || n < 0)
        return usage("shift [count]");
    if (n >= sh_argc)
        return STATUS_FAIL;
    sh_argv[n] = sh_argv[0];
    sh_argv += n;
    sh_argc -= n;
    return 0;
}

static int do_unset(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        var_unset(argv[i]);
    return 0;
}

// Character by character: what is behind the line belongs to the next reader.
static int do_read(int argc, char **argv)
{
    char line[READ_MAX], c;
    int n = 0, got;
    if (argc != 2 || !var_name_ok(argv[1], strlen(argv[1])))
        return usage("read name");
    while ((got = read(0, &c, 1)) == 1 && c != '\n')
        if (n < READ_MAX - 1)
            line[n++] = c;
    line[n] = 0;
    var_set(argv[1], line);
    return got == 1 ? 0 : STATUS_FAIL;
}

static int do_nothing(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

static int do_help(int argc, char **argv);

static const struct {
    const char *name;
    builtin_fn *run;
    const char *help;
} builtins[] = {
    {"cd", do_cd, "cd [directory]      change the working directory (to / without one)"},
    {"exit", do_exit, "exit [status]       end the shell"},
    {"wait", do_wait, "wait                wait for all background jobs"},
    {"history", do_history, "history             show the lines entered so far"},
    {"help", do_help, "help                this text; `ls /` shows the programs"},
    {"test", builtin_test, "test EXPRESSION     -e -f -d -s FILE, -n -z TEXT, = !=, -eq -ne -lt -le -gt -ge"},
    {"[", builtin_test, "[ EXPRESSION ]      the same"},
    {"read", do_read, "read NAME           read a line from standard input into a variable"},
    {"shift", do_shift, "shift [count]       drop the first parameters"},
    {"unset", do_unset, "unset NAME ...      drop variables"},
    {"break", do_break, "break [loops]       leave a loop"},
    {"continue", do_continue, "continue [loops]    go on with the next round of a loop"},
    {":", do_nothing, ":                   do nothing"},
};

static int do_help(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return usage("help");
    for (uint i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++)
        printf("  %s\n", builtins[i].help);
    printf("  | < > >> 2> ; && || & ( ) { } $NAME $( ) $(( )) * ?  if while until for\n");
    return 0;
}

builtin_fn *builtin_find(const char *name)
{
    for (uint i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++)
        if (strcmp(builtins[i].name, name) == 0)
            return builtins[i].run;
    return 0;
}
