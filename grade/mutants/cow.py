"""Wrong versions of lab 3 (core/variant.py)."""
from core.variant import Variant

COW = 'kernel/vm/cow.c'

VARIANTS = [
    Variant('cow-half-copied', 'the copy lacks the last 8 bytes', ('cow-share',),
            ((COW, 'page_copy(frame2kva(copy), frame2kva(old));',
              'memcpy(frame2kva(copy), frame2kva(old), PGSIZE - 8);'),)),
]
