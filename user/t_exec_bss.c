// What a new program finds: bss zero, also the piece that shares a page with data; registers and stack free
// of what the caller had; the heap starts empty.
#include "user/t_lib.h"

#define JUNK 512 // pages

static char data[100] = {[99] = 3};
static char bss[5 * PGSIZE];
extern char edata[], end[]; // user.ld

// In the new program, whose caller had filled its own bss.
static int look(void)
{
    for (char *p = edata; p < end; p++)
        if (p != (char *)&t_name && (p < (char *)&t_name || p >= (char *)(&t_name + 1)) && *p != 0)
            return 1;
    T_EQ(data[99], 3);
    T_CHECK(t_is_all(bss, sizeof(bss), 0));
    T_CHECK((uint64)sbrk(0) == PGROUNDUP(end));
    char *low = (char *)PGROUNDDOWN(&low) - 8 * PGSIZE;
    for (char *p = low; p < low + 4 * PGSIZE; p++)
        T_EQ(t_peek(p), 0);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2)
        return look();
    char *vector[] = {"t_exec_bss", "@look", 0};
    t_begin(argv);
    char *junk = t_heap(JUNK); // so that the frames which come next are full of it
    memset(junk, 0xff, JUNK * PGSIZE);
    T_CHECK(sbrk(-JUNK * PGSIZE) != SBRK_ERROR);
    t_step("a process with full bss, data, heap and stack runs a program: all of that is new");
    if (t_fork() == 0) {
        memset(bss, 1, sizeof(bss));
        memset(data, 1, sizeof(data));
        memset(t_heap(16), 1, 16 * PGSIZE);
        exec("/t_exec_bss", vector);
        exit(2);
    }
    T_EQ(t_wait(), 0);
    t_ok();
}
