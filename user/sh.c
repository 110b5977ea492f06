// The shell.
//
//     sh                        commands from standard input; edited, with prompts, when that is the console
//     sh file [argument ..]     commands from a file, which has the arguments as $1 ..
//     sh -c line [argument ..]  commands from the line
//
// This file has the loops around the parser and what belongs to the shell as a whole; sh.h lists the other
// parts. A syntax error ends a script and a -c line with status 2, while the shell at a console or a pipe
// goes on with the next line.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/stat.h"
#include "user/sh.h"
#include "user/user.h"

#define EDIT_MAX       4096          // longest line at the console
#define SCRIPT_MAX     (1024 * 1024) // longest script file
#define STATUS_DROPPED 130           // $? after Ctrl-C at the prompt

int sh_status;
int sh_captured;
int sh_argc;
char **sh_argv;
int sh_last_bg;
bool sh_interactive;

// ---- whole texts

static int count_lines(const char *from, const char *to)
{
    int n = 0;
    for (; from < to; from++)
        n += *from == '\n';
    return n;
}

// Parses and runs one command line after the other, so that what stands before a mistake still happens.
// Returns: the status of the last; STATUS_SYNTAX, after a message, when a line is wrong or the text ends too
// early.
int run_text(const char *text, const char *what)
{
    char error[SH_ERROR_MAX];
    const char *start = text;
    while (*text != 0) {
        struct mem_mark mark = mem_mark();
        struct node *tree;
        if (parse_line(&text, &tree, error) != PARSE_OK) {
            complain("%s: line %d: syntax error: %s", what, count_lines(start, text) + 1, error);
            mem_release(mark);
            return sh_status = STATUS_SYNTAX;
        }
        if (tree != 0)
            run_tree(tree);
        mem_release(mark);
    }
    return sh_status;
}

// Reads a whole file into memory; 0: said what is wrong.
static char *read_file(const char *path)
{
    struct stat st;
    char *text = 0;
    int n = 0, got, fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &st) < 0) {
        complain("%s: cannot open", path);
    } else if (st.type != T_FILE || st.size > SCRIPT_MAX) {
        complain("%s: not a script", path);
    } else if ((text = malloc(st.size + 1)) == 0) {
        complain("out of memory");
    } else {
        while (n < (int)st.size && (got = read(fd, text + n, st.size - n)) > 0)
            n += got;
        text[n] = 0;
    }
    if (fd >= 0)
        close(fd);
    return text;
}

// A script, with itself as $0. For a process that does nothing else.
int run_file(const char *path, int argc, char **argv)
{
    char *text = read_file(path);
    if (text == 0)
        return STATUS_MISSING;
    if (strlen(text) == 0)
        return 0;
    sh_argc = argc;
    sh_argv = argv;
    sh_status = 0;
    return run_text(text, path);
}

// ---- line by line

// Adds one line to text[SH_TEXT_MAX], which holds n bytes so far. Returns its length with the newline,
// EDIT_END or EDIT_DROP. What does not fit is dropped and told by *too_long.
static int add_line(char *text, int n, bool *too_long)
{
    char c;
    int start = n;
    *too_long = false;
    if (sh_interactive) {
        int room = SH_TEXT_MAX - n - 1;
        int got = edit_line(n == 0 ? "$ " : "> ", text + n, room < EDIT_MAX ? room : EDIT_MAX);
        if (got < 0)
            return got;
        history_add(text + n);
        strcpy(text + n + got, "\n");
        return got + 1;
    }
    for (;;) {
        if (read(0, &c, 1) != 1) {
            if (n == start)
                return EDIT_END;
            c = '\n'; // the last line may lack one
        }
        if (n >= SH_TEXT_MAX - 1)
            *too_long = true;
        else if (c != 0)
            text[n++] = c;
        if (c == '\n')
            break;
    }
    text[n] = 0;
    return n - start;
}

// Gets one command, with as many lines as it needs, and runs it. Returns false at the end of input.
static bool run_next(char *text)
{
    char error[SH_ERROR_MAX];
    struct mem_mark mark = mem_mark();
    enum parse_result result = PARSE_MORE;
    struct node *tree;
    bool too_long = false;
    int n = 0, got = 0;
    while (result == PARSE_MORE && !too_long && (got = add_line(text, n, &too_long)) > 0) {
        const char *p = text;
        n += got;
        mem_release(mark);
        result = parse_line(&p, &tree, error);
    }
    if (got == EDIT_END && n == 0)
        return false;
    if (got == EDIT_DROP) {
        sh_status = STATUS_DROPPED;
    } else if (too_long) {
        complain("line too long");
        sh_status = STATUS_SYNTAX;
    } else if (result != PARSE_OK) {
        complain("syntax error: %s", error);
        sh_status = STATUS_SYNTAX;
    } else if (tree != 0) {
        run_tree(tree);
    }
    mem_release(mark);
    return true;
}

int main(int argc, char *argv[])
{
    static char text[SH_TEXT_MAX];
    struct stat st;
    sh_argc = 1;
    sh_argv = argv;
    if (argc >= 3 && strcmp(argv[1], "-c") == 0) {
        if (argc > 3) {
            sh_argc = argc - 3;
            sh_argv = argv + 3;
        }
        return run_text(argv[2], "-c");
    }
    if (argc >= 2 && argv[1][0] == '-') {
        fprintf(2, "usage: sh [file [argument ..]]\n       sh -c line [name [argument ..]]\n");
        return STATUS_SYNTAX;
    }
    if (argc >= 2)
        return run_file(argv[1], argc - 1, argv + 1);
    sh_interactive = fstat(0, &st) == 0 && st.type == T_DEVICE;
    while (run_next(text))
        ;
    return sh_status;
}
