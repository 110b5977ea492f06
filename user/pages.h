// How much memory programs have, wherever it is.
#ifndef USER_PAGES_H
#define USER_PAGES_H
#include "kernel/types.h"
#include "kernel/vmstat.h"
#include "user/user.h"

// Pages of all processes that are not program text, in memory or in swap; shared ones count as often as they
// are mapped. What pages go and come does not change it, and each swap slot in use belongs to one of them.
static inline uint64 pages_held(void)
{
    struct procinfo p;
    struct vmainfo v;
    uint64 n = 0;
    for (int pid = 1; procinfo(pid, &p) == 0; pid = p.pid + 1)
        for (int i = 0; vmainfo(p.pid, i, &v) == 0; i++)
            n += v.kind == VMA_TEXT ? 0 : v.resident + v.swapped;
    return n;
}

#endif
