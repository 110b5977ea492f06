// cp: copies a file, or several files into a directory; -r directories with all that is in them, -f removes a
// file that is in the way and cannot be written.
#include "kernel/param.h"
#include "user/dirlist.h"

#define RECURSIVE 1
#define FORCE     2
#define USAGE     "cp [-r] [-f] from to\n       cp [-r] [-f] from .. directory"

static uint set; // options
static char buf[16 * 1024];

static int complain(const char *what, const char *path)
{
    fprintf(2, "cp: %s %s\n", what, path);
    return 1;
}

static int copy_data(int in, int out, const char *from, const char *to)
{
    int n;
    while ((n = read(in, buf, sizeof(buf))) > 0)
        if (write_all(out, buf, n) < 0)
            return complain("cannot write", to);
    return n < 0 ? complain("cannot read", from) : 0;
}

static int copy_file(const char *from, const char *to)
{
    int in = open(from, O_RDONLY);
    if (in < 0)
        return complain("cannot open", from);
    int out = open(to, O_WRONLY | O_CREATE | O_TRUNC);
    if (out < 0 && (set & FORCE) && unlink(to) == 0)
        out = open(to, O_WRONLY | O_CREATE | O_TRUNC);
    int status = out < 0 ? complain("cannot create", to) : copy_data(in, out, from, to);
    close(in);
    if (out >= 0)
        close(out);
    return status;
}

static int copy(const char *from, const char *to);

// The names are read before `to` is made: a copy into the directory itself ends.
static int copy_dir(const char *from, const char *to)
{
    struct dirlist list;
    struct stat st;
    char a[MAXPATH], b[MAXPATH];
    int status = dirlist_read(&list, from) < 0 ? complain("cannot read", from) : 0;
    if (mkdir(to) < 0 && (stat(to, &st) < 0 || st.type != T_DIR)) {
        free(list.names);
        return complain("cannot create", to);
    }
    for (int i = 0; i < list.n; i++) {
        uint n = strlen(list.names[i]);
        if (path_join(a, sizeof(a), from, list.names[i], n) == 0 ||
            path_join(b, sizeof(b), to, list.names[i], n) == 0)
            status |= complain("path too long in", from);
        else
            status |= copy(a, b);
    }
    free(list.names);
    return status;
}

static int copy(const char *from, const char *to)
{
    struct stat a, b;
    if (stat(from, &a) < 0)
        return complain("no such file:", from);
    if (stat(to, &b) == 0 && a.dev == b.dev && a.ino == b.ino)
        return complain("from and to are the same file:", to);
    if (a.type != T_DIR)
        return copy_file(from, to);
    if (!(set & RECURSIVE))
        return complain("is a directory (without -r):", from);
    return copy_dir(from, to);
}

static int copy_into(const char *from, const char *dir)
{
    char to[MAXPATH];
    uint length;
    const char *name = base_name(from, &length);
    if (path_join(to, sizeof(to), dir, name, length) == 0)
        return complain("path too long:", dir);
    return copy(from, to);
}

int main(int argc, char *argv[])
{
    struct stat st;
    int status = 0, first = options(argc, argv, "rf", &set), last = argc - 1;
    if (first < 0 || last - first < 1)
        usage(USAGE);
    int into = stat(argv[last], &st) == 0 && st.type == T_DIR;
    if (!into && last - first > 1)
        return complain("not a directory:", argv[last]);
    for (int i = first; i < last; i++)
        status |= into ? copy_into(argv[i], argv[last]) : copy(argv[i], argv[last]);
    return status;
}
