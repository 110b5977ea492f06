"""Wrong versions of lab 5 (core/variant.py)."""
from core.variant import Variant

MINE = 'kernel/swap/policy_mine.c'
ALL = ('policy-zipf', 'policy-phases', 'policy-scan')

VARIANTS = [
    Variant('policy-never-looks', 'no page is spared for having been used', ALL,
            ((MINE, 'left > 0 && policy_accessed(f)', 'left > 0 && f->age > KEPT'),)),
    Variant('policy-first-use-counts', 'that a page came in counts as a use of it', ('policy-scan',),
            ((MINE, 'policy_accessed(f); f->age = ON_PROBATION;', 'f->age = ON_PROBATION;'),)),
    Variant('policy-old-merits-first', 'pages that were used again go before those that were not',
            ('policy-zipf', 'policy-phases'),
            ((MINE, 'bool too_many = nprobation > (nprobation + nkept) / PROBATION_SHARE;',
              'bool too_many = nkept == 0;'),)),
    Variant('policy-newest', 'the page that came last goes', ('policy-zipf', 'policy-phases'),
            ((MINE, 'framelist_push_back(&probation, f);',
              'framelist_insert(f, framelist_first(&probation) ? framelist_first(&probation) : probation.head);'),
             (MINE, 'policy_accessed(f); f->age = ON_PROBATION;', 'f->age = ON_PROBATION;'),
             (MINE, 'left > 0 && policy_accessed(f)', 'left > 0 && f->age > KEPT'))),
    Variant('policy-count-lost', 'pages that go are still counted as kept', ('policy-phases',),
            ((MINE, 'if (f->age == KEPT) nkept--; else nprobation--;', 'if (f->age != KEPT) nprobation--;'),)),
]
