// Words of a parse tree to arguments: takes quotes away, replaces $ constructs, splits what came out of an
// unquoted one at blanks, and hands every field to the globber.
//
// A field under construction carries the quoting along: a character that must not act as a pattern has
// EXPAND_QUOTE before it. expand_unquote() takes the marks off in the end.
#include "kernel/types.h"
#include "user/sh.h"
#include "user/user.h"

struct expander {
    char *buf; // field so far, with marks
    uint n, room;
    bool quotes;        // the field had quotes: it exists even when empty
    bool split;         // false: one field, whatever comes
    bool failed;        // said why
    struct fields *out; // finished fields; only when splitting
};

// The buffer grows by doubling; the smaller ones go when the command is done.
static void put_byte(struct expander *ex, char c)
{
    if (ex->n + 1 >= ex->room) {
        uint room = ex->room != 0 ? 2 * ex->room : 64;
        char *buf = mem_alloc(room);
        memmove(buf, ex->buf, ex->n);
        ex->buf = buf;
        ex->room = room;
    }
    ex->buf[ex->n++] = c;
    ex->buf[ex->n] = 0;
}

// A character with its mark, if it needs one.
static void put_char(struct expander *ex, char c, bool quoted)
{
    if (c == EXPAND_QUOTE || (quoted && strchr("*?[]", c) != 0))
        put_byte(ex, EXPAND_QUOTE);
    put_byte(ex, c);
}

// Ends the field, if there is one: nothing at all between two blanks is none, but "" is.
static void field_end(struct expander *ex)
{
    if (ex->n > 0 || ex->quotes) {
        put_byte(ex, 0);
        if (glob_needed(ex->buf))
            glob_add(ex->buf, ex->out);
        else
            fields_add(ex->out, expand_unquote(ex->buf));
    }
    ex->buf = 0;
    ex->n = ex->room = 0;
    ex->quotes = false;
}

// The value of a $ construct.
static void put_value(struct expander *ex, const char *s, bool quoted)
{
    for (; *s != 0; s++) {
        if (!quoted && ex->split && strchr(" \t\n", *s) != 0)
            field_end(ex);
        else
            put_char(ex, *s, quoted);
    }
}

// Digits need no quoting.
static void put_number(struct expander *ex, int64 x)
{
    char digits[24];
    uint n = sizeof(digits);
    uint64 rest = x < 0 ? -(uint64)x : (uint64)x;
    digits[--n] = 0;
    do {
        digits[--n] = '0' + rest % 10;
        rest /= 10;
    } while (rest != 0);
    if (x < 0)
        digits[--n] = '-';
    put_value(ex, digits + n, true);
}

// $@ and $*: in quotes, $@ makes each parameter a field of its own.
static void put_params(struct expander *ex, char which, bool quoted)
{
    for (int i = 1; i < sh_argc; i++) {
        if (i > 1 && ex->split && (!quoted || which == '@')) {
            field_end(ex);
            ex->quotes = quoted;
        } else if (i > 1) {
            put_char(ex, ' ', true);
        }
        put_value(ex, sh_argv[i], quoted);
    }
}

// A parameter or variable by name; an unset one is empty.
static void put_param(struct expander *ex, const char *name, bool quoted)
{
    const char *value = "";
    if (strcmp(name, "?") == 0)
        put_number(ex, sh_status);
    else if (strcmp(name, "#") == 0)
        put_number(ex, sh_argc - 1);
    else if (strcmp(name, "$") == 0)
        put_number(ex, getpid());
    else if (strcmp(name, "!") == 0)
        put_number(ex, sh_last_bg);
    else if (strcmp(name, "@") == 0 || strcmp(name, "*") == 0)
        put_params(ex, *name, quoted);
    else if (*name >= '0' && *name <= '9')
        value = atoi(name) < sh_argc ? sh_argv[atoi(name)] : "";
    else
        value = var_get(name);
    if (value != 0)
        put_value(ex, value, quoted);
}

static bool is_special(char c)
{
    return c != 0 && (strchr("?#$!@*", c) != 0 || (c >= '0' && c <= '9'));
}

// Between the braces of ${ }.
static void put_braced(struct expander *ex, const char *name, bool quoted)
{
    uint n = strlen(name), digits = 0;
    while (name[digits] >= '0' && name[digits] <= '9')
        digits++;
    if (var_name_ok(name, n) || (n == 1 && is_special(*name)) || (n > 0 && n < 6 && digits == n)) {
        put_param(ex, name, quoted);
        return;
    }
    complain("${%s}: bad substitution", name);
    ex->failed = true;
}

// The text of $(( )) may have $ constructs of its own, hence the recursion and its limit.
static void put_arith(struct expander *ex, const char *raw)
{
    static int depth;
    int64 value;
    if (depth == SH_DEPTH_MAX) {
        complain("$(( )): nested too deeply");
        ex->failed = true;
        return;
    }
    depth++;
    char *text = expand_text(raw);
    depth--;
    if (text == 0 || !arith_eval(text, &value))
        ex->failed = true;
    else
        put_number(ex, value);
}

static void put_command(struct expander *ex, const char *text, bool quoted)
{
    char *output = run_capture(text);
    if (output == 0)
        ex->failed = true;
    else
        put_value(ex, output, quoted);
}

// p is at a $. Returns what is behind the construct; the lexer has seen to it that it ends.
static const char *put_dollar(struct expander *ex, const char *p, bool quoted)
{
    const char *end = lex_dollar(p);
    if (p[1] == '{' && end != 0) {
        put_braced(ex, mem_copy(p + 2, end - p - 3), quoted);
        return end;
    }
    if (p[1] == '(' && end != 0) {
        if (p[2] == '(' && end - p >= 5 && end[-2] == ')')
            put_arith(ex, mem_copy(p + 3, end - p - 5));
        else
            put_command(ex, mem_copy(p + 2, end - p - 3), quoted);
        return end;
    }
    uint n = var_name_len(p + 1);
    if (n == 0 && is_special(p[1]))
        n = 1;
    if (n == 0)
        put_char(ex, '$', true);
    else
        put_param(ex, mem_copy(p + 1, n), quoted);
    return p + 1 + n;
}

// p is at a backquote. Within, a backslash protects only $, ` and itself.
static const char *put_backquote(struct expander *ex, const char *p, bool quoted)
{
    char *text = mem_alloc(strlen(p) + 1);
    uint n = 0;
    for (p++; *p != 0 && *p != '`'; p++) {
        if (*p == '\\' && (p[1] == '$' || p[1] == '`' || p[1] == '\\'))
            p++;
        text[n++] = *p;
    }
    put_command(ex, text, quoted);
    return *p == '`' ? p + 1 : p;
}

// p is at a double quote.
static const char *put_double(struct expander *ex, const char *p)
{
    bool only_params = p[1] == '$' && p[2] == '@' && p[3] == '"';
    ex->quotes |= !only_params || sh_argc > 1; // "$@" without parameters is no field at all
    p++;
    while (*p != 0 && *p != '"' && !ex->failed) {
        if (*p == '$') {
            p = put_dollar(ex, p, true);
        } else if (*p == '`') {
            p = put_backquote(ex, p, true);
        } else if (*p == '\\' && p[1] == '\n') {
            p += 2;
        } else {
            if (*p == '\\' && p[1] != 0 && strchr("$`\"\\", p[1]) != 0)
                p++;
            put_char(ex, *p++, true);
        }
    }
    return *p == '"' ? p + 1 : p;
}

// p is at a single quote.
static const char *put_single(struct expander *ex, const char *p)
{
    ex->quotes = true;
    for (p++; *p != 0 && *p != '\''; p++)
        put_char(ex, *p, true);
    return *p == '\'' ? p + 1 : p;
}

// p is at a backslash outside of quotes. One before a newline joins two lines.
static const char *put_backslash(struct expander *ex, const char *p)
{
    if (p[1] == '\n')
        return p + 2;
    if (p[1] != 0)
        p++;
    ex->quotes = true;
    put_char(ex, *p, true);
    return p + 1;
}

// A whole word, as the lexer cut it out.
static void put_raw(struct expander *ex, const char *p)
{
    while (*p != 0 && !ex->failed) {
        switch (*p) {
        case '\\':
            p = put_backslash(ex, p);
            break;
        case '\'':
            p = put_single(ex, p);
            break;
        case '"':
            p = put_double(ex, p);
            break;
        case '`':
            p = put_backquote(ex, p, false);
            break;
        case '$':
            p = put_dollar(ex, p, false);
            break;
        default:
            put_char(ex, *p++, false);
        }
    }
}

char *expand_unquote(const char *s)
{
    char *plain = mem_alloc(strlen(s) + 1);
    for (char *d = plain; *s != 0; s++) {
        if (*s == EXPAND_QUOTE && s[1] != 0)
            s++;
        *d++ = *s;
    }
    return plain;
}

void fields_add(struct fields *f, char *s)
{
    if (f->n + 1 >= f->room) {
        f->room = f->room != 0 ? 2 * f->room : 16;
        char **v = mem_alloc(f->room * sizeof(*v));
        memmove(v, f->v, f->n * sizeof(*v));
        f->v = v;
    }
    f->v[f->n++] = s;
    f->v[f->n] = 0;
}

// Returns: false after a message.
bool expand_words(struct word *w, struct fields *out)
{
    *out = (struct fields){.v = mem_alloc(sizeof(char *))};
    for (; w != 0; w = w->next) {
        struct expander ex = {.split = true, .out = out};
        put_raw(&ex, w->text);
        if (ex.failed)
            return false;
        field_end(&ex);
    }
    return true;
}

// For redirections, assignments and arithmetic. Returns: 0 after a message.
char *expand_text(const char *raw)
{
    struct expander ex = {.split = false};
    put_byte(&ex, 0);
    ex.n = 0;
    put_raw(&ex, raw);
    return ex.failed ? 0 : expand_unquote(ex.buf);
}
