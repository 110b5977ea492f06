// Patterns: * any characters, ? one, [abc] [a-z] [!a-z] one of a set. A name that starts with a dot is
// matched only by a pattern that does. In a path every component may be a pattern. Characters after
// EXPAND_QUOTE stand for themselves.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/fs.h"
#include "kernel/param.h"
#include "kernel/stat.h"
#include "user/sh.h"
#include "user/user.h"

// Whether there is anything in the pattern that does not stand for itself.
bool glob_needed(const char *pattern)
{
    for (; *pattern != 0; pattern++) {
        if (*pattern == EXPAND_QUOTE && pattern[1] != 0)
            pattern++;
        else if (strchr("*?[", *pattern) != 0)
            return true;
    }
    return false;
}

// p is at a '['. Whether the set holds c; *end is behind the ']'. A set without end matches as a plain '['.
static bool match_set(const char *p, char c, const char **end)
{
    const char *start = p++;
    bool negate = *p == '!' || *p == '^', found = false;
    p += negate;
    for (const char *first = p; *p != 0 && (*p != ']' || p == first); p++) {
        if (*p == EXPAND_QUOTE && p[1] != 0)
            p++;
        char low = *p, high = *p;
        if (p[1] == '-' && p[2] != ']' && p[2] != 0) {
            high = p[2];
            p += 2;
        }
        found |= low <= c && c <= high;
    }
    *end = *p == ']' ? p + 1 : start + 1;
    return *p == ']' ? found != negate : c == '[';
}

// One pattern element other than '*' against c.
static bool match_one(const char *p, char c, const char **end)
{
    *end = p + 1;
    if (*p == '?')
        return true;
    if (*p == '[')
        return match_set(p, c, end);
    if (*p == EXPAND_QUOTE && p[1] != 0) {
        *end = p + 2;
        return p[1] == c;
    }
    return *p == c;
}

// When a character does not fit, only the latest * needs to take one more: no recursion, no blow-up.
bool glob_match(const char *p, const char *s)
{
    const char *star = 0, *retry = 0, *next;
    while (*s != 0) {
        if (*p == '*') {
            star = ++p;
            retry = s;
        } else if (*p != 0 && match_one(p, *s, &next)) {
            p = next;
            s++;
        } else if (star != 0) {
            p = star;
            s = ++retry;
        } else {
            return false;
        }
    }
    while (*p == '*')
        p++;
    return *p == 0;
}

// Inserts s in order of the alphabet among the fields from `from` on.
static void add_sorted(struct fields *f, int from, char *s)
{
    int i = f->n;
    fields_add(f, s);
    for (; i > from && strcmp(f->v[i - 1], s) > 0; i--)
        f->v[i] = f->v[i - 1];
    f->v[i] = s;
}

// Returns: 0 for a path that is longer than the kernel takes.
static char *join(const char *dir, const char *name, const char *slash)
{
    char path[MAXPATH];
    uint a = strlen(dir), b = strlen(name), c = strlen(slash);
    if (a + b + c >= MAXPATH)
        return 0;
    memmove(path, dir, a);
    memmove(path + a, name, b);
    memmove(path + a + b, slash, c);
    return mem_copy(path, a + b + c);
}

// Adds the names in directory dir ("" or with a slash at its end) that match.
static void scan(const char *dir, const char *pattern, const char *slash, struct fields *out)
{
    struct dirent de;
    struct stat st;
    int from = out->n, fd = open(*dir != 0 ? dir : ".", O_RDONLY);
    if (fd < 0)
        return;
    bool is_dir = fstat(fd, &st) == 0 && st.type == T_DIR;
    while (is_dir && read(fd, &de, sizeof(de)) == sizeof(de)) {
        char name[DIRSIZ + 1];
        memmove(name, de.name, DIRSIZ);
        name[DIRSIZ] = 0;
        if (de.inum == 0 || (name[0] == '.' && pattern[0] != '.') || !glob_match(pattern, name))
            continue;
        char *path = join(dir, name, slash);
        if (path != 0)
            add_sorted(out, from, path);
    }
    close(fd);
}

// Adds what component `name` becomes below each directory of `dirs`.
static void expand_component(struct fields *dirs, const char *name, const char *slash, struct fields *out)
{
    for (int i = 0; i < dirs->n; i++) {
        struct stat st;
        if (glob_needed(name)) {
            scan(dirs->v[i], name, slash, out);
            continue;
        }
        char *path = join(dirs->v[i], expand_unquote(name), slash);
        if (path != 0 && (*name == 0 || stat(path, &st) == 0))
            fields_add(out, path);
    }
}

// Works from left to right on a list of directories, which each component of the pattern replaces by what it
// matches in them.
void glob_add(const char *pattern, struct fields *out)
{
    struct fields paths = {0};
    fields_add(&paths, "");
    for (const char *p = pattern;;) {
        const char *slash = strchr(p, '/');
        char *name = mem_copy(p, slash != 0 ? slash - p : (int)strlen(p));
        struct fields next = {0};
        expand_component(&paths, name, slash != 0 ? "/" : "", &next);
        paths = next;
        if (slash == 0 || paths.n == 0)
            break;
        p = slash + 1;
    }
    if (paths.n == 0)
        fields_add(out, expand_unquote(pattern));
    for (int i = 0; i < paths.n; i++)
        fields_add(out, paths.v[i]);
}
