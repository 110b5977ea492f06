// Copy-on-write faults over every kind of backing, counted exactly: what the first write after fork costs on
// each side.
#include "user/t_lib.h"

// Writes every page in a child and then in the parent: {minor, cow} of each.
static void count(char *p, enum backing kind)
{
    uint64 want_minor = kind == B_UNTOUCHED || kind == B_DATA ? T_BACK_PAGES : 0;
    struct faultcount n;
    if (t_fork() == 0) {
        n = t_faults();
        for (int i = 0; i < T_BACK_PAGES; i++)
            p[i * PGSIZE + 1] = 'c';
        n = t_faults_since(n);
        T_EQ(n.minor + n.major, want_minor);
        T_EQ(n.cow, T_BACK_PAGES - want_minor);
        exit(0);
    }
    t_reap(1);
    T_EQ(p[1], t_back_byte(kind));
    n = t_faults();
    for (int i = 0; i < T_BACK_PAGES; i++)
        p[i * PGSIZE + 1] = 'p';
    n = t_faults_since(n);
    // the look at p[1] brought one page in
    uint64 brought = kind == B_UNTOUCHED || kind == B_DATA;
    T_EQ(n.minor + n.major, want_minor - brought);
    T_EQ(n.cow, T_BACK_PAGES - want_minor + brought);
    T_EQ(n.spurious + n.vmalloc + n.invalid, 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    t_begin(argv);
    t_step("first writes after a fork, child then parent");
    t_each_backing(count);
    t_ok();
}
