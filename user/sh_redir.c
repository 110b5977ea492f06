// Descriptors. There is no dup2(): dup() gives the lowest free number, so a descriptor is moved by closing
// its goal and calling dup() until it arrives there.
//
// A command that runs inside the shell gets its redirections undone: what they replace waits in a copy with a
// number that redirections cannot name. Children drop those copies, or a pipe's reader would never see its
// end.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/param.h"
#include "kernel/stat.h"
#include "user/sh.h"
#include "user/user.h"

#define FD_NAMED 10 // redirections name descriptors below this

static bool is_copy[NOFILE]; // of the shell's own descriptors

// A duplicate of fd with the lowest free number that is at least `least`; -1 when there is none.
static int dup_above(int fd, int least)
{
    int below[NOFILE], n = 0, copy;
    while ((copy = dup(fd)) >= 0 && copy < least)
        below[n++] = copy;
    while (n > 0)
        close(below[--n]);
    return copy;
}

// Makes `to` what `from` is and closes `from`.
bool redir_move(int from, int to)
{
    if (from == to)
        return true;
    close(to);
    int copy = dup_above(from, to);
    close(from);
    if (copy != to && copy >= 0)
        close(copy);
    return copy == to;
}

// Opens what r names, or duplicates the descriptor; -1: said what is wrong.
static int redir_open(struct redir *r, const char *target)
{
    static const int modes[] = {
        [REDIR_READ] = O_RDONLY,
        [REDIR_WRITE] = O_WRONLY | O_CREATE | O_TRUNC,
        [REDIR_APPEND] = O_WRONLY | O_CREATE | O_APPEND,
    };
    if (r->op == REDIR_DUP) {
        bool number = target[0] >= '0' && target[0] <= '9' && target[1] == 0;
        int fd = number ? dup(target[0] - '0') : -1;
        if (fd < 0)
            complain("%s: not an open descriptor", target);
        return fd;
    }
    int fd = open(target, modes[r->op]);
    if (fd < 0)
        complain("%s: cannot %s", target, r->op == REDIR_READ ? "open" : "create");
    return fd;
}

// Keeps a copy of fd, for redir_restore(). A descriptor that is not open will be closed again: copy -1.
static bool keep(struct redir_save *save, int fd)
{
    struct stat st;
    for (int i = 0; i < save->n; i++)
        if (save->old[i].fd == fd)
            return true;
    int copy = dup_above(fd, FD_NAMED);
    if (save->n == REDIR_SAVES || (copy < 0 && fstat(fd, &st) == 0)) {
        complain("too many redirections");
        return false;
    }
    if (copy >= 0)
        is_copy[copy] = true;
    save->old[save->n].fd = fd;
    save->old[save->n++].copy = copy;
    return true;
}

// Opens first and replaces then: a file that cannot be opened leaves the descriptor as it was.
static bool apply_one(struct redir *r)
{
    char *target = expand_text(r->target);
    if (target == 0)
        return false;
    if (r->op == REDIR_DUP && strcmp(target, "-") == 0) {
        close(r->fd);
        return true;
    }
    int fd = redir_open(r, target);
    if (fd >= 0 && redir_move(fd, r->fd))
        return true;
    if (fd >= 0)
        complain("too many open files");
    return false;
}

// Performs the redirections from left to right, up to the first that fails. save: how to undo them, 0 when
// nobody will.
bool redir_apply(struct redir *r, struct redir_save *save)
{
    if (save != 0)
        save->n = 0;
    for (; r != 0; r = r->next)
        if ((save != 0 && !keep(save, r->fd)) || !apply_one(r))
            return false;
    return true;
}

// In reverse order, though the order does not matter: each descriptor was kept once.
void redir_restore(struct redir_save *save)
{
    while (save->n > 0) {
        int fd = save->old[--save->n].fd, copy = save->old[save->n].copy;
        if (copy < 0) {
            close(fd);
            continue;
        }
        is_copy[copy] = false;
        redir_move(copy, fd);
    }
}

// The child of a command inside { } > file has the file, but no business with what it replaced.
void redir_forget(void)
{
    for (int fd = 0; fd < NOFILE; fd++) {
        if (is_copy[fd])
            close(fd);
        is_copy[fd] = false;
    }
}
