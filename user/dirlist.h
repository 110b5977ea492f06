// The names in a directory, for programs that walk trees. All of them at once: the directory is closed again
// before the walk goes deeper, and changing it meanwhile does no harm.
#ifndef USER_DIRLIST_H
#define USER_DIRLIST_H
#include "kernel/fcntl.h"
#include "kernel/fs.h"
#include "kernel/stat.h"
#include "user/util.h"

struct dirlist {
    int n;
    char (*names)[DIRSIZ + 1]; // malloc'ed
};

static inline int dirlist_add(struct dirlist *list, int *room, const char *name)
{
    if (list->n == *room) {
        *room = *room != 0 ? 2 * *room : 32;
        char(*bigger)[DIRSIZ + 1] = malloc(*room * sizeof(*bigger));
        if (bigger == 0)
            return -1;
        if (list->n > 0)
            memmove(bigger, list->names, list->n * sizeof(*bigger));
        free(list->names);
        list->names = bigger;
    }
    memset(list->names[list->n], 0, DIRSIZ + 1);
    memmove(list->names[list->n++], name, DIRSIZ);
    return 0;
}

// Fills in *list without `.` and `..`. Returns 0, or -1 when path is no directory or memory is short;
// list->names is the caller's to free either way.
static inline int dirlist_read(struct dirlist *list, const char *path)
{
    struct dirent de;
    struct stat st;
    int room = 0, r = -1, fd = open(path, O_RDONLY);
    *list = (struct dirlist){0};
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) == 0 && st.type == T_DIR)
        r = 0;
    while (r == 0 && read(fd, &de, sizeof(de)) == sizeof(de)) {
        int dots = de.name[0] == '.' && (de.name[1] == 0 || (de.name[1] == '.' && de.name[2] == 0));
        if (de.inum != 0 && !dots)
            r = dirlist_add(list, &room, de.name);
    }
    close(fd);
    return r;
}

#endif
