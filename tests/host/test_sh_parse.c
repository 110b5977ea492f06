// SOURCES: user/sh_lex.c user/sh_parse.c user/sh_mem.c user/sh_expand.c user/sh_glob.c user/sh_var.c user/sh_arith.c
// FLAGS: -ffreestanding -Wno-builtin-declaration-mismatch -include tests/host/sh_names.h
//
// The parts of the shell that know nothing of processes: the tree of a command line, the arguments made of
// its words, patterns and arithmetic, and all of them on random text. The C library stands in for the user
// library where they agree.
#undef fprintf
#undef strchr
#undef open
#undef fstat
#undef stat
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "user/sh.h"

int sh_status, sh_argc = 1, sh_last_bg;
static char *params[] = {"sh", "one", "two words", 0};
char **sh_argv = params;
bool sh_interactive;

static int complaints;

void sh_fprintf(int fd, const char *fmt, ...)
{
    (void)fd;
    (void)fmt;
    complaints++;
}

char *sh_strchr(const char *s, char c)
{
    for (; *s != 0; s++)
        if (*s == c)
            return (char *)s;
    return 0;
}

// There are no files.
int sh_open(const char *path, int flags)
{
    (void)path;
    (void)flags;
    return -1;
}

int sh_fstat(int fd, void *st)
{
    (void)fd;
    (void)st;
    return -1;
}

int sh_stat(const char *path, void *st)
{
    (void)path;
    (void)st;
    return -1;
}

char *run_capture(const char *text)
{
    return mem_copy(text, strlen(text));
}

// ---- a tree as text: (kind member ..), & behind a background member

static char shown[4096];

static void show(const char *s)
{
    assert_true(strlen(shown) + strlen(s) < sizeof(shown));
    strcat(shown, s);
}

static void show_node(struct node *n)
{
    static const char *names[] = {"", "list", "andor", "pipe", "sub", "group", "if", "while", "for"};
    if (n->joint != JOINT_NONE)
        show(n->joint == JOINT_AND ? " && " : " || ");
    show(n->negate ? "!(" : "(");
    show(names[n->kind]);
    for (struct word *w = n->words; w != 0; w = w->next) {
        show(" ");
        show(w->text);
    }
    for (struct redir *r = n->redirs; r != 0; r = r->next) {
        char op[] = {' ', '0' + r->fd, "<>+="[r->op], 0};
        show(op);
        show(r->target);
    }
    for (struct node *m = n->first; m != 0; m = m->next)
        show_node(m);
    if (n->body != 0)
        show_node(n->body);
    if (n->other != 0)
        show_node(n->other);
    show(n->background ? ")&" : ")");
}

static const char *parsed(const char *text)
{
    char error[SH_ERROR_MAX];
    struct node *tree;
    shown[0] = 0;
    switch (parse_line(&text, &tree, error)) {
    case PARSE_MORE:
        return "more";
    case PARSE_ERROR:
        return error[0] != 0 ? "error" : "error without words";
    default:
        if (tree != 0)
            show_node(tree);
        return shown;
    }
}

static void test_trees(void **state)
{
    (void)state;
    static const char *cases[][2] = {
        {"", ""},
        {"  # comment", ""},
        {"a b", "(list( a b))"},
        {"a;b;", "(list( a)( b))"},
        {"a & b&", "(list( a)&( b)&)"},
        {"a | b | c", "(list(pipe( a)( b)( c)))"},
        {"! a", "(list!(pipe( a)))"},
        {"a && b || c", "(list(andor( a) && ( b) || ( c)))"},
        {"a | b && c &", "(list(andor(pipe( a)( b)) && ( c))&)"},
        {"(a; b) >f", "(list(sub 1>f(list( a)( b))))"},
        {"{ a; } 2>>f <g", "(list(group 2+f 0<g(list( a))))"},
        {"a 2>&1 >f b", "(list( a b 2=1 1>f))"},
        {"if a; then b; elif c; then d; else e; fi",
         "(list(if(list( a))(list( b))(if(list( c))(list( d))(list( e)))))"},
        {"while a; do b; done", "(list(while(list( a))(list( b))))"},
        {"for i in x y; do b; done", "(list(for x y(list( b))))"},
        {"echo if fi { }", "(list( echo if fi { }))"},
        {"a \"b c\"'d e'\\ f $(g | h) `i j`", "(list( a \"b c\"'d e'\\ f $(g | h) `i j`))"},
        {"a\\\nb", "(list( a\\\nb))"},
        {"a \\\n b", "(list( a b))"},
        {"a |\n\n b", "(list(pipe( a)( b)))"},
        {"(\na\n\nb\n)", "(list(sub(list( a)( b))))"},
        {"a$(b \")\" c)d", "(list( a$(b \")\" c)d))"},
        {"a#b", "(list( a#b))"},
        {"(", "more"},
        {"(a", "more"},
        {"a &&", "more"},
        {"a |", "more"},
        {"'a", "more"},
        {"\"a\\\"", "more"},
        {"a \\\n", "more"},
        {"if a", "more"},
        {"for i", "more"},
        {"echo $(a", "more"},
        {"echo \"$(a \"b)\"", "more"},
        {")", "error"},
        {"a ; ; b", "error"},
        {"| a", "error"},
        {"a >", "error"},
        {"a > | b", "error"},
        {"fi", "error"},
        {"if a; fi", "error"},
        {"a (b)", "error"},
        {"(a) b", "error"},
        {"for 3 in a; do b; done", "error"},
        {"if; then a; fi", "error"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mem_mark mark = mem_mark();
        assert_string_equal(parsed(cases[i][0]), cases[i][1]);
        mem_release(mark);
    }
}

static void test_depth(void **state)
{
    (void)state;
    char text[4 * SH_DEPTH_MAX] = "";
    struct mem_mark mark = mem_mark();
    for (int i = 0; i <= SH_DEPTH_MAX; i++)
        strcat(text, "(");
    assert_string_equal(parsed(text), "error");
    assert_string_equal(parsed(text + 2), "more");
    mem_release(mark);
}

// Several lines are taken one by one.
static void test_lines(void **state)
{
    (void)state;
    const char *text = "a\n\n# x\nb; c\nd";
    static const int members[] = {1, 0, 0, 2, 1};
    struct mem_mark mark = mem_mark();
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        char error[SH_ERROR_MAX];
        struct node *tree;
        assert_int_equal(parse_line(&text, &tree, error), PARSE_OK);
        int n = 0;
        for (struct node *m = tree != 0 ? tree->first : 0; m != 0; m = m->next)
            n++;
        assert_int_equal(n, members[i]);
    }
    assert_string_equal(text, "");
    mem_release(mark);
}

// ---- words

static const char *expanded(const char *text)
{
    char error[SH_ERROR_MAX];
    struct node *tree;
    struct fields f;
    shown[0] = 0;
    assert_int_equal(parse_line(&text, &tree, error), PARSE_OK);
    if (!expand_words(tree->first->words, &f))
        return "failed";
    for (int i = 0; i < f.n; i++) {
        show("<");
        show(f.v[i]);
        show(">");
    }
    assert_null(f.v[f.n]);
    return shown;
}

static void test_words(void **state)
{
    (void)state;
    static const char *cases[][2] = {
        {"a 'b  c' \"d  e\"", "<a><b  c><d  e>"},
        {"'' \"\" $none \"$none\"", "<><><>"},
        {"$x \"$x\" a${x}b", "<p><q><p  q><ap><qb>"},
        {"$@", "<one><two><words>"},
        {"\"$@\"", "<one><two words>"},
        {"a\"$@\"b", "<aone><two wordsb>"},
        {"\"$*\"", "<one two words>"},
        {"$# $1 \"$2\" $9 $0", "<2><one><two words><sh>"},
        {"$? \"$\" $ a$ $-", "<3><$><$><a$><$->"},
        {"\\$x \\\\ \\' \"\\$x \\a\"", "<$x><\\><'><$x \\a>"},
        {"$(a b) \"$(a b)\" `a \\`b`", "<a><b><a b><a><`b>"},
        {"$((1+2*3)) $((x9)) $(((1)))", "<7><0><1>"},
        {"*.c '*' \\*", "<*.c><*><*>"},
        {"a\\\nb", "<ab>"},
        {"$((1/0))", "failed"},
        {"${a b}", "failed"},
    };
    sh_argc = 3;
    sh_status = 3;
    var_set("x", "p  q");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mem_mark mark = mem_mark();
        assert_string_equal(expanded(cases[i][0]), cases[i][1]);
        mem_release(mark);
    }
    var_unset("x");
    sh_argc = 1;
}

static void test_patterns(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *name;
        bool match;
    } cases[] = {
        {"*", "", true},
        {"*", "abc", true},
        {"a*c", "abbbc", true},
        {"a*c", "abbb", false},
        {"?", "a", true},
        {"?", "", false},
        {"a?c", "abc", true},
        {"[abc]", "b", true},
        {"[!abc]", "b", false},
        {"[a-c]x", "bx", true},
        {"[a-c]x", "dx", false},
        {"[]a]", "]", true},
        {"[a", "[a", true},
        {"a**b", "ab", true},
        {"\001*", "*", true},
        {"\001*", "a", false},
        {"*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(glob_match(cases[i].pattern, cases[i].name), cases[i].match);
}

static void test_arithmetic(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        int64 value;
    } cases[] = {
        {"1 + 2 * 3 - 4 / 2", true, 5},
        {"(1 + 2) * -3", true, -9},
        {"10 % 4 == 2 && 3 < 4 || 0", true, 1},
        {"!0 + !5", true, 1},
        {"0x10 + x", true, 23},
        {"7 - 3 - 2", true, 2},
        {"-9223372036854775807 - 1", true, INT64_MIN},
        {"(-9223372036854775807 - 1) / -1", true, INT64_MIN},
        {"9223372036854775807 + 1", true, INT64_MIN},
        {"1 %% 0", false, 0},
        {"1 / 0", false, 0},
        {"", false, 0},
        {"1 2", false, 0},
        {"(1", false, 0},
        {"+", false, 0},
    };
    struct mem_mark mark = mem_mark();
    var_set("x", "7");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64 value;
        assert_int_equal(arith_eval(cases[i].text, &value), cases[i].ok);
        if (cases[i].ok)
            assert_int_equal(value, cases[i].value);
    }
    mem_release(mark);
}

// ---- random text of the characters that mean something

static void walk(struct node *n)
{
    for (; n != 0; n = n->next) {
        struct fields f;
        expand_words(n->words, &f);
        for (struct redir *r = n->redirs; r != 0; r = r->next)
            expand_text(r->target);
        walk(n->first);
        walk(n->body);
        walk(n->other);
    }
}

static void test_random(void **state)
{
    (void)state;
    static const char *pieces[] = {
        "(", ")",   "((", "))", "{ ",  "; }",     "$",    "$(",     "${",    "$((",    "\"",   "'",
        "`", "\\",  "\n", ";",  "&",   "&&",      "|",    "||",     ">",     "<",      ">>",   "2>&1",
        "#", " ",   " ",  " ",  "if ", "; then ", "; fi", "while ", "; do ", "; done", "for ", " in ",
        "a", "x=1", "*",  "[",  "]",   "?",       "!",    "1",      "@"};
    srand(1);
    for (int round = 0; round < 100000; round++) {
        char line[400] = "", error[SH_ERROR_MAX];
        for (int i = rand() % 40; i > 0; i--)
            strcat(line, pieces[rand() % (sizeof(pieces) / sizeof(pieces[0]))]);
        struct mem_mark mark = mem_mark();
        const char *text = line;
        struct node *tree;
        while (*text != 0 && parse_line(&text, &tree, error) == PARSE_OK)
            walk(tree);
        mem_release(mark);
    }
    assert_true(complaints > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trees),  cmocka_unit_test(test_depth),    cmocka_unit_test(test_lines),
        cmocka_unit_test(test_words),  cmocka_unit_test(test_patterns), cmocka_unit_test(test_arithmetic),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, 0, 0);
}
