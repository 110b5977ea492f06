"""Lab 1, page faults: what kernel/trap/pagefault.c and kernel/vm/vma.c must do, seen from outside."""
from core.table import Machine, Test
from labs.fault_lib import bystander, must_die, must_live

MANUAL = 'lab/fault/README.md#the-task'


def hole(run):
    """Addresses where nothing is: whoever touches them dies, alone."""
    at = run.stop('heap')
    run.space(at)
    must_die(run, 'unmapped', 3)
    run.stop('far')
    must_live(run, 'edge', 2)
    must_die(run, 'edge', 5)
    run.stop('edge')
    must_die(run, 'null', 4)
    run.stop('null')
    must_die(run, 'kernel', 9)
    run.stop('kernel')
    bystander(run, 'others', run.seed)
    at = run.stop('end')
    run.part('others', run.space(at).present(0x500000), 'the parent goes on', 'its page table is empty')
    run.end()


TESTS = (
    Test('fault-hole', 'an access to nothing ends its process and no other', 'g_fault_hole', hole,
         {'unmapped': 1, 'edge': 1, 'null': 0.5, 'kernel': 0.5, 'others': 0.5}, hint='vma_find, trap_fault', manual=MANUAL,
         draw={'pages': (1, 9)}, args=('pages',), budget=200),
)
