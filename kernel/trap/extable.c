// Searching the exception table. The assembler emits entries in the order of the code, section by section;
// they are few and looked up only when a copy faults, so the search is linear.
#include "kernel/trap/extable.h"

extern const struct extable_entry extable_start[], extable_end[];

const struct extable_entry *extable_find(uint64 pc)
{
    for (const struct extable_entry *e = extable_start; e < extable_end; e++)
        if (e->insn == pc)
            return e;
    return 0;
}
