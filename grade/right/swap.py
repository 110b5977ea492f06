"""Lab 4 solved in other ways (core/variant.py)."""
from core.variant import Variant

SWAPIN, EVICT = 'kernel/swap/swapin.c', 'kernel/swap/evict.c'

VARIANTS = [
    Variant('swap-list', 'free slots are a stack, taken from the end of the disk: neighbours are rare',
            files='swap-list'),
    Variant('swap-single', 'one page at a time: chosen, unmapped, written', changes=(
        (EVICT, 'uint64 want = swap_batch,', 'uint64 want = 1,'),
        (EVICT, 'while (pte && batch_size(b) < EVICT_BATCH_MAX)', 'while (pte && batch_size(b) < 1)'),
        (EVICT, 'i < FRAMES_AT_ONCE && pte && batch_size(b) < EVICT_BATCH_MAX',
         'i < FRAMES_AT_ONCE && pte && batch_size(b) < 1'))),
    Variant('swap-no-ahead', 'nothing is read ahead', changes=(
        (SWAPIN, 'if (want > 1)', 'want = 1;\n    if (want > 1)'),)),
    Variant('swap-ahead', 'always as much is read ahead as may be', changes=(
        (SWAPIN, 'w = s == a->next ? 2 * w : (w + 1) / 2;', 'w = swap_readahead + 0 * s;'),)),
    Variant('swap-polling', 'who waits for another reader looks again and again instead of sleeping', changes=(
        (SWAPIN, 'waiters++; sleep_on(&waiters, &pages_lock); waiters--;',
         'spin_unlock(&pages_lock); yield(); spin_lock(&pages_lock);'),)),
    Variant('swap-writes', 'each page is written by a request of its own, and given up at once', changes=(
        (EVICT, 'for (n = 1; i + n < b->ndirty && b->frame[i + n]->slot == slot + n;) n++;', 'n = slot ? 1 : 0;'),)),
]
