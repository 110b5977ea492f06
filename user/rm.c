// rm: removes files; -r directories with all that is in them, -f without complaint about what is not there.
#include "kernel/param.h"
#include "user/dirlist.h"

#define RECURSIVE 1
#define FORCE     2

static uint set; // options

static int complain(const char *what, const char *path)
{
    fprintf(2, "rm: %s %s\n", what, path);
    return 1;
}

static int remove_tree(const char *path);

// What is in the directory.
static int remove_entries(const char *path)
{
    struct dirlist list;
    char inner[MAXPATH];
    int status = 0;
    if (dirlist_read(&list, path) < 0)
        status = complain("cannot read", path);
    for (int i = 0; i < list.n; i++) {
        if (path_join(inner, sizeof(inner), path, list.names[i], strlen(list.names[i])) == 0)
            status |= complain("path too long in", path);
        else
            status |= remove_tree(inner);
    }
    free(list.names);
    return status;
}

// Recursion ends because a path has a longest length.
static int remove_tree(const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0 && st.type == T_DIR && remove_entries(path) != 0)
        return 1;
    return unlink(path) == 0 ? 0 : complain("cannot remove", path);
}

static int remove(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return (set & FORCE) ? 0 : complain("no such file:", path);
    if ((set & RECURSIVE) && st.type == T_DIR)
        return remove_tree(path);
    if (unlink(path) == 0)
        return 0;
    return complain(st.type == T_DIR ? "cannot remove directory (without -r, or not empty)" : "cannot remove",
                    path);
}

int main(int argc, char *argv[])
{
    int status = 0, first = options(argc, argv, "rf", &set);
    if (first < 0 || (first == argc && !(set & FORCE)))
        usage("rm [-r] [-f] file ..");
    for (int i = first; i < argc; i++)
        status |= remove(argv[i]);
    return status;
}
