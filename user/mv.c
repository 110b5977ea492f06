// mv: renames a file or directory, or moves several into a directory.
#include "user/util.h"
#include "kernel/param.h"
#include "kernel/stat.h"

static int is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && st.type == T_DIR;
}

static int move(const char *from, const char *to)
{
    if (rename(from, to) == 0)
        return 0;
    fprintf(2, "mv: cannot move %s to %s\n", from, to);
    return 1;
}

static int move_into(const char *from, const char *dir)
{
    char path[MAXPATH];
    uint length;
    const char *name = base_name(from, &length);
    if (path_join(path, sizeof(path), dir, name, length) == 0) {
        fprintf(2, "mv: %s: path too long\n", dir);
        return 1;
    }
    return move(from, path);
}

int main(int argc, char *argv[])
{
    int status = 0, last = argc - 1;
    if (argc < 3)
        usage("mv old new\n       mv file .. directory");
    if (!is_dir(argv[last])) {
        if (argc > 3) {
            fprintf(2, "mv: %s is not a directory\n", argv[last]);
            return 1;
        }
        return move(argv[1], argv[2]);
    }
    for (int i = 1; i < last; i++)
        status |= move_into(argv[i], argv[last]);
    return status;
}
