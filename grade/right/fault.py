"""Right answers of lab 1 of another design (core/variant.py)."""
from core.variant import Variant

VMA = 'kernel/vm/vma.c'
TRAP = 'kernel/trap/pagefault.c'

VARIANTS = [
    Variant('fault-list', 'areas in a linked list', (), files='fault-list'),
    Variant('fault-unsorted', 'areas in no order, one after the other, and nothing remembered', (),
            files='fault-unsorted'),
    Variant('fault-table', 'causes and origins of a fault in tables, a report in pieces', (), files='fault-table'),
    Variant('fault-no-hit', 'the last area found is not remembered', (),
            ((VMA, 'if (s->hit < s->n) {', 'if (s->n < 0) {'),)),
    Variant('fault-scan', 'areas are looked for from the first one on', (),
            ((VMA, 'int mid = (low + high) / 2;', 'int mid = low;'),)),
    Variant('fault-room', 'room for areas grows by one', (),
            ((VMA, 's->room * 2 > n ? s->room * 2 : n', 'n'),)),
]
