// Directories and names: link, unlink, rename, mkdir, chdir, path syntax, what a directory holds.
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/fs.h"
#include "kernel/param.h"
#include "kernel/stat.h"
#include "user/usertests.h"

static int nlink_of(const char *path)
{
    struct stat st;
    CHECK_EQ(stat(path, &st), 0);
    return st.nlink;
}

static uint ino_of(const char *path)
{
    struct stat st;
    CHECK_EQ(stat(path, &st), 0);
    return st.ino;
}

// What mkdir makes unlink removes, when it is empty; names that are taken, or lead nowhere, are refused.
static void mkdir_basic(void)
{
    CHECK_EQ(mkdir("d"), 0);
    CHECK_EQ(mkdir("d"), -1);
    CHECK_EQ(mkdir("d/e"), 0);
    CHECK_EQ(mkdir("x/y"), -1);
    CHECK_EQ(mkdir("/"), -1);
    CHECK_EQ(mkdir("."), -1);
    CHECK_EQ(mkdir(".."), -1);
    CHECK_EQ(mkdir(""), -1);
    CHECK_EQ(unlink("d"), -1);
    CHECK_EQ(unlink("d/."), -1);
    CHECK_EQ(unlink("d/.."), -1);
    CHECK_EQ(unlink("d/e"), 0);
    CHECK_EQ(unlink("d"), 0);
    CHECK_EQ(unlink("d"), -1);
    CHECK_EQ(chdir("d"), -1);
    ut_create("f", "", 0);
    CHECK_EQ(mkdir("f"), -1);
    CHECK_EQ(mkdir("f/d"), -1);
    CHECK_EQ(unlink("/"), -1);
    CHECK_EQ(unlink("."), -1);
}

// "." and ".." lead to where they say, at every depth.
static void dots(void)
{
    CHECK_EQ(mkdir("a"), 0);
    CHECK_EQ(mkdir("a/b"), 0);
    CHECK_EQ(ino_of("a/b/.."), ino_of("a"));
    CHECK_EQ(ino_of("a/b/../../a/./b"), ino_of("a/b"));
    CHECK_EQ(ino_of("/.."), ino_of("/"));
    CHECK_EQ(ino_of("/../../.."), ROOTINO);
    CHECK_EQ(chdir("a/b"), 0);
    ut_create("../f", "f", 1);
    CHECK_EQ(chdir(".."), 0);
    ut_same("f", "f", 1);
    CHECK_EQ(ino_of("../a"), ino_of("."));
}

// A chdir that fails leaves the working directory where it was.
static void chdir_errors(void)
{
    ut_create("f", "f", 1);
    CHECK_EQ(chdir("f"), -1);
    CHECK_EQ(chdir("nowhere"), -1);
    CHECK_EQ(chdir(""), -1);
    CHECK_EQ(chdir("/console"), -1);
    ut_same("f", "f", 1);
}

// Slashes in any number, names of DIRSIZ bytes.
static void path_syntax(void)
{
    CHECK_EQ(mkdir("abcdefghijklmn"), 0);
    CHECK_EQ(mkdir("abcdefghijklmn/opqrstuvwxyz12"), 0);
    ut_create("abcdefghijklmn///opqrstuvwxyz12//f", "x", 1);
    ut_same("./abcdefghijklmn/./opqrstuvwxyz12/f", "x", 1);
    CHECK_EQ(open("abcdefghijklm/opqrstuvwxyz12/f", O_RDONLY), -1);
    CHECK(ino_of("abcdefghijklmn/") == ino_of("abcdefghijklmn"));
    CHECK_EQ(ino_of("////"), ROOTINO);
}

// Names longer than DIRSIZ are cut, the same way in all calls (as in xv6).
static void long_names(void)
{
    ut_create("0123456789abcdefg", "x", 1);
    ut_same("0123456789abcd", "x", 1);
    CHECK_EQ(mkdir("0123456789abcdXXX"), -1);
    CHECK_EQ(rename("0123456789abcdef", "directory-with-a-long-name"), 0);
    CHECK_EQ(ut_size("directory-with"), 1);
    CHECK_EQ(unlink("directory-with-another-name"), 0);
    CHECK_EQ(ut_size("directory-with"), -1);
}

// Two names of one file, and every name that link must refuse: taken, absent, a directory.
static void link_basic(void)
{
    ut_create("a", "data", 4);
    CHECK_EQ(link("a", "b"), 0);
    CHECK_EQ(nlink_of("a"), 2);
    CHECK_EQ(ino_of("a"), ino_of("b"));
    CHECK_EQ(unlink("a"), 0);
    ut_same("b", "data", 4);
    CHECK_EQ(nlink_of("b"), 1);
    CHECK_EQ(link("b", "b"), -1);
    CHECK_EQ(link("a", "c"), -1);
    CHECK_EQ(link("b", "nodir/c"), -1);
    ut_create("c", "", 0);
    CHECK_EQ(link("b", "c"), -1);
    CHECK_EQ(nlink_of("b"), 1);
    CHECK_EQ(mkdir("d"), 0);
    CHECK_EQ(link("d", "e"), -1);
    CHECK_EQ(link(".", "e"), -1);
    CHECK_EQ(link("b", "d/b"), 0);
    CHECK_EQ(unlink("b"), 0);
    ut_same("d/b", "data", 4);
}

// Names that are not there.
static void unlink_errors(void)
{
    CHECK_EQ(unlink("nowhere"), -1);
    CHECK_EQ(unlink("no/where"), -1);
    CHECK_EQ(unlink(""), -1);
    ut_create("f", "", 0);
    CHECK_EQ(unlink("f/x"), -1);
    CHECK_EQ(unlink("f"), 0);
}

// A file takes a new name, and the place of another one.
static void rename_file(void)
{
    ut_create("a", "first", 5);
    ut_create("b", "second", 6);
    uint ino = ino_of("a");
    CHECK_EQ(rename("a", "c"), 0);
    CHECK_EQ(ut_size("a"), -1);
    CHECK_EQ(ino_of("c"), ino);
    CHECK_EQ(rename("c", "b"), 0);
    ut_same("b", "first", 5);
    CHECK_EQ(nlink_of("b"), 1);
    CHECK_EQ(rename("b", "b"), 0);
    ut_same("b", "first", 5);
    CHECK_EQ(link("b", "b2"), 0);
    CHECK_EQ(rename("b", "b2"), 0); // two names of one file
    ut_same("b2", "first", 5);
}

// A rename that is refused changes nothing: over the other kind, into itself, from or to nowhere.
static void rename_errors(void)
{
    ut_create("f", "f", 1);
    CHECK_EQ(mkdir("d"), 0);
    CHECK_EQ(mkdir("d/e"), 0);
    CHECK_EQ(rename("nowhere", "x"), -1);
    CHECK_EQ(rename("f", "no/where"), -1);
    CHECK_EQ(rename("f", "d"), -1);
    CHECK_EQ(rename("d", "f"), -1);
    CHECK_EQ(rename("d", "d/e/d"), -1);
    CHECK_EQ(rename("d", "d/x"), -1);
    CHECK_EQ(rename("", "x"), -1);
    CHECK_EQ(rename("f", ""), -1);
    CHECK_EQ(rename(".", "x"), -1);
    CHECK_EQ(rename("d/..", "x"), -1);
    CHECK_EQ(rename("/", "x"), -1);
    ut_same("f", "f", 1);
    CHECK_EQ(ino_of("d/e/.."), ino_of("d"));
}

// A directory moves with all below it; its ".." and both parents' link counts follow.
static void rename_dir(void)
{
    CHECK_EQ(mkdir("a"), 0);
    CHECK_EQ(mkdir("b"), 0);
    CHECK_EQ(mkdir("a/d"), 0);
    ut_create("a/d/f", "f", 1);
    int links_a = nlink_of("a"), links_b = nlink_of("b");
    CHECK_EQ(rename("a/d", "b/e"), 0);
    ut_same("b/e/f", "f", 1);
    CHECK_EQ(ino_of("b/e/.."), ino_of("b"));
    CHECK_EQ(nlink_of("a"), links_a - 1);
    CHECK_EQ(nlink_of("b"), links_b + 1);
    CHECK_EQ(unlink("a"), 0);
    CHECK_EQ(mkdir("empty"), 0);
    CHECK_EQ(rename("empty", "b/e"), -1);  // is not empty
    int replaced = rename("b/e", "empty"); // an empty directory: POSIX replaces it
    CHECK(replaced == 0 || replaced == -1);
    ut_same(replaced == 0 ? "empty/f" : "b/e/f", "f", 1);
}

// Renaming a file that is open, onto one that is open.
static void rename_open(void)
{
    char buf[8];
    ut_create("a", "aaa", 3);
    ut_create("b", "bbbb", 4);
    int a = ut_open("a", O_RDONLY), b = ut_open("b", O_RDONLY);
    CHECK_EQ(rename("a", "b"), 0);
    CHECK_EQ(read(b, buf, 8), 4);
    CHECK_EQ(memcmp(buf, "bbbb", 4), 0);
    CHECK_EQ(read(a, buf, 8), 3);
    close(b);
    ut_same("b", "aaa", 3);
}

// A directory can be read and never written, and lists exactly what is in it.
static void read_directory(void)
{
    struct dirent de;
    int seen = 0, dots = 0, fd;
    CHECK_EQ(mkdir("d"), 0);
    CHECK_EQ(open("d", O_RDWR), -1);
    CHECK_EQ(open("d", O_WRONLY), -1);
    CHECK_EQ(open("d", O_CREATE | O_RDWR), -1);
    CHECK_EQ(open("d", O_RDONLY | O_TRUNC), -1);
    ut_create("d/one", "1", 1);
    ut_create("d/two", "2", 1);
    fd = ut_open("d", O_RDONLY);
    CHECK_EQ(write(fd, "x", 1), -1);
    while (read(fd, &de, sizeof(de)) == sizeof(de)) {
        if (de.inum == 0)
            continue;
        if (de.name[0] == '.')
            dots++;
        else if (strcmp(de.name, "one") == 0)
            seen |= 1;
        else if (strcmp(de.name, "two") == 0)
            seen |= 2;
        else
            seen |= 4;
    }
    CHECK_EQ(seen, 3);
    CHECK_EQ(dots, 2);
}

// A directory over many blocks: every name is found, removed, and its slot used again.
static void dir_growth(void)
{
    enum { FILES = 150 };
    char name[16];
    CHECK_EQ(mkdir("d"), 0);
    CHECK_EQ(chdir("d"), 0);
    ut_create("f", "same", 4);
    for (int i = 0; i < FILES; i++) {
        ut_path(name, "link", i);
        CHECK_EQ(link("f", name), 0);
    }
    CHECK_EQ(nlink_of("f"), FILES + 1);
    long size = ut_size(".");
    for (int round = 0; round < 2; round++) {
        for (int i = round; i < FILES; i += 2) {
            ut_path(name, "link", i);
            CHECK_EQ(unlink(name), 0);
            CHECK_EQ(open(name, O_RDONLY), -1);
        }
    }
    CHECK_EQ(nlink_of("f"), 1);
    for (int i = 0; i < FILES; i++) {
        ut_path(name, "again", i);
        CHECK_EQ(link("f", name), 0);
    }
    CHECK_EQ(ut_size("."), size);
}

// Directories inside directories, far deeper than one path can say.
static void dir_deep(void)
{
    enum { DEPTH = 40 };
    for (int i = 0; i < DEPTH; i++) {
        CHECK_EQ(mkdir("dir"), 0);
        CHECK_EQ(chdir("dir"), 0);
    }
    ut_create("bottom", "b", 1);
    ut_same("../dir/bottom", "b", 1);
    CHECK_EQ(unlink("bottom"), 0);
    for (int i = 0; i < DEPTH; i++) {
        CHECK_EQ(chdir(".."), 0);
        CHECK_EQ(unlink("dir"), 0);
    }
}

// The working directory of a process is removed under it: it can leave, and nothing can be made in it.
static void dir_removed(void)
{
    CHECK_EQ(mkdir("d"), 0);
    CHECK_EQ(chdir("d"), 0);
    CHECK_EQ(unlink("../d"), 0);
    CHECK_EQ(open("f", O_CREATE | O_RDWR), -1);
    CHECK_EQ(mkdir("e"), -1);
    CHECK_EQ(link("/usertests", "l"), -1);
    CHECK_EQ(rename("/ut.tmp", "x"), -1);
    CHECK_EQ(chdir("/ut.tmp"), 0);
    CHECK_EQ(mkdir("d2"), 0);
}

// The working directory gets another name, and another parent.
static void dir_renamed(void)
{
    CHECK(mkdir("a") == 0 && mkdir("b") == 0 && mkdir("a/d") == 0);
    CHECK_EQ(chdir("a/d"), 0);
    ut_create("f", "f", 1);
    CHECK_EQ(rename("../../a/d", "../../b/e"), 0);
    ut_same("f", "f", 1);
    ut_same("../e/f", "f", 1);
    CHECK_EQ(ino_of(".."), ino_of("/ut.tmp/b"));
}

// A directory's links: its name, its ".", and the ".." of each directory in it.
static void dir_links(void)
{
    CHECK_EQ(mkdir("d"), 0);
    int links = nlink_of("d");
    CHECK(mkdir("d/a") == 0 && mkdir("d/b") == 0);
    ut_create("d/f", "", 0);
    CHECK_EQ(nlink_of("d"), links + 2);
    CHECK(unlink("d/a") == 0 && unlink("d/f") == 0);
    CHECK_EQ(nlink_of("d"), links + 1);
}

// A new directory's entries are its own: no bytes of a removed file after the names.
static void dir_clean(void)
{
    static char junk[4096];
    struct dirent de;
    memset(junk, 'J', sizeof(junk));
    ut_create("junk", junk, sizeof(junk));
    CHECK_EQ(unlink("junk"), 0);
    CHECK_EQ(mkdir("d"), 0);
    ut_create("d/x", "", 0);
    int fd = ut_open("d", O_RDONLY);
    while (read(fd, &de, sizeof(de)) == sizeof(de)) {
        int len = 0;
        while (len < DIRSIZ && de.name[len])
            len++;
        CHECK(ut_is_all(de.name + len, DIRSIZ - len, 0));
    }
}

const struct testcase ut_dir[] = {
    {"mkdir_basic", mkdir_basic, 0},
    {"dots", dots, 0},
    {"chdir_errors", chdir_errors, 0},
    {"path_syntax", path_syntax, 0},
    {"long_names", long_names, 0},
    {"link_basic", link_basic, 0},
    {"unlink_errors", unlink_errors, 0},
    {"rename_file", rename_file, 0},
    {"rename_errors", rename_errors, 0},
    {"rename_dir", rename_dir, 0},
    {"rename_open", rename_open, 0},
    {"read_directory", read_directory, 0},
    {"dir_growth", dir_growth, 0},
    {"dir_deep", dir_deep, 0},
    {"dir_removed", dir_removed, 0},
    {"dir_renamed", dir_renamed, 0},
    {"dir_links", dir_links, 0},
    {"dir_clean", dir_clean, 0},
    {0},
};
