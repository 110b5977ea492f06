"""Cheats of lab 1 (core/variant.py): kernels that say that a process died, or that the machine is done."""
from core.variant import Variant

TRAP = 'kernel/trap/pagefault.c'
KILL = 'p->killed = true;'
INVALID = 'if (p->killed) // while it waited; the fault no longer matters return;'
NOMEM = 'if (r == FAULT_NOMEM) r = retry_without_memory(tf);'
INCLUDE = '#include "kernel/vm/kstack.h"'
STEP = 'tf->sepc = tf->scause == CAUSE_FETCH_FAULT ? tf->ra : tf->sepc + instruction_size(tf);'
SIZE = INCLUDE + '''
#include "kernel/boot/poweroff.h"
#include "kernel/lib/string.h"
#include "kernel/trap/uaccess.h"

static __attribute__((unused)) uint64 instruction_size(struct trapframe *tf)
{
    uint16 low = 3;
    if (tf->scause != CAUSE_FETCH_FAULT)
        copy_from_user(&low, tf->sepc, sizeof(low));
    return (low & 3) == 3 ? 4 : 2;
}

// Gives the program what it wants, right or not.
static __attribute__((unused)) void allow(struct trapframe *tf)
{
    struct as *as = my_proc()->as;
    struct vma page = {PGROUNDDOWN(tf->stval), PGROUNDDOWN(tf->stval) + PGSIZE, VMA_R | VMA_W, VMA_ANON, 0, 0, 0};
    as_lock(as);
    struct vma *v = vma_find(&as->vmas, tf->stval);
    if (v)
        v->perm |= fault_access(tf->scause);
    else
        vma_insert(&as->vmas, &page);
    as_unlock(as);
}
'''
DYING = ('fault-hole', 'fault-rights', 'fault-report')


def cheat(name, about, tests, *changes):
    return Variant(f'fault-{name}', about, tests, tuple((TRAP, old, new) for old, new in changes))


# the helpers need fault_access, which stands above this
HELPERS = ('static const char *perm_name(int perm)',
           SIZE.replace(INCLUDE, '') + '\nstatic const char *perm_name(int perm)')

VARIANTS = [
    cheat('says-dead', 'prints the report and goes on with the next instruction',
          DYING + ('fault-kinds', 'fault-kernel'), HELPERS, (KILL, 'intr_on();\n    ' + STEP + '\n    intr_off();')),
    cheat('forges-registers', 'gives a bad load -1, and says nothing', DYING + ('fault-kinds', 'fault-kernel'),
          HELPERS,
          (INVALID, 'intr_on();\n    ' + STEP + '\n    intr_off();\n    tf->a0 = -1;\n    if (p)\n        return;')),
    cheat('knows-names', 'kills programs that are called like tests, and lets all others have what they touch', DYING,
          HELPERS, (KILL, 'if (memcmp(p->name, "g_fault", 7) == 0 || memcmp(p->name, "t_segv", 6) == 0)\n'
                          '        p->killed = true;\n'
                          '    else if (tf->stval < MAXVA)\n        allow(tf);\n    else\n        ' + STEP)),
    cheat('gives-zeros', 'prints the report, and lets who touches nothing have a page there', DYING,
          HELPERS, (KILL, 'if (tf->stval < MAXVA)\n        allow(tf);\n    else\n        ' + STEP)),
    cheat('power-off', 'the first bad access ends the machine with status 0',
          DYING + ('fault-kinds', 'fault-heap', 'fault-kernel'), HELPERS, (KILL, 'machine_off(0);')),
    cheat('exits-early', 'a program that faults ends well at once',
          DYING + ('fault-resume', 'fault-copy', 'fault-areas'),
          ('static void user_fault(struct trapframe *tf) {',
           'static void user_fault(struct trapframe *tf)\n{\n'
           '    if (my_proc()->pid > 3 && fault_access(tf->scause) == ACCESS_WRITE)\n'
           '        intr_on(), proc_exit(0);')),
    cheat('memory-off', 'when memory runs out, the machine ends with status 0', ('fault-nomem',),
          HELPERS,
          (NOMEM, 'if (r == FAULT_NOMEM) {\n        retry_without_memory(tf);\n        machine_off(0);\n    }')),
]
