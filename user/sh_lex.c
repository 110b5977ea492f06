// Text to tokens. A word keeps its quotes and $ constructs as they stand; sh_expand.c resolves them when the
// command runs. Here they matter only for where the word ends.
#include "kernel/types.h"
#include "user/sh.h"
#include "user/user.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// Whether c ends an unquoted word.
static bool ends_word(char c)
{
    return c == 0 || c == '\n' || is_blank(c) || strchr(";&|()<>", c) != 0;
}

// Each of these takes the position of an opening character and returns the one behind its end, 0 if there is
// none.

static const char *skip_single(const char *p)
{
    p = strchr(p + 1, '\'');
    return p != 0 ? p + 1 : 0;
}

static const char *skip_backquote(const char *p)
{
    for (p++; *p != 0 && *p != '`'; p++)
        if (*p == '\\' && p[1] != 0)
            p++;
    return *p == '`' ? p + 1 : 0;
}

// $ constructs within quotes may contain quotes.
static const char *skip_double(const char *p)
{
    for (p++; *p != '"';) {
        if (*p == 0)
            return 0;
        if (*p == '\\' && p[1] != 0)
            p += 2;
        else if (*p == '$')
            p = lex_dollar(p);
        else if (*p == '`')
            p = skip_backquote(p);
        else
            p++;
        if (p == 0)
            return 0;
    }
    return p + 1;
}

// From the first `open` to its partner, with quotes and inner pairs in between. Loops over inner pairs
// instead of calling itself, so that a thousand parentheses need no stack.
static const char *skip_pair(const char *p, char open, char close)
{
    int depth = 0;
    while (p != 0 && *p != 0) {
        if (*p == '\\' && p[1] != 0) {
            p += 2;
        } else if (*p == '\'') {
            p = skip_single(p);
        } else if (*p == '"') {
            p = skip_double(p);
        } else {
            depth += (*p == open) - (*p == close);
            p++;
            if (depth == 0)
                return p;
        }
    }
    return 0;
}

// Only the constructs with brackets have an end to look for: anything else ends right behind the $.
const char *lex_dollar(const char *p)
{
    static int depth; // "$( "$( "$( ...: skip_double and this one call each other
    p++;
    if (*p != '(' && *p != '{')
        return p;
    if (depth == SH_DEPTH_MAX)
        return 0;
    depth++;
    p = *p == '(' ? skip_pair(p, '(', ')') : skip_pair(p, '{', '}');
    depth--;
    return p;
}

// Returns: the end of the word, or 0 with lx->missing set.
static const char *skip_word(struct lexer *lx, const char *p)
{
    while (p != 0 && !ends_word(*p)) {
        switch (*p) {
        case '\\':
            lx->missing = "the line after \\";
            if (p[1] == '\n' && p[2] == 0)
                return 0;
            p += p[1] != 0 ? 2 : 1;
            break;
        case '\'':
            lx->missing = "'";
            p = skip_single(p);
            break;
        case '"':
            lx->missing = "\"";
            p = skip_double(p);
            break;
        case '`':
            lx->missing = "`";
            p = skip_backquote(p);
            break;
        case '$':
            lx->missing = p[1] == '{' ? "}" : ")";
            p = lex_dollar(p);
            break;
        default:
            p++;
        }
    }
    return p;
}

// Blanks, comments, and backslashes that join lines.
static const char *skip_blanks(const char *p)
{
    for (;;) {
        if (is_blank(*p))
            p++;
        else if (p[0] == '\\' && p[1] == '\n' && p[2] != 0)
            p += 2;
        else
            break;
    }
    if (*p == '#')
        while (*p != 0 && *p != '\n')
            p++;
    return p;
}

// At < or >, whose left-hand descriptor is `fd` (-1: none given).
static void lex_redir(struct lexer *lx, int fd)
{
    bool in = *lx->p++ == '<';
    lx->token = TOK_REDIR;
    lx->fd = fd >= 0 ? fd : !in;
    lx->redir = in ? REDIR_READ : REDIR_WRITE;
    if (*lx->p == '&') {
        lx->p++;
        lx->redir = REDIR_DUP;
    } else if (!in && *lx->p == '>') {
        lx->p++;
        lx->redir = REDIR_APPEND;
    }
}

// One of the operators, or TOK_WORD when p is at none.
static enum token lex_operator(const char *p, int *length)
{
    static const struct {
        const char *text;
        enum token token;
    } ops[] = {
        {"&&", TOK_AND}, {"||", TOK_OR},  {"\n", TOK_NEWLINE}, {";", TOK_SEMI},
        {"&", TOK_BG},   {"|", TOK_PIPE}, {"(", TOK_OPEN},     {")", TOK_CLOSE},
    };
    for (uint i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        *length = strlen(ops[i].text);
        if (p[0] == ops[i].text[0] && (*length == 1 || p[1] == ops[i].text[1]))
            return ops[i].token;
    }
    return TOK_WORD;
}

// Operators first; what is none of them is a word.
void lex_next(struct lexer *lx)
{
    int length;
    const char *p = lx->p = skip_blanks(lx->p);
    if (*p == 0) {
        lx->token = TOK_END;
        return;
    }
    lx->token = lex_operator(p, &length);
    if (lx->token != TOK_WORD) {
        lx->p += length;
        return;
    }
    if (*p == '<' || *p == '>') {
        lex_redir(lx, -1);
        return;
    }
    if (is_digit(p[0]) && (p[1] == '<' || p[1] == '>')) {
        lx->p++;
        lex_redir(lx, p[0] - '0');
        return;
    }
    const char *end = skip_word(lx, p);
    if (end == 0) {
        lx->token = TOK_BAD;
        return;
    }
    lx->word = mem_copy(p, end - p);
    lx->p = end;
}

void lex_init(struct lexer *lx, const char *text)
{
    *lx = (struct lexer){.p = text};
    lex_next(lx);
}
