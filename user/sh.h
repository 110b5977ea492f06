// The shell's parts, and what they share.
//
//   sh.c          options, where command lines come from, the loop around them
//   sh_mem.c      memory of one command line
//   sh_lex.c      text to tokens            \  know nothing of processes: tests/host/test_sh_parse.c
//   sh_parse.c    tokens to a tree          /
//   sh_expand.c   words of the tree to arguments: quotes, $, splitting; sh_glob.c: * ? [
//   sh_var.c      variables and parameters; sh_arith.c: $(( ))
//   sh_run.c      runs a tree; sh_redir.c: descriptors; sh_job.c: children; sh_builtin.c: commands inside the
//   shell sh_edit.c     line editor, sh_history.c
#ifndef USER_SH_H
#define USER_SH_H
#include <stdbool.h>
#include "kernel/types.h"

#define SH_TEXT_MAX  (64 * 1024) // longest command, with its continuation lines
#define SH_DEPTH_MAX 100         // nesting of ( ), { }, if, while, for
#define SH_ERROR_MAX 100

#define STATUS_FAIL    1
#define STATUS_SYNTAX  2
#define STATUS_NOEXEC  126
#define STATUS_MISSING 127
#define STATUS_MASK    0xff // what of an exit status counts; killed (-1) becomes 255

// One line on descriptor 2.
#define complain(fmt, ...) fprintf(2, "sh: " fmt "\n", ##__VA_ARGS__)

// ---- sh_mem.c: a stack of memory. Everything that a command line needs lies above a mark and goes at once.
struct mem_mark {
    struct mem_chunk *chunk;
    uint used;
};

void *mem_alloc(uint n); // zeroed; ends the shell when there is no memory
char *mem_copy(const char *s, uint n);
struct mem_mark mem_mark(void);
void mem_release(struct mem_mark mark);

// ---- sh_lex.c
enum token {
    TOK_END,     // end of the text
    TOK_NEWLINE, //
    TOK_WORD,    // raw: with its quotes
    TOK_SEMI,    // ;
    TOK_BG,      // &
    TOK_AND,     // &&
    TOK_OR,      // ||
    TOK_PIPE,    // |
    TOK_OPEN,    // (
    TOK_CLOSE,   // )
    TOK_REDIR,   // [n]< [n]> [n]>> [n]<& [n]>&
    TOK_BAD,     // unterminated quote, substitution or line: more text may help
};

enum redir_op { REDIR_READ, REDIR_WRITE, REDIR_APPEND, REDIR_DUP };

struct lexer {
    const char *p;       // next character
    enum token token;    // current token
    const char *word;    // TOK_WORD
    enum redir_op redir; // TOK_REDIR
    int fd;              // TOK_REDIR: descriptor on its left, or the operator's own
    const char *missing; // TOK_BAD: what would end it
};

void lex_init(struct lexer *lx, const char *text);
void lex_next(struct lexer *lx);
const char *lex_dollar(const char *p); // end of the $ construct at p, 0 when it is not terminated

// ---- sh_parse.c
enum node_kind {
    NODE_SIMPLE,   // words, redirs
    NODE_LIST,     // first: members one after the other
    NODE_ANDOR,    // first: pipelines, each with its joint
    NODE_PIPE,     // first: commands; negate
    NODE_SUBSHELL, // ( first )
    NODE_GROUP,    // { first }
    NODE_IF,       // first: condition, body, other
    NODE_WHILE,    // first: condition, body; negate: until
    NODE_FOR,      // name, words (items), body
};

enum joint { JOINT_NONE, JOINT_AND, JOINT_OR };

struct word {
    struct word *next;
    const char *text;
};

struct redir {
    struct redir *next;
    int fd;
    enum redir_op op;
    const char *target; // raw word
};

struct node {
    enum node_kind kind;
    struct node *next; // next member of the list that this one is in
    enum joint joint;  // how it hangs on the one before
    bool background;
    bool negate;
    bool in_params; // NODE_FOR without `in`: over "$@"
    struct node *first, *body, *other;
    const char *name;
    struct word *words;
    struct redir *redirs;
};

enum parse_result { PARSE_OK, PARSE_MORE, PARSE_ERROR };

// Parses the next command line of *text and moves *text behind it. *tree is 0 for an empty one.
enum parse_result parse_line(const char **text, struct node **tree, char error[SH_ERROR_MAX]);

// ---- sh_expand.c. Quoted characters are marked for sh_glob.c with this byte before them.
#define EXPAND_QUOTE '\001'

struct fields {
    char **v; // terminated by 0
    int n;
    int room;
};

bool expand_words(struct word *w, struct fields *out); // false: said what is wrong
char *expand_text(const char *raw); // without splitting and globbing; 0: said what is wrong
void fields_add(struct fields *f, char *s);
char *expand_unquote(const char *s); // without the marks

// ---- sh_glob.c
bool glob_match(const char *pattern, const char *name);
bool glob_needed(const char *pattern);
void glob_add(const char *pattern, struct fields *out); // the names that match, sorted, or the pattern itself

// ---- sh_var.c
const char *var_get(const char *name); // 0 when unset
void var_set(const char *name, const char *value);
void var_unset(const char *name);
bool var_name_ok(const char *s, uint n);
uint var_name_len(const char *s); // length of the name that s starts with

extern int sh_status;  // $?
extern int sh_argc;    // $# + 1
extern char **sh_argv; // $0 $1 ..
extern int sh_last_bg; // $!
extern bool sh_interactive;

// ---- sh_arith.c
bool arith_eval(const char *text, int64 *value);

// ---- sh_run.c
int run_tree(struct node *n); // exit status
char *
run_capture(const char *text); // output of command lines without its last newlines; 0: said what is wrong
bool run_leave(int loops, bool next); // break, continue; false outside of a loop
bool run_leaving(void);               // on the way out of a loop

extern int sh_captured; // status of the latest $( ) of the command at hand

// ---- sh_redir.c
#define REDIR_SAVES 6

struct redir_save {
    int n;
    struct {
        int fd;
        int copy;
    } old[REDIR_SAVES];
};

bool redir_apply(struct redir *r, struct redir_save *save); // false: said what is wrong
void redir_restore(struct redir_save *save);
void redir_forget(void); // in a child: drop what would be restored
bool redir_move(int from, int to);

// ---- sh_job.c
int job_fork(void);                     // as fork(); -1: said so
int job_wait(int pid, bool foreground); // the child's exit status
int job_wait_members(int *pids, int n); // status of the last of these children; uses pids up
int job_wait_all(void);
void job_add(int pid);        // a background job
void job_foreground(int pid); // until job_wait()

// ---- sh_builtin.c, sh_test.c
typedef int builtin_fn(int argc, char **argv);
builtin_fn *builtin_find(const char *name); // 0: it is a program
int builtin_test(int argc, char **argv);

// ---- sh_edit.c, sh_history.c
#define EDIT_END  (-1) // end of input
#define EDIT_DROP (-2) // Ctrl-C

int edit_line(const char *prompt, char *buf, int max); // length without the newline, or one of these
void history_add(const char *line);
int history_count(void);        // lines that were ever added
const char *history_get(int i); // line i of them, from 0; 0 when it is forgotten or not there yet

// ---- sh_complete.c
char *complete_word(const char *line,
                    int pos); // what to add at pos; "": listed the choices; 0: there are none

// ---- sh.c
int run_text(const char *text, const char *what); // all command lines of a text
int run_file(const char *path, int argc, char **argv);
#endif
