"""Lab 5 pretended (core/variant.py)."""
from core.variant import Variant

MINE = 'kernel/swap/policy_mine.c'
ALL = ('policy-zipf', 'policy-phases', 'policy-scan')
INCLUDE = (MINE, '#include "kernel/swap/policy.h"',
           '#include "kernel/swap/policy.h"\n#include "kernel/boot/poweroff.h"\n#include "kernel/lib/spinlock.h"')

VARIANTS = [
    Variant('policy-more-frames', 'gives its pool all of memory when it is asked for a victim', ALL,
            (INCLUDE, (MINE, 'static struct frame *mine_victim(void) {', 'static struct frame *mine_victim(void)\n{\n'
                       '    spin_unlock(&pages_lock);\n    frame_set_limit(0);\n    spin_lock(&pages_lock);'))),
    Variant('policy-power-off', 'ends the machine with status 0 as soon as there is something to do', ALL,
            (INCLUDE, (MINE, 'static struct frame *mine_victim(void) {', 'static struct frame *mine_victim(void)\n{\n'
                       '    machine_off(0);'))),
]
