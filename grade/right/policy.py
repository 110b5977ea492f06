"""Lab 5 solved in other ways (core/variant.py)."""
from core.variant import Variant

MINE = 'kernel/swap/policy_mine.c'

VARIANTS = [
    Variant('policy-sieve', 'a hand over a line that nobody moves in (Zhang and others, NSDI 2024)',
            files='policy-sieve'),
    Variant('policy-segments', 'segmented LRU: pages rise when they are used again', files='policy-segments'),
    Variant('policy-third', 'a third of memory on probation instead of a quarter',
            changes=((MINE, '#define PROBATION_SHARE 4 // 1/4', '#define PROBATION_SHARE 3'),)),
]
