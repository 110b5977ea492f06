// pmap: the address space of a process, one line for each of its areas. Sizes in KiB: SIZE of the area, RES
// in memory, SHARED of that mapped more than once, SWAP on the swap disk.
#include "kernel/vmstat.h"
#include "user/util.h"

#define PAGE_KIB 4
#define KIB      1024

static const char *kind_name(int kind)
{
    static const char *names[] = {[VMA_TEXT] = "text",
                                  [VMA_DATA] = "data",
                                  [VMA_HEAP] = "heap",
                                  [VMA_STACK] = "stack",
                                  [VMA_ANON] = "anon"};
    return kind >= VMA_TEXT && kind <= VMA_ANON ? names[kind] : "?";
}

int main(int argc, char *argv[])
{
    struct procinfo p;
    struct vmainfo v;
    int pid = argc == 2 ? number(argv[1]) : argc == 1 ? getpid() : -1;
    if (pid < 0)
        usage("pmap [pid]");
    if (procinfo(pid, &p) < 0 || p.pid != pid) {
        fprintf(2, "pmap: no process %d\n", pid);
        return 1;
    }
    printf("process %d: %s\n", pid, p.name);
    printf("START      END        PERM  KIND       SIZE      RES   SHARED     SWAP\n");
    for (int i = 0; vmainfo(pid, i, &v) >= 0; i++)
        printf("%010lx %010lx %c%c%c   %-5s %9lu %8lu %8lu %8lu\n", v.start, v.end,
               v.perm & VMA_R ? 'r' : '-', v.perm & VMA_W ? 'w' : '-', v.perm & VMA_X ? 'x' : '-',
               kind_name(v.kind), (v.end - v.start) / KIB, v.resident * PAGE_KIB, v.shared * PAGE_KIB,
               v.swapped * PAGE_KIB);
    return 0;
}
