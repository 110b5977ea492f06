// test EXPRESSION, [ EXPRESSION ]: status 0 when it holds, 1 when not, 2 when it makes no sense.
#include "kernel/types.h"
#include "kernel/stat.h"
#include "user/sh.h"
#include "user/user.h"

#define TRUE  0
#define FALSE 1
#define WRONG 2

static int truth(bool b)
{
    return b ? TRUE : FALSE;
}

static int wrong(const char *what)
{
    complain("test: %s: not understood", what);
    return WRONG;
}

static int test_file(char op, const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return FALSE;
    switch (op) {
    case 'f':
        return truth(st.type == T_FILE);
    case 'd':
        return truth(st.type == T_DIR);
    case 's':
        return truth(st.size > 0);
    default:
        return TRUE;
    }
}

static int test_unary(const char *op, const char *arg)
{
    if (op[0] != '-' || op[1] == 0 || op[2] != 0)
        return wrong(op);
    if (op[1] == 'n' || op[1] == 'z')
        return truth((*arg != 0) == (op[1] == 'n'));
    return strchr("efds", op[1]) != 0 ? test_file(op[1], arg) : wrong(op);
}

static int test_binary(const char *a, const char *op, const char *b)
{
    int x = atoi(a), y = atoi(b);
    if (strcmp(op, "=") == 0 || strcmp(op, "==") == 0)
        return truth(strcmp(a, b) == 0);
    if (strcmp(op, "!=") == 0)
        return truth(strcmp(a, b) != 0);
    if (strcmp(op, "-eq") == 0)
        return truth(x == y);
    if (strcmp(op, "-ne") == 0)
        return truth(x != y);
    if (strcmp(op, "-lt") == 0)
        return truth(x < y);
    if (strcmp(op, "-le") == 0)
        return truth(x <= y);
    if (strcmp(op, "-gt") == 0)
        return truth(x > y);
    if (strcmp(op, "-ge") == 0)
        return truth(x >= y);
    return wrong(op);
}

// The number of arguments decides what is an operator: `test = = =` compares two equal signs.
int builtin_test(int argc, char **argv)
{
    bool negate = false;
    int result;
    if (strcmp(argv[0], "[") == 0 && strcmp(argv[--argc], "]") != 0)
        return wrong("[ without ]");
    argv++;
    argc--;
    for (; argc > 1 && strcmp(argv[0], "!") == 0; argc--, argv++)
        negate = !negate;
    if (argc == 0)
        result = FALSE;
    else if (argc == 1)
        result = truth(argv[0][0] != 0);
    else if (argc == 2)
        result = test_unary(argv[0], argv[1]);
    else if (argc == 3)
        result = test_binary(argv[0], argv[1], argv[2]);
    else
        return wrong(argv[3]);
    return result != WRONG && negate ? !result : result;
}
