// Completion of the word before the cursor: file names, and for a command's own name also the programs in the
// root directory. Adds what all candidates share; when that is nothing, lists them.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/fs.h"
#include "kernel/param.h"
#include "kernel/stat.h"
#include "user/sh.h"
#include "user/user.h"

static bool has_prefix(const char *s, const char *prefix)
{
    return memcmp(s, prefix, strlen(prefix)) == 0;
}

static void add_unique(struct fields *f, char *s)
{
    for (int i = 0; i < f->n; i++)
        if (strcmp(f->v[i], s) == 0)
            return;
    fields_add(f, s);
}

// Adds the names in dir that start with prefix; hidden ones only if the prefix says so.
static void scan(const char *dir, const char *prefix, struct fields *out)
{
    struct dirent de;
    struct stat st;
    int fd = open(dir, O_RDONLY);
    if (fd < 0)
        return;
    bool is_dir = fstat(fd, &st) == 0 && st.type == T_DIR;
    while (is_dir && read(fd, &de, sizeof(de)) == sizeof(de)) {
        char name[DIRSIZ + 1] = {0};
        memmove(name, de.name, DIRSIZ);
        if (de.inum != 0 && (name[0] != '.' || prefix[0] == '.') && has_prefix(name, prefix))
            add_unique(out, mem_copy(name, strlen(name)));
    }
    close(fd);
}

// Where the word that ends at pos starts.
static int word_start(const char *line, int pos)
{
    while (pos > 0 && strchr(" \t;|&()<>=", line[pos - 1]) == 0)
        pos--;
    return pos;
}

// Whether a command's name would stand at pos.
static bool at_command(const char *line, int pos)
{
    while (pos > 0 && line[pos - 1] == ' ')
        pos--;
    return pos == 0 || strchr(";|&(", line[pos - 1]) != 0;
}

// How many bytes all candidates have in common.
static uint common(struct fields *f)
{
    uint n = strlen(f->v[0]);
    for (int i = 1; i < f->n; i++)
        while (n > 0 && memcmp(f->v[0], f->v[i], n) != 0)
            n--;
    return n;
}

// All candidates on a row of their own; the terminal wraps them.
static void list(struct fields *f)
{
    for (int i = 0; i < f->n; i++)
        fprintf(2, "%s%s", i == 0 ? "\n" : "  ", f->v[i]);
    fprintf(2, "\n");
}

// What follows a complete name: a slash if it is a directory, else a blank.
static const char *ending(const char *dir, const char *name)
{
    struct stat st;
    char path[MAXPATH];
    if (strlen(dir) + strlen(name) >= sizeof(path))
        return "";
    strcpy(path, dir);
    strcpy(path + strlen(dir), name);
    return stat(path, &st) == 0 && st.type == T_DIR ? "/" : " ";
}

// Returns: text to insert at pos, "" after a list was shown, 0 when nothing fits. From the stack of sh_mem.c.
char *complete_word(const char *line, int pos)
{
    struct fields found = {0};
    int start = word_start(line, pos), name = pos;
    while (name > start && line[name - 1] != '/')
        name--;
    char *dir = mem_copy(line + start, name - start), *prefix = mem_copy(line + name, pos - name);
    scan(*dir != 0 ? dir : ".", prefix, &found);
    if (*dir == 0 && at_command(line, start))
        scan("/", prefix, &found);
    if (found.n == 0)
        return 0;
    uint have = strlen(prefix), n = common(&found);
    if (found.n > 1 && n == have) {
        list(&found);
        return "";
    }
    char *more = mem_alloc(n - have + 2);
    memmove(more, found.v[0] + have, n - have);
    if (found.n == 1)
        strcpy(more + n - have, ending(dir, found.v[0]));
    return more;
}
