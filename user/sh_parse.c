// Tokens to a tree, by recursive descent:
//
//   line     = [list] (newline | end)
//   list     = andor {(; | & | newline) andor} [; | &]      newlines only between ( ), { } and keywords
//   andor    = pipeline {(&& | ||) {newline} pipeline}
//   pipeline = [!] command {| {newline} command}
//   command  = compound {redirection} | {word | redirection}
//   compound = ( list ) | { list } | if list then list {elif list then list} [else list] fi
//            | while list do list done | until .. | for name [in {word}] ; do list done
//
// Sequences are linked lists and not trees that lean to one side: recursion goes only as deep as the
// brackets, and that has a limit. Text that ends too early is told apart from text that is wrong, so that the
// interactive shell can ask for another line.
#include "kernel/types.h"
#include "user/sh.h"
#include "user/user.h"

struct parser {
    struct lexer lx;
    enum parse_result result; // PARSE_OK until something is wrong; then everything returns
    char *error;
    int depth;
};

static struct node *parse_list(struct parser *ps);

static void put_text(char *buf, uint *n, const char *s)
{
    while (*s != 0 && *n < SH_ERROR_MAX - 1)
        buf[(*n)++] = *s++;
    buf[*n] = 0;
}

// The first mistake counts.
static void fail(struct parser *ps, enum parse_result result, const char *what, const char *detail)
{
    uint n = 0;
    if (ps->result != PARSE_OK)
        return;
    ps->result = result;
    put_text(ps->error, &n, what);
    put_text(ps->error, &n, detail);
}

// For messages.
static const char *token_text(struct parser *ps)
{
    static const char *names[] = {
        [TOK_NEWLINE] = "end of line",
        [TOK_SEMI] = ";",
        [TOK_BG] = "&",
        [TOK_AND] = "&&",
        [TOK_OR] = "||",
        [TOK_PIPE] = "|",
        [TOK_OPEN] = "(",
        [TOK_CLOSE] = ")",
        [TOK_REDIR] = "redirection",
    };
    return ps->lx.token == TOK_WORD ? ps->lx.word : names[ps->lx.token];
}

// What is there is not what must be.
static void unexpected(struct parser *ps, const char *wanted)
{
    if (ps->lx.token == TOK_END)
        fail(ps, PARSE_MORE, "unexpected end, missing ", wanted);
    else if (ps->lx.token == TOK_BAD)
        fail(ps, PARSE_MORE, "unexpected end, missing ", ps->lx.missing);
    else
        fail(ps, PARSE_ERROR, "unexpected ", token_text(ps));
}

// After a mistake the parser is at nothing: every loop ends and every function returns.
static bool at(struct parser *ps, enum token t)
{
    return ps->result == PARSE_OK && ps->lx.token == t;
}

static bool accept(struct parser *ps, enum token t)
{
    if (!at(ps, t))
        return false;
    lex_next(&ps->lx);
    return true;
}

static bool at_word(struct parser *ps, const char *word)
{
    return at(ps, TOK_WORD) && strcmp(ps->lx.word, word) == 0;
}

static bool accept_word(struct parser *ps, const char *word)
{
    if (!at_word(ps, word))
        return false;
    lex_next(&ps->lx);
    return true;
}

// A keyword that must be here.
static void expect_word(struct parser *ps, const char *word)
{
    if (!accept_word(ps, word))
        unexpected(ps, word);
}

static void skip_newlines(struct parser *ps)
{
    while (accept(ps, TOK_NEWLINE))
        ;
}

// Keywords that end a list; they count only where a command could start.
static bool at_closing_word(struct parser *ps)
{
    static const char *closing[] = {"then", "elif", "else", "fi", "do", "done", "}"};
    for (uint i = 0; i < sizeof(closing) / sizeof(closing[0]); i++)
        if (at_word(ps, closing[i]))
            return true;
    return false;
}

static struct node *new_node(enum node_kind kind)
{
    struct node *n = mem_alloc(sizeof(*n));
    n->kind = kind;
    return n;
}

static struct word *new_word(const char *text)
{
    struct word *w = mem_alloc(sizeof(*w));
    w->text = text;
    return w;
}

// At TOK_REDIR.
static struct redir *parse_redir(struct parser *ps)
{
    struct redir *r = mem_alloc(sizeof(*r));
    r->fd = ps->lx.fd;
    r->op = ps->lx.redir;
    lex_next(&ps->lx);
    if (!at(ps, TOK_WORD)) {
        // a file name cannot come on the next line: an end here is a mistake, except within quotes
        if (ps->lx.token == TOK_BAD)
            unexpected(ps, "");
        fail(ps, PARSE_ERROR, "missing file name after redirection", "");
        return r;
    }
    r->target = ps->lx.word;
    lex_next(&ps->lx);
    return r;
}

static void parse_redirs(struct parser *ps, struct redir **link)
{
    while (at(ps, TOK_REDIR)) {
        *link = parse_redir(ps);
        link = &(*link)->next;
    }
}

// Words and redirections in any order. Assignments are words until the command runs.
static struct node *parse_simple(struct parser *ps)
{
    struct node *n = new_node(NODE_SIMPLE);
    struct word **word = &n->words;
    struct redir **redir = &n->redirs;
    while (at(ps, TOK_WORD) || at(ps, TOK_REDIR)) {
        if (at(ps, TOK_REDIR)) {
            *redir = parse_redir(ps);
            redir = &(*redir)->next;
            continue;
        }
        *word = new_word(ps->lx.word);
        word = &(*word)->next;
        lex_next(&ps->lx);
    }
    if (n->words == 0 && n->redirs == 0)
        unexpected(ps, "command");
    else if (at(ps, TOK_OPEN) || at(ps, TOK_BAD))
        unexpected(ps, "");
    return n;
}

// Behind `if` or `elif`.
static struct node *parse_if(struct parser *ps)
{
    struct node *n = new_node(NODE_IF);
    n->first = parse_list(ps);
    expect_word(ps, "then");
    n->body = parse_list(ps);
    struct node **link = &n->other;
    for (struct node *inner = n; accept_word(ps, "elif"); link = &inner->other) {
        inner = *link = new_node(NODE_IF);
        inner->first = parse_list(ps);
        expect_word(ps, "then");
        inner->body = parse_list(ps);
    }
    if (accept_word(ps, "else"))
        *link = parse_list(ps);
    expect_word(ps, "fi");
    return n;
}

// The body of a loop.
static struct node *parse_do(struct parser *ps)
{
    expect_word(ps, "do");
    struct node *body = parse_list(ps);
    expect_word(ps, "done");
    return body;
}

// Behind `while` or `until`.
static struct node *parse_while(struct parser *ps, bool until)
{
    struct node *n = new_node(NODE_WHILE);
    n->negate = until;
    n->first = parse_list(ps);
    n->body = parse_do(ps);
    return n;
}

// Behind `for`.
static struct node *parse_for(struct parser *ps)
{
    struct node *n = new_node(NODE_FOR);
    if (!at(ps, TOK_WORD) || !var_name_ok(ps->lx.word, strlen(ps->lx.word))) {
        unexpected(ps, "name after for");
        return n;
    }
    n->name = ps->lx.word;
    lex_next(&ps->lx);
    skip_newlines(ps);
    n->in_params = !accept_word(ps, "in");
    struct word **word = &n->words;
    while (!n->in_params && at(ps, TOK_WORD)) {
        *word = new_word(ps->lx.word);
        word = &(*word)->next;
        lex_next(&ps->lx);
    }
    accept(ps, TOK_SEMI);
    skip_newlines(ps);
    n->body = parse_do(ps);
    return n;
}

// A bracketed list: ( ) or { }.
static struct node *parse_bracket(struct parser *ps, enum node_kind kind)
{
    struct node *n = new_node(kind);
    n->first = parse_list(ps);
    if (kind == NODE_GROUP)
        expect_word(ps, "}");
    else if (!accept(ps, TOK_CLOSE))
        unexpected(ps, ")");
    return n;
}

// A compound command, or 0 when there is none here.
static struct node *parse_compound(struct parser *ps)
{
    if (accept(ps, TOK_OPEN))
        return parse_bracket(ps, NODE_SUBSHELL);
    if (accept_word(ps, "{"))
        return parse_bracket(ps, NODE_GROUP);
    if (accept_word(ps, "if"))
        return parse_if(ps);
    if (accept_word(ps, "while"))
        return parse_while(ps, false);
    if (accept_word(ps, "until"))
        return parse_while(ps, true);
    if (accept_word(ps, "for"))
        return parse_for(ps);
    return 0;
}

// Anything that can be a member of a pipeline. All nesting passes through here.
static struct node *parse_command(struct parser *ps)
{
    if (ps->depth == SH_DEPTH_MAX) {
        fail(ps, PARSE_ERROR, "nested too deeply", "");
        return 0;
    }
    if (at_closing_word(ps)) {
        unexpected(ps, "");
        return 0;
    }
    ps->depth++;
    struct node *n = parse_compound(ps);
    ps->depth--;
    if (n == 0)
        return parse_simple(ps);
    parse_redirs(ps, &n->redirs);
    if (at(ps, TOK_WORD) && !at_closing_word(ps))
        unexpected(ps, "");
    return n;
}

// A single command without `!` needs no node around it.
static struct node *parse_pipeline(struct parser *ps)
{
    bool negate = accept_word(ps, "!");
    struct node *first = parse_command(ps);
    if (!negate && !at(ps, TOK_PIPE))
        return first;
    struct node *n = new_node(NODE_PIPE);
    n->negate = negate;
    n->first = first;
    for (struct node *last = first; accept(ps, TOK_PIPE) && last != 0; last = last->next) {
        skip_newlines(ps);
        last->next = parse_command(ps);
    }
    return n;
}

// Nor does a single pipeline.
static struct node *parse_andor(struct parser *ps)
{
    struct node *first = parse_pipeline(ps);
    if (!at(ps, TOK_AND) && !at(ps, TOK_OR))
        return first;
    struct node *n = new_node(NODE_ANDOR);
    n->first = first;
    for (struct node *last = first; last != 0; last = last->next) {
        enum joint joint = at(ps, TOK_AND) ? JOINT_AND : at(ps, TOK_OR) ? JOINT_OR : JOINT_NONE;
        if (joint == JOINT_NONE)
            break;
        lex_next(&ps->lx);
        skip_newlines(ps);
        last->next = parse_pipeline(ps);
        if (last->next != 0)
            last->next->joint = joint;
    }
    return n;
}

static bool at_list_end(struct parser *ps)
{
    return ps->result != PARSE_OK || ps->lx.token == TOK_END || ps->lx.token == TOK_CLOSE ||
           at_closing_word(ps);
}

// Members up to something that cannot start one. `lines`: newlines are separators too and the list must not
// be empty; otherwise the first newline ends it and is left there.
static struct node *parse_members(struct parser *ps, bool lines)
{
    struct node *n = new_node(NODE_LIST);
    struct node **link = &n->first;
    for (;;) {
        if (lines)
            skip_newlines(ps);
        if (at_list_end(ps) || (!lines && at(ps, TOK_NEWLINE)))
            break;
        struct node *member = parse_andor(ps);
        if (member == 0)
            break;
        *link = member;
        link = &member->next;
        member->background = at(ps, TOK_BG);
        if (!accept(ps, TOK_BG) && !accept(ps, TOK_SEMI) && !(lines && at(ps, TOK_NEWLINE)))
            break;
    }
    return n;
}

// A list within brackets or keywords: newlines are like semicolons.
static struct node *parse_list(struct parser *ps)
{
    struct node *n = parse_members(ps, true);
    if (n->first == 0)
        unexpected(ps, "command");
    return n;
}

// Returns: PARSE_MORE when further text could make sense of it. *text moves only for PARSE_OK.
enum parse_result parse_line(const char **text, struct node **tree, char error[SH_ERROR_MAX])
{
    struct parser ps = {.error = error};
    *tree = 0;
    lex_init(&ps.lx, *text);
    struct node *n = parse_members(&ps, false);
    if (ps.result == PARSE_OK && !at(&ps, TOK_NEWLINE) && !at(&ps, TOK_END))
        unexpected(&ps, "");
    if (ps.result == PARSE_OK) {
        *text = ps.lx.p; // behind the newline: the lexer has not looked further
        *tree = n->first != 0 ? n : 0;
    }
    return ps.result;
}
