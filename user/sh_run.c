// Runs a parse tree. Commands, subshells and the members of a pipeline are children; lists, conditions and
// loops run in the shell itself, so that variables, cd and exit inside them count. In an interactive shell a
// loop is a child too: only then does one Ctrl-C end all of it (sh_job.c).
//
// Every function returns an exit status. What a command needs is taken from the stack of sh_mem.c and
// released when it is done.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/param.h"
#include "kernel/stat.h"
#include "user/sh.h"
#include "user/user.h"

#define CAPTURE_MAX (1024 * 1024) // longest output that $( ) takes

static int run_node(struct node *n);

// ---- programs

// Where a program is: as the name says, or else in the root directory.
static const char *program_find(const char *name, struct stat *st)
{
    uint n = strlen(name);
    if (n == 0 || n + 1 >= MAXPATH)
        return 0;
    if (stat(name, st) == 0)
        return name;
    if (strchr(name, '/') != 0)
        return 0;
    char *path = mem_alloc(n + 2);
    path[0] = '/';
    strcpy(path + 1, name);
    return stat(path, st) == 0 ? path : 0;
}

// Whether a file starts as a script does.
static bool is_script(const char *path)
{
    char magic[2] = {0};
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return false;
    read(fd, magic, sizeof(magic));
    close(fd);
    return magic[0] == '#' && magic[1] == '!';
}

// Becomes the program, or ends with a message and the status that says why not.
static void program_exec(struct fields *args)
{
    struct stat st;
    const char *name = args->v[0], *path = program_find(name, &st);
    if (path == 0) {
        complain("%s: not found", name);
        exit(STATUS_MISSING);
    }
    exec(path, args->v);
    if (st.type == T_FILE && args->n < MAXARG && is_script(path))
        exit(run_file(path, args->n, args->v));
    if (args->n >= MAXARG)
        complain("%s: too many arguments", name);
    else if (st.type == T_DIR)
        complain("%s: is a directory", name);
    else
        complain("%s: cannot execute", name);
    exit(STATUS_NOEXEC);
}

// ---- simple commands

// Length of the name if a word is NAME=value, else 0.
static uint assignment(const char *raw)
{
    uint n = var_name_len(raw);
    return n > 0 && raw[n] == '=' ? n : 0;
}

// Assigns the leading NAME=value words. Returns the first other word; *ok is false when a value cannot be.
static struct word *run_assignments(struct word *w, bool *ok)
{
    *ok = true;
    for (uint n; w != 0 && (n = assignment(w->text)) > 0; w = w->next) {
        char *value = expand_text(w->text + n + 1);
        if (value == 0) {
            *ok = false;
            return 0;
        }
        var_set(mem_copy(w->text, n), value);
    }
    return w;
}

// Runs a builtin, or nothing at all when there are only redirections.
static int run_inside(builtin_fn *builtin, struct fields *args, struct redir *redirs)
{
    struct redir_save save;
    int status = STATUS_FAIL;
    if (redir_apply(redirs, &save))
        status = builtin != 0 ? builtin(args->n, args->v) : 0;
    redir_restore(&save);
    return status;
}

// The redirections happen in the child, so there is nothing to undo.
static int run_program(struct fields *args, struct redir *redirs)
{
    int pid = job_fork();
    if (pid < 0)
        return STATUS_FAIL;
    if (pid == 0) {
        if (redir_apply(redirs, 0))
            program_exec(args);
        exit(STATUS_FAIL);
    }
    return job_wait(pid, true);
}

// own: this process is the command's and may become it.
static int run_simple(struct node *n, bool own)
{
    struct fields args;
    bool ok;
    sh_captured = 0;
    struct word *words = run_assignments(n->words, &ok);
    if (!ok || !expand_words(words, &args))
        return STATUS_FAIL;
    if (args.n == 0) {
        int status = run_inside(0, &args, n->redirs);
        return status != 0 ? status : sh_captured;
    }
    builtin_fn *builtin = builtin_find(args.v[0]);
    if (builtin != 0)
        return run_inside(builtin, &args, n->redirs);
    if (!own)
        return run_program(&args, n->redirs);
    if (redir_apply(n->redirs, 0))
        program_exec(&args);
    return STATUS_FAIL;
}

// ---- children

// The rest of a child's life: what n says, its own redirections included.
static void child_run(struct node *n) __attribute__((noreturn));
static void child_run(struct node *n)
{
    if (n->kind == NODE_SIMPLE)
        exit(run_simple(n, true));
    if (n->kind == NODE_SUBSHELL) { // this process is it already
        if (!redir_apply(n->redirs, 0))
            exit(STATUS_FAIL);
        n = n->first;
    }
    exit(run_node(n));
}

// n in a child in the foreground.
static int run_child(struct node *n)
{
    int pid = job_fork();
    if (pid < 0)
        return STATUS_FAIL;
    if (pid == 0)
        child_run(n);
    return job_wait(pid, true);
}

// Ctrl-C does not end it. Status 0: what becomes of it is not known yet.
static int run_background(struct node *n)
{
    int pid = job_fork();
    if (pid < 0)
        return STATUS_FAIL;
    if (pid == 0)
        child_run(n);
    job_add(pid);
    return sh_status = 0;
}

// Starts one member of a pipeline: *input is what it reads (-1: what the shell reads) and becomes what the
// next one reads. Returns its pid, -1 after a message.
static int start_member(struct node *n, int *input)
{
    int ends[2] = {-1, -1};
    if (n->next != 0 && pipe(ends) < 0) {
        complain("cannot create a pipe");
        return -1;
    }
    int pid = job_fork();
    if (pid == 0) {
        if (ends[0] >= 0)
            close(ends[0]);
        if ((*input >= 0 && !redir_move(*input, 0)) || (ends[1] >= 0 && !redir_move(ends[1], 1)))
            exit(STATUS_FAIL);
        child_run(n);
    }
    if (*input >= 0)
        close(*input);
    if (ends[1] >= 0)
        close(ends[1]);
    *input = ends[0];
    return pid;
}

// Every member of a pipeline in a child. The status is the last one's.
static int run_members(struct node *n)
{
    int started = 0, input = -1;
    uint count = 0;
    for (struct node *m = n->first; m != 0; m = m->next)
        count++;
    int *pids = mem_alloc(count * sizeof(*pids));
    for (struct node *m = n->first; m != 0; m = m->next) {
        int pid = start_member(m, &input);
        if (pid < 0)
            break;
        pids[started++] = pid;
    }
    if (input >= 0)
        close(input);
    int status = job_wait_members(pids, started);
    return started == (int)count ? status : STATUS_FAIL;
}

// In an interactive shell the pipeline has a parent of its own for Ctrl-C to end, a subshell.
static int run_pipe(struct node *n)
{
    bool single = n->first->next == 0;
    if (sh_interactive && !single)
        return run_child(n); // which comes back here
    int status = single ? run_node(n->first) : run_members(n);
    return n->negate ? status == 0 : status;
}

// ---- lists and conditions

// Every member in turn, unless a loop is being left.
static int run_list(struct node *n)
{
    int status = 0;
    for (struct node *m = n->first; m != 0 && !run_leaving(); m = m->next)
        status = m->background ? run_background(m) : run_node(m);
    return status;
}

// From left to right: && runs the next when the status is 0 so far, || when it is not.
static int run_andor(struct node *n)
{
    int status = 0;
    for (struct node *m = n->first; m != 0 && !run_leaving(); m = m->next)
        if (m->joint == JOINT_NONE || (m->joint == JOINT_AND) == (status == 0))
            status = run_node(m);
    return status;
}

// `elif` hangs as another NODE_IF where `else` would be a list.
static int run_if(struct node *n)
{
    for (; n != 0 && n->kind == NODE_IF; n = n->other) {
        int status = run_node(n->first);
        if (run_leaving())
            return status;
        if (status == 0)
            return run_node(n->body);
    }
    return n != 0 ? run_node(n) : 0;
}

// ---- loops

static int loop_depth;
static int leave_loops;    // break or continue n: loops still to leave
static bool leave_by_next; // continue: the last of them goes on

bool run_leaving(void)
{
    return leave_loops > 0;
}

bool run_leave(int loops, bool next)
{
    if (loop_depth == 0)
        return false;
    leave_loops = loops < loop_depth ? loops : loop_depth;
    leave_by_next = next;
    return true;
}

// After a round of a loop: whether it goes on.
static bool loop_goes_on(void)
{
    if (leave_loops == 0)
        return true;
    return --leave_loops == 0 && leave_by_next;
}

// break and continue in the condition count for this loop as well.
static int run_while(struct node *n)
{
    int status = 0;
    for (;;) {
        bool holds = (run_node(n->first) == 0) != n->negate;
        if (!run_leaving() && !holds)
            return status;
        if (!run_leaving())
            status = run_node(n->body);
        if (!loop_goes_on())
            return status;
    }
}

// The words are expanded once, before the first round.
static int run_for(struct node *n)
{
    struct fields items = {.v = sh_argv + 1, .n = sh_argc - 1};
    int status = 0;
    if (!n->in_params && !expand_words(n->words, &items))
        return STATUS_FAIL;
    for (int i = 0; i < items.n; i++) {
        var_set(n->name, items.v[i]);
        status = run_node(n->body);
        if (!loop_goes_on())
            break;
    }
    return status;
}

static int run_loop(struct node *n)
{
    if (sh_interactive)
        return run_child(n);
    loop_depth++;
    int status = n->kind == NODE_FOR ? run_for(n) : run_while(n);
    loop_depth--;
    return status;
}

// ---- the tree

static int run_compound(struct node *n)
{
    switch (n->kind) {
    case NODE_LIST:
        return run_list(n);
    case NODE_ANDOR:
        return run_andor(n);
    case NODE_PIPE:
        return run_pipe(n);
    case NODE_GROUP:
        return run_list(n->first);
    case NODE_IF:
        return run_if(n);
    default:
        return run_loop(n);
    }
}

// Every command passes through here: it gives its memory back and sets $?.
static int run_node(struct node *n)
{
    struct mem_mark mark = mem_mark();
    struct redir_save save = {0};
    int status = STATUS_FAIL;
    if (n->kind == NODE_SIMPLE) {
        status = run_simple(n, false);
    } else if (n->kind == NODE_SUBSHELL) {
        status = run_child(n);
    } else {
        if (redir_apply(n->redirs, &save))
            status = run_compound(n);
        redir_restore(&save);
    }
    mem_release(mark);
    sh_status = status;
    return status;
}

int run_tree(struct node *n)
{
    return run_node(n);
}

// ---- $( )

// Reads to the end. Returns the text, 0 when it is too long.
static char *read_all(int fd)
{
    uint room = 512, n = 0;
    char *buf = mem_alloc(room);
    for (int got; (got = read(fd, buf + n, room - n - 1)) > 0;) {
        n += got;
        if (n + 1 < room)
            continue;
        if (room >= CAPTURE_MAX)
            return 0;
        char *bigger = mem_alloc(2 * room);
        memmove(bigger, buf, n);
        buf = bigger;
        room *= 2;
    }
    while (n > 0 && buf[n - 1] == '\n')
        n--;
    buf[n] = 0;
    return buf;
}

// The commands run in a child whose output comes through a pipe.
char *run_capture(const char *text)
{
    int ends[2];
    if (pipe(ends) < 0) {
        complain("cannot create a pipe");
        return 0;
    }
    int pid = job_fork();
    if (pid == 0) {
        close(ends[0]);
        if (!redir_move(ends[1], 1))
            exit(STATUS_FAIL);
        exit(run_text(text, "$( )"));
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return 0;
    }
    job_foreground(pid);
    char *output = read_all(ends[0]);
    close(ends[0]);
    if (output == 0)
        complain("$( ): output is too long");
    sh_captured = job_wait(pid, true);
    return output;
}
