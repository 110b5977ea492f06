// $(( )): 64-bit integers, variables by name, C's operators from || down to unary ones, with C's precedence.
// Overflow wraps.
#include "kernel/types.h"
#include "user/sh.h"
#include "user/user.h"

struct arith {
    const char *p;
    const char *error; // 0: none yet
    int depth;
};

enum op {
    OP_NONE,
    OP_OR,
    OP_AND,
    OP_EQ,
    OP_NE,
    OP_LE,
    OP_GE,
    OP_LT,
    OP_GT,
    OP_ADD,
    OP_SUB,
    OP_MUL,
    OP_DIV,
    OP_MOD
};

static const struct {
    const char *text;
    enum op op;
    int level; // higher binds tighter
} ops[] = {
    {"||", OP_OR, 1}, {"&&", OP_AND, 2}, {"==", OP_EQ, 3}, {"!=", OP_NE, 3}, {"<=", OP_LE, 4},
    {">=", OP_GE, 4}, {"<", OP_LT, 4},   {">", OP_GT, 4},  {"+", OP_ADD, 5}, {"-", OP_SUB, 5},
    {"*", OP_MUL, 6}, {"/", OP_DIV, 6},  {"%", OP_MOD, 6},
};

#define LEVEL_LOWEST 1

static int64 binary(struct arith *a, int lowest);

// Notes the first mistake. What is computed from the 0 that comes back does not matter any more.
static int64 fail(struct arith *a, const char *error)
{
    if (a->error == 0)
        a->error = error;
    return 0;
}

static void skip_blanks(struct arith *a)
{
    while (*a->p != 0 && strchr(" \t\n", *a->p) != 0)
        a->p++;
}

static bool accept(struct arith *a, char c)
{
    skip_blanks(a);
    if (*a->p != c)
        return false;
    a->p++;
    return true;
}

// Digits at *p, as C has them but for octal ones. Leaves *p behind them.
static int64 number(const char **p)
{
    uint64 x = 0, base = 10;
    if ((*p)[0] == '0' && (*p)[1] == 'x') {
        base = 16;
        *p += 2;
    }
    for (;; (*p)++) {
        char c = **p;
        uint digit = c >= 'a' ? c - 'a' + 10 : c >= 'A' ? c - 'A' + 10 : c - '0';
        if (c < '0' || digit >= base)
            return x;
        x = x * base + digit;
    }
}

// A variable's value: an integer with a sign, or 0.
static int64 variable(struct arith *a)
{
    uint n = var_name_len(a->p);
    const char *value = var_get(mem_copy(a->p, n));
    a->p += n;
    if (value == 0)
        return 0;
    bool negative = *value == '-';
    value += negative;
    int64 x = number(&value);
    return negative ? -(uint64)x : (uint64)x;
}

// A number, a variable, or an expression in parentheses.
static int64 primary(struct arith *a)
{
    if (accept(a, '(')) {
        int64 x = binary(a, LEVEL_LOWEST);
        return accept(a, ')') ? x : fail(a, "missing )");
    }
    if (*a->p >= '0' && *a->p <= '9')
        return number(&a->p);
    if (var_name_len(a->p) > 0)
        return variable(a);
    return fail(a, *a->p == 0 ? "unexpected end" : "syntax error");
}

// Signs and `!` in front of a primary. All nesting passes through here, so here is where it is limited.
static int64 unary(struct arith *a)
{
    int64 x = 0;
    if (++a->depth > SH_DEPTH_MAX)
        x = fail(a, "nested too deeply");
    else if (accept(a, '-'))
        x = -(uint64)unary(a);
    else if (accept(a, '+'))
        x = unary(a);
    else if (accept(a, '!'))
        x = !unary(a);
    else
        x = primary(a);
    a->depth--;
    return x;
}

// The operator at p if it binds at least as tightly as `lowest`; its index, -1 for none.
static int operator_at(struct arith *a, int lowest)
{
    skip_blanks(a);
    for (uint i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        const char *text = ops[i].text;
        if (a->p[0] == text[0] && (text[1] == 0 || a->p[1] == text[1]))
            return ops[i].level >= lowest ? (int)i : -1;
    }
    return -1;
}

// Signed overflow is undefined in C: the sums and products are made of unsigned numbers.
static int64 apply(struct arith *a, enum op op, int64 x, int64 y)
{
    switch (op) {
    case OP_OR:
        return x || y;
    case OP_AND:
        return x && y;
    case OP_EQ:
        return x == y;
    case OP_NE:
        return x != y;
    case OP_LE:
        return x <= y;
    case OP_GE:
        return x >= y;
    case OP_LT:
        return x < y;
    case OP_GT:
        return x > y;
    case OP_ADD:
        return (uint64)x + (uint64)y;
    case OP_SUB:
        return (uint64)x - (uint64)y;
    case OP_MUL:
        return (uint64)x * (uint64)y;
    default:
        if (y == 0)
            return fail(a, "division by zero");
        if (y == -1) // the least number divided by -1 traps on some machines
            return op == OP_DIV ? (int64) - (uint64)x : 0;
        return op == OP_DIV ? x / y : x % y;
    }
}

// Precedence climbing: operators of level `lowest` and above, each level grouping to the left.
static int64 binary(struct arith *a, int lowest)
{
    int64 x = unary(a);
    for (int i; a->error == 0 && (i = operator_at(a, lowest)) >= 0;) {
        a->p += strlen(ops[i].text);
        x = apply(a, ops[i].op, x, binary(a, ops[i].level + 1));
    }
    return x;
}

// Returns: false after a message. The text has had its own $ constructs replaced.
bool arith_eval(const char *text, int64 *value)
{
    struct arith a = {.p = text};
    *value = binary(&a, LEVEL_LOWEST);
    skip_blanks(&a);
    if (a.error == 0 && *a.p != 0)
        a.error = "syntax error";
    if (a.error != 0)
        complain("$((%s)): %s", text, a.error);
    return a.error == 0;
}
